"""The document that tells of an instance's sample person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.sample.model import SAMPLE_ID, SAMPLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.documents import Document, Documents, Tx


class Shelf:
    """Reads and writes it. `tenant` is the key of the instance that had the sample person made."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def get(self, tenant: str) -> Document | None:
        """What is known of the sample person; None when there is none."""
        return await self._documents.get(tenant, SAMPLES, SAMPLE_ID)

    async def begin(self, tenant: str, fields: Mapping[str, Any], going: frozenset[str]) -> tuple[Document, bool]:
        """Notes that one is to be made, unless one is there or on its way; says whether it was noted."""

        async def unit(tx: Tx) -> tuple[Document, bool]:
            known = await tx.get(SAMPLES, SAMPLE_ID)
            if known is not None and known.fields()["state"] in going | {"ready"}:
                return known, False
            return await tx.put(SAMPLES, SAMPLE_ID, fields, known.rev if known else ""), True

        return await self._documents.work(tenant, unit)

    async def change(self, tenant: str, job: str, members: Mapping[str, Any]) -> bool:
        """Changes what is told of the making by that job; False when it was removed or begun anew meanwhile."""

        async def unit(tx: Tx) -> bool:
            known = await tx.get(SAMPLES, SAMPLE_ID)
            if known is None or known.fields()["job"] != job:
                return False
            await tx.put(SAMPLES, SAMPLE_ID, {**known.fields(), **members}, known.rev)
            return True

        return await self._documents.work(tenant, unit)

    async def drop(self, tenant: str) -> None:
        """Forgets it; forgetting twice is no error."""

        async def unit(tx: Tx) -> None:
            known = await tx.get(SAMPLES, SAMPLE_ID)
            if known is not None:
                await tx.delete(SAMPLES, SAMPLE_ID, known.rev)

        await self._documents.work(tenant, unit)
