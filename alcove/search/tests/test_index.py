"""The index itself, on disk: true after any writes, whole again after any loss, gone with its instance."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alcove.documents import Documents, Followers
from alcove.documents.service import StoredDocuments
from alcove.files.model import ROOT
from alcove.instances import Instances
from alcove.search import FINDABLES
from alcove.search.service import Search
from alcove.search.service import keeping as keeping_module
from alcove.search.words import words_of
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from alcove.documents import Tx

FILES, BILLS = "io.cozy.files", "io.cozy.bills"
ALICE = "alice.example"


def tenant_of(house: Front) -> str:
    return house.house.need(Instances).by_domain(ALICE).key


def index_of(house: Front) -> Path:
    return house.house.settings.home / "instances" / tenant_of(house) / "search.db"


async def write(house: Front, doctype: str, fields: dict[str, dict[str, Any] | None]) -> None:
    async def unit(tx: Tx) -> None:
        for ident, content in fields.items():
            old = await tx.get(doctype, ident)
            if content is not None:
                await tx.put(doctype, ident, content, old.rev if old else "")
            elif old is not None:
                await tx.delete(doctype, ident, old.rev)

    await house.house.need(Documents).work(tenant_of(house), unit)


async def settle(house: Front) -> None:
    await house.house.need(Followers).settle(tenant_of(house), "search")


async def ids(house: Front, text: str, limit: int = 50) -> list[str]:
    async with house.client(scope=f"{FILES} {BILLS}") as client:
        answer = await client.get("/search", params={"q": text, "page[limit]": str(limit)})
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["data"]]


async def left(house: Front) -> None:
    """Waits until the indexes of instances that are gone are removed."""
    await asyncio.gather(*house.house.need(Search)._keeping._leaving)


def bill(name: str, day: str = "2026-01-01") -> dict[str, Any]:
    return {"vendor": name, "amount": 12.5, "date": day}


@asynccontextmanager
async def house_at(home: Path) -> AsyncIterator[Front]:
    async with front(home=home, store="sqlite", blobs="memory", apps=str(home)) as entry:
        yield entry


@pytest.fixture
async def filled(tmp_path: Path) -> Path:
    """A folder of a server that was used and stopped: two bills, both in the index."""
    async with house_at(tmp_path) as house:
        await house.instance()
        await write(house, BILLS, {"b1": bill("Eau"), "b2": bill("Eau et gaz")})
        await settle(house)
        assert await ids(house, "eau") == ["b1", "b2"] or await ids(house, "eau") == ["b2", "b1"]
    return tmp_path


def only_index(home: Path) -> Path:
    (file,) = home.glob("instances/*/search.db")
    return file


def spoil(file: Path, how: str) -> None:
    if how == "missing":
        file.unlink()
    elif how == "empty":
        file.write_bytes(b"")
    elif how == "not a database":
        file.write_bytes(b"something else" * 1000)
    elif how == "torn":
        content = file.read_bytes()
        file.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    elif how == "foreign":
        file.unlink()
        apsw.Connection(str(file)).execute("create table x (y); pragma user_version = 1")
    elif how == "newer":
        apsw.Connection(str(file)).execute("pragma user_version = 99")
    elif how == "of another release":
        apsw.Connection(str(file)).execute("update state set made_for = 'io.cozy.bills/0'")
    elif how == "ahead":
        apsw.Connection(str(file)).execute("update state set reached = 1000000; delete from entry")
    elif how == "behind":
        connection = apsw.Connection(str(file))
        connection.execute("insert into names (names) values ('delete-all'); delete from entry")
        connection.execute("update state set reached = 0")
    else:
        raise AssertionError(how)


LOSSES = ("missing", "empty", "not a database", "torn", "foreign", "newer", "of another release", "ahead", "behind")


@pytest.mark.parametrize("how", LOSSES)
async def test_a_lost_index_is_made_again_when_somebody_asks(
    filled: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping_module, "PATIENCE", 60.0)  # whoever asks gets the whole, on a busy machine too
    spoil(only_index(filled), how)
    async with house_at(filled) as house:
        assert sorted(await ids(house, "eau")) == ["b1", "b2"]


@pytest.mark.parametrize("how", ["missing", "torn", "of another release", "behind"])
async def test_a_lost_index_is_made_again_when_something_changes(filled: Path, how: str) -> None:
    spoil(only_index(filled), how)
    async with house_at(filled) as house:
        await write(house, BILLS, {"b3": bill("Eau minérale")})
        await settle(house)
        assert sorted(await ids(house, "eau")) == ["b1", "b2", "b3"]


async def test_an_index_that_breaks_under_way_is_made_again(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house_at(filled) as house:
        assert len(await ids(house, "eau")) == 2
        search = house.house.need(Search)
        indexes = search._indexes
        databases = indexes._databases  # type: ignore[attr-defined]
        whole = databases.open(tenant_of(house))

        async def broken(fn: object, then: object = None) -> None:
            raise apsw.CorruptError("database disk image is malformed")

        monkeypatch.setattr(whole, "write", broken)
        await write(house, BILLS, {"b3": bill("Eau minérale")})
        await settle(house)
        assert len(await ids(house, "eau")) == 3

        monkeypatch.setattr(databases.open(tenant_of(house)), "scan", broken)
        async with house.client(scope=BILLS) as client:
            answer = await client.get("/search", params={"q": "eau"})
            assert (answer.status_code, answer.json()["meta"]["complete"]) == (200, False)
        assert len(await ids(house, "eau")) == 3


async def test_what_was_written_while_nobody_followed_is_found(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house_at(filled) as house:
        await house.house.need(Followers).stop()  # type: ignore[attr-defined]
        await write(house, BILLS, {"b1": None, "b3": bill("Eau minérale")})
        assert await ids(house, "minerale") == ["b3"]
        assert sorted(await ids(house, "eau")) == ["b2", "b3"]


async def test_words_of_what_changed_or_went_are_taken_out(filled: Path) -> None:
    async with house_at(filled) as house:
        await write(house, BILLS, {"b1": None, "b2": bill("Gaz", "2026-02-02")})
        await settle(house)
    index = apsw.Connection(str(only_index(filled)))
    entries = {row[0] for row in index.execute("select n from entry")}
    kept = {row[0] for row in index.execute("select id from names_docsize")}
    assert kept == entries
    assert list(index.execute("select rowid from names where names match 'eau'")) == []


async def test_an_index_goes_with_its_instance(filled: Path) -> None:
    async with house_at(filled) as house:
        file = index_of(house)
        assert len(await ids(house, "eau")) == 2
        await house.operator.delete(f"/instances/{ALICE}")
        await left(house)
        assert not file.exists()
        await house.instance()
        assert await ids(house, "eau") == []
        await write(house, BILLS, {"b9": bill("Eau")})
        await settle(house)
        assert await ids(house, "eau") == ["b9"]


async def test_an_index_that_outlived_its_instance_is_removed_at_the_start(filled: Path) -> None:
    folder = filled / "instances" / "cozy00000000000000000000000000000000"
    folder.mkdir()
    left = folder / "search.db"
    left.write_bytes(only_index(filled).read_bytes())
    async with house_at(filled) as house:
        assert not folder.exists()
        assert len(await ids(house, "eau")) == 2


async def test_an_index_left_under_the_name_of_a_new_instance_is_nobodys(filled: Path) -> None:
    async with house_at(filled) as house:
        file, content = index_of(house), index_of(house).read_bytes()
        await house.operator.delete(f"/instances/{ALICE}")
        await left(house)
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        await house.instance()
        assert await ids(house, "eau") == []


async def test_a_folder_of_many_files_follows_its_new_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping_module, "BATCH", 4)
    async with front() as house:
        await house.instance()
        folder = {"type": "directory", "name": "Vacances", "dir_id": ROOT, "path": "/Vacances"}
        await write(house, FILES, {"d": folder})
        photo = {"type": "file", "name": "photo", "dir_id": "d", "updated_at": "2026-01-01T00:00:00Z"}
        await write(house, FILES, {f"f{number}": photo for number in range(11)})
        await settle(house)
        assert len(await ids(house, "vacances photo")) == 11
        await write(house, FILES, {"d": {**folder, "name": "Été", "path": "/Été"}})
        await settle(house)
        assert await ids(house, "vacances") == []
        assert len(await ids(house, "ete photo")) == 11


async def test_who_names_a_document_is_found_by_an_index() -> None:
    async with front() as house:
        await house.instance()
        await write(house, FILES, {"d": {"type": "directory", "name": "d", "dir_id": ROOT, "path": "/d"}})
        for findable in house.house.registry(FINDABLES):
            if findable.beside is not None:
                query = findable.beside.naming("d", 10, "")
                page = await house.house.need(StoredDocuments).page(tenant_of(house), findable.doctype, query)
                assert not page.unindexed


# -- the law: the index says what a walk through all documents says

WORDS = st.sampled_from(["eau", "Éau", "gaz", "Gazette", "12,50", "œuf", "é"])
NAMES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
DAYS = st.sampled_from(["2026-01-01", "2025-12-31", "", "soon"])
WRITES = st.lists(
    st.one_of(
        st.tuples(st.just("bill"), st.integers(0, 4), st.builds(bill, NAMES, DAYS) | st.none()),
        st.tuples(st.just("folder"), st.integers(0, 1), NAMES | st.none()),
        st.tuples(st.just("file"), st.integers(0, 4), st.tuples(NAMES, st.integers(0, 1), st.booleans()) | st.none()),
        st.tuples(st.just("settle"), st.just(0), st.none()),
    ),
    max_size=25,
)


def node(kind: str, content: Any) -> dict[str, Any] | None:
    if content is None:
        return None
    if kind == "folder":
        return {"type": "directory", "name": content, "dir_id": ROOT, "path": f"/{content}"}
    name, folder, trashed = content
    return {"type": "file", "name": name, "dir_id": f"folder{folder}", "trashed": trashed}


async def naive(house: Front, text: str) -> dict[str, list[str]]:
    """What a question means, without any index: every document, every word, then sorted."""
    documents, tenant = house.house.need(Documents), tenant_of(house)
    asked = words_of(text)
    answers: dict[str, list[str]] = {}
    for kind, findable in house.house.registry(FINDABLES).items():
        hits = []
        for document in await documents.all(tenant, findable.doctype):
            fields = document.fields()
            beside = await documents.get(tenant, FILES, fields.get("dir_id", "")) if kind == "files" else None
            said = findable.says(document.id, fields, beside.fields() if beside else None, "en")
            if said is None:
                continue
            title, every = said.title_words.split(), f"{said.title_words} {said.other_words}".split()
            if _holds(every, asked):
                day = date.fromisoformat(said.date).toordinal() if said.date not in ("", "soon") else 0
                hits.append((not _holds(title, asked), -day, document.id))
        answers[kind] = [ident for *_, ident in sorted(hits)]
    return answers


def _holds(words: list[str], asked: list[str]) -> bool:
    return all(word in words for word in asked[:-1]) and any(word.startswith(asked[-1]) for word in words)


@settings(max_examples=25)
@given(writes=WRITES, asked=st.lists(st.sampled_from(["eau", "e", "ga", "gaz eau", "oeuf", "EAU É"]), min_size=1))
def test_the_index_says_what_a_walk_through_all_documents_says(
    writes: list[tuple[str, int, Any]], asked: list[str]
) -> None:
    async def run() -> None:
        async with front() as house:
            await house.instance()
            for kind, number, content in writes:
                if kind == "settle":
                    await settle(house)
                elif kind == "bill":
                    await write(house, BILLS, {f"bill{number}": content})
                else:
                    await write(house, FILES, {f"{kind}{number}": node(kind, content)})
            await settle(house)
            for text in asked:
                truth = await naive(house, text)
                found = await ids(house, text)
                assert sorted(found) == sorted(truth["files"] + truth["bills"]), text
                bills = [ident for ident in found if ident.startswith("bill")]
                rank = await _ranks(house, text)
                assert bills == sorted(bills, key=lambda ident: rank[ident])

    asyncio.run(run())


async def _ranks(house: Front, text: str) -> dict[str, tuple[bool, int]]:
    documents, asked = house.house.need(Documents), words_of(text)
    ranks = {}
    for document in await documents.all(tenant_of(house), BILLS):
        fields = document.fields()
        day = 0 if fields["date"] in ("", "soon") else date.fromisoformat(fields["date"]).toordinal()
        ranks[document.id] = (not _holds(words_of(fields["vendor"]), asked), -day)
    return ranks
