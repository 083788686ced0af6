"""The person has the last word, and one new bill is linked without looking at everything again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from alcove.instances import Instances
from alcove.money import Ledger
from alcove.money.service.ledger import Held, think
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import httpx

    from alcove.money.service.picture import News

SCOPE = "io.cozy.bank.operations io.cozy.bank.accounts io.cozy.bills org.alcove.money.links"
BILLS, OPERATIONS, LINKS = "io.cozy.bills", "io.cozy.bank.operations", "org.alcove.money.links"


@pytest.fixture
async def house() -> AsyncIterator[Front]:
    async with front() as entry:
        await entry.instance()
        yield entry


@pytest.fixture
async def client(house: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client(scope=SCOPE) as client:
        yield client


def bill(ident: str, vendor: str, amount: float, day: str) -> dict[str, Any]:
    return {"_id": ident, "vendor": vendor, "amount": amount, "currency": "EUR", "date": f"2026-{day}T12:00:00Z"}


def operation(ident: str, label: str, amount: float, day: str) -> dict[str, Any]:
    when = f"2026-{day}T12:00:00.000Z"
    return {"_id": ident, "label": label, "originalBankLabel": label, "amount": amount, "currency": "EUR", "date": when}


async def put(client: httpx.AsyncClient, doctype: str, *documents: dict[str, Any]) -> None:
    answer = await client.post(f"/data/{doctype}/_bulk_docs", json={"docs": documents})
    assert answer.status_code == 201, answer.text
    assert all("error" not in line for line in answer.json())


async def settled(client: httpx.AsyncClient) -> dict[str, int]:
    answer = await client.get("/money/summary", params={"settled": "true"})
    assert answer.status_code == 200, answer.text
    counts: dict[str, int] = answer.json()["data"]["attributes"]
    return counts


async def pairs(client: httpx.AsyncClient, status: str = "linked") -> dict[tuple[str, str], str]:
    """The links of a status: their ids by bill and operation."""
    answer = await client.get(f"/data/{LINKS}/_all_docs", params={"include_docs": "true"})
    if answer.status_code == 404:
        return {}
    docs = [row["doc"] for row in answer.json()["rows"]]
    return {(d["bill"], d["operation"]): d["_id"] for d in docs if d.get("status") == status}


async def told(client: httpx.AsyncClient, ident: str) -> list[str]:
    """What Cozy's bank app reads on an operation."""
    refs: list[str] = (await client.get(f"/data/{OPERATIONS}/{ident}")).json().get("bills", [])
    return refs


async def twins(client: httpx.AsyncClient) -> None:
    """A bill, its payment, and another operation of the same amount."""
    await put(
        client, OPERATIONS, operation("o1", "PRLV EDF", -84.2, "03-06"), operation("o2", "CB ZANLIS", -84.2, "03-07")
    )
    await put(client, BILLS, bill("b", "EDF", 84.2, "03-01"))
    assert (await settled(client))["linked"] == 1
    assert set(await pairs(client)) == {("b", "o1")}


async def test_a_new_bill_is_linked_by_looking_near_it(house: Front, client: httpx.AsyncClient) -> None:
    await twins(client)
    ledger, tenant = house.house.need(Ledger), house.house.need(Instances).by_domain("alice.example").key
    await put(client, OPERATIONS, operation("o3", "PRLV ORANGE", -39.99, "03-12"))
    await put(client, BILLS, bill("c", "Orange", 39.99, "03-10"))
    why = await client.get("/money/why/c")
    assert [link["operation"]["id"] for link in why.json()["data"]["attributes"]["links"]] == ["o3"]
    assert set(await pairs(client)) == {("b", "o1"), ("c", "o3")}
    held = ledger.known(tenant)
    assert held is not None
    assert held.behind
    await settled(client)
    held = ledger.known(tenant)
    assert held is not None
    assert not held.behind


