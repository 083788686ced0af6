"""The scrub: every byte of every file is read again within a month, slowly; what is damaged is mended from a copy.

It goes through the files of an instance in the order of their ids, and keeps how far it is: a restart goes on there.
Its report is kept too. With a mirror it brings there what is missing.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.clock import rfc3339
from alcove.files.model import FILES, VERSIONS, locator_blob, moment_of, sha256_of
from alcove.files.service.integrity import GOOD
from alcove.files.store import files_after, named_blobs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from alcove.base.clock import Clock
    from alcove.base.tables import Tables
    from alcove.documents import Documents
    from alcove.files.blobs import Blobs
    from alcove.files.service.integrity import Integrity
    from alcove.instances import Instance

log = logging.getLogger("alcove.files")

PERIOD = timedelta(days=30)
"""How old the last look at a file may be."""
RATE = 16 << 20
"""Bytes that are read in a second at the most, when nobody waits for it: a few hundredths of a processor."""
PAGE = 200
TOLD = 200
"""Faults that a report names at the most; all are counted."""

_TABLE = "create table scrub (tenant text not null primary key, report text not null);"


@dataclass(slots=True)
class Report:
    """What a scrub of an instance found so far. `at` is the last file looked at; `ended` is empty while it goes on."""

    began: str = ""
    ended: str = ""
    doctype: str = FILES
    at: str = ""
    files: int = 0
    bytes: int = 0
    damaged: int = 0
    missing: int = 0
    unreadable: int = 0
    mended: int = 0
    copied: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)


class Reports:
    """The last report of each instance, in the server's own table."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def prepare(self) -> None:
        """Makes the table."""
        await self._tables.prepare("scrub", (_TABLE,), (_TABLE,))

    async def get(self, tenant: str) -> Report:
        """The last one; an empty one when there was none."""
        rows = await self._tables.rows("select report from scrub where tenant = $1", tenant)
        return Report(**orjson.loads(rows[0][0])) if rows else Report()

    async def keep(self, tenant: str, report: Report) -> None:
        """Keeps it, durably."""
        sql = "insert into scrub (tenant, report) values ($1, $2) on conflict (tenant) do update set report = $2"
        await self._tables.change((sql, tenant, orjson.dumps(asdict(report)).decode()))

    async def drop(self, tenant: str) -> None:
        """Forgets an instance."""
        await self._tables.change(("delete from scrub where tenant = $1", tenant))


class Scrub:
    """Looks at the bytes of instances, one file after the other."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        integrity: Integrity,
        reports: Reports,
        clock: Clock,
        mirror: Blobs | None = None,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._integrity = integrity
        self.reports = reports
        self._clock = clock
        self._mirror = mirror

    async def due(self, instance: Instance) -> bool:
        """Whether one was begun and has not ended, or the last one is too long ago."""
        report = await self.reports.get(instance.key)
        began = moment_of(report.began)
        return not report.ended or began is None or self._clock.now() - began > PERIOD

    async def go_on(self, instance: Instance) -> Report:
        """Goes on with the scrub that was interrupted, or begins one; slowly."""
        report = await self.reports.get(instance.key)
        if report.ended or not report.began:
            report = Report(began=rfc3339(self._clock.now()))
        async for _ in self._run(instance, report, RATE, ()):
            pass
        return report

    def now(self, instance: Instance, copies: Sequence[Blobs] = ()) -> AsyncIterator[Report]:
        """A whole scrub as fast as it goes, the report as it grows. `copies` are places more to mend from."""
        return self._run(instance, Report(began=rfc3339(self._clock.now())), 0, copies)

    async def _run(
        self, instance: Instance, report: Report, rate: int, copies: Sequence[Blobs]
    ) -> AsyncIterator[Report]:
        tenant = instance.key
        breathe = _Breath(rate).take
        mirrored = await self._mirrored(tenant)
        for doctype in (FILES, VERSIONS):
            if report.doctype == VERSIONS and doctype == FILES:
                continue
            if report.doctype != doctype:
                report.doctype, report.at = doctype, ""
            while page := await files_after(self._documents, tenant, doctype, report.at, PAGE):
                for ident, fields in page:
                    report.at = ident
                    if fields.get("type") != "directory":
                        await self._one(tenant, fields, report, copies, mirrored, breathe)
                await self.reports.keep(tenant, report)
                yield report
        report.ended = rfc3339(self._clock.now())
        await self._forget_in_mirror(tenant, mirrored)
        await self.reports.keep(tenant, report)
        level = logging.ERROR if report.faults else logging.INFO
        log.log(level, "a scrub has ended", extra={"domain": instance.domain, "files": report.files})
        yield report

    async def _one(
        self,
        tenant: str,
        fields: Mapping[str, Any],
        report: Report,
        copies: Sequence[Blobs],
        mirrored: set[str],
        breathe: Callable[[int], Any],
    ) -> None:
        blob, sha256 = locator_blob(fields), sha256_of(fields)
        found = await self._integrity.look(tenant, blob, sha256, breathe)
        report.files += 1
        report.bytes += int(fields.get("size") or 0)
        if found == GOOD:
            if self._mirror is not None and blob not in mirrored:
                report.copied += await mirror_one(self._blobs, self._mirror, tenant, blob, sha256)
            mirrored.discard(blob)
            return
        # As it is now: a file may have been overwritten or destroyed since this page was read.
        now = await self._documents.get(tenant, fields["_type"], fields["_id"])
        if now is None or now.deleted or locator_blob(now.fields()) != blob:
            return
        good = await self._integrity.settle(tenant, blob, sha256)
        good = good or await self._integrity.mend(tenant, blob, sha256, copies)
        setattr(report, found, getattr(report, found) + 1)
        report.mended += good
        mirrored.discard(blob)
        if len(report.faults) < TOLD:
            name, ident = str(fields.get("name", "")), str(fields["_id"])
            report.faults.append({"type": found, "_id": ident, "name": name, "blob": blob, "mended": good})

    async def _mirrored(self, tenant: str) -> set[str]:
        """The blobs that the mirror has. Those that no file names are left in it at the end."""
        if self._mirror is None:
            return set()
        return {blob.id for blob in await self._mirror.list(tenant)}

    async def _forget_in_mirror(self, tenant: str, left: set[str]) -> None:
        """Removes from the mirror what no file has named during a whole scrub, and names now."""
        if self._mirror is None or not left:
            return
        for blob in left - await named_blobs(self._documents, tenant):
            await self._mirror.remove(tenant, blob)


async def mirror_one(blobs: Blobs, mirror: Blobs, tenant: str, blob: str, sha256: str) -> bool:
    """Brings a blob to the mirror; whether it is there whole. Raises what either place raises."""
    written = await mirror.write(tenant, blobs.read(tenant, blob), name=blob)
    if not sha256 or written.sha256 == sha256:
        return True
    await mirror.set_aside(tenant, blob)
    return False


class _Breath:
    """Rests after bytes, so that no more of them are read in a second than `rate`; 0: as fast as it goes."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._bytes = 0

    async def take(self, count: int) -> None:
        """Takes note of bytes."""
        self._bytes += count
        if self._rate and self._bytes >= self._rate // 8:
            seconds, self._bytes = self._bytes / self._rate, 0
            await asyncio.sleep(seconds)
