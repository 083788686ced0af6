"""What a tenant is made of, its documents left out: kept in memory, and proved by whatever is asked of the database.

Each commit writes the row of its tenant, so PostgreSQL's own mark of who wrote that row last (`xmin`) is a version of
the whole tenant. An `Outline` is true as long as the version is the one it was read at, and each answer brings it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.sqlite import StoreMissing
from alcove.documents.rows import Kind, listing

if TYPE_CHECKING:
    from alcove.base.postgres import Connection
    from alcove.documents.planner import Listing

KEPT = 300
"""Outlines that are kept, as many as there are open files on SQLite."""

_READ = """
select t.inst, t.xmin, t.seq, t.number,
    (select json_agg(json_build_array(n, name, open, living, dead, seq))::text from doctype where inst = t.inst),
    (select json_agg(json_build_array(type, n, ddoc, name, definition))::text from listing where inst = t.inst)
from tenant t where t.name = $1
"""


@dataclass(slots=True)
class Outline:
    """A tenant at a version: its last change, the last number that was given to a row, its doctypes and indexes.

    Nothing in it is changed: a commit makes a new one.
    """

    inst: int
    version: int
    seq: int = 0
    number: int = 0
    kinds: dict[str, Kind] = field(default_factory=dict)
    listings: dict[int, list[Listing]] = field(default_factory=dict)


async def read_outline(connection: Connection, tenant: str) -> Outline:
    """The outline as it is now; raises `StoreMissing`."""
    found = await connection.fetchrow(_READ, tenant)
    if found is None:
        raise StoreMissing(tenant)
    inst, version, seq, number, kinds, listings = found
    outline = Outline(inst, version, seq, number)
    for given in _rows(kinds):
        kind = Kind(*given)
        outline.kinds[kind.name] = kind
    for doctype, n, ddoc, name, definition in _rows(listings):
        outline.listings.setdefault(doctype, []).append(listing(n, ddoc, name, definition.encode()))
    return outline


def _rows(text: str | None) -> list[list[Any]]:
    return orjson.loads(text) if text else []


class Outlines:
    """The outlines of the tenants that were used last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Outline] = OrderedDict()

    async def get(self, connection: Connection, tenant: str) -> Outline:
        """The one that is kept, or else as it is now; raises `StoreMissing`."""
        kept = self._kept.get(tenant)
        if kept is None:
            kept = await read_outline(connection, tenant)
            self.keep(tenant, kept)
        else:
            self._kept.move_to_end(tenant)
        return kept

    def keep(self, tenant: str, outline: Outline) -> None:
        """Takes the place of the one that was kept."""
        self._kept[tenant] = outline
        self._kept.move_to_end(tenant)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def forget(self, tenant: str) -> None:
        """It is not true any more."""
        self._kept.pop(tenant, None)
