"""What is asked about documents, keys, checkpoints and cursors of one tenant, which is always the first value."""

from __future__ import annotations

from functools import lru_cache

from alcove.documents.backends.postgres.asking import versioned

# Each question asks for an order that only one index has, even for a single row: the planner could take any index that
# begins with the tenant for good as long as nobody has counted the tables, and read all of the tenant along it.
_ALL = "id, rev, seq, deleted, body, history, branches, n"
_WITHOUT_BODY = "id, rev, seq, deleted, '', history, branches, n"
_ONE = "from doc where inst = $1 and type = $2 and id >= {0} and id <= {0} order by id limit 1"
WINNER = versioned(f"select rev, body, seq, deleted {_ONE.format('$3')}")
ROW = versioned(f"select {_ALL} {_ONE.format('$3')}")
ROWS = versioned(
    f"select {_ALL} from unnest($3::text[]) wanted cross join lateral (select * {_ONE.format('wanted')}) doc"
)
_BY_SEQ = "from doc where inst = $1 and type = $2 and seq > $3 and seq < $4 order by seq {} limit $5"
FEED = {
    (brief, order == "desc"): versioned(f"select {_WITHOUT_BODY if brief else _ALL} {_BY_SEQ.format(order)}")
    for brief in (False, True)
    for order in ("asc", "desc")
}
_COUNTED = "select count(*) from ({}) found"
SINCE = versioned(_COUNTED.format("select 1 from doc where inst = $1 and type = $2 and seq > $3 order by seq limit $4"))
_STRETCH = (
    "where inst = $1 and listing = $2 and head >= $3 and (head, tail) >= ($3, $4) "
    "and head <= $5 and (head, tail) < ($5, $6)"
)
KEYS = versioned(_COUNTED.format(f"select 1 from key {_STRETCH} limit $7"))
_NUMBERED = "select * from doc where inst = $1 and n >= k.doc and n <= k.doc order by n limit 1"
ALONG = {
    order == "desc": versioned(
        "select k.head, k.tail, d.id, d.rev, d.body, d.seq from (select head, tail, doc from key "
        f"{_STRETCH} order by head {order}, tail {order} limit $7 offset $8) k "
        f"cross join lateral ({_NUMBERED}) d order by k.head {order}, k.tail {order}"
    )
    for order in ("asc", "desc")
}
LOCAL = versioned("select rev, body from local where inst = $1 and type = $2 and name = $3")
LOCALS = versioned("select name, rev, body from local where inst = $1 and type = $2")
CURSOR = versioned("select seq from cursor where inst = $1 and follower = $2")
CURSORS = versioned("select follower, seq from cursor where inst = $1")


@lru_cache(maxsize=32)
def by_id(signs: tuple[str, ...], order: str) -> str:
    """Living documents by ids that stand so to the values from the fourth on; the third is the limit."""
    return versioned(
        "select id, rev, seq, deleted, body, '', '', n from doc where inst = $1 and type = $2 and not deleted"
        f"{_within(signs)} order by id {order} limit $3"
    )


@lru_cache(maxsize=32)
def count_ids(signs: tuple[str, ...]) -> str:
    """How many there are, up to the third value."""
    found = f"select 1 from doc where inst = $1 and type = $2 and not deleted{_within(signs)} order by id limit $3"
    return versioned(_COUNTED.format(found))


def _within(signs: tuple[str, ...]) -> str:
    return "".join(f" and id {sign} ${n}" for n, sign in enumerate(signs, 4))
