"""Laws that hold for whatever comes: revisions, collation, selectors, the feed."""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alcove.documents import mango
from alcove.documents.collation import encode
from alcove.documents.errors import BadQuery, RevisionConflict
from alcove.documents.model import Query
from alcove.documents.planner import choose, straight
from alcove.documents.queries import find
from alcove.documents.revisions import LIMIT, Leaf, merge, next_hash, winner
from alcove.documents.rows import define, listing
from alcove.documents.testing import memory_documents

if TYPE_CHECKING:
    from collections.abc import Callable

    from alcove.documents.store import Store

NAMES = st.sampled_from(["a", "b", "c", "d.e"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.sampled_from("abAB éÉœ0-_z"), max_size=4),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "e"]), inner, max_size=2)
    ),
    max_leaves=5,
)
DOCUMENTS = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), VALUES, max_size=4)


# -- revisions


def path(draw: Any) -> Leaf:
    hashes = tuple(draw(st.sampled_from("abc")) * 3 for _ in range(draw(st.integers(1, 4))))
    # A hash says where it came from, as real ones do: the same hash has the same ancestors.
    named = tuple("".join(hash[0] for hash in hashes[place:]) for place in range(len(hashes)))
    return Leaf(len(named), named[0], named[1:], draw(st.booleans()) and len(named) > 1, named[0].encode())


@given(st.data())
def test_merging_does_not_depend_on_the_order(data: st.DataObject) -> None:
    lines = [path(data.draw) for _ in range(data.draw(st.integers(1, 5)))]
    contents = {line.rev: line for line in lines}  # one revision has one content
    lines = list(contents.values())
    outcomes = {tuple(functools.reduce(merge, order, list[Leaf]())) for order in itertools.permutations(lines)}
    assert len(outcomes) == 1
    leaves = outcomes.pop()
    assert winner(leaves) == leaves[0]
    inner = {rev for leaf in leaves for rev in leaf.line[1:]}
    assert not inner & {leaf.rev for leaf in leaves}
    assert {rev for line in lines for rev in line.line} == {rev for leaf in leaves for rev in leaf.line}


def test_a_living_revision_wins_then_the_longest_then_the_greatest() -> None:
    dead = Leaf(5, "f", (), True, b"")
    short, long_a, long_b = Leaf(1, "f", (), False, b""), Leaf(2, "a", (), False, b""), Leaf(2, "b", (), False, b"")
    assert [winner(leaves) for leaves in ([dead, short], [short, long_a], [long_b, long_a])] == [short, long_a, long_b]


async def test_a_long_line_is_cut() -> None:
    documents = memory_documents()
    await documents.create("t")

    def edits(store: Store) -> None:
        rev = ""
        for number in range(LIMIT + 50):
            rev = store.put("a.b", "x", b'{"n":%d}' % number, rev).rev

    await documents.write("t", edits)
    leaf = (await documents.read("t", lambda store: store.leaves(store.open_kind("a.b"), "x")))[0]
    assert (leaf.generation, len(leaf.line)) == (LIMIT + 50, LIMIT)
    assert next_hash(leaf.line[1], False, leaf.body) == leaf.hash


# -- collation


@given(VALUES, VALUES, VALUES)
def test_collation_is_a_total_order_of_values(one: Any, two: Any, three: Any) -> None:
    keys = sorted(encode(value) for value in (one, two, three))
    assert keys[0] <= keys[1] <= keys[2]
    for left, right in itertools.permutations((encode(one), encode(two)), 2):
        assert left == right or not right.startswith(left)


@given(st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_sort_by_their_exact_value(whole: int, real: float) -> None:
    assert (encode(whole) < encode(real)) == (whole < real)
    assert (encode(whole) == encode(real)) == (whole == real)


@given(st.lists(SCALARS, max_size=3), st.lists(SCALARS, max_size=3))
def test_lists_sort_item_by_item(one: list[Any], two: list[Any]) -> None:
    def compare(left: list[Any], right: list[Any]) -> bool:
        for a, b in zip(left, right, strict=False):
            if encode(a) != encode(b):
                return encode(a) < encode(b)
        return len(left) < len(right)

    assert (encode(one) < encode(two)) == compare(one, two)


def test_the_order_of_couchdb() -> None:
    values: list[Any] = [
        None, False, True, -5, 0, 0.5, 1, 2**53, 2**53 + 1, 1e300, "", "_", "-", "$", "1", "10", "9", "a", "A", "a b",
        "aa", "ab", "Ab", "b", "e", "E", "é", "É", "è", "ez", "fi", "ﬁ", "oe", "œ", "of", "ß", "st", "z", "日",
        [], [None], ["a"], ["a", 1], ["b"], {}, {"a": 1}, {"b": 0},
    ]  # fmt: skip
    shuffled = [*values[1::2], *values[::2]]
    assert sorted(shuffled, key=encode) == values


# -- selectors


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    operators = st.one_of(
        st.tuples(st.sampled_from(["$eq", "$ne", "$lt", "$lte", "$gt", "$gte"]), VALUES),
        st.tuples(st.sampled_from(["$in", "$nin", "$all"]), st.lists(SCALARS, max_size=3)),
        st.tuples(st.just("$exists"), st.booleans()),
        st.tuples(st.just("$type"), st.sampled_from(["null", "boolean", "number", "string", "array", "object"])),
        st.tuples(st.just("$size"), st.integers(0, 3)),
        st.tuples(st.just("$mod"), st.tuples(st.sampled_from([2, 3, -3]), st.integers(-1, 2)).map(list)),
        st.tuples(st.just("$elemMatch"), st.fixed_dictionaries({"$gt": SCALARS})),
        st.tuples(st.just("$allMatch"), st.fixed_dictionaries({"$ne": SCALARS})),
    )
    return operators.map(lambda pair: {pair[0]: pair[1]})


SELECTORS = st.recursive(
    st.dictionaries(NAMES, conditions(), min_size=1, max_size=2),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"$and": parts}),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"$or": parts}),
    ),
    max_leaves=4,
)


