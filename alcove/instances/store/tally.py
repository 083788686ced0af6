"""How often something was done in a window of time, in a table of the server's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.tables import changed

if TYPE_CHECKING:
    from alcove.base.tables import Tables

MIGRATIONS = (
    """
create table tally (
    tenant text not null,
    name text not null,
    count integer not null,
    ends integer not null,
    primary key (tenant, name)
) without rowid;
""",
)


POSTGRES = (
    """
create table tally (
    tenant text not null, name text not null, count bigint not null, ends bigint not null, primary key (tenant, name)
);
""",
)
_TAKE = """
insert into tally (tenant, name, count, ends) values ($1, $2, 1, $3) on conflict (tenant, name) do update set
count = case when tally.ends <= $4 then 1 else tally.count + 1 end,
ends = case when tally.ends <= $4 then excluded.ends else tally.ends end
where tally.ends <= $4 or tally.count < $5 returning count
"""


class Tally:
    """Windows of counting, in a table of the server's own. Times are milliseconds since 1970."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def prepare(self, now: int) -> None:
        """Makes the table, and clears away what has ended."""
        await self._tables.prepare("allowances", MIGRATIONS, POSTGRES)
        await self._tables.change(("delete from tally where ends <= $1", now))

    async def take(self, tenant: str, name: str, most: int, now: int, ends: int) -> int | None:
        """Counts once more in the window, or in a new one until `ends`; its end, when it is used up already."""
        used_up = "select ends from tally where tenant = $1 and name = $2 and ends > $3 and count >= $4"
        full = await self._tables.rows(used_up, tenant, name, now, most)
        # One statement counts and looks: of a thousand at once only the first ones are taken.
        if not full and await changed(self._tables, _TAKE, tenant, name, ends, now, most):
            return None
        full = full or await self._tables.rows(used_up, tenant, name, now, most)
        return full[0][0] if full else ends

    async def forget(self, tenant: str) -> None:
        """Drops the windows of an instance that is gone."""
        await self._tables.change(("delete from tally where tenant = $1", tenant))
