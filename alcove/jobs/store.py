"""The queue and the clockwork's notes, in tables of the server's own. Times are milliseconds since 1970.

    waiting --take--> running --finish--> (gone)
       ^                 |---retry, give_back, a lease that ran out--> waiting
       |                 '---bury--> dead --revive--> waiting
Every verb on a running job names its holder: who lost the lease cannot touch the job any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alcove.base.tables import changed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.base.tables import Rows, Tables

MIGRATIONS = (
    """
create table job (
    number integer primary key,
    tenant text not null,
    id text not null,
    worker text not null,
    state text not null default 'waiting',
    due integer not null,
    lease integer,
    holder text,
    attempts integer not null default 0,
    failures integer not null default 0,
    lost integer not null default 0,
    max_attempts integer not null,
    timeout integer not null,
    error text not null default '',
    ended integer,
    body blob not null,
    unique (tenant, id)
);
create index job_due on job (worker, due) where state = 'waiting';
create index job_lease on job (lease) where state = 'running';
create index job_dead on job (ended) where state = 'dead';
create table alarm (
    tenant text not null,
    trigger text not null,
    rule text not null,
    due integer not null,
    body blob,
    primary key (tenant, trigger)
) without rowid;
create index alarm_due on alarm (due);
""",
)

POSTGRES = (
    """
create table job (
    number bigint primary key generated always as identity,
    tenant text not null,
    id text not null,
    worker text not null,
    state text not null default 'waiting',
    due bigint not null,
    lease bigint,
    holder text,
    attempts integer not null default 0,
    failures integer not null default 0,
    lost integer not null default 0,
    max_attempts integer not null,
    timeout bigint not null,
    error text not null default '',
    ended bigint,
    body bytea not null,
    unique (tenant, id)
);
create index job_due on job (worker, due) where state = 'waiting';
create index job_lease on job (lease) where state = 'running';
create index job_dead on job (ended) where state = 'dead';
create table alarm (
    tenant text not null,
    trigger text not null,
    rule text not null,
    due bigint not null,
    body bytea,
    primary key (tenant, trigger)
);
create index alarm_due on alarm (due);
""",
)

LOST_LIMIT = 3
"""Leases that may run out before a job is thought to be what brings the server down."""

_COLUMNS = "number, tenant, id, worker, holder, attempts, failures, max_attempts, timeout, error, body, ended"


@dataclass(frozen=True, slots=True)
class Order:
    """A job for the queue. `timeout` in milliseconds; `body` is its first document, kept to write it again."""

    tenant: str
    id: str
    worker: str
    due: int
    max_attempts: int
    timeout: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A job taken out of the queue by `holder`, or a dead one."""

    number: int
    tenant: str
    id: str
    worker: str
    holder: str
    attempts: int
    failures: int
    max_attempts: int
    timeout: int
    error: str
    body: bytes
    ended: int | None


def _entry(row: tuple[Any, ...]) -> Entry:
    number, tenant, job_id, worker, holder, *rest = row
    return Entry(number, tenant, job_id, worker, holder or "", *rest)


