"""Secrets of accounts: sealed when they are stored, in clear for the run of their own connector alone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.clock import Clock, rfc3339
from alcove.connectors.credentials import in_clear, named, opened, sealed
from alcove.connectors.model import ACCOUNTS
from alcove.connectors.store import part_with

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.base.crypto import Sealer
    from alcove.base.http import Caller
    from alcove.connectors.store import Shelf
    from alcove.documents import Change, Document, Tx

SEALING = "connectors.sealing"
SERVICE = "credentials"
"""What a service of an app asks for with `include` to see secrets."""


class Credentials:
    """The hooks of `io.cozy.accounts` on `/data`, and the follower that seals what came there on another way."""

    def __init__(self, sealer: Sealer, shelf: Shelf, clock: Clock) -> None:
        self._sealer = sealer
        self._shelf = shelf
        self._clock = clock

    def kept(self, tenant: str, fields: dict[str, Any], caller: Caller, *, new: bool) -> dict[str, Any]:
        """The account as it is stored: sealed, with a name, and with who made it when it is new."""
        if fields.get("_deleted") is True:
            return fields
        made = self.sealed(tenant, fields)
        if not made.get("name") and (name := named(fields)):
            made["name"] = name
        if new:
            slug = caller.subject if caller.audience in ("app", "konn") else caller.device.get("slug", "")
            made["cozyMetadata"] = self._birth(slug, fields.get("cozyMetadata"))
        return made

    def born(self, tenant: str, fields: dict[str, Any], slug: str) -> dict[str, Any]:
        """An account that the server itself makes, for an app or a connector: sealed."""
        return {**self.sealed(tenant, fields), "cozyMetadata": self._birth(slug, None)}

    def opened(self, tenant: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """An account in clear, for the server's own use."""
        return opened(fields, partial(self._sealer.open, purpose=_purpose(tenant, fields)))

    async def shown(self, tenant: str, document: Document, caller: Caller, include: str) -> bytes:
        """The account in clear for the connector that logs in with it, and for an app's service that asks."""
        fields = document.fields()
        if not await self._may_see(tenant, document.id, fields, caller, include):
            return document.body if not in_clear(fields) else orjson.dumps(self.sealed(tenant, fields))
        return orjson.dumps(self.opened(tenant, fields))

    async def former(self, tenant: str, doc_id: str, rev: str) -> Document | None:
        """An account that was deleted in this revision, while its connector clears up after it."""
        found = await self._shelf.deleted_account(tenant, doc_id)
        if found is None or found.fields().get("soft_deleted_rev") != rev:
            return None
        return replace(found, type=ACCOUNTS, rev=rev)

    async def leaving(self, tx: Tx, document: Document) -> None:
        """With an account go its triggers."""
        await part_with(tx, document)

    async def heard(self, tenant: str, changes: Sequence[Change]) -> None:
        """Seals accounts that hold a secret in clear: written by an older release, or not through `/data`."""
        for ident in {change.document.id for change in changes if not change.document.deleted}:
            await self._shelf.reseal(tenant, ident, in_clear, partial(self.sealed, tenant))

    def sealed(self, tenant: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """An account as it is stored: without a secret in clear."""
        return sealed(fields, partial(self._sealer.seal, purpose=_purpose(tenant, fields)))

    async def _may_see(self, tenant: str, ident: str, fields: Mapping[str, Any], caller: Caller, include: str) -> bool:
        if caller.audience == "app":  # a page has a session, and needs no secret
            return include == SERVICE and not caller.session
        if caller.audience != "konn":
            return False
        return fields.get("account_type") == caller.subject or await self._is_above(tenant, ident, caller.subject)

    async def _is_above(self, tenant: str, ident: str, slug: str) -> bool:
        """Whether it is the account of the aggregator that a connector's manifest names."""
        manifest = await self._shelf.konnector(tenant, slug) or {}
        aggregator = manifest.get("aggregator")
        return isinstance(aggregator, dict) and aggregator.get("accountId") == ident

    def _birth(self, slug: str, said: object) -> dict[str, Any]:
        now = rfc3339(self._clock.now())
        made: dict[str, Any] = {"doctypeVersion": "", "metadataVersion": 1, "createdAt": now}
        if slug:
            made |= {"createdByApp": slug, "updatedByApps": [{"slug": slug, "date": now}]}
        made["updatedAt"] = now
        return {**made, **said} if isinstance(said, dict) else made


def _purpose(tenant: str, fields: Mapping[str, Any]) -> str:
    """What a seal is for: copied into another place, or an account of another connector, it does not open."""
    return f"account {tenant} {fields.get('account_type') or ''}"