def naive(selector: dict[str, Any], fields: dict[str, Any]) -> bool:
    """The meaning of a selector without negations, written the slow and obvious way."""
    for name, condition in selector.items():
        if name == "$and":
            matched = all(naive(part, fields) for part in condition)
        elif name == "$or":
            matched = any(naive(part, fields) for part in condition)
        else:
            value = mango.lookup(fields, tuple(name.split(".")))
            matched = _holds(condition, value) if mango.has(value) else condition == {"$exists": False}
        if not matched:
            return False
    return True


def _holds(condition: dict[str, Any], value: Any) -> bool:
    ((op, arg),) = condition.items()
    items = value if isinstance(value, list) else []
    kinds = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    wholes = isinstance(value, int) and not isinstance(value, bool)
    truths: dict[str, Callable[[], Any]] = {
        "$eq": lambda: encode(value) == encode(arg), "$ne": lambda: encode(value) != encode(arg),
        "$lt": lambda: encode(value) < encode(arg), "$lte": lambda: encode(value) <= encode(arg),
        "$gt": lambda: encode(value) > encode(arg), "$gte": lambda: encode(value) >= encode(arg),
        "$in": lambda: _among(value, arg), "$nin": lambda: not _among(value, arg),
        "$all": lambda: isinstance(value, list) and all(_among([item], items) for item in arg),
        "$exists": lambda: arg, "$type": lambda: kinds.get(type(value), "null") == arg,
        "$size": lambda: isinstance(value, list) and len(items) == arg,
        "$mod": lambda: wholes and value - arg[0] * int(value / arg[0]) == arg[1] if abs(value) < 2**50 else None,
        "$elemMatch": lambda: any(encode(item) > encode(arg["$gt"]) for item in items),
        "$allMatch": lambda: bool(items) and all(encode(item) != encode(arg["$ne"]) for item in items),
    }  # fmt: skip
    return bool(truths[op]())


def _among(value: Any, args: list[Any]) -> bool:
    values = value if isinstance(value, list) else [value]
    return any(encode(one) == encode(two) for one in values for two in args)


def has_mod(selector: Any) -> bool:
    return "$mod" in orjson.dumps(selector).decode()


@given(SELECTORS, DOCUMENTS)
def test_a_selector_means_what_the_naive_reading_says(selector: dict[str, Any], fields: dict[str, Any]) -> None:
    if has_mod(selector):
        fields = {name: value for name, value in fields.items() if isinstance(value, int) and abs(value) < 2**50}
    assert mango.matcher(mango.parse(selector))(fields) == naive(selector, fields)


@given(SELECTORS, DOCUMENTS)
def test_negations_obey_de_morgan_where_the_field_is(selector: dict[str, Any], fields: dict[str, Any]) -> None:
    fields = {
        "a": 1,
        "b": 1,
        "c": 1,
        **fields,
        "d": {"e": 1},
    }  # a condition on a missing field is false, and so is its negation
    straight = mango.matcher(mango.parse(selector))(fields)
    assert mango.matcher(mango.parse({"$not": selector}))(fields) != straight
    assert mango.matcher(mango.parse({"$nor": [selector]}))(fields) != straight
    assert mango.matcher(mango.parse({"$not": {"$not": selector}}))(fields) == straight


@settings(max_examples=60)
@given(SELECTORS, st.lists(DOCUMENTS, max_size=8), st.booleans(), st.integers(1, 4))
async def test_an_index_finds_what_a_scan_finds(
    selector: dict[str, Any], contents: list[dict[str, Any]], descending: bool, limit: int
) -> None:
    documents = memory_documents()
    await documents.create("t")
    views = {"v": {"map": {"fields": {"a": "asc", "b": "asc"}}}, "w": {"map": {"fields": {"c": "asc"}}}}
    design = orjson.dumps({"language": "query", "views": views})

    def fill(store: Store) -> None:
        store.put("a.b", "_design/all", design)
        for number, fields in enumerate(contents):
            store.put("a.b", f"d{number}", orjson.dumps(fields))

    await documents.write("t", fill)
    node = mango.parse(selector)
    wanted = {f"d{n}" for n, fields in enumerate(contents) if mango.matcher(node)({**fields, "_id": f"d{n}"})}
    seen, bookmark = list[str](), ""
    while True:
        query = Query(selector, (), (), limit, 0, bookmark)
        page = await documents.read("t", functools.partial(find, doctype="a.b", query=query))
        seen += [document.id for document in page.documents]
        if len(page.documents) < limit:
            break
        bookmark = page.last
    assert len(seen) == len(set(seen))
    assert set(seen) == wanted