class Queue:
    """Jobs to be done, by worker, the one due first before the others."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def prepare(self) -> None:
        """Makes the tables."""
        await self._tables.prepare("jobs", MIGRATIONS, POSTGRES)

    async def add(self, order: Order) -> bool:
        """Puts a job in; False when one of its id is there (in any state)."""
        sql = (
            "insert into job (tenant, id, worker, due, max_attempts, timeout, body) "
            "values ($1, $2, $3, $4, $5, $6, $7) on conflict (tenant, id) do nothing returning number"
        )
        values = (order.tenant, order.id, order.worker, order.due, order.max_attempts, order.timeout, order.body)
        return bool(await changed(self._tables, sql, *values))

    async def take(self, free: Mapping[str, int], now: int, until: int, holder: str) -> list[Entry]:
        """Leases due jobs until `until`, of each worker as many as it has hands free."""
        wanted = {worker: hands for worker, hands in free.items() if hands > 0 and await self._due(worker, now)}
        if not wanted:
            return []
        sql = (
            "update job set state = 'running', lease = $1, holder = $2, attempts = attempts + 1 "
            "where number in (select number from job where worker = $3 and state = 'waiting' and due <= $4 "
            f"order by due, number limit $5 {self._tables.skip_locked}) returning due, {_COLUMNS}"
        )
        statements = [(sql, until, holder, worker, now, hands) for worker, hands in wanted.items()]
        taken = await self._tables.change(*statements)
        return [_entry(row[1:]) for rows in taken for row in sorted(rows)]  # what is returned comes in no order

    async def _due(self, worker: str, now: int) -> bool:
        sql = "select 1 from job where worker = $1 and state = 'waiting' and due <= $2 limit 1"
        return bool(await self._tables.rows(sql, worker, now))

    async def next_due(self, workers: Sequence[str]) -> int | None:
        """When the next waiting job of these workers is due."""
        sql = "select min(due) from job where worker = $1 and state = 'waiting'"
        found = [(await self._tables.rows(sql, worker))[0][0] for worker in workers]
        return min((due for due in found if due is not None), default=None)

    async def renew(self, entries: Sequence[Entry], until: int) -> set[int]:
        """Moves the leases on; answers the numbers of those that their holders still have."""
        if not entries:
            return set()
        sql = "update job set lease = $1 where number = $2 and holder = $3 and state = 'running' returning number"
        kept = await self._tables.change(*((sql, until, entry.number, entry.holder) for entry in entries))
        return {row[0] for rows in kept for row in rows}

    async def expire(self, now: int, until: int, holder: str) -> list[Entry]:
        """Jobs whose lease ran out wait again; those that lost it too often are leased to `holder`, to be buried."""
        if not await self._tables.rows("select 1 from job where state = 'running' and lease <= $1 limit 1", now):
            return []
        lost = (
            "update job set lost = lost + 1, lease = $1, holder = $2 "
            f"where state = 'running' and lease <= $3 and lost >= $4 returning {_COLUMNS}"
        )
        again = (
            "update job set state = 'waiting', lost = lost + 1, due = $1, lease = null, holder = null "
            "where state = 'running' and lease <= $1"
        )
        rows, _ = await self._tables.change((lost, until, holder, now, LOST_LIMIT - 1), (again, now))
        return [_entry(row) for row in rows]

    async def finish(self, entry: Entry) -> bool:
        """The job is done: it leaves the queue. False when the lease was lost."""
        return await self._held("delete from job", entry)

    async def retry(self, entry: Entry, due: int, error: str) -> bool:
        """The job failed and waits for its next try. False when the lease was lost."""
        change = "state = 'waiting', failures = failures + 1, due = $1, error = $2, lease = null, holder = null"
        return await self._held(f"update job set {change}", entry, due, error)

    async def bury(self, entry: Entry, now: int, error: str) -> bool:
        """The job has failed for good and is kept for the operator. False when the lease was lost."""
        change = "state = 'dead', ended = $1, error = $2, lease = null, holder = null"
        return await self._held(f"update job set {change}", entry, now, error)

    async def give_back(self, entry: Entry, now: int) -> bool:
        """The job was not finished through no fault of its own and waits again. False when the lease was lost."""
        change = "state = 'waiting', attempts = attempts - 1, due = $1, lease = null, holder = null"
        return await self._held(f"update job set {change}", entry, now)

    async def _held(self, change: str, entry: Entry, *values: Any) -> bool:
        sql = f"{change} where number = ${len(values) + 1} and holder = ${len(values) + 2} and state = 'running'"
        return bool(await changed(self._tables, f"{sql} returning number", *values, entry.number, entry.holder))

    async def withdraw(self, tenant: str, job_id: str) -> None:
        """Takes a job out again that nobody has taken yet."""
        sql = "delete from job where tenant = $1 and id = $2 and state = 'waiting'"
        await self._tables.change((sql, tenant, job_id))

    async def knows(self, tenant: str, job_id: str) -> bool:
        """Whether the job waits or runs."""
        rows = await self._tables.rows("select state from job where tenant = $1 and id = $2", tenant, job_id)
        return bool(rows) and rows[0][0] != "dead"

    async def dead(self, limit: int, job_id: str = "") -> list[Entry]:
        """Jobs that failed for good, the latest first; only the one of that id, when given."""
        where, last, values = ("and id = $1", "$2", (job_id, limit)) if job_id else ("", "$1", (limit,))
        sql = f"select {_COLUMNS} from job where state = 'dead' {where} order by ended desc, number desc limit {last}"
        return [_entry(row) for row in await self._tables.rows(sql, *values)]

    async def revive(self, entry: Entry, now: int) -> bool:
        """A dead job waits again, as if it were new. False when it is dead no more."""
        sql = (
            "update job set state = 'waiting', attempts = 0, failures = 0, lost = 0, error = '', ended = null, "
            "due = $1 where number = $2 and state = 'dead' returning number"
        )
        return bool(await changed(self._tables, sql, now, entry.number))

    async def sweep(self, before: int) -> int:
        """Forgets the dead that ended before a moment; answers how many."""
        if not await self._tables.rows("select 1 from job where state = 'dead' and ended < $1 limit 1", before):
            return 0
        sql = "delete from job where state = 'dead' and ended < $1 returning number"
        return len(await changed(self._tables, sql, before))

    async def forget(self, tenant: str) -> None:
        """Drops everything of an instance that is gone."""
        tables = ("job", "alarm")
        await self._tables.change(*((f"delete from {table} where tenant = $1", tenant) for table in tables))


@dataclass(frozen=True, slots=True)
class Alarm:
    """When a trigger fires next. `rule` says what was computed, to see whether a changed trigger needs another time;
    `body` is what a debounced trigger has gathered so far.
    """

    tenant: str
    trigger: str
    rule: str
    due: int
    body: bytes | None = None


_ALARM = "select tenant, trigger, rule, due, body from alarm"


def _alarms(rows: Rows) -> list[Alarm]:
    return [Alarm(*row) for row in rows]


class Alarms:
    """The next time of every trigger that waits for one, of all instances."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def get(self, tenant: str, trigger: str) -> Alarm | None:
        """The alarm of a trigger."""
        found = _alarms(await self._tables.rows(f"{_ALARM} where tenant = $1 and trigger = $2", tenant, trigger))
        return found[0] if found else None

    async def due(self, now: int, limit: int = 100) -> list[Alarm]:
        """Alarms whose time has come, the oldest first."""
        return _alarms(await self._tables.rows(f"{_ALARM} where due <= $1 order by due limit $2", now, limit))

    async def next_due(self) -> int | None:
        """When the next one rings."""
        due: int | None = (await self._tables.rows("select min(due) from alarm"))[0][0]
        return due

    async def set(self, alarm: Alarm, *, replacing: Alarm | None) -> bool:
        """Sets an alarm in the place of the one that was seen; False when another was set meanwhile."""
        if replacing is None:
            sql = (
                "insert into alarm (tenant, trigger, rule, due, body) values ($1, $2, $3, $4, $5) "
                "on conflict (tenant, trigger) do nothing returning due"
            )
            values: tuple[Any, ...] = (alarm.tenant, alarm.trigger, alarm.rule, alarm.due, alarm.body)
        else:
            sql = (
                "update alarm set rule = $1, due = $2, body = $3 where tenant = $4 and trigger = $5 "
                "and rule = $6 and due = $7 and body is not distinct from $8 returning due"
            )
            seen = (replacing.rule, replacing.due, replacing.body)
            values = (alarm.rule, alarm.due, alarm.body, alarm.tenant, alarm.trigger, *seen)
        return bool(await changed(self._tables, sql, *values))

    async def drop(self, tenant: str, trigger: str, *, seen: Alarm | None = None) -> bool:
        """Takes an alarm away (only if it is still the one seen, when given); False when there was none such."""
        still = ""
        values: list[Any] = [tenant, trigger]
        if seen is not None:
            still = "and due = $3 and body is not distinct from $4"
            values += [seen.due, seen.body]
        sql = f"delete from alarm where tenant = $1 and trigger = $2 {still} returning due"
        return bool(await changed(self._tables, sql, *values))


