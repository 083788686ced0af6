"""`/data` through HTTP: what the conformance scenarios do not say, and the guards of each kind of rule."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from alcove.base.house import Registry
from alcove.base.http import Rule
from alcove.documents import POLICIES, Index, Policy
from alcove.documents.http.bodies import complaint
from alcove.documents.http.doctypes import is_valid
from alcove.documents.http.lists import COUNTED
from alcove.documents.testing import data_door, each, memory_documents

if TYPE_CHECKING:
    from alcove.documents.service import StoredDocuments

ALL = frozenset[str]()


@pytest.fixture
async def documents() -> StoredDocuments:
    documents = memory_documents()
    await documents.create("t")
    return documents


def client(documents: StoredDocuments, *rules: Rule, **options: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(data_door(documents, *rules, **options))
    return httpx.AsyncClient(transport=transport, base_url="http://alice.example/data/")


async def test_one_document_from_birth_to_tombstone(documents: StoredDocuments) -> None:
    me = client(documents)
    made = await me.post("a.b/", json={"n": 1, "_type": "x"})
    assert made.status_code == 201
    doc_id, rev = made.json()["id"], made.json()["rev"]
    assert made.json()["data"] == {"_id": doc_id, "_rev": rev, "_type": "a.b", "n": 1}
    changed = await me.put(f"a.b/{doc_id}", json={"_id": doc_id, "_rev": rev, "n": 2})
    assert (await me.get(f"a.b/{doc_id}")).json()["n"] == 2
    gone = await me.delete(f"a.b/{doc_id}", headers={"If-Match": changed.json()["rev"]})
    assert gone.json()["deleted"]
    missing = await me.get(f"a.b/{doc_id}")
    assert (missing.status_code, missing.json()["reason"]) == (404, "deleted")
    by_put = await me.put("a.b/x", json={"n": 1})
    buried = await me.put("a.b/x", json={"_id": "x", "_rev": by_put.json()["rev"], "_deleted": True, "why": "old"})
    assert buried.status_code == 200
    assert (await me.get("a.b/x")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "a.b/", "", 400),
        ("POST", "a.b/", "{", 400),
        ("POST", "a.b/", "[1]", 400),
        ("POST", "a.b/", '{"_odd": 1}', 400),
        ("PUT", "a.b/_x", "{}", 400),
        ("GET", "A.b/x", "", 403),
        ("POST", "a.b/_bulk_docs", "{}", 400),
        ("POST", "a.b/_bulk_docs", '{"docs": [1]}', 400),
        ("POST", "a.b/_bulk_docs", '{"docs": [{"_id": "_odd"}]}', 400),
        ("POST", "a.b/_bulk_docs", '{"docs": [{"_id": 1}]}', 400),
        ("POST", "a.b/_bulk_docs", '{"docs": [{"_id": "x", "_rev": "odd"}]}', 400),
        ("POST", "a.b/_bulk_docs", '{"docs": [{"_id": "x", "_rev": "99999999999999999999-a"}]}', 400),
        ("POST", "a.b/_bulk_get", '{"docs": 1}', 400),
        ("POST", "a.b/_bulk_get", '{"docs": [1]}', 400),
        ("POST", "a.b/_revs_diff", '{"x": 1}', 400),
        ("POST", "a.b/_revs_diff", '{"x": ["odd"]}', 400),
        ("POST", "a.b/_find", '{"selector": 1}', 400),
        ("POST", "a.b/_find", '{"selector": {}, "sort": 1}', 400),
        ("POST", "a.b/_find", '{"selector": {}, "sort": [{"a": "up"}]}', 400),
        ("POST", "a.b/_find", '{"selector": {}, "fields": [1]}', 400),
        ("POST", "a.b/_find", '{"selector": {}, "skip": -1}', 400),
        ("POST", "a.b/_find", '{"selector": {}, "use_index": 1}', 400),
        ("POST", "a.b/_find", '{"selector": {"n": 1}, "use_index": "by-n", "bookmark": "\u00e9"}', 400),
        ("POST", "a.b/_index", "{}", 400),
        ("POST", "a.b/_index", '{"index": 1}', 400),
        ("POST", "a.b/_index", '{"index": {"fields": [""]}}', 400),
        ("POST", "a.b/_index", '{"index": {"fields": [1]}}', 400),
        ("POST", "a.b/_index", '{"index": {"fields": ["a"]}, "ddoc": 1}', 400),
        ("POST", "a.b/_index", '{"index": {"fields": ["a"], "partial_filter_selector": {"$no": 1}}}', 400),
        ("GET", "a.b/_all_docs?startkey={", "", 400),
        ("GET", "a.b/_all_docs?limit=x", "", 400),
        ("GET", "a.b/_all_docs?limit=%C2%B2", "", 400),
        ("GET", "a.b/_all_docs?keys=1", "", 400),
        ("GET", "a.b/_changes?since=x", "", 400),
        ("GET", "a.b/_changes?limit=x", "", 400),
        ("GET", "a.b/_normal_docs?bookmark=x", "", 400),
        ("POST", "a.b/_changes?filter=odd", "{}", 400),
        ("POST", "a.b/_changes?filter=_doc_ids", "{}", 400),
        ("POST", "a.b/_changes?filter=_selector", "{}", 400),
    ],
)
async def test_bad_input_gets_a_clear_answer(
    documents: StoredDocuments, method: str, path: str, body: str, status: int
) -> None:
    await each(documents, "t", "a.b", {"x": {"n": 1}})
    answer = await client(documents).request(method, path, content=body)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert await documents.last_seq("t") == 1


@pytest.mark.parametrize("depth", [60, 240, 300, 1000, 5000])
async def test_deep_bodies_are_no_trouble(documents: StoredDocuments, depth: int) -> None:
    me = client(documents)
    await me.post("a.b/_index", json={"index": {"fields": ["n"]}, "ddoc": "by-n"})
    deep = "[" * depth + "]" * depth
    statuses = [
        (await me.post(path, content=body.replace("DEEP", deep))).status_code
        for path, body in (
            ("a.b/", '{"n": DEEP}'),
            ("a.b/_bulk_docs", '{"docs": [{"n": DEEP}]}'),
            ("a.b/_find", '{"selector": {"n": {"$eq": DEEP}}}'),
            ("a.b/_find", '{"selector": {"n": {"$mod": DEEP}}}'),
            ("a.b/_index", '{"index": {"fields": ["n"], "odd": DEEP}}'),
            ("a.b/_index", '{"index": {"fields": ["n"], "partial_filter_selector": {"n": DEEP}}}'),
            ("a.b/_revs_diff", '{"x": DEEP}'),
            ("a.b/_all_docs", '{"keys": DEEP}'),
            ("a.b/_bulk_get", '{"docs": DEEP}'),
            ("a.b/_changes?filter=_selector", '{"selector": {"n": DEEP}}'),
        )
    ]
    assert set(statuses) <= {200, 201, 400}
    assert (await me.post("a.b/_find", json={"selector": {"n": {"$gt": None}}})).status_code == 200


def test_a_bad_body_is_told_as_the_reference_tells_it() -> None:
    said = {
        b"": "EOF",
        b"{": "unexpected EOF",
        b'{"a"': "unexpected EOF",
        b"{not": "invalid character 'n' looking for beginning of object key string",
        b'{"a" 1}': "invalid character '1' after object key",
        b'{"a":1 2}': "invalid character '2' after object key:value pair",
        b"[1 2]": "invalid character '2' after array element",
        b"nope": "invalid character 'n' looking for beginning of value",
        b"[" * 100_000: "exceeded max depth",
    }
    assert {body: complaint(body) for body in said} == said


@pytest.mark.parametrize(
    ("doctype", "valid"),
    [
        ("io.cozy.files", True),
        ("a_1", True),
        (".a", False),
        ("a.", False),
        ("a..b", False),
        ("A", False),
        ("a" * 201, False),
    ],
)
def test_names_of_doctypes(doctype: str, valid: bool) -> None:
    assert is_valid(doctype) is valid


async def test_rules_by_type_id_and_value(documents: StoredDocuments) -> None:
    await each(documents, "t", "a.b", {"x": {"place": "home"}, "y": {"place": "work"}})
    by_id = client(documents, Rule("a.b", frozenset({"GET"}), frozenset({"x"})))
    by_value = client(documents, Rule("a.b", ALL, frozenset({"home"}), "place"))
    stranger = client(documents, Rule("a.c", ALL))
    seen = [
        [(await who.get(f"a.b/{doc_id}")).status_code for doc_id in ("x", "y", "z", "_all_docs", "_changes")]
        for who in (by_id, by_value, stranger)
    ]
    assert seen == [[200, 403, 403, 403, 403], [200, 403, 403, 403, 403], [403, 403, 403, 403, 403]]
    rev = (await by_value.get("a.b/x")).json()["_rev"]
    moved = {"_id": "x", "_rev": rev, "place": "work"}
    assert (await by_value.put("a.b/x", json=moved)).status_code == 403
    assert (await by_value.put("a.b/x", json={**moved, "place": "home"})).status_code == 200
    assert (await by_value.put("a.b/y", json={**moved, "_id": "y", "place": "home"})).status_code == 403
    assert (await by_value.post("a.b/", json={"place": "work"})).status_code == 403
    assert (await by_id.delete(f"a.b/x?rev={rev}")).status_code == 403


async def test_a_room_reserves_its_doctype(documents: StoredDocuments) -> None:
    policies = Registry(POLICIES)
    policies.add("a.closed", Policy(readable=False, writable=False))
    me = client(documents, policies=policies)
    assert "reserved doctype a.closed unreadable" in (await me.get("a.closed/_all_docs")).text
    assert "reserved doctype a.closed unwritable" in (await me.post("a.closed/", json={})).text
    assert "reserved doctype io.cozy.files unwritable" in (await me.delete("io.cozy.files/")).text


async def test_a_doctype_is_made_and_dropped(documents: StoredDocuments) -> None:
    me = client(documents)
    assert (await me.get("a.b/")).status_code == 404
    assert (await me.put("a.b/")).status_code == 201
    assert (await me.put("a.b/")).json()["error"] == "file_exists"
    await me.put("a.b/x", json={})
    info = (await me.get("a.b/")).json()
    assert (info["doc_count"], info["doc_del_count"], info["db_name"]) == (1, 0, "t/a-b")
    assert (await me.delete("a.b/")).json() == {"ok": True, "deleted": True}
    assert (await me.get("a.b/x")).json()["reason"] == "wrong_doctype"
    assert (await me.delete("a.b/")).status_code == 404
    assert "a.b" not in (await me.get("_all_doctypes")).json()
    assert (await me.get("")).json()["message"]


async def test_ranges_of_ids(documents: StoredDocuments) -> None:
    await each(documents, "t", "a.b", {name: {} for name in "abcde"})
    me = client(documents)

    async def ids(query: str) -> str:
        return "".join(row["id"] for row in (await me.get(f"a.b/_all_docs?{query}")).json()["rows"])

    queries = (
        'startkey="b"&endkey="d"',
        'startkey="b"&endkey="d"&inclusive_end=false',
        'startkey="d"&endkey="b"&descending=true',
        'key="c"',
        "startkey=1&endkey={}",
        "startkey={}",
        "endkey=1",
        "skip=1&limit=2",
        "limit=0",
        "limit=99999999999999999999",
        'descending=true&endkey="d"',
    )
    assert [await ids(query) for query in queries] == [
        "bcd",
        "bc",
        "dcb",
        "c",
        "abcde",
        "",
        "",
        "bc",
        "",
        "abcde",
        "ed",
    ]
    deleted = (await me.get("a.b/a")).json()["_rev"]
    await me.delete(f"a.b/a?rev={deleted}")
    rows = (await me.post("a.b/_all_docs?include_docs=true", json={"keys": ["a", 1]})).json()["rows"]
    assert rows[0]["value"]["deleted"]
    assert rows[1] == {"key": 1, "error": "not_found"}


async def test_what_lies_far_before_or_after_is_not_counted(documents: StoredDocuments) -> None:
    me = client(documents)
    await each(documents, "t", "a.b", {f"{number:04}": {} for number in range(COUNTED + 10)})
    for start, offset in (("0007", 7), (f"{COUNTED:04}", COUNTED), (f"{COUNTED + 1:04}", None)):
        page = (await me.get(f'a.b/_all_docs?limit=1&startkey="{start}"')).json()
        assert (page["offset"], page["rows"][0]["id"], page["total_rows"]) == (offset, start, COUNTED + 10)
    assert (await me.get("a.b/_changes?limit=10")).json()["pending"] == COUNTED


async def test_an_index_of_the_server_cannot_be_deleted(documents: StoredDocuments) -> None:
    me = client(documents, indexes=[Index("a.b", "own", ("n",))])
    await me.post("a.b/_index", json={"index": {"fields": ["n"]}, "ddoc": "mine"})
    assert (await me.delete("a.b/_design/own?rev=1-a")).status_code == 403
    rev = (await me.get("a.b/_design/mine")).json()["_rev"]
    assert (await me.delete("a.b/_design/mine")).status_code == 400
    assert (await me.delete(f"a.b/_design/mine?rev={rev}")).status_code == 200
    assert (await me.post("a.b/_find", json={"selector": {"n": 1}})).json()["error"] == "no_index"


async def test_two_replicas_agree_after_replicating_both_ways(documents: StoredDocuments) -> None:
    here, other = client(documents), memory_documents()
    await other.create("t")
    there = client(other)
    for side, value in ((here, "here"), (there, "there")):
        await side.put("a.b/same", json={"n": 1})
        rev = (await side.get("a.b/same")).json()["_rev"]
        await side.put("a.b/same", json={"_id": "same", "_rev": rev, "n": value})
        await side.put(f"a.b/{value}", json={})
    await _replicate(here, there)
    await _replicate(there, here)
    await _replicate(here, there)
    shown = [await _state(side) for side in (here, there)]
    assert shown[0] == shown[1]
    assert len(shown[0]) == 3


async def _state(side: httpx.AsyncClient) -> list[tuple[str, str, list[str]]]:
    lines = (await side.get("a.b/_changes?style=all_docs&include_docs=true")).json()["results"]
    revs = {line["id"]: sorted(change["rev"] for change in line["changes"]) for line in lines}
    return sorted((line["id"], line["doc"]["_rev"], revs[line["id"]]) for line in lines)


async def _replicate(source: httpx.AsyncClient, target: httpx.AsyncClient) -> None:
    """One run of CouchDB's protocol."""
    changes = (await source.get("a.b/_changes?style=all_docs")).json()["results"]
    known = {line["id"]: [change["rev"] for change in line["changes"]] for line in changes}
    missing = (await target.post("a.b/_revs_diff", json=known)).json()
    wanted = [{"id": doc_id, "rev": rev} for doc_id, entry in missing.items() for rev in entry["missing"]]
    got = (await source.post("a.b/_bulk_get?revs=true&latest=true", json={"docs": wanted})).json()["results"]
    docs = [entry["ok"] for result in got for entry in result["docs"]]
    answer = await target.post("a.b/_bulk_docs", json={"new_edits": False, "docs": docs})
    assert answer.json() == []
    checkpoint = {"last_seq": changes[-1]["seq"]}
    assert (await target.put("a.b/_local/me", json=checkpoint)).status_code == 201
    assert (await target.get("a.b/_local/me")).json()["last_seq"] == changes[-1]["seq"]


