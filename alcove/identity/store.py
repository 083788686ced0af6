"""Tries, counted in a table of the server's own: neither a restart nor a second process forgets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.tables import changed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.base.tables import Tables

_TABLE = """
create table attempt (name text not null primary key, count bigint not null, last bigint not null);
create index attempt_last on attempt (last);
"""
# One statement looks and writes: of many that read the same count only one adds to it, the others read anew.
_ADD = """
insert into attempt (name, count, last) values ($1, $2, $3) on conflict (name) do update
set count = excluded.count, last = excluded.last where attempt.count = $4 and attempt.last = $5 returning count
"""

Tried = tuple[int, int]
"""How many tries there were, and when the last was, in milliseconds since 1970."""
NEVER: Tried = (0, 0)


class Tries:
    """Counts by name."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def prepare(self) -> None:
        """Makes the table."""
        await self._tables.prepare("attempts", (_TABLE,), (_TABLE,))

    async def read(self, names: Sequence[str]) -> Mapping[str, Tried]:
        """What is known of these names; `NEVER` of the others."""
        places = ", ".join(f"${place}" for place in range(1, len(names) + 1))
        rows = await self._tables.rows(f"select name, count, last from attempt where name in ({places})", *names)
        return dict.fromkeys(names, NEVER) | {name: (count, last) for name, count, last in rows}

    async def replace(self, name: str, old: Tried, new: Tried) -> bool:
        """Writes a count, durably, unless it is not the old one any more."""
        return bool(await changed(self._tables, _ADD, name, *new, *old))

    async def settle(self, forgotten: Sequence[str], less: Sequence[str]) -> None:
        """Begins anew with some names, and counts a try less with others."""
        await self._tables.change(
            *(("delete from attempt where name = $1", name) for name in forgotten),
            *(("update attempt set count = count - 1 where name = $1 and count > 0", name) for name in less),
        )

    async def clear(self, before: int) -> None:
        """Forgets whom nothing was heard of since."""
        await self._tables.change(("delete from attempt where last < $1", before))
