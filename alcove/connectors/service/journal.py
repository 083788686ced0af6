"""The runs of each connector as a person follows them: how far, what it brought, which files it could not take."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from typing import TYPE_CHECKING, Any

from alcove.base.clock import Clock, rfc3339
from alcove.base.errors import Refusal
from alcove.connectors.model import MESSAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from alcove.connectors.model import FileOutcome
    from alcove.connectors.service.questions import Asker
    from alcove.connectors.store import Shelf

PAUSE = 1.0
"""Seconds between two writes while only its progress changes."""
TROUBLES = 200
"""Files of one run whose reason is kept; the others are counted."""
KEPT = 100
"""Runs of each connector that are remembered."""
STOPPED = "The server stopped while it ran."


class Entry:
    """One run under way."""

    def __init__(self, shelf: Shelf, clock: Clock, tenant: str, ident: str, fields: dict[str, Any]) -> None:
        self._shelf = shelf
        self._clock = clock
        self._tenant = tenant
        self._id = ident
        self._fields = fields
        self._error = ""
        self._halted = False
        self._later: asyncio.Task[None] | None = None
        self._before: Mapping[str, int] = dict(fields["brought"])
        self._written = time.monotonic()

    async def hear(self, line: Mapping[str, Any]) -> None:
        """Takes a `progress` line of the run in; others are left alone: they may say what must not be kept."""
        if line.get("type") != "progress":
            return
        for name in ("done", "total"):
            if type(line.get(name)) is int and 0 <= line[name] < 1 << 31:
                self._fields[name] = line[name]
        await self.work_on(_text(line.get("label")))

    async def work_on(self, label: str) -> None:
        """Says what is under way."""
        self._fields["label"] = label
        await self._soon()

    async def settle(self, outcome: FileOutcome) -> None:
        """Says what became of a file."""
        outcomes, counts = self._fields["outcomes"], self._fields["counts"]
        outcomes[outcome.outcome] = outcomes.get(outcome.outcome, 0) + 1
        for name, count in outcome.counts.items():
            counts[name] = counts.get(name, 0) + count
        troubles = self._fields["files"]
        if outcome.outcome not in ("new", "known") and len(troubles) < TROUBLES:
            troubles.append({"file": outcome.file, "outcome": outcome.outcome, "reason": outcome.reason})
        self._fields["done"] = sum(outcomes.values())
        await self._soon()

    def fail(self, error: str) -> None:
        """Notes why the run failed; empty when it did not."""
        self._error = error

    @contextlib.asynccontextmanager
    async def closing(self, stopped: Callable[[], bool] = lambda: False) -> AsyncIterator[None]:
        """Around the run: at its end it is written down how it ended, also when the server itself failed.

        `stopped` answers, for a run that is cut off, whether the person wanted that.
        """
        try:
            yield
        except asyncio.CancelledError:
            self._halted = stopped()
            self.fail("" if self._halted else STOPPED)
            raise
        except Exception as error:
            self.fail(str(error) if isinstance(error, Refusal) else f"The server failed ({type(error).__name__}).")
            raise
        finally:
            await self._no_later()
            await self._end(self._error)

    async def _end(self, error: str) -> None:
        """It failed when it says so, or when it could take none of its files."""
        outcomes, counts = self._fields["outcomes"], self._fields["counts"]
        failed = bool(error) or (bool(outcomes) and outcomes.keys() <= {"error"})
        ended = "errored" if failed else "asked" if outcomes.get("asked") else "done"
        self._fields["state"] = "stopped" if self._halted else ended
        self._fields |= {"ended_at": rfc3339(self._clock.now()), "label": ""}
        if error:
            self._fields["error"] = error[:MESSAGE]
        names = [*self._before, *counts]
        self._fields["brought"] = {name: self._before.get(name, 0) + counts.get(name, 0) for name in names}
        await self._write()

    async def _soon(self) -> None:
        """Writes now, or once the pause is over: the last word before a long wait has to be seen too."""
        left = self._written + PAUSE - time.monotonic()
        if left <= 0:
            await self._write()
        elif self._later is None:
            self._later = asyncio.create_task(self._write_after(left))

    async def _write_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._later = None
        await self._write()

    async def _no_later(self) -> None:
        if self._later is not None:
            self._later.cancel()
            await asyncio.gather(self._later, return_exceptions=True)

    async def _write(self) -> None:
        self._fields["updated_at"] = rfc3339(self._clock.now())
        await self._shelf.put_run(self._tenant, self._id, self._fields)
        self._written = time.monotonic()


class Journal:
    """The runs of every instance."""

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        self._shelf = shelf
        self._clock = clock

    async def begin(
        self, asker: Asker, total: int = 0, *, apart: bool, manual: bool = True, brokered: bool = False
    ) -> Entry:
        """Notes that a connector begins. A run that begins again, after a crash, stays one.

        `apart`: it has no network of others, so that it can be said what it reached: nothing; or, when it is
        `brokered`, what the journal of what left says.
        """
        ident = hashlib.sha256(f"{asker.job_id}\0{asker.slug}".encode()).hexdigest()[:32]
        last = await self._shelf.last_run(asker.tenant, asker.slug, ident)
        now = rfc3339(self._clock.now())
        fields: dict[str, Any] = {
            "connector": asker.slug,
            "account": asker.account,
            "worker": asker.worker,
            "job": asker.job_id,
            "manual": manual,
            "network": ("told" if brokered else "none") if apart else "unknown",
            "state": "running",
            "started_at": now,
            "updated_at": now,
            "total": total,
            "done": 0,
            "label": "",
            "outcomes": {},
            "counts": {},
            "files": [],
            "brought": (last or {}).get("brought") or {},
        }
        await self._shelf.put_run(asker.tenant, ident, fields)
        return Entry(self._shelf, self._clock, asker.tenant, ident, fields)

    async def tidy(self, tenant: str) -> None:
        """After a start nothing runs any more; old runs are forgotten."""
        ended: dict[str, list[tuple[str, str]]] = {}
        for document in await self._shelf.all_runs(tenant):
            fields = document.fields()
            if fields["state"] == "running":
                now = rfc3339(self._clock.now())
                await self._shelf.put_run(
                    tenant, document.id, {**fields, "state": "errored", "error": STOPPED, "ended_at": now}
                )
            ended.setdefault(fields["connector"], []).append((fields["started_at"], document.id))
        gone = [ident for runs in ended.values() for _, ident in sorted(runs)[:-KEPT]]
        await self._shelf.drop_runs(tenant, gone)


def _text(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""