async def test_who_asks_why_waits_for_no_pass_over_all(
    house: Front, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await twins(client)
    go_on, ended = threading.Event(), threading.Event()

    def slowly(held: Held, news: Sequence[News] | None) -> Any:
        go_on.wait(60)
        ended.set()
        return think(held, news)

    monkeypatch.setattr("alcove.money.service.ledger.think", slowly)
    monkeypatch.setattr("alcove.money.service.ledger.FEW", -1)  # all work is done in threads
    monkeypatch.setattr("alcove.money.http.FEW", 0)
    house.house.need(Ledger).forget(house.house.need(Instances).by_domain("alice.example").key)
    await put(client, OPERATIONS, operation("o3", "PRLV ORANGE", -39.99, "03-12"))
    why = (await client.get("/money/why/b")).json()["data"]["attributes"]
    assert not ended.is_set()
    assert [link["operation"]["id"] for link in why["links"]] == ["o1"]
    assert [one["operation"]["id"] for one in why["near"]] == ["o2"]
    go_on.set()
    await settled(client)


async def test_why_looks_at_the_days_around_and_at_what_is_linked_from_afar(client: httpx.AsyncClient) -> None:
    far = [operation(f"far{month}", "CB ZANLIS", -84.2, f"{month:02}-06") for month in range(7, 12)]
    await put(client, OPERATIONS, *far)
    await twins(client)
    made = {"data": {"attributes": {"bill": "b", "operation": "far9"}}}
    assert (await client.post("/money/links", json=made)).status_code == 201
    why = (await client.get("/money/why/b")).json()["data"]["attributes"]
    linked = [link["operation"] for link in why["links"] if link["status"] == "linked"]
    assert [(one["id"], one["amount"]) for one in linked] == [("far9", -84.2)]
    assert not {one["operation"]["id"] for one in why["near"]} & {one["_id"] for one in far}


async def test_a_bill_that_changes_or_goes_takes_its_link_along(client: httpx.AsyncClient) -> None:
    await twins(client)
    stored = (await client.get(f"/data/{BILLS}/b")).json()
    changed = await client.put(f"/data/{BILLS}/b", json={**stored, "amount": 12.5})
    assert changed.status_code == 200
    assert (await client.get("/money/why/b")).json()["data"]["attributes"]["links"] == []
    assert await told(client, "o1") == []
    back = await client.put(f"/data/{BILLS}/b", json={**stored, "_rev": changed.json()["rev"]})
    assert len((await client.get("/money/why/b")).json()["data"]["attributes"]["links"]) == 1
    assert await told(client, "o1") == [f"{BILLS}:b"]
    await client.delete(f"/data/{BILLS}/b", params={"rev": back.json()["rev"]})
    assert (await client.get("/money/why/o1")).json()["data"]["attributes"]["links"] == []
    assert await pairs(client) == {}


@pytest.mark.parametrize("verb", ["unlink", "refuse"])
async def test_what_is_refused_never_comes_back_until_that_is_undone(client: httpx.AsyncClient, verb: str) -> None:
    await twins(client)
    link = (await pairs(client))["b", "o1"]
    answer = await client.post(f"/money/links/{link}/{verb}")
    assert answer.status_code == 200
    assert answer.json()["data"]["attributes"]["status"] == "refused"
    assert await told(client, "o1") == []
    await put(client, BILLS, bill("later", "EDF", 10.0, "06-01"))
    await settled(client)
    assert ("b", "o1") not in await pairs(client)
    undone = await client.post(f"/money/links/{link}/undo")
    assert undone.status_code == 200
    assert set(await pairs(client)) == {("b", "o1")}
    assert await told(client, "o1") == [f"{BILLS}:b"]


async def test_a_link_by_hand_stands_against_all_evidence(client: httpx.AsyncClient) -> None:
    await twins(client)
    answer = await client.post(
        "/money/links", json={"data": {"type": LINKS, "attributes": {"bill": "b", "operation": "o2"}}}
    )
    assert answer.status_code == 201, answer.text
    await settled(client)
    assert set(await pairs(client)) == {("b", "o2")}
    assert await told(client, "o2") == [f"{BILLS}:b"]
    assert await told(client, "o1") == []


async def test_what_the_person_links_teaches_the_label(client: httpx.AsyncClient) -> None:
    """Two payments of the same amount under names that say nothing: what the person says is known the next time."""
    labels = "PRELEVEMENT STE ZANLIS", "PRELEVEMENT KOLDAR SAS"
    await put(client, OPERATIONS, *(operation(f"o{n}", label, -41.37, "03-09") for n, label in enumerate(labels)))
    await put(client, BILLS, bill("b", "Ferrine Énergie", 41.37, "03-01"))
    await settled(client)
    assert await pairs(client) == {}
    made = {"data": {"type": LINKS, "attributes": {"bill": "b", "operation": "o0"}}}
    assert (await client.post("/money/links", json=made)).status_code == 201
    await put(client, OPERATIONS, *(operation(f"n{n}", label, -43.2, "04-09") for n, label in enumerate(labels)))
    await put(client, BILLS, bill("c", "Ferrine Énergie", 43.2, "04-01"))
    await settled(client)
    assert set(await pairs(client)) == {("b", "o0"), ("c", "n0")}


async def test_what_another_program_wrote_is_taken_as_true(client: httpx.AsyncClient) -> None:
    linked = {**operation("o9", "CHEQUE 12", -90.0, "03-09"), "bills": [f"{BILLS}:b"]}
    await put(client, BILLS, bill("b", "EDF", 84.2, "03-01"))
    await put(client, OPERATIONS, linked, operation("o1", "PRLV EDF", -84.2, "03-06"))
    await settled(client)
    assert set(await pairs(client)) == {("b", "o9")}
    stored = (await client.get(f"/data/{OPERATIONS}/o9")).json()
    assert stored["bills"] == [f"{BILLS}:b"]
    await client.put(f"/data/{OPERATIONS}/o9", json={**stored, "bills": []})
    assert [x["operation"]["id"] for x in (await client.get("/money/why/b")).json()["data"]["attributes"]["links"]] == [
        "o1"
    ]


async def test_a_category_of_the_persons_choice_is_learnt(client: httpx.AsyncClient) -> None:
    lines = [operation(f"o{n}", "CB ZANLIS GRENOBLE", -10.0 - n, f"03-0{n + 1}") for n in range(3)]
    await put(client, OPERATIONS, *lines)
    await settled(client)
    said = {"data": {"type": OPERATIONS, "attributes": {"category": "400110"}}}
    assert (await client.post("/money/operations/o0/category", json=said)).status_code == 200
    await settled(client)
    stored = [(await client.get(f"/data/{OPERATIONS}/o{n}")).json() for n in range(3)]
    assert stored[0]["manualCategoryId"] == "400110"
    assert [s.get("localCategoryId") for s in stored[1:]] == ["400110", "400110"]


@pytest.mark.parametrize(
    ("path", "attributes", "status"),
    [
        ("/money/links", {"bill": "b", "operation": "nothing"}, 404),
        ("/money/links", {"bill": "b"}, 422),
        ("/money/links", {"bill": 7, "operation": "o1"}, 422),
        ("/money/links/nothing/confirm", {}, 404),
        ("/money/operations/o1/category", {"category": "nonsense"}, 422),
        ("/money/operations/nothing/category", {"category": "400110"}, 404),
    ],
)
async def test_what_cannot_be_is_refused(
    client: httpx.AsyncClient, path: str, attributes: dict[str, Any], status: int
) -> None:
    await twins(client)
    answer = await client.post(path, json={"data": {"type": "x", "attributes": attributes}})
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["detail"]


async def test_who_may_only_read_decides_nothing(house: Front, client: httpx.AsyncClient) -> None:
    await twins(client)
    link = (await pairs(client))["b", "o1"]
    async with house.client(scope=f"{OPERATIONS}:GET {BILLS}:GET {LINKS}:GET") as reader:
        assert (await reader.post(f"/money/links/{link}/refuse")).status_code == 403
        said = {"data": {"type": OPERATIONS, "attributes": {"category": "400110"}}}
        assert (await reader.post("/money/operations/o1/category", json=said)).status_code == 403


async def test_what_is_confirmed_stays_when_the_bill_changes(client: httpx.AsyncClient) -> None:
    await twins(client)
    link = (await pairs(client))["b", "o1"]
    said = (await client.post(f"/money/links/{link}/confirm")).json()["data"]["attributes"]
    assert (said["status"], said["decided_by"]) == ("linked", "person")
    stored = (await client.get(f"/data/{BILLS}/b")).json()
    await client.put(f"/data/{BILLS}/b", json={**stored, "amount": 12.5})
    await settled(client)
    assert set(await pairs(client)) == {("b", "o1")}
