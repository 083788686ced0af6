"""What a browser kept in: the report of a page's policy becomes a line of the journal of what left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alcove.apps.http.kept import LIMIT, REPORTS, TELLING
from alcove.base.clock import SetClock
from alcove.egress import EGRESS

if TYPE_CHECKING:
    import httpx

    from alcove.server.testing import Front

DOMAIN = "alice.example"
TYPE = {"Content-Type": "application/csp-report"}


def report(wanted: Any) -> dict[str, Any]:
    """As Chromium sends it."""
    return {
        "csp-report": {
            "document-uri": f"http://mini.{DOMAIN}/?sharecode=secret",
            "effective-directive": "connect-src",
            "disposition": "enforce",
            "blocked-uri": wanted,
            "status-code": 200,
        }
    }


async def tell(client: httpx.AsyncClient, wanted: Any, **headers: str) -> int:
    return (await client.post(REPORTS, json=report(wanted), headers={**TYPE, **headers})).status_code


async def lines(door: Front) -> list[dict[str, Any]]:
    async with door.client(DOMAIN, EGRESS) as client:
        return [line["attributes"] for line in (await client.get("/egress")).json()["data"]]


async def test_the_policy_names_where_it_is_told(browser: httpx.AsyncClient) -> None:
    for path in ("/", "/public", "/public/style.css"):
        policy = (await browser.get(path)).headers["content-security-policy"]
        assert policy.endswith(f";report-uri {REPORTS};"), path


async def test_a_call_home_that_was_kept_in_is_a_refused_line(door: Front, browser: httpx.AsyncClient) -> None:
    assert (
        await tell(browser, "https://errors.vendor.example/api/82/?key=secret", **{"Sec-Fetch-Dest": "report"}) == 204
    )
    assert await tell(browser, "wss://Push.Vendor.example:8443/x") == 204
    second, first = await lines(door)
    assert {name: first[name] for name in ("purpose", "who", "host", "port", "verdict", "reason", "up", "down")} == {
        "purpose": "page", "who": "mini", "host": "errors.vendor.example", "port": 443,
        "verdict": "refused", "reason": "policy", "up": 0, "down": 0,
    }  # fmt: skip
    assert (second["host"], second["port"]) == ("push.vendor.example", 8443)
    assert "secret" not in str(first)
    async with door.client(DOMAIN, EGRESS) as client:
        sums = (await client.get("/egress/sums")).json()["data"]["attributes"]
    assert (sums["connections"], sums["refused"], sums["whos"][0]["who"]) == (0, 2, "mini")


async def test_the_same_host_is_one_line_an_hour(door: Front, browser: httpx.AsyncClient) -> None:
    for number in range(5):
        assert await tell(browser, f"https://errors.vendor.example/{number}") == 204
    assert len(await lines(door)) == 1
    assert isinstance(door.house.clock, SetClock)
    door.house.clock.pass_time(hours=1)
    assert await tell(browser, "https://errors.vendor.example/") == 204
    assert len(await lines(door)) == 2


@pytest.mark.parametrize(
    "wanted",
    [
        "inline", "eval", "data", "blob", "self", "", None, 7, ["https://a.example"], "https://", "https://a b/",
        "https://[::1", "https://a.example:99999/", "about:blank", "javascript:1",
        f"http://{DOMAIN}/files/download/x", f"http://other.{DOMAIN}/", f"ws://{DOMAIN}/realtime/",
    ],
)  # fmt: skip
async def test_what_would_not_have_left_is_no_line(door: Front, browser: httpx.AsyncClient, wanted: object) -> None:
    assert await tell(browser, wanted) == 204
    assert await lines(door) == []


async def test_strangers_and_scripts_write_no_lines(door: Front, browser: httpx.AsyncClient) -> None:
    wanted = "https://errors.vendor.example/"
    async with door.client(f"mini.{DOMAIN}") as stranger:
        assert await tell(stranger, wanted) == 401
    async with door.client(f"none.{DOMAIN}") as nowhere:
        assert await tell(nowhere, wanted) == 404
    assert await tell(browser, wanted, **{"Sec-Fetch-Dest": "empty"}) == 415
    assert await tell(browser, wanted, **{"Content-Type": "text/plain"}) == 415
    assert (await browser.post("/", json=report(wanted), headers=TYPE)).status_code == 405
    assert (await browser.put(REPORTS, json=report(wanted), headers=TYPE)).status_code == 405
    assert await lines(door) == []


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"[]", 400), (b"{", 400), (b"{}", 204), (b'{"csp-report": 1}', 204)]
)
async def test_odd_reports(door: Front, browser: httpx.AsyncClient, body: bytes, status: int) -> None:
    assert (await browser.post(REPORTS, content=body, headers=TYPE)).status_code == status
    assert await lines(door) == []


async def test_reports_are_small_and_few(door: Front, browser: httpx.AsyncClient) -> None:
    assert (await browser.post(REPORTS, content=b" " * (LIMIT + 1), headers=TYPE)).status_code == 413
    told = [await tell(browser, f"https://h{number}.vendor.example/") for number in range(TELLING.count + 2)]
    assert told == [204] * TELLING.count + [429, 429]
    assert len(await lines(door)) == TELLING.count