_KEPT = (
    "tenant",
    "id",
    "worker",
    "state",
    "due",
    "attempts",
    "failures",
    "lost",
    "max_attempts",
    "timeout",
    "error",
    "ended",
    "body",
)


async def copy_queue(source: Tables, target: Tables, tenant: str) -> int:
    """Copies the jobs and alarms of an instance; answers how many jobs. One that runs waits again in the copy."""
    await target.prepare("jobs", MIGRATIONS, POSTGRES)
    state = "case state when 'running' then 'waiting' else state end"
    columns = ", ".join(state if name == "state" else name for name in _KEPT)
    jobs = await source.rows(f"select {columns} from job where tenant = $1 order by number", tenant)
    alarms = await source.rows(f"{_ALARM} where tenant = $1", tenant)
    places = ", ".join(f"${n}" for n in range(1, len(_KEPT) + 1))
    job = f"insert into job ({', '.join(_KEPT)}) values ({places})"
    alarm = "insert into alarm (tenant, trigger, rule, due, body) values ($1, $2, $3, $4, $5)"
    clear = [(f"delete from {table} where tenant = $1", tenant) for table in ("job", "alarm")]
    await target.change(*clear, *((job, *row) for row in jobs), *((alarm, *row) for row in alarms))
    return len(jobs)
