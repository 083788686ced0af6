"""One contract for the indexes in files and in a database: what is found is what the lines themselves say."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from alcove.base.sqlite import Databases
from alcove.search.asking import question
from alcove.search.filters import Filters, token
from alcove.search.model import Said
from alcove.search.store import FILE, MIGRATIONS, Indexes, Line, Look, Lost, SqliteIndexes, Where
from alcove.search.words import stems

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TENANT, OTHER = "cozy1", "cozy2"
WORDS = (
    "eau",
    "eaux",
    "gaz",
    "gazette",
    "gazファイル",
    "facture",
    "factures",
    "a",
    "ab",
    "45",
    "été",
    "mot",
    "de",
    "la",
)
KIND = 3


@pytest.fixture(params=["files", "database"])
async def indexes(request: pytest.FixtureRequest) -> AsyncIterator[Indexes]:
    made_for = ["1"]
    if request.param == "files":
        found: Indexes = SqliteIndexes(Databases(None, MIGRATIONS, file=FILE), lambda: made_for[0])
        yield found
        await found.close()
        return
    from alcove.base.postgres import Postgres
    from alcove.search.store.postgres import PostgresIndexes

    postgres = Postgres(await request.getfixturevalue("postgres").database())
    yield PostgresIndexes(postgres, lambda: made_for[0])
    await postgres.close()


def line(
    ident: str, seq: int, title: str, *, near: str = "", content: str = "", day: str = "", kind: int = KIND
) -> Line:
    own = Said(title, words="a ab", date=day, facets=[f"type:{title[:1]}"])
    whole = Said(title, detail=near, words="a ab", date=day, facets=own.facets) if near else own
    return Line.of(kind, ident, seq, whole, own, content).holding(f"{title} {near}", content, whole=True)


async def found(
    indexes: Indexes, typed: str, where: Where = Where.ALL, tenant: str = TENANT, **more: object
) -> list[str]:
    look = Look(question(typed), where=where, **more)  # type: ignore[arg-type]
    return [match.id for match in await indexes.matches(tenant, KIND, look, 1000)]


def says(one: Line, look: Look) -> bool:
    """What a look means, without any index."""
    columns = [one.title.split()]
    if look.where is not Where.TITLES:
        columns += [one.text.split(), *([one.near.split()] if look.near else [])]
    if look.where is Where.ALL:
        columns.append(one.content.split())
    tokens = [*one.text.split(), *one.near.split()]
    return (look.asked is None or look.asked.fits(*columns)) and look.filters.fits(tokens, one.day)


async def test_what_is_found_is_what_is_said(indexes: Indexes) -> None:
    dice = random.Random(7)

    def text(most: int) -> str:
        return " ".join(dice.choices(WORDS, k=dice.randrange(1, most)))

    def day() -> str:
        return dice.choice(["", "2024-12-31", "2025-01-01", "2025-06-15"])

    await indexes.prepare(TENANT)
    lines = dict[str, Line]()
    for seq in range(1, 160):
        ident = f"d{dice.randrange(60)}"
        near, content = dice.choice(["", text(4)]), dice.choice(["", text(30)])
        lines[ident] = line(ident, seq, text(4), near=near, content=content, day=day())
        if dice.random() < 0.1:
            lines[ident] = Line(KIND, ident, seq)
        await indexes.write(TENANT, [lines[ident]], seq)
    assert await indexes.prepare(TENANT) == 159
    there = {ident: one for ident, one in lines.items() if one.digest}
    shown = 0
    for _ in range(300):
        typed = dice.choice([text(4), f'"{text(4)}"', f'{text(3)} "{text(3)}', ""])
        span = dice.choice([(None, None), (739252, None), (None, 739251), (739252, 739300)])
        facets = dice.choice([(), (("type:e", "type:g"),), (("type:x",),)])
        look = Look(question(typed), Filters(facets, *span), dice.choice(list(Where)), dice.choice([True, False]))
        meant = [ident for ident, one in there.items() if says(one, look)]
        matches = await indexes.matches(TENANT, KIND, look, 1000)
        assert sorted(match.id for match in matches) == sorted(meant), (typed, look)
        assert [match.number for match in matches] == sorted((match.number for match in matches), reverse=True)
        assert all(match.digest == there[match.id].digest for match in matches)
        first = await indexes.matches(TENANT, KIND, look, 3)
        assert first == matches[:3]
        if first:
            rest = await indexes.matches(TENANT, KIND, look, 1000, first[-1].number)
            assert rest == matches[len(first) :]
        shown += bool(matches)
    assert shown > 100


@pytest.mark.parametrize("most", [1, 200])
async def test_beginnings_of_three_letters_are_found(
    indexes: Indexes, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("alcove.search.store.sqlite.LONGER", most)
    await indexes.prepare(TENANT)
    contents = ["gaz", "eau gazette", "gazファイル", "eau gazelle", "le ga", "ôgaz"]
    await indexes.write(TENANT, [line(str(n), n, "x", content=said) for n, said in enumerate(contents, 1)], 6)
    assert await found(indexes, "gaz") == ["4", "3", "2", "1"]
    assert await found(indexes, "eau gaz") == ["4", "2"]
    assert await found(indexes, '"eau gaz') == ["4", "2"]
    assert await found(indexes, '"gaz"') == ["1"]


async def test_nothing_is_found_elsewhere(indexes: Indexes) -> None:
    for tenant in (TENANT, OTHER):
        await indexes.prepare(tenant)
    await indexes.write(TENANT, [line("a", 1, "eau"), line("b", 2, "eau", kind=KIND + 1)], 2)
    assert await found(indexes, "eau") == ["a"]
    assert await found(indexes, "eau", tenant=OTHER) == []
    assert sorted(await indexes.tenants()) == [TENANT, OTHER]
    assert not any((await indexes.related(OTHER, ["factur"])).values())
    await indexes.drop(TENANT)
    assert await indexes.tenants() == [OTHER]
    await indexes.prepare(TENANT)
    assert await found(indexes, "eau") == []
    assert await indexes.digest(TENANT, KIND, "a") is None


async def test_words_are_known_by_their_stems(indexes: Indexes) -> None:
    await indexes.prepare(TENANT)
    await indexes.write(TENANT, [line("a", 1, "Factures payées"), line("b", 2, "facture")], 2)
    asked = sorted(stem for stem, _ in stems("facturée"))
    there = await indexes.related(TENANT, asked)
    assert sorted({word for words in there.values() for word in words}) == ["facture", "factures"]


async def test_a_very_long_text_is_found_at_its_end(indexes: Indexes) -> None:
    await indexes.prepare(TENANT)
    often = "de la mer " * 20_000
    rare = " ".join(f"mot{number}" for number in range(50_000))
    await indexes.write(
        TENANT, [line("a", 1, "x", content=f"{often} fin heureuse"), line("b", 2, "y", content=rare)], 2
    )
    assert await found(indexes, "heureuse") == ["a"]
    assert await found(indexes, '"fin heureuse"') == ["a"]
    assert await found(indexes, "mot49999 x mot") == []
    assert await found(indexes, "mot49999") == ["b"]


async def test_one_made_for_another_release_is_lost(indexes: Indexes) -> None:
    await indexes.prepare(TENANT)
    indexes._made_for = lambda: "2"  # type: ignore[attr-defined]
    with pytest.raises(Lost):
        await indexes.prepare(TENANT)
    await indexes.drop(TENANT)
    assert await indexes.prepare(TENANT) == 0


def test_tokens_are_no_words() -> None:
    assert question(token("type:pdf")) is not None
    assert token("type:pdf") not in str(question(token("type:pdf")))
