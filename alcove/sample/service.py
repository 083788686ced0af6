"""Making, opening and removing the sample person of an instance."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alcove.base.clock import Clock, rfc3339
from alcove.base.confined import Confinement, Level, Limits, NoConfinement, Program
from alcove.base.errors import NotFound
from alcove.base.ids import new_code, new_id
from alcove.connectors import GATHERINGS
from alcove.instances import SAMPLE_FLAG, Allowance, InstanceExists, TooOften
from alcove.sample.errors import (
    SampleImpossible,
    SampleInSample,
    SampleMissing,
    SampleNotReady,
    SamplesOff,
    TooManySamples,
    Unmade,
)
from alcove.sample.model import GOING, HOURLY, NAMES, OWNER, QUOTA, STUCK, domain_for, over

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from alcove.connectors import Gatherings, Intake
    from alcove.documents import Change
    from alcove.instances import Allowances, Instance, Instances
    from alcove.jobs import Jobs
    from alcove.sample.store import Shelf

log = logging.getLogger("alcove.sample")

WORKER = "sample"
HOUSEHOLD = ("--seed", "1")
"""What `python -m alcove_sample` is asked for: three years, about 3,000 operations and 250 invoices."""
DRAWING = Limits(memory=1 << 30, cpu=300, wall=300.0, processes=256)
LINK = timedelta(minutes=2)
"""How long a link that opens a sample person is good for, if nobody uses it."""
LINKS = 1000
"""Links that wait to be used, at the most: the oldest go first."""


class Samples:
    """The sample persons of this server."""

    def __init__(
        self,
        shelf: Shelf,
        instances: Instances,
        intake: Intake,
        gatherings: Gatherings,
        jobs: Jobs,
        allowances: Allowances,
        clock: Clock,
        refusal: Callable[[], str],
        *,
        scheme: str,
        offered: bool,
    ) -> None:
        self._shelf = shelf
        self._instances = instances
        self._intake = intake
        self._gatherings = gatherings
        self._jobs = jobs
        self._allowances = allowances
        self._clock = clock
        self._refusal = refusal
        self._scheme = scheme
        self._offered = offered
        self._links: dict[str, tuple[str, datetime]] = {}
        self._making: dict[str, asyncio.Task[None]] = {}
        self._unwanted: set[str] = set()
        self._followed: dict[str, asyncio.Queue[dict[str, Any]]] = {}

    def obstacle(self, instance: Instance) -> tuple[str, str]:
        """Why this instance can have no sample person made: a word for the page, and the reason; empty when it can."""
        if instance.fields.get("sample"):
            return "sample", SampleInSample().detail
        if not self._offered:
            return "off", SamplesOff().detail
        reason = self._refusal()
        return ("confinement", reason) if reason else ("", "")

    async def told(self, instance: Instance) -> dict[str, Any]:
        """What its page shows: whether it can be had, and how far it is."""
        why, reason = self.obstacle(instance)
        document = await self._shelf.get(instance.key)
        said = document.fields() if document else {"state": "none"}
        if await self._cut_off(instance, said):
            said |= {"state": "errored", "why": "failed"}
        return {**said, "possible": not why, "why": why or said.get("why", ""), "reason": reason}

    async def begin(self, instance: Instance) -> dict[str, Any]:
        """Begins to make one, unless it is there or on its way; gives what its page shows.

        Raises `SampleInSample`, `SamplesOff`, `SampleImpossible`, and `TooManySamples` for who asks again and again.
        """
        why, reason = self.obstacle(instance)
        if why == "sample":
            raise SampleInSample
        if why == "off":
            raise SamplesOff
        if why:
            raise SampleImpossible(reason)
        job, now = new_id(), rfc3339(self._clock.now())
        fields = {"state": "queued", "job": job, "total": 0, "done": 0, "created_at": now, "seen_at": now}
        there = await self._shelf.get(instance.key)
        going = frozenset() if there and await self._cut_off(instance, there.fields()) else GOING
        _, noted = await self._shelf.begin(instance.key, fields, going)
        if noted:
            try:
                await self._allowances.take(instance.key, Allowance("sample persons", HOURLY))
                await self._jobs.push(instance.key, WORKER, {"job": job}, manual=True, job_id=job)
            except BaseException as error:
                await self._shelf.drop(instance.key)
                if isinstance(error, TooOften):
                    raise TooManySamples(HOURLY, error.headers) from None
                raise
        return await self.told(instance)

    async def _cut_off(self, instance: Instance, fields: Mapping[str, Any]) -> bool:
        """Whether it should go on, but nothing works on it any more: a crash came between the note and the job."""
        if fields["state"] not in GOING:
            return False
        if self._clock.now() - datetime.fromisoformat(fields["created_at"]) < STUCK:
            return False
        try:
            return (await self._jobs.get(instance.key, fields["job"])).ended
        except NotFound:
            return True

    async def link(self, instance: Instance) -> str:
        """A link that opens its sample person once, without a passphrase.

        Raises `SampleMissing`, `SampleNotReady`.
        """
        document = await self._shelf.get(instance.key)
        if document is None:
            raise SampleMissing
        sample = self._of(instance)
        if document.fields()["state"] != "ready" or sample is None:
            raise SampleNotReady
        sample = await self._at_home(instance, sample)
        now = self._clock.now()
        await self._shelf.change(instance.key, document.fields()["job"], {"seen_at": rfc3339(now)})
        code = new_code()
        self._links[code] = sample.key, now + LINK
        if len(self._links) > LINKS:
            del self._links[next(iter(self._links))]
        return f"{self._scheme}://{sample.domain}/sample/enter?code={code}"

    def enter(self, sample: Instance, code: str) -> bool:
        """Whether this is a link's code for that sample person; from then on it is none."""
        key, until = self._links.get(code, ("", self._clock.now()))
        if key != sample.key:
            return False
        del self._links[code]
        return until > self._clock.now()

    async def remove(self, owner: Instance) -> None:
        """Removes the sample person of an instance, also while it is made. Raises `SampleMissing`."""
        sample = self._of(owner)
        if sample is None and await self._shelf.get(owner.key) is None:
            raise SampleMissing
        making = self._making.get(owner.key)
        if making is not None:
            self._unwanted.add(owner.key)
            making.cancel()
            await asyncio.wait([making])
        await self._clear(owner.key)
        await self._shelf.drop(owner.key)

    async def leave(self, sample: Instance) -> None:
        """Removes the sample person from within it."""
        owner = self._instances.by_key(str(sample.fields.get(OWNER) or ""))
        if owner is not None:
            await self._shelf.drop(owner.key)
        await self._instances.destroy(sample)

    async def make(self, owner: Instance, job: str) -> None:
        """Makes it: draws the papers, hands them over, and lets the connectors read them like any others.

        Begins anew when a crash cut it off. What goes wrong is told by the document; nothing half-made stays.
        """
        document = await self._shelf.get(owner.key)
        if document is None or document.fields()["job"] != job or document.fields()["state"] not in GOING:
            return
        making = self._making[owner.key] = asyncio.create_task(self._make(owner, job))
        try:
            await making
        except asyncio.CancelledError:
            if owner.key not in self._unwanted:
                raise
            self._unwanted.discard(owner.key)
        finally:
            self._making.pop(owner.key, None)

    async def _make(self, owner: Instance, job: str) -> None:
        try:
            await self._clear(owner.key)
            await self._shelf.change(owner.key, job, {"state": "drawing", "done": 0, "total": 0})
            sample = await self._instances.create(
                domain_for(owner.main, flat=self._instances.flat),
                {"Locale": owner.locale, "PublicName": NAMES.get(owner.locale, NAMES["en"]), "Sample": "true",
                 "DiskQuota": str(QUOTA)},
                {OWNER: owner.key, "onboarding_finished": True, "register_token": "", "feature_flags": _flags(owner)},
            )  # fmt: skip
            await self._shelf.change(owner.key, job, {"domain": sample.domain})
            with tempfile.TemporaryDirectory(prefix="alcove-sample-") as folder:
                await _draw(Path(folder))
                ids = await self._hand_over(sample, Path(folder))
            await self._follow(owner, job, sample, ids)
            await self._shelf.change(owner.key, job, {"state": "ready", "seen_at": rfc3339(self._clock.now())})
        except InstanceExists as error:
            await self._shelf.change(owner.key, job, {"state": "errored", "why": "taken", "error": error.detail})
        except Unmade as error:
            await self._clear(owner.key)
            await self._shelf.change(owner.key, job, {"state": "errored", "why": error.why, "error": str(error)})
        except Exception as error:
            log.exception("the sample person could not be made", extra={"domain": owner.domain})
            await self._clear(owner.key)
            reason = f"The server failed ({type(error).__name__})"
            await self._shelf.change(owner.key, job, {"state": "errored", "why": "failed", "error": reason})

    async def _hand_over(self, sample: Instance, folder: Path) -> list[str]:
        """Takes the drawn papers in, as if they had been dropped."""
        ids = []
        for path in await asyncio.to_thread(_papers, folder):
            ident, _ = await self._intake.receive(sample, str(path.relative_to(folder)), _bytes_of(path))
            ids.append(ident)
        return ids

    async def _follow(self, owner: Instance, job: str, sample: Instance, ids: Sequence[str]) -> None:
        """Gathers, and tells how it goes; raises `Unmade`."""
        heard = self._followed[sample.key] = asyncio.Queue()
        try:
            heard.put_nowait((await self._gatherings.start(sample, ids, {})).fields())
            while True:
                said = await heard.get()
                while not heard.empty():
                    said = heard.get_nowait()
                if said["state"] == "errored":
                    raise Unmade("confinement" if self._refusal() else "failed", str(said.get("error", "")))
                await self._shelf.change(
                    owner.key, job, {"state": "reading", "done": said["done"], "total": said["total"]}
                )
                if said["state"] == "done":
                    return
        finally:
            del self._followed[sample.key]

    def hear(self, changes: Sequence[Change]) -> None:
        """Hears how the gatherings of sample persons go: the watcher of the documents."""
        for change in changes:
            if change.document.type == GATHERINGS and not change.document.deleted and change.tenant in self._followed:
                self._followed[change.tenant].put_nowait(change.document.fields())

    async def sweep(self) -> None:
        """Removes sample persons whose owner is gone, or that nobody has opened for a month; ends cut-off makings."""
        for sample in self._instances.all():
            key = sample.fields.get(OWNER)
            if not key:
                continue
            document = await self._shelf.get(key) if self._instances.by_key(key) is not None else None
            fields = document.fields() if document is not None else None
            if fields is None or (fields["state"] not in GOING and over(fields, self._clock.now())):
                log.info("a sample person is removed", extra={"domain": sample.domain})
                await self._clear(key)
                if fields is not None:
                    await self._shelf.drop(key)

    def orphaned(self, owner: Instance) -> Instance | None:
        """The sample person of an instance that goes."""
        return self._of(owner)

    def _of(self, owner: Instance) -> Instance | None:
        return next((i for i in self._instances.all() if i.fields.get(OWNER) == owner.key), None)

    async def _clear(self, owner_key: str) -> None:
        for instance in self._instances.all():
            if instance.fields.get(OWNER) == owner_key:
                await self._instances.destroy(instance)

    async def _at_home(self, owner: Instance, sample: Instance) -> Instance:
        """Where the sample person belongs: an owner that has moved takes it along."""
        domain = domain_for(owner.main, flat=self._instances.flat)
        if sample.main != domain:
            sample = await self._instances.rename(sample, domain)
            sample = await self._instances.change(sample, {"feature_flags": _flags(owner)})
        return sample


