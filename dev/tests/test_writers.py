"""Many clients at the same documents: nothing acknowledged is lost or given twice, the feed has no gaps."""

from __future__ import annotations

import pytest
from writers import arguments, run


@pytest.mark.slow(reason="some hundred writes, each durable")
@pytest.mark.parametrize("store", ["sqlite", "memory"])
async def test_races_lose_nothing(store: str) -> None:
    wrong, seen = await run(arguments("--clients", "8", "--writes", "15", "--store", store))
    assert wrong == []
    assert seen["written"] > 30, seen
    assert seen["conflict"] > 5, seen