async def test_pages_of_a_query(documents: StoredDocuments) -> None:
    await each(documents, "t", "a.b", {f"d{n:03}": {"n": n // 3} for n in range(250)})
    me = client(documents)
    await me.post("a.b/_index", json={"index": {"fields": ["n"]}})
    seen, request = list[str](), {"selector": {"n": {"$gte": 0}}, "limit": 100, "fields": ["_id"]}
    while True:
        page = (await me.post("a.b/_find", json=request)).json()
        seen += [document["_id"] for document in page["docs"]]
        if not page["next"]:
            break
        request["bookmark"] = page["bookmark"]
    assert seen == [f"d{n:03}" for n in range(250)]
    assert (await me.post("a.b/_find", json={**request, "limit": 5000, "bookmark": "nil"})).json()["limit"] == 100
    empty = {"selector": {"n": {"$gt": 5, "$lt": 2}}}
    assert (await me.post("a.b/_find", json=empty)).json()["docs"] == []


async def test_an_index_without_fields_is_of_all_that_its_filter_lets_in(documents: StoredDocuments) -> None:
    """Cozy's clients define it for a query that has a partial filter alone."""
    await each(documents, "t", "a.b", {f"d{n}": {"n": n, "gone": n % 2 == 0} for n in range(7)})
    me = client(documents)
    index = {"fields": [], "partial_filter_selector": {"gone": True}}
    made = await me.post("a.b/_index", json={"index": index, "ddoc": "by__filter_(gone_true)"})
    assert (made.status_code, made.json()["result"]) == (200, "created")
    listed = (await me.get("a.b/_design_docs?include_docs=true")).json()["rows"]
    (view,) = (view for row in listed for view in row["doc"]["views"].values())
    assert view["map"] == {"fields": {}, "partial_filter_selector": {"gone": True}}
    ask = {"selector": {"n": {"$gt": 0}}, "use_index": "by__filter_(gone_true)", "limit": 2, "fields": ["_id"]}
    page = (await me.post("a.b/_find", json=ask)).json()
    assert [document["_id"] for document in page["docs"]] == ["d2", "d4"]
    d5 = (await me.get("a.b/d5")).json()
    await me.put("a.b/d5", json={**d5, "gone": True})
    page = (await me.post("a.b/_find", json={**ask, "bookmark": page["bookmark"]})).json()
    assert [document["_id"] for document in page["docs"]] == ["d5", "d6"]
    sorted_by_n = {**ask, "sort": [{"n": "asc"}]}
    assert (await me.post("a.b/_find", json=sorted_by_n)).json()["error"] == "no_usable_index"
    assert (await me.post("a.b/_find", json={"selector": {"n": 1}})).json()["error"] == "no_index"


async def test_writers_at_the_same_time_make_one_winner(documents: StoredDocuments) -> None:
    me = client(documents)
    rev = (await me.put("a.b/x", json={"n": 0})).json()["rev"]
    changes = [me.put("a.b/x", json={"_id": "x", "_rev": rev, "n": n}) for n in range(1, 6)]
    statuses = [answer.status_code for answer in await asyncio.gather(*changes)]
    assert sorted(statuses) == [200, 409, 409, 409, 409]