PLAIN = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=3)
ORDERS = st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=3)


@given(st.dictionaries(st.sampled_from("abcd"), PLAIN | st.lists(PLAIN, max_size=1), max_size=4), ORDERS)
def test_the_short_way_to_a_plan_is_the_long_one(selector: dict[str, Any], sort: list[tuple[str, bool]]) -> None:
    known = [listing(n, "", "".join(fields), define(fields, {})) for n, fields in enumerate([tuple("abc"), ("a", "b")])]
    for one in known:
        plan = straight(known, selector, sort, one.name)
        assert plan is None or plan == choose(known, mango.parse(selector), sort, [one.name], internal=True)


def test_the_short_way_is_taken_for_what_rooms_ask() -> None:
    by_a_b = listing(1, "", "mine", define(("a", "b"), {}))
    in_order = [("a", False), ("b", False)]
    assert straight([by_a_b], {"a": "x", "b": 1}, (), "mine") is not None
    assert straight([by_a_b], {"a": "x"}, in_order, "mine") is not None
    for selector in ({"a": "x"}, {"b": 1}, {"a": {"$gt": 1}, "b": 1}, {"a": 1, "b": 1, "c": 1}, {"a": "x" * 2000}, {}):
        assert straight([by_a_b], selector, (), "mine") is None
    assert straight([by_a_b], {"a": "x", "b": 1}, (), "other") is None


def test_a_stretch_answers_what_it_can_without_decoding() -> None:
    by_a_b = listing(1, "d", "n", define(("a", "b"), {}))
    served = choose([by_a_b], mango.parse({"a": 1, "b": {"$gt": 2, "$lte": 5}}))
    asked = choose([by_a_b], mango.parse({"a": {"$gt": 1}, "b": 2}))
    assert served is not None
    assert asked is not None
    assert served.rest is None
    assert asked.rest is not None
    assert choose([by_a_b], mango.parse({"a": 1})) is None


@pytest.mark.parametrize(
    ("selector", "name"),
    [
        ([], "invalid_selector_json"), ({"$nope": 1}, "invalid_operator"), ({"$where": "x"}, "not_supported"),
        ({"a": {"$in": 1}}, "bad_arg"), ({"a": {"$mod": [0, 1]}}, "bad_arg"), ({"a": {"$regex": "("}}, "bad_arg"),
        ({"a": {"$regex": "x" * 501}}, "bad_arg"), ({"$eq": 1}, "invalid_selector"), ({"a": {"$not": 1}}, "bad_arg"),
    ],
)  # fmt: skip
def test_a_bad_selector_is_named(selector: Any, name: str) -> None:
    with pytest.raises(BadQuery) as caught:
        mango.parse(selector)
    assert caught.value.name == name


def test_a_deep_or_slow_selector_is_refused() -> None:
    deep: Any = 1
    for _ in range(60):
        deep = {"a": deep}
    with pytest.raises(BadQuery, match="levels"):
        mango.parse(deep)
    with pytest.raises(BadQuery, match="too long"):
        mango.matcher(mango.parse({"a": {"$regex": "^(a|a)*$"}}))({"a": "a" * 100 + "b"})


# -- the feed


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from(["put", "delete", "stale", "fail"])), max_size=20))
async def test_the_feed_has_no_gaps_and_no_ghosts(steps: list[tuple[str, str]]) -> None:
    documents = memory_documents()
    await documents.create("t")
    heard = list[int]()
    documents.watch(lambda changes: heard.extend(change.seq for change in changes))
    for doc_id, step in steps:
        current = await documents.get("t", "a.b", doc_id)
        rev = current.rev if current else ""

        def unit(store: Store, doc_id: str = doc_id, step: str = step, rev: str = rev) -> None:
            if step == "delete" and rev:
                store.delete("a.b", doc_id, rev)
            else:
                store.put("a.b", doc_id, b"{}", "9-no" if step == "stale" else rev)
            if step == "fail":
                raise RevisionConflict

        try:
            await documents.write("t", unit)
        except RevisionConflict:
            assert step in ("stale", "fail")
    assert heard == list(range(1, len(heard) + 1))
    feed = await documents.changes("t", 0, 100)
    assert [change.seq for change in feed] == sorted({change.document.id: change.seq for change in feed}.values())
    assert not feed or feed[-1].seq == await documents.last_seq("t") == heard[-1]
    for cut in range(len(heard) + 1):
        assert [change.seq for change in await documents.changes("t", cut, 100)] == [
            change.seq for change in feed if change.seq > cut
        ]
