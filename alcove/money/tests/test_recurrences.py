"""What comes back, through the front door: documents as Cozy's bank app has them, kept true as operations come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alcove_sample import make
from alcove_sample.documents import as_documents

from alcove.documents import Documents
from alcove.instances import Instances
from alcove.money import Ledger
from alcove.money.service.picture import News, Picture
from alcove.money.service.recurrences import Recurrences
from alcove.money.tests.test_deciding import bill, put, settled
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

RECURRENCES, OPERATIONS, BILLS = "io.cozy.bank.recurrence", "io.cozy.bank.operations", "io.cozy.bills"
SCOPE = f"{OPERATIONS} {BILLS} io.cozy.bank.accounts {RECURRENCES} org.alcove.money.links"


@pytest.fixture
async def house() -> AsyncIterator[Front]:
    async with front() as entry:
        await entry.instance()
        yield entry


@pytest.fixture
async def client(house: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client(scope=SCOPE) as client:
        yield client


def operation(
    month: int, amount: float = -19.99, label: str = "PRLV SEPA FREE MOBILE", day: int = 15
) -> dict[str, Any]:
    when = f"2026-{month:02}-{day:02}T12:00:00.000Z"
    ident = f"{label[-4:].strip().lower()}-{month:02}-{day:02}"
    return {"_id": ident, "label": label, "amount": amount, "currency": "EUR", "date": when, "account": "a"}


async def found(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await client.get(f"/data/{RECURRENCES}/_all_docs", params={"include_docs": "true"})
    return [row["doc"] for row in answer.json()["rows"]] if answer.status_code == 200 else []


async def of(client: httpx.AsyncClient, ident: str) -> str | None:
    said = (await client.get(f"/data/{OPERATIONS}/{ident}")).json()
    data = said.get("relationships", {}).get("recurrence", {}).get("data", {})
    assert data.get("_type", RECURRENCES) == RECURRENCES
    return data.get("_id")  # type: ignore[no-any-return]


async def test_a_subscription_is_kept_in_cozys_shape(client: httpx.AsyncClient) -> None:
    await put(client, OPERATIONS, *(operation(month) for month in range(3, 8)))
    await settled(client)
    (one,) = await found(client)
    assert one["automaticLabel"] == "PRLV SEPA FREE MOBILE"
    assert (one["amounts"], one["accounts"], one["status"]) == ([-19.99], ["a"], "ongoing")
    assert (one["latestDate"], one["latestAmount"]) == ("2026-07-15T12:00:00.000Z", -19.99)
    assert one["stats"]["deltas"]["median"] == 30.5
    assert len(one["categoryIds"]) == 1
    own = one["alcove"]
    assert (own["unit"], own["count"], own["on"], own["times"]) == ("month", 1, 15, 5)
    assert (own["nextDate"], own["nextAmount"], own["about"]) == ("2026-08-15T12:00:00.000Z", -19.99, False)
    assert [await of(client, operation(month)["_id"]) for month in range(3, 8)] == [one["_id"]] * 5


async def test_a_new_operation_moves_it_on_and_a_name_stays(house: Front, client: httpx.AsyncClient) -> None:
    await put(client, OPERATIONS, *(operation(month) for month in range(3, 8)))
    await settled(client)
    (one,) = await found(client)
    await put(client, RECURRENCES, {**one, "manualLabel": "Mon téléphone"})
    await put(client, OPERATIONS, operation(8, -21.99))
    await settled(client)
    (after,) = await found(client)
    assert (after["_id"], after["manualLabel"]) == (one["_id"], "Mon téléphone")
    assert after["amounts"] == [-21.99, -19.99]
    assert after["alcove"]["nextDate"] == "2026-09-15T12:00:00.000Z"
    documents, tenant = house.house.need(Documents), house.house.need(Instances).by_domain("alice.example").key
    before = await documents.last_seq(tenant)
    await house.house.need(Ledger).relink(tenant)
    assert await documents.last_seq(tenant) == before, "doing it again writes nothing"


async def test_what_stays_away_is_over_and_what_the_person_said_of_it_stays(client: httpx.AsyncClient) -> None:
    await put(client, OPERATIONS, *(operation(month) for month in range(1, 7)))
    await put(client, OPERATIONS, operation(8, -4.2, "CB BOULANGERIE", 20))
    await settled(client)
    (one,) = await found(client)
    assert one["status"] == "finished"
    await put(client, RECURRENCES, {**one, "status": "ongoing"})
    await put(client, OPERATIONS, operation(9, -4.2, "CB BOULANGERIE", 20))
    await settled(client)
    (after,) = await found(client)
    assert (after["status"], after["alcove"]["status"]) == ("ongoing", "finished")


async def test_it_goes_when_its_operations_go(client: httpx.AsyncClient) -> None:
    await put(client, OPERATIONS, *(operation(month) for month in range(3, 8)))
    await settled(client)
    for month in (3, 5, 7):
        stored = (await client.get(f"/data/{OPERATIONS}/{operation(month)['_id']}")).json()
        await put(client, OPERATIONS, {"_id": stored["_id"], "_rev": stored["_rev"], "_deleted": True})
    await settled(client)
    assert await found(client) == []
    assert await of(client, operation(4)["_id"]) is None


async def test_what_others_said_an_operation_is_of_is_left_to_them(client: httpx.AsyncClient) -> None:
    theirs = {"relationships": {"recurrence": {"data": {"_id": "theirs", "_type": RECURRENCES}}, "tags": {"data": []}}}
    await put(
        client, RECURRENCES, {"_id": "theirs", "automaticLabel": "Téléphone", "stats": {"deltas": {"median": 30}}}
    )
    await put(client, OPERATIONS, *({**operation(month), **theirs} for month in range(3, 8)))
    await settled(client)
    assert [one["_id"] for one in await found(client)] == ["theirs"]
    assert await of(client, operation(4)["_id"]) == "theirs"


async def test_bills_tell_that_two_labels_are_one(client: httpx.AsyncClient) -> None:
    labels = ["PRLV SECURITAS DIRECT", "PRLV VERISURE"]
    debits = [operation(month, -34.53, labels[month % 2], 10) for month in range(1, 9)]
    await put(client, OPERATIONS, *debits)
    bills = [bill(f"bill-{month}", labels[month % 2][5:], 34.53, f"{month:02}-08") for month in range(1, 9)]
    await put(client, BILLS, *({**one, "vendor": "Verisure"} for one in bills))
    for month, debit in enumerate(debits, 1):
        body = {
            "data": {
                "type": "org.alcove.money.links",
                "attributes": {"bill": f"bill-{month}", "operation": debit["_id"]},
            }
        }
        assert (await client.post("/money/links", json=body)).status_code == 201
    await settled(client)
    (one,) = await found(client)
    assert one["alcove"]["times"] == 8


async def test_a_household_knows_what_comes_back(client: httpx.AsyncClient) -> None:
    household = make(7, years=2, operations=1500, bills=150)
    for doctype, documents in as_documents(household).items():
        await put(client, doctype, *documents)
    await settled(client)
    said = await found(client)
    salaries = [one for one in said if "SALAIRE" in one["automaticLabel"] or one["latestAmount"] > 1500]
    assert len(salaries) == 2
    assert all(one["alcove"]["unit"] == "month" and one["status"] == "ongoing" for one in salaries)
    assert len(said) > 10


def test_only_what_news_touch_is_looked_at_again() -> None:
    picture, recurrences = Picture(), Recurrences()
    for month in range(1, 13):
        for label in ("PRLV FREE MOBILE", "PRLV EDF", "CB CARREFOUR"):
            one = operation(month, -19.99, label)
            picture.take(OPERATIONS, one["_id"], one)
    assert recurrences.waiting(picture) == 36
    recurrences.due(picture)
    assert recurrences.waiting(picture) == 0
    new = operation(12, -19.99, "PRLV EDF", 28)
    before = picture.take(OPERATIONS, new["_id"], new)
    recurrences.hear(picture, [News(OPERATIONS, new["_id"], before, picture.operations[new["_id"]])])
    assert recurrences.waiting(picture) == 13
