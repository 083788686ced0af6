"""The journal: what leaves is written down before it does; and the hosts that a person blocked."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from alcove.base.errors import Refusal
from alcove.base.ids import ordered_id
from alcove.base.outgoing import ACTING, NoReply
from alcove.egress.errors import BadHost, NotBlocked
from alcove.egress.model import BLOCKED, KEPT_DAYS, Line, Verdict, clean_host, stamp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from alcove.base.clock import Clock
    from alcove.documents import Change, Documents
    from alcove.egress.model import Sums, Wanted
    from alcove.egress.store import Shelf

log = logging.getLogger("alcove.egress")

DAY = 24 * 3600.0


class Journal:
    """Every connection that this server opens, in the place it was opened for (`ACTING`)."""

    def __init__(self, shelf: Shelf, documents: Documents, clock: Clock) -> None:
        self._shelf = shelf
        self._clock = clock
        self._blocked: dict[str, frozenset[str]] = {}
        self._heard = 0
        self._tidied: dict[str, float] = {}
        documents.watch(self._hear, frozenset((BLOCKED,)))

    @contextlib.asynccontextmanager
    async def connection(self, purpose: str, host: str, port: int, who: str = "") -> AsyncIterator[Line]:
        """A connection that is about to be opened: in the journal durably before the body of `async with` runs.

        Raises `NoReply` for a host that the person blocked, and when the journal cannot be written: then nothing goes
        out. What the body raises is noted, and goes on.
        """
        tenant, ident, at = ACTING.get(), ordered_id(), stamp(self._clock.now())
        line, begin = Line(purpose, host, port, who), time.monotonic()

        async def note(verdict: Verdict, reason: str = "") -> None:
            took = 0 if verdict == "open" else round((time.monotonic() - begin) * 1000)
            await self._shelf.write(tenant, ident, line.fields(at, verdict, reason, took))

        try:
            if clean_host(host) in await self._hosts(tenant):
                await note("refused", "blocked")
                raise NoReply(f"{host} is blocked: nothing is sent there")
            await note("open")
        except Refusal as refusal:
            raise NoReply(f"{host} is not asked: the journal cannot be written ({refusal})") from None
        try:
            yield line
        except NoReply as error:
            await self._end(note("failed" if line.address else "refused", str(error)[:300]))
            raise
        except BaseException as error:
            given_up = isinstance(error, asyncio.CancelledError)
            await self._end(note("failed", line.reason or ("given up" if given_up else "a fault")))
            raise
        await self._end(note("done"))
        await self._tidy(tenant)

    async def _end(self, noting: Any) -> None:
        """Notes how it ended, whoever stops waiting. A line that cannot be ended stays `open`: it is there."""
        task = asyncio.ensure_future(noting)
        try:
            await asyncio.shield(task)
        except Refusal:
            log.warning("the journal of what leaves could not be ended")

    async def kept_in(self, line: Line) -> None:
        """Notes what somebody tried and was kept from before it reached this server, such as a page by its browser."""
        tenant = ACTING.get()
        fields = line.fields(stamp(self._clock.now()), "refused", line.reason)
        await self._shelf.write(tenant, ordered_id(), fields)
        await self._tidy(tenant)

    async def page(self, tenant: str, wanted: Wanted, limit: int, bookmark: str) -> tuple[list[dict[str, Any]], str]:
        """Lines with their `id`, the newest first, and the bookmark of the next page; a page may be short."""
        found = await self._shelf.lines(tenant, wanted.selector(), limit, bookmark)
        lines = [{"id": document.id, **document.fields()} for document in found.documents]
        following = found.bookmark if len(found.documents) == limit else ""
        return [line for line in lines if not wanted.text or wanted.fits(line)], following

    async def sums(self, tenant: str, wanted: Wanted) -> Sums:
        """What left, in sums."""

        def fits(fields: Mapping[str, Any]) -> bool:
            at = str(fields.get("at", ""))
            inside = wanted.since <= at and (not wanted.until or at < wanted.until)
            named = (wanted.host, "host"), (wanted.purpose, "purpose"), (wanted.who, "who")
            chosen = all(value in ("", fields.get(name)) for value, name in named)
            return inside and chosen and (not wanted.text or wanted.fits(fields))

        return await self._shelf.sums(tenant, fits)

    async def trim(self, tenant: str) -> int:
        """Forgets what is older than a year; gives how many lines."""
        return await self._shelf.trim(tenant, stamp(self._clock.now() - timedelta(days=KEPT_DAYS)))

    async def blocked(self, tenant: str) -> list[dict[str, Any]]:
        """The hosts that nothing is sent to, with `since`."""
        return [{"id": document.id, **document.fields()} for document in await self._shelf.blocked(tenant)]

    async def block(self, tenant: str, host: str) -> dict[str, Any]:
        """Sends nothing to a host from now on; raises `BadHost`."""
        name = clean_host(host)
        if not name:
            raise BadHost(host)
        document = await self._shelf.block(tenant, name, {"since": stamp(self._clock.now())})
        return {"id": document.id, **document.fields()}

    async def unblock(self, tenant: str, host: str) -> None:
        """Lets a host be asked again; raises `NotBlocked`."""
        if not await self._shelf.unblock(tenant, clean_host(host)):
            raise NotBlocked(host)

    async def _tidy(self, tenant: str) -> None:
        """Forgets old lines once a day, where something leaves."""
        now = self._clock.now().timestamp()
        if now - self._tidied.get(tenant, 0.0) >= DAY:
            self._tidied[tenant] = now
            await self.trim(tenant)

    async def _hosts(self, tenant: str) -> frozenset[str]:
        known = self._blocked.get(tenant)
        if known is None:
            heard = self._heard
            known = frozenset(document.id for document in await self._shelf.blocked(tenant))
            if heard == self._heard:  # else it may be what was before
                self._blocked[tenant] = known
        return known

    def _hear(self, changes: Sequence[Change]) -> None:
        self._heard += 1
        self._blocked.pop(changes[-1].tenant, None)
