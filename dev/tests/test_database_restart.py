"""The rig runs, and would tell of a loss."""

from __future__ import annotations

from collections import Counter

import database_restart
import httpx
import pytest
from database_restart import Book


@pytest.mark.slow  # a database is killed and started again twice
async def test_nothing_acknowledged_is_lost_when_the_database_is_killed() -> None:
    assert await database_restart.run(2, 4) == []


async def test_a_loss_would_be_told() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"n": 1, "_rev": "2-a"})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://me.example")
    counted = Counter({f"/data/io.cozy.counts/d{n}": 1 for n in range(database_restart.DOCUMENTS)})
    book = Book(Counter({200: 5, 500: 1}), counted)
    counted["/data/io.cozy.counts/d3"] = 2
    wrong = await database_restart.check(client, book)
    assert wrong == ["1 answers of status 500", "/data/io.cozy.counts/d3 has 1 and should have from 2 to 2"]
