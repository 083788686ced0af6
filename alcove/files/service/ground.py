"""What every verb on files stands on: units of work, the space that is left, and blobs in step with documents."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from alcove.base.digits import whole
from alcove.base.errors import Refusal
from alcove.files.errors import QuotaReached
from alcove.files.model import NOBODY, Stamp
from alcove.files.model.texts import made_from
from alcove.files.service.counts import Counts
from alcove.files.service.customs import Customs
from alcove.files.service.integrity import Integrity
from alcove.files.service.links import ThumbnailKeys
from alcove.files.service.marking import Marking
from alcove.files.service.places import Places
from alcove.files.service.usage import Usage
from alcove.files.store import Snapshot, named_blobs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from alcove.base.clock import Clock
    from alcove.documents import Documents, Tx
    from alcove.files.blobs import Blobs
    from alcove.files.model import Author
    from alcove.files.service.content import Upload
    from alcove.instances import Instance

T = TypeVar("T")
log = logging.getLogger("alcove.files")

MAX_SIZE = 1 << 40
"""Bytes of one file at the most, whatever the quota is."""


class Ground:
    """The tree in documents, the bytes in blobs.

    A document is committed only after its blob is durable. The blob of a refused commit is removed at once; what a
    crash leaves is found by `sweep`.
    """

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        clock: Clock,
        *,
        scheme: str = "http",
        customs: Customs | None = None,
        integrity: Integrity | None = None,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._clock = clock
        self._scheme = scheme
        self._customs = customs or Customs()
        self._integrity = integrity or Integrity(blobs)
        self._usage = Usage(documents)
        self._counts = Counts(documents)
        self._marking = Marking(documents)
        self._places = Places()
        self.thumbnail_keys = ThumbnailKeys(clock)

    async def space(self, instance: Instance) -> int | None:
        """Bytes that still fit, or None without a quota."""
        quota = str(instance.fields.get("disk_quota") or "")
        allowed = whole(quota, 18)
        if not allowed:
            return None
        return max(0, allowed - sum(await self._usage.of(instance.key)))

    async def _limit(self, instance: Instance, what: Upload) -> int:
        """Bytes that a file may have now. Raises `QuotaReached` when more are announced."""
        left = await self.space(instance)
        limit = MAX_SIZE if left is None else min(left, MAX_SIZE)
        if what.size is not None and what.size > limit:
            raise QuotaReached
        return limit

    async def sweep(self, tenant: str, before: datetime) -> int:
        """Removes the blobs written before a moment that no document names; how many there were.

        `before` must lie further back than any upload takes from its last byte to its commit.
        """
        listed = await self._blobs.list(tenant, before)  # first: what is committed from now on is seen below
        if not listed:
            return 0
        named = await named_blobs(self._documents, tenant)
        named |= {made for blob in named for made in made_from(blob)}
        orphans = [blob.id for blob in listed if blob.id not in named]
        for blob in orphans:
            await self._blobs.remove(tenant, blob)
        if orphans:
            log.info("blobs that no file names are removed", extra={"tenant": tenant, "blobs": len(orphans)})
        return len(orphans)

    def forget(self, tenant: str) -> None:
        """Drops what is kept in memory of an instance that is gone."""
        self._usage.drop(tenant)
        self._counts.drop(tenant)

    async def _commit(self, instance: Instance, blob: str, unit: Callable[[Tx], Awaitable[T]]) -> T:
        """Runs the unit that names a new blob. Only a refusal proves that nothing was committed: then it goes."""
        try:
            return await self._work(instance, unit)
        except Refusal:
            await self._free(instance, [blob])
            raise

    async def _free(self, instance: Instance, blobs: Sequence[str]) -> None:
        """Removes blobs that no document names any more, with what was made from them."""
        await self._remove(instance, [each for blob in blobs for each in (blob, *made_from(blob))])

    async def _remove(self, instance: Instance, blobs: Sequence[str]) -> None:
        for blob in blobs:
            try:
                await self._blobs.remove(instance.key, blob)
            except (OSError, Refusal) as error:  # the commit stands; what stays is swept
                log.warning("a blob could not be removed", extra={"blob": blob, "reason": str(error)})

    async def _work(self, instance: Instance, unit: Callable[[Tx], Awaitable[T]]) -> T:
        return await self._documents.work(instance.key, unit)

    def _now(self, instance: Instance) -> Snapshot:
        return Snapshot(self._documents, instance.key)

    def _stamp(self, instance: Instance, author: Author = NOBODY) -> Stamp:
        return Stamp(self._clock.now(), f"{self._scheme}://{instance.domain}/", author)

    async def _trasher(self, instance: Instance) -> Mapping[str, str]:
        """Who puts something into the trash, as the document says it."""
        return {"kind": "member", "displayName": await self._customs.name(instance), "domain": instance.domain}
