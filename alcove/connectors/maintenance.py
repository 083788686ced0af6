"""Connectors that the operator has taken out of service for a while (contract-a section 10, contract-b section 8)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from alcove.base.errors import Unprocessable
from alcove.instances import DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.documents import Document, Documents, Tx
    from alcove.instances import Flags, Instance

DOCTYPE = "io.cozy.konnectors.maintenance"
SKIPPED = "harvest.skip-maintenance-for"
"""The flag that lists connectors which an instance may run all the same: for who mends them."""
NOT_BY_HAND = "flag_disallow_manual_exec"
"""The option that keeps people from starting the connector themselves, too."""
_SLUG = re.compile(r"[a-z0-9-]{1,100}")


class Maintenance:
    """One document of the server's own for each connector that is out of service: its options."""

    def __init__(self, documents: Documents, flags: Flags) -> None:
        self._documents = documents
        self._flags = flags

    async def all(self) -> list[Document]:
        """Every one, by slug, which is the id."""
        return await self._documents.all(DIRECTORY, DOCTYPE)

    async def options(self) -> Mapping[str, Mapping[str, Any]]:
        """The options of every one, by slug."""
        return {one.id: one.fields() for one in await self.all()}

    async def begin(self, slug: str, options: Mapping[str, Any]) -> None:
        """Takes a connector out of service; its options add to those that it has. Raises `Unprocessable`."""
        if not _SLUG.fullmatch(slug):
            raise Unprocessable(f"{slug[:40]!r} is the name of no connector", parameter="slug")
        told = {name: value for name, value in options.items() if not name.startswith("_")}

        async def unit(tx: Tx) -> None:
            old = await tx.get(DOCTYPE, slug)
            fields = {**(old.fields() if old else {}), **told, "flag_infra_maintenance": True}
            await tx.put(DOCTYPE, slug, fields, old.rev if old else "")

        await self._documents.work(DIRECTORY, unit)

    async def end(self, slug: str) -> None:
        """Puts a connector back into service; does nothing when it is."""

        async def unit(tx: Tx) -> None:
            old = await tx.get(DOCTYPE, slug)
            if old is not None:
                await tx.delete(DOCTYPE, slug, old.rev)

        await self._documents.work(DIRECTORY, unit)

    async def keeps(self, instance: Instance, slug: str, *, manual: bool) -> bool:
        """Whether a run must not begin. A person may start one by hand, unless the options say that they may not."""
        found = await self._documents.get(DIRECTORY, DOCTYPE, slug)
        if found is None or (manual and found.fields().get(NOT_BY_HAND) is not True):
            return False
        skipped = (await self._flags.of(instance)).get(SKIPPED)
        items = skipped.get("list") if isinstance(skipped, dict) else skipped
        return not (isinstance(items, list) and slug in items)
