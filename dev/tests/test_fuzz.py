"""A short run of the fuzz rig: no route answers odd requests with a fault of ours."""

from __future__ import annotations

import pytest
from fuzz import run


@pytest.mark.slow(reason="draws requests for every route, and more for those that take any JSON")
@pytest.mark.parametrize(("only", "rounds", "least"), [("", 1, 30), ("/data", 4, 10)])
async def test_no_route_faults_on_odd_requests(only: str, rounds: int, least: int) -> None:
    found, seen = await run(2026, rounds, only)
    assert found == []
    assert sum(count for status, count in seen.items() if status < 400) >= least, seen
    assert sum(count for status, count in seen.items() if 400 <= status < 500) > 2 * least, seen
