"""Search through the front door: what is written is found, what is gone is not, and nobody finds what is not theirs."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from alcove.documents import Documents, Followers
from alcove.instances import Instances
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from alcove.documents import Tx

FILES, BILLS, OPERATIONS, ACCOUNTS, APPS = (
    "io.cozy.files",
    "io.cozy.bills",
    "io.cozy.bank.operations",
    "io.cozy.bank.accounts",
    "io.cozy.apps",
)
ALL = " ".join((FILES, BILLS, OPERATIONS, ACCOUNTS, APPS))
BYTES = {"Content-Type": "application/octet-stream"}


def tenant_of(house: Front, domain: str = "alice.example") -> str:
    return house.house.need(Instances).by_domain(domain).key


async def settle(house: Front) -> None:
    await house.house.need(Followers).settle(tenant_of(house), "search")


async def put(house: Front, doctype: str, ident: str, fields: dict[str, Any] | None) -> None:
    """Writes a document as a connector does, over what was there; None removes it."""

    async def unit(tx: Tx) -> None:
        old = await tx.get(doctype, ident)
        if fields is not None:
            await tx.put(doctype, ident, fields, old.rev if old else "")
        elif old is not None:
            await tx.delete(doctype, ident, old.rev)

    await house.house.need(Documents).work(tenant_of(house), unit)


@asynccontextmanager
async def searching(house: Front, scope: str = ALL) -> AsyncIterator[httpx.AsyncClient]:
    await settle(house)
    async with house.client(scope=scope) as client:
        yield client


async def found(house: Front, text: str, scope: str = ALL, **params: str) -> list[str]:
    async with searching(house, scope) as client:
        answer = await client.get("/search", params={"q": text, **params})
        assert answer.status_code == 200, answer.text
        assert answer.json()["meta"]["complete"]
        return [one["attributes"]["title"] for one in answer.json()["data"]]


async def upload(client: httpx.AsyncClient, name: str, folder: str = "io.cozy.files.root-dir") -> str:
    answer = await client.post(f"/files/{folder}", params={"Type": "file", "Name": name}, content=b"x", headers=BYTES)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


async def make_folder(client: httpx.AsyncClient, name: str, folder: str = "io.cozy.files.root-dir") -> str:
    answer = await client.post(f"/files/{folder}", params={"Type": "directory", "Name": name})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


@pytest.fixture(params=["files", "database"])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[Front]:
    settings = {}
    if request.param == "database":
        settings = {"store": "sqlite", "database": await request.getfixturevalue("postgres").database()}
    async with front(**settings) as entry:
        await entry.instance(Locale="fr")
        yield entry


@pytest.fixture
async def household(house: Front) -> Front:
    edf = {"vendor": "Énergie de Chez Nous", "amount": 45.9, "date": "2026-03-02T00:00:00Z", "vendorRef": "F-2026/17"}
    await put(house, BILLS, "b1", edf)
    operation = {"label": "Prlv Energie", "originalBankLabel": "PRLV SEPA ENERGIE CHEZ NOUS REF8812", "currency": "EUR"}
    await put(
        house, OPERATIONS, "o1", {**operation, "amount": -45.9, "date": "2026-03-05", "manualCategoryId": "401080"}
    )
    await put(house, OPERATIONS, "o0", {**operation, "amount": -44, "date": "2026-01-05"})
    await put(house, ACCOUNTS, "a1", {"label": "Compte joint", "institutionLabel": "Banque du Coin", "balance": 12.5})
    return house


async def test_a_hit_says_what_it_is(household: Front) -> None:
    async with searching(household) as client:
        answer = await client.get("/search", params={"q": "ENERGIE chez"})
    assert answer.headers["cache-control"] == "no-store"
    bill, *operations = answer.json()["data"]
    assert (bill["type"], bill["id"]) == (BILLS, "b1")
    assert bill["attributes"] == {
        "kind": "bills",
        "title": "Énergie de Chez Nous",
        "detail": "F-2026/17",
        "date": "2026-03-02",
        "amount": 45.9,
        "currency": "EUR",
        "isRefund": False,
        "marks": ["chez", "energie"],
    }
    assert [one["id"] for one in operations] == ["o1", "o0"]  # the newest first
    assert answer.json()["meta"] == {"count": 3, "more": [], "complete": True}


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("énergie nous mars", ["Énergie de Chez Nous", "Prlv Energie"]),
        ("energie janvier 2026", ["Prlv Energie"]),
        ("45,90", ["Énergie de Chez Nous", "Prlv Energie"]),
        ("45.90", ["Énergie de Chez Nous", "Prlv Energie"]),
        ("2026/17", ["Énergie de Chez Nous"]),
        ("REF88", ["Prlv Energie", "Prlv Energie"]),
        ("joint banque", ["Compte joint"]),
        ("banque jointe", ["Compte joint"]),
        ("banque jointure", []),
        ("…", []),
        ("", []),
    ],
)
async def test_found_by_all_that_a_person_may_remember(household: Front, text: str, titles: list[str]) -> None:
    assert await found(household, text) == titles


async def test_kinds_and_limits(household: Front) -> None:
    assert await found(household, "energie", kinds="operations") == ["Prlv Energie", "Prlv Energie"]
    async with searching(household) as client:
        params = {"q": "energie", "kinds": "operations,bills", "page[limit]": "1"}
        answer = (await client.get("/search", params=params)).json()
    assert [one["id"] for one in answer["data"]] == ["b1", "o1"]
    assert answer["meta"]["more"] == ["operations"]


async def test_all_of_a_kind_comes_page_by_page_the_newest_first(household: Front) -> None:
    titled = {"label": "Energie", "amount": -1, "date": "2025-12-31"}
    await put(household, OPERATIONS, "o2", titled)  # the oldest, though its title has the word
    params = {"q": "energie", "kinds": "operations", "sort": "-date", "page[limit]": "2"}
    async with searching(household) as client:
        first = (await client.get("/search", params=params)).json()
        assert [one["id"] for one in first["data"]] == ["o1", "o0"]
        rest = (await client.get("/search", params={**params, "page[cursor]": first["meta"]["cursor"]})).json()
    assert [one["id"] for one in rest["data"]] == ["o2"]
    assert "cursor" not in rest["meta"]


async def test_all_that_is_found_comes_page_by_page_and_counted(house: Front) -> None:
    async with house.client(scope=ALL) as client:
        folder = await make_folder(client, "relevé")
        for number in range(4):
            await upload(client, f"page {number}.txt", folder)
        await upload(client, "relevé de mars.txt")
    params = {"q": "relevé", "kinds": "files", "page[limit]": "2", "total": "true"}
    told, cursor = list[str](), ""
    async with searching(house) as client:
        for pages in range(1, 4):
            said = (
                await client.get("/search", params={**params, **({"page[cursor]": cursor} if cursor else {})})
            ).json()
            assert (said["meta"]["total"], said["meta"]["counted"]) == (6, True)
            told += [one["attributes"]["title"] for one in said["data"]]
            cursor = said["meta"].get("cursor", "")
            assert bool(cursor) is (pages < 3)
    assert told[:2] == ["relevé de mars.txt", "relevé"]
    assert sorted(told[2:]) == [f"page {number}.txt" for number in range(4)]
    async with house.client(scope=f"{FILES}:GET:{folder}") as client:
        said = (await client.get("/search", params={**params, "q": "page"})).json()
        assert "total" not in said["meta"]  # those that one may not read would be counted
        rest = (
            await client.get("/search", params={**params, "q": "page", "page[cursor]": said["meta"]["cursor"]})
        ).json()
    told = [one["attributes"]["title"] for one in said["data"] + rest["data"]]
    assert sorted(told) == [f"page {number}.txt" for number in range(4)]


WAYS = {
    "connector": {"createdByApp": "edf", "sourceAccount": "a1", "uploadedBy": {"slug": "edf"}},
    "upload": {"createdByApp": "files", "uploadedBy": {"slug": "files"}},
    "device": {"uploadedBy": {"oauthClient": {"id": "c", "kind": "desktop", "name": "Laptop"}}},
    "webdav": {"uploadedBy": {"oauthClient": {"id": "p", "kind": "app password", "name": "NAS"}}},
    "guest": {"uploadedBy": {"link": "l", "guest": "Zoé"}},
}


async def test_files_are_found_by_the_way_they_came(house: Front) -> None:
    for way, cozy in WAYS.items():
        file = {"type": "file", "name": f"{way}.txt", "dir_id": "io.cozy.files.root-dir", "class": "text"}
        await put(house, FILES, way, {**file, "cozyMetadata": cozy})
    for way in WAYS:
        assert await found(house, "", **{"filter[source]": way}) == [f"{way}.txt"]
    assert await found(house, "de:connecteurs") == ["connector.txt"]
    assert await found(house, "de:edf") == ["connector.txt"]


async def test_what_changes_or_goes_is_not_found_any_more(household: Front) -> None:
    await put(household, BILLS, "b1", {"vendor": "Eau de Chez Nous", "amount": 3, "date": "2026-03-02"})
    await put(household, OPERATIONS, "o1", None)
    assert await found(household, "energie") == ["Prlv Energie"]
    assert await found(household, "eau 3,00") == ["Eau de Chez Nous"]
    await put(household, OPERATIONS, "o1", {"label": "Prlv Energie", "amount": -1, "date": "2026-02-05"})
    async with searching(household) as client:
        ids = [one["id"] for one in (await client.get("/search", params={"q": "energie"})).json()["data"]]
    assert ids == ["o1", "o0"]


async def test_titles_come_first_then_the_newest(house: Front) -> None:
    for ident, label, written, day in (
        ("new", "Loyer", "VIR MAISON BLEUE", "2026-06-01"),
        ("old", "Maison de la presse", "CB", "2019-01-01"),
        ("mid", "Maison du vélo", "CB", "2024-01-01"),
        ("undated", "Maison sans date", "CB", "never"),
    ):
        fields = {"label": label, "originalBankLabel": written, "amount": 1, "date": day}
        await put(house, OPERATIONS, ident, fields)
    titles = ["Maison du vélo", "Maison de la presse", "Maison sans date", "Loyer"]
    assert await found(house, "maison") == titles


async def test_files_are_found_by_name_folder_and_tag_but_not_in_the_trash(house: Front) -> None:
    async with house.client(scope=ALL) as client:
        folder = await make_folder(client, "Impôts")
        inner = await make_folder(client, "2025", folder)
        ident = await upload(client, "avis définitif.txt", inner)
        assert await found(house, "avis impots") == ["avis définitif.txt"]
        hit = (await client.get("/search", params={"q": "avis", "kinds": "files"})).json()["data"][0]
        assert (hit["type"], hit["id"]) == (FILES, ident)
        assert hit["attributes"]["detail"] == "/Impôts/2025"
        assert hit["attributes"]["folder"] == inner
        assert (await found(house, "impots"))[0] == "Impôts"

        renamed = {"data": {"attributes": {"name": "Fisc"}}}
        assert (await client.patch(f"/files/{folder}", json=renamed)).status_code == 200
        assert await found(house, "avis impots") == []
        assert await found(house, "avis fisc") == ["avis définitif.txt"]
        tagged = {"data": {"attributes": {"tags": ["à payer"]}}}
        assert (await client.patch(f"/files/{ident}", json=tagged)).status_code == 200
        assert await found(house, "payer") == ["avis définitif.txt"]

        await client.delete(f"/files/{folder}")
        assert await found(house, "fisc") == []
        assert await found(house, "avis") == []
        await client.post(f"/files/trash/{folder}")
        assert await found(house, "avis fisc") == ["avis définitif.txt"]


async def test_apps_are_found_in_both_languages(house: Front) -> None:
    locales = {"en": {"name": "Money", "short_description": "Bills"}, "fr": {"name": "Argent"}}
    await put(house, APPS, f"{APPS}/money", {"slug": "money", "name": "Money", "locales": locales})
    assert await found(house, "money", kinds="apps") == ["Argent"]
    assert await found(house, "argent", kinds="apps") == ["Argent"]


async def test_nobody_finds_what_they_may_not_read(household: Front) -> None:
    assert await found(household, "energie", BILLS) == ["Énergie de Chez Nous"]
    assert await found(household, "energie", f"{OPERATIONS}:GET:o0") == ["Prlv Energie"]
    assert await found(household, "energie", f"{OPERATIONS}:GET:o2") == []
    assert await found(household, "energie", f"{BILLS}:GET:Eau:vendor") == []
    assert await found(household, "energie", f"{BILLS}:POST {ACCOUNTS}:GET") == []
    assert await found(household, "energie", "io.cozy.bank.*") == ["Prlv Energie", "Prlv Energie"]
    async with searching(household, "io.cozy.contacts") as client:
        assert (await client.get("/search", params={"q": "energie"})).status_code == 403
        assert (await client.get("/search", params={"q": ""})).status_code == 403
    async with searching(household, BILLS) as client:
        assert (await client.get("/search", params={"q": "a", "kinds": "operations"})).status_code == 403
    async with household.client() as client:
        assert (await client.get("/search", params={"q": "energie"})).status_code == 401


async def test_who_may_read_a_folder_finds_what_is_in_it_and_is_told_no_more(house: Front) -> None:
    async with house.client(scope=ALL) as client:
        secret = await make_folder(client, "Secrets")
        shown = await make_folder(client, "Photos", secret)
        inside = await upload(client, "plage 1.txt", shown)
        await upload(client, "plage 2.txt", secret)
    scope = f"{FILES}:GET:{shown}"
    async with searching(house, scope) as client:
        (hit,) = (await client.get("/search", params={"q": "plage"})).json()["data"]
        assert (hit["id"], hit["attributes"]["detail"]) == (inside, "")
    assert await found(house, "plage secrets", scope) == []
    assert await found(house, "plage secrets") == ["plage 2.txt", "plage 1.txt"]


WRONG: list[tuple[dict[str, str], str]] = [
    ({}, "q"),
    ({"q": "x" * 10_000}, "q"),
    ({"q": "a " * 40}, "q"),
    ({"q": "a", "kinds": "files,mails"}, "kinds"),
    ({"q": "a", "page[limit]": "0"}, "page[limit]"),
    ({"q": "a", "page[limit]": "51"}, "page[limit]"),
    ({"q": "a", "page[limit]": "٣"}, "page[limit]"),
    ({"q": "a", "page[limit]": "-1"}, "page[limit]"),
    ({"q": "a", "sort": "date", "kinds": "files"}, "sort"),
    ({"q": "a", "sort": "-date"}, "sort"),
    ({"q": "a", "sort": "-date", "kinds": "files", "page[limit]": "201"}, "page[limit]"),
    ({"q": "a", "sort": "-date", "kinds": "files", "page[cursor]": "x"}, "page[cursor]"),
    ({"q": "a", "page[cursor]": "7"}, "page[cursor]"),
]


async def test_what_cannot_be_asked_is_said(house: Front) -> None:
    async with searching(house) as client:
        for params, parameter in WRONG:
            answer = await client.get("/search", params=params)
            assert answer.status_code == 400, params
            assert answer.json()["errors"][0]["source"] == {"parameter": parameter}


HOSTILE = (
    *('"', '""', "a\0b", "title:x", "NEAR(a b)", "a OR", "NOT", "^a", "-a", "a*", "{title}:a", "'; drop table x"),
    *("\\", "𝔞", "é" * 300, "\ud7ff\U0010ffff", "%00", "١٢,٣٤", "²,³", "AND AND", "a" * 300, "1 " * 31),
)


async def test_hostile_questions_are_only_words(household: Front) -> None:
    for text in HOSTILE:
        assert isinstance(await found(household, text), list)


async def test_documents_that_make_no_sense_keep_nobody_from_finding_others(household: Front) -> None:
    odd: list[dict[str, Any]] = [
        {"label": 3, "vendor": ["x"], "date": 7, "amount": "much", "currency": {}},
        {"label": "energie" * 5000, "vendor": "\0", "date": "2026-99-99", "amount": 1e300},
        {"label": None, "locales": [1], "name": {"a": 1}, "tags": "x", "dir_id": 4, "path": 3},
        {},
    ]
    for number, fields in enumerate(odd):
        for doctype in (BILLS, OPERATIONS, ACCOUNTS, APPS, FILES):
            await put(household, doctype, f"odd{number}", fields)
    assert "Énergie de Chez Nous" in await found(household, "energie")


async def test_another_person_finds_nothing_of_it(household: Front) -> None:
    await household.instance("bob.example")
    async with household.client("bob.example", scope=ALL) as client:
        assert (await client.get("/search", params={"q": "energie"})).json()["data"] == []


async def test_filters_narrow_what_is_found(house: Front) -> None:
    async with house.client(scope=ALL) as client:
        taxes = await make_folder(client, "Impôts")
        year = await make_folder(client, "2025", taxes)
        await upload(client, "avis.pdf", year)
        await upload(client, "avis.txt", taxes)
        await upload(client, "avis.png")
        params = {"q": "avis", "filter[folder]": taxes}
        await settle(house)
        inside = (await client.get("/search", params=params)).json()["data"]
        assert sorted(one["attributes"]["title"] for one in inside) == ["avis.pdf", "avis.txt"]
        typed = (await client.get("/search", params={"q": "", "filter[type]": "document"})).json()["data"]
        assert sorted(one["attributes"]["title"] for one in typed) == ["avis.pdf", "avis.txt"]
        none = await client.get("/search", params={"q": "avis", "filter[folder]": "nowhere"})
        assert none.json()["data"] == []
        for name in ("type", "since", "until", "source"):
            wrong = await client.get("/search", params={"q": "avis", f"filter[{name}]": "…"})
            assert wrong.json()["errors"][0]["source"] == {"parameter": f"filter[{name}]"}
    assert await found(house, "avis type:pdf") == ["avis.pdf"]
    assert await found(house, "type:photo") == ["avis.png"]
    assert sorted(await found(house, "dans:impots type:document")) == ["avis.pdf", "avis.txt"]
    assert await found(house, "avis dans:2025") == ["avis.pdf"]
    assert await found(house, "avis in:Impots/2025") == ["avis.pdf"]
    assert await found(house, "avis date:1999") == []
    assert len(await found(house, "avis depuis:2000")) == 3
    assert await found(house, "avis de:edf") == []


async def test_filters_tell_nobody_of_folders_above(house: Front) -> None:
    async with house.client(scope=ALL) as client:
        secret = await make_folder(client, "Secrets")
        shown = await make_folder(client, "Photos", secret)
        await upload(client, "plage.txt", shown)
    scope = f"{FILES}:GET:{shown}"
    assert await found(house, "plage in:secrets", scope) == []
    assert await found(house, "plage in:photos", scope) == []
    assert await found(house, "plage", scope, **{"filter[folder]": secret}) == []
    assert await found(house, "plage type:text", scope, **{"filter[folder]": shown}) == ["plage.txt"]


async def test_words_as_typed_come_before_other_endings(house: Front) -> None:
    for ident, label, written in (
        ("a", "Assurances", "x"),
        ("b", "Virement", "assurance auto"),
        ("c", "Assurance", ""),
    ):
        await put(house, OPERATIONS, ident, {"label": label, "originalBankLabel": written, "amount": 1, "date": "2026"})
    assert await found(house, "assurance auto") == ["Virement"]
    assert await found(house, "assurance x") == ["Assurances"]
    assert await found(house, '"assurance"') == ["Assurance", "Virement"]
    assert await found(house, "assurances") == ["Assurances", "Assurance", "Virement"]
    async with searching(house) as client:
        (hit,) = (await client.get("/search", params={"q": "assurance x"})).json()["data"]
    assert hit["attributes"]["marks"] == ["assurances"]