def _flags(owner: Instance) -> Mapping[str, str]:
    """What every page of a sample person reads: whose it is, to lead back there."""
    return {SAMPLE_FLAG: owner.main}


async def _draw(folder: Path) -> None:
    """Lets the household be drawn in a process of its own: it takes seconds of processor time. Raises `Unmade`."""
    argv = (sys.executable, "-I", "-X", "utf8", "-m", "alcove_sample", str(folder), *HOUSEHOLD)
    # With limits and a deadline alone: this is code of ours that reads nothing of anybody's.
    confinement = Confinement(Level.LIMITS, "draws what is invented")
    try:
        ending = await confinement.run(Program(argv, cwd=str(folder)), DRAWING)
    except (OSError, NoConfinement) as error:
        raise Unmade("failed", str(error)) from None
    if not ending.ok:
        log.error("the household was not drawn", extra={"stderr": ending.stderr[-2000:].decode(errors="replace")})
        raise Unmade("failed", f"The household could not be drawn: {ending.reason}")


def _papers(folder: Path) -> list[Path]:
    """Statements and invoices; what the household knows about itself stays outside."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.parent != folder]


async def _bytes_of(path: Path) -> AsyncIterator[bytes]:
    yield await asyncio.to_thread(path.read_bytes)


class Sweeper:
    """Sweeps when the server starts, once a day, and after an instance that had a sample person is gone."""

    DAY = 24 * 3600

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins in the background: nobody waits for it."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ends it."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def destroyed(self, instance: Instance) -> None:
        """Hears of an instance that is gone."""
        if self._samples.orphaned(instance) is not None:
            self._wanted.set()

    async def _run(self) -> None:
        while True:
            self._wanted.clear()
            try:
                await self._samples.sweep()
            except Exception:
                log.exception("the sweep of sample persons failed")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), self.DAY)
