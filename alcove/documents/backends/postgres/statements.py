"""The statement that makes a commit: all that units wrote, at once, if the tenant is as it was when they read."""

from __future__ import annotations

from functools import lru_cache

_STILL = "select xmin from tenant where inst = $1 and ($2::xid is null or xmin = $2::xid) for no key update"
_MOVED = (
    "update tenant set number = $3, seq = $4 where inst = $1 and ($2::xid is null or xmin = $2::xid) returning xmin"
)
_PARTS = {
    "kinds": (
        """
        insert into doctype (inst, n, name, open, living, dead, seq)
        select $1::bigint, r.* from moved, unnest(
            {}::bigint[], {}::text[], {}::boolean[], {}::bigint[], {}::bigint[], {}::bigint[]) r
        on conflict (inst, n) do update
        set open = excluded.open, living = excluded.living, dead = excluded.dead, seq = excluded.seq
        """,
        6,
    ),
    "inserted": (
        """
        insert into doc (inst, type, n, id, rev, seq, deleted, body, history, branches)
        select $1::bigint, r.* from moved, unnest({}::bigint[], {}::bigint[], {}::text[], {}::text[], {}::bigint[],
            {}::boolean[], {}::text[], {}::text[], {}::text[]) r
        """,
        9,
    ),
    "updated": (
        """
        insert into doc (inst, type, n, id, rev, seq, deleted, body, history, branches)
        select $1::bigint, r.* from moved, unnest({}::bigint[], {}::bigint[], {}::text[], {}::text[], {}::bigint[],
            {}::boolean[], {}::text[], {}::text[], {}::text[]) r
        on conflict (inst, type, id) do update
        set rev = excluded.rev, seq = excluded.seq, deleted = excluded.deleted, body = excluded.body,
            history = excluded.history, branches = excluded.branches
        """,
        9,
    ),
    "dropped": (
        """
        delete from key using moved, unnest({}::bigint[], {}::bytea[], {}::bytea[]) gone (listing, head, tail)
        where key.inst = $1 and key.listing = gone.listing and key.head = gone.head and key.tail = gone.tail
        """,
        3,
    ),
    "added": (
        """
        insert into key (inst, listing, head, tail, doc)
        select $1::bigint, r.* from moved, unnest({}::bigint[], {}::bytea[], {}::bytea[], {}::bigint[]) r
        on conflict (inst, listing, head, doc) do update set tail = excluded.tail
        """,
        4,
    ),
    "kept": (
        """
        insert into local (inst, type, name, rev, body)
        select $1::bigint, r.* from moved, unnest({}::bigint[], {}::text[], {}::bigint[], {}::text[]) r
        on conflict (inst, type, name) do update set rev = excluded.rev, body = excluded.body
        """,
        4,
    ),
    "removed": (
        """
        delete from local using moved, unnest({}::bigint[], {}::text[]) gone (type, name)
        where local.inst = $1 and local.type = gone.type and local.name = gone.name
        """,
        2,
    ),
    "reached": (
        """
        insert into cursor (inst, follower, seq) select $1::bigint, r.* from moved, unnest({}::text[], {}::bigint[]) r
        on conflict (inst, follower) do update set seq = greatest(cursor.seq, excluded.seq)
        """,
        2,
    ),
    "told": (
        "insert into echo (inst, first, last, changes) select $1::bigint, {}::bigint, {}::bigint, {}::text from moved",
        3,
    ),
}


@lru_cache(maxsize=256)
def commit(names: tuple[str, ...], *, moves: bool, tells: bool) -> str:
    """The statement of these parts; it answers the version that the tenant has then, or nothing when it had another.

    Its values: the tenant, the version (null where the row of the tenant is locked already), with `moves` the tenant's
    new last number and last change, the columns of the parts, with `tells` a channel and what is said there.
    """
    texts, first = [f"moved as ({_MOVED if moves else _STILL})"], 5 if moves else 3
    for name in names:
        text, count = _PARTS[name]
        texts.append(f"{name} as ({text.format(*(f'${n}' for n in range(first, first + count)))})")
        first += count
    said = f", pg_notify(${first}, ${first + 1})" if tells else ""
    return f"with {', '.join(texts)} select xmin{said} from moved"


@lru_cache(maxsize=16)
def alone(name: str) -> str:
    """One part by itself, in a transaction that holds the row of the tenant. Its values: the tenant, the columns."""
    text, count = _PARTS[name]
    return f"with moved as (select 1) {text.format(*(f'${n}' for n in range(2, 2 + count)))}"
