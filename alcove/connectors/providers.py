"""The providers that accounts come from, as the operator of the server knows them: global, their secrets sealed."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import orjson

from alcove.connectors.errors import NoSuchProvider, ProviderWrong
from alcove.connectors.oauth import ACCOUNT_TYPES, HIDDEN, Provider, read_provider
from alcove.instances import DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.crypto import Sealer
    from alcove.documents import Documents, Tx
    from alcove.instances import Instance

_IDENT = re.compile(r"([A-Za-z0-9_.-]{1,60}/)?[a-z0-9_-]{1,60}")
MARK = "_encrypted"


class Providers:
    """Documents `io.cozy.account_types` of the server's own store."""

    def __init__(self, documents: Documents, sealer: Sealer) -> None:
        self._documents = documents
        self._sealer = sealer

    async def all(self) -> Mapping[str, Mapping[str, Any]]:
        """Every one by its id, with the names of its secrets and never what they are."""
        found = await self._documents.all(DIRECTORY, ACCOUNT_TYPES)
        return {one.id: _told(one.fields()) for one in found}

    async def put(self, ident: str, fields: Mapping[str, Any]) -> None:
        """Writes one; a secret that is not said stays as it was, null takes it away. Raises `ProviderWrong`."""
        if not _IDENT.fullmatch(ident):
            raise ProviderWrong(
                "its name is that of the connector's account type, with a context and / in front or not"
            )
        read_provider(ident, {name: value for name, value in fields.items() if value is not None})
        plain = {name: value for name, value in fields.items() if name not in HIDDEN}
        sealed = {name + MARK: self._seal(ident, fields[name]) for name in HIDDEN if fields.get(name) is not None}
        gone = {name + MARK for name in HIDDEN if name in fields and fields[name] is None}

        async def unit(tx: Tx) -> None:
            old = await tx.get(ACCOUNT_TYPES, ident)
            known = {k: v for k, v in (old.fields() if old else {}).items() if k.endswith(MARK) and k not in gone}
            await tx.put(ACCOUNT_TYPES, ident, {**plain, **known, **sealed}, old.rev if old else "")

        await self._documents.work(DIRECTORY, unit)

    async def drop(self, ident: str) -> None:
        """Forgets one with its secrets; does nothing when there is none."""

        async def unit(tx: Tx) -> None:
            old = await tx.get(ACCOUNT_TYPES, ident)
            if old is not None:
                await tx.delete(ACCOUNT_TYPES, ident, old.rev)

        await self._documents.work(DIRECTORY, unit)

    async def of(self, instance: Instance, account_type: str) -> Provider:
        """The provider of a type of accounts, that of the instance's context first; raises `NoSuchProvider`."""
        found = await self.find(instance, account_type)
        if found is None:
            raise NoSuchProvider(account_type)
        return found

    async def find(self, instance: Instance, account_type: str) -> Provider | None:
        """The same, None where there is none."""
        context = str(instance.fields.get("context") or "")
        for ident in (*([f"{context}/{account_type}"] if context else []), account_type):
            document = await self._documents.get(DIRECTORY, ACCOUNT_TYPES, ident)
            if document is not None:
                fields = document.fields()
                clear = {name: self._open(ident, fields[name + MARK]) for name in HIDDEN if fields.get(name + MARK)}
                plain = {name: value for name, value in fields.items() if not name.endswith(MARK)}
                return read_provider(account_type, {**plain, **clear})
        return None

    def _seal(self, ident: str, value: Any) -> str:
        return base64.b64encode(self._sealer.seal(orjson.dumps(value), f"account type {ident}")).decode()

    def _open(self, ident: str, sealed: str) -> Any:
        return orjson.loads(self._sealer.open(base64.b64decode(sealed), f"account type {ident}"))


def _told(fields: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in fields.items() if not name.endswith(MARK)}
    return {**told, "secrets": [name for name in HIDDEN if name + MARK in fields]}
