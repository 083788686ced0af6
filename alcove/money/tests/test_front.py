"""The room through the front door: a household goes in, links come out, the person has the last word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alcove_sample import make, score
from alcove_sample.documents import as_documents

from alcove.documents import Documents
from alcove.instances import Instances
from alcove.money import LINKS, Ledger
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

SCOPE = "io.cozy.bank.operations io.cozy.bank.accounts io.cozy.bills org.alcove.money.links"
HOUSEHOLD = make(7, years=1, operations=700, bills=60)


@pytest.fixture
async def house() -> AsyncIterator[Front]:
    async with front() as entry:
        await entry.instance()
        yield entry


def _tenant(house: Front) -> str:
    return house.house.need(Instances).by_domain("alice.example").key


async def _fill(house: Front, **kept: list[dict[str, Any]]) -> None:
    async with house.client(scope=SCOPE) as client:
        for doctype, documents in as_documents(HOUSEHOLD).items():
            answer = await client.post(f"/data/{doctype}/_bulk_docs", json={"docs": documents})
            assert answer.status_code == 201, answer.text


async def _summary(client: httpx.AsyncClient) -> dict[str, int]:
    answer = await client.get("/money/summary", params={"settled": "true"})
    assert answer.status_code == 200, answer.text
    counts: dict[str, int] = answer.json()["data"]["attributes"]
    return counts


async def _links(house: Front) -> dict[str, dict[str, Any]]:
    stored = await house.house.need(Documents).all(_tenant(house), LINKS)
    return {document.id: {**document.fields(), "rev": document.rev} for document in stored}


async def test_a_household_is_linked(house: Front) -> None:
    await _fill(house)
    async with house.client(scope=SCOPE) as client:
        counts = await _summary(client)
    assert counts["operations"] == len(HOUSEHOLD.operations)
    assert counts["bills"] == 60
    assert counts["linked"] > 35
    assert counts["linked"] + counts["to_confirm"] + counts["unlinked"] == 60
    assert counts["categorised"] > len(HOUSEHOLD.operations) / 2
    pairs = [
        (link["bill"], link["operation"])
        for link in (await _links(house)).values()
        if link["role"] == "payment" and link["status"] == "linked"
    ]
    assert score(HOUSEHOLD, pairs).precision > 0.9


async def test_doing_it_again_changes_nothing(house: Front) -> None:
    await _fill(house)
    async with house.client(scope=SCOPE) as client:
        await _summary(client)
    documents, tenant = house.house.need(Documents), _tenant(house)
    before = await documents.last_seq(tenant)
    await house.house.need(Ledger).relink(tenant)
    assert await documents.last_seq(tenant) == before
