"""Guessing the passphrase, from one address and from many, while the person logs in."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING

import httpx
import pytest

from alcove.apps.testing import bearer_of_page, log_in, write_app
from alcove.base.tables import Tables
from alcove.identity import limits
from alcove.identity.limits import Attempts, Guesser, Pace
from alcove.identity.store import Tries
from alcove.instances import Instances
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DOMAIN = "alice.example"
PASSPHRASE = "correct horse battery"


SOON = Pace(10, 10)
"""As for a place, but so that a test need not come from a hundred addresses."""


@pytest.fixture
async def door(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Front]:
    write_app(tmp_path)
    monkeypatch.setattr(limits, "OF_A_PLACE", getattr(request, "param", limits.OF_A_PLACE))
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE)
        await entry.instance("bob.example", Passphrase=PASSPHRASE, Locale="fr")
        yield entry


@contextlib.asynccontextmanager
async def browser(door: Front, address: str, domain: str = DOMAIN) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that comes from an address."""
    transport = httpx.ASGITransport(door.public, client=(address, 1234))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{domain}") as client:
        yield client


async def csrf_of(client: httpx.AsyncClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', (await client.get("/auth/login")).text)
    assert found
    return found[1]


async def guess(client: httpx.AsyncClient, times: int = 1, accept: str = "application/json") -> httpx.Response:
    """The answer to the last of some wrong tries; what is guessed need not be hashed as browsers do."""
    data = {"passphrase": "x", "csrf_token": await csrf_of(client)}
    for _ in range(times):
        answer = await client.post("/auth/login", data=data, headers={"Accept": accept})
    return answer


async def come(door: Front, address: str, domain: str = DOMAIN) -> int:
    """The status when the person logs in with the right passphrase."""
    async with browser(door, address, domain) as client:
        return (await log_in(client, domain, PASSPHRASE)).status_code


async def swarm(door: Front, first: int, count: int) -> list[int]:
    """Tries from that many addresses, one each; the statuses."""
    seen = []
    for number in range(first, first + count):
        async with browser(door, f"198.51.{number // 200}.{number % 200}") as client:
            seen.append((await guess(client)).status_code)
    return seen


async def test_the_delay_is_told_in_words_and_grows(door: Front) -> None:
    async with browser(door, "203.0.113.1", "bob.example") as client:
        assert (await guess(client, 6)).json() == {"error": "Trop d’essais. Réessayez dans 2 secondes."}
        for seconds in (2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900):
            slowed = await guess(client)
            assert (slowed.status_code, slowed.headers["retry-after"]) == (429, str(seconds))
            door.clock.pass_time(seconds=seconds)
            assert (await guess(client)).status_code == 401
        assert slowed.json() == {"error": "Trop d’essais. Réessayez dans 15 minutes."}
        page = await guess(client, accept="text/html")
        assert (page.status_code, page.headers["retry-after"]) == (429, "900")
        assert "Réessayez dans 15 minutes." in page.text
        door.clock.pass_time(minutes=61)
        assert (await guess(client, 5)).status_code == 401


async def test_a_thousand_at_once_are_not_a_thousand_free_tries(door: Front) -> None:
    async with browser(door, "203.0.113.1") as client:
        data = {"passphrase": "x", "csrf_token": await csrf_of(client)}
        headers = {"Accept": "application/json"}
        answers = await asyncio.gather(*(client.post("/auth/login", data=data, headers=headers) for _ in range(40)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 35


async def test_a_guesser_slows_down_nobody_else(door: Front) -> None:
    async with browser(door, "203.0.113.1") as client:
        assert (await guess(client, 6)).status_code == 429
    assert await come(door, "203.0.113.1") == 429
    assert await come(door, "203.0.113.2") == 200
    assert await come(door, "203.0.113.1", "bob.example") == 200


async def test_one_house_counts_as_one_address(door: Front) -> None:
    for number in range(5):
        async with browser(door, f"2001:db8:1:2::{number}") as client:
            assert (await guess(client)).status_code == 401
    assert await come(door, "2001:db8:1:2:aaaa::1") == 429
    assert await come(door, "2001:db8:1:3::1") == 200
    async with browser(door, "::ffff:203.0.113.9") as client:
        await guess(client, 5)
    assert await come(door, "203.0.113.9") == 429


async def test_going_from_place_to_place_is_slowed_down_too(door: Front) -> None:
    for number in range(6):
        domain = f"place{number}.example"
        await door.instance(domain, Passphrase="x")
        async with browser(door, "203.0.113.1", domain) as client:
            assert (await guess(client, 5)).status_code == 401
    assert await come(door, "203.0.113.1") == 429
    assert await come(door, "203.0.113.2") == 200


@pytest.mark.parametrize("door", [SOON], indirect=True)
async def test_many_addresses_are_slowed_down_together_and_the_person_is_not(door: Front) -> None:
    async with browser(door, "192.0.2.5") as known:
        assert (await log_in(known, DOMAIN, PASSPHRASE)).status_code == 200
        assert set(await swarm(door, 0, 10)) == {401}
        assert await swarm(door, 10, 3) == [429] * 3
        door.clock.pass_time(seconds=2)
        assert await swarm(door, 13, 3) == [401, 429, 429]
        known.cookies.delete("cozysessid")
        assert (await log_in(known, DOMAIN, PASSPHRASE)).status_code == 200  # a browser that logged in before
    assert await come(door, "192.0.2.5") == 200  # an address that the person logged in from before
    assert await come(door, "192.0.2.6") == 429
    assert await come(door, "192.0.2.6", "bob.example") == 200
    door.clock.pass_time(seconds=11)
    assert await come(door, "192.0.2.6") == 200


async def test_a_browser_that_logged_in_before_is_counted_by_itself(door: Front) -> None:
    async with browser(door, "192.0.2.5") as known, browser(door, "192.0.2.5") as thief:
        await log_in(known, DOMAIN, PASSPHRASE)
        known.cookies.delete("cozysessid")
        assert (await guess(thief, 6)).status_code == 429
        assert (await guess(known, 5)).status_code == 401
        assert (await guess(known)).status_code == 429
        forged = known.cookies["alcove_device"].split(".")[0] + "." + "0" * 64
        thief.cookies.set("alcove_device", forged, domain=DOMAIN, path="/auth/login")
        assert (await guess(thief)).status_code == 429


async def test_a_new_passphrase_makes_strangers_of_all_browsers(door: Front) -> None:
    async with browser(door, "192.0.2.5") as known:
        await log_in(known, DOMAIN, PASSPHRASE)
        said = await door.operator.put(f"/instances/{DOMAIN}/passphrase", json={"passphrase": "another one"})
        assert said.status_code == 204
        assert (await guess(known, 6)).status_code == 429
    async with browser(door, "192.0.2.5") as other:
        assert (await guess(other)).status_code == 429  # it was counted by the address


async def test_who_is_logged_in_is_not_disturbed_by_others_at_the_same_address(door: Front) -> None:
    async with browser(door, "192.0.2.5") as person, browser(door, "192.0.2.5") as thief:
        await log_in(person, DOMAIN, PASSPHRASE)
        bearer = await bearer_of_page(person, DOMAIN)
        assert (await guess(thief, 6)).status_code == 429
        checked = await person.post("/settings/passphrase/check", json={"passphrase": "x"}, headers=bearer)
        assert (checked.status_code, checked.json()["errors"][0]["detail"]) == (403, "Invalid passphrase")


async def test_what_is_counted_has_an_end(door: Front) -> None:
    tables = door.house.need(Tables)
    assert await swarm(door, 0, 3) == [401] * 3
    door.clock.pass_time(minutes=61)
    assert await swarm(door, 3, 1) == [401]
    names = [str(row[0]) for row in await tables.rows("select name from attempt")]
    assert sum(name.startswith("here") for name in names) == 1


async def test_processes_count_together_and_restarts_forget_nothing(door: Front) -> None:
    async with browser(door, "203.0.113.1") as client:
        assert (await guess(client, 3)).status_code == 401
    instance = door.house.need(Instances).by_domain(DOMAIN)
    other = Attempts(Tries(door.house.need(Tables)), door.clock, "passphrase")
    assert await other.begin(Guesser(instance.key, "203.0.113.1")) == 0
    async with browser(door, "203.0.113.1") as client:
        assert (await guess(client)).status_code == 401
        assert (await guess(client)).status_code == 429
    assert await other.begin(Guesser(instance.key, "203.0.113.1")) == 2
