"""Sessions of a person, and the tokens of apps that live and die with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alcove.apps.testing import bearer_of_page, log_in, write_app
from alcove.identity import Passphrases, Sessions, Visitor, client_form
from alcove.identity.sessions.browsers import browser_of
from alcove.instances import Instances
from alcove.server.testing import ROUNDS, Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

DOMAIN = "alice.example"
HERE = f"http://{DOMAIN}"
PASSPHRASE = "correct horse battery"
NEW = "staple of another colour"


def form_of(passphrase: str) -> str:
    return client_form(passphrase, f"me@{DOMAIN}", int(ROUNDS))


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Front]:
    write_app(tmp_path)
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE)
        yield entry


@pytest.fixture
async def phone(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with door.client(DOMAIN) as client:
        await log_in(client, DOMAIN, PASSPHRASE)
        yield client


@pytest.fixture
async def laptop(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with door.client(DOMAIN) as client:
        await log_in(client, DOMAIN, PASSPHRASE, **{"long-run-session": "1"})
        yield client


async def status(client: httpx.AsyncClient, bearer: dict[str, str]) -> int:
    return (await client.get("/settings/instance", headers=bearer)).status_code


async def test_an_apps_token_needs_the_cookie_of_its_session(
    door: Front, phone: httpx.AsyncClient, laptop: httpx.AsyncClient
) -> None:
    bearer = await bearer_of_page(phone, DOMAIN)
    assert await status(phone, bearer) == 200
    async with door.client(DOMAIN) as thief:
        answer = await thief.get("/settings/instance", headers=bearer)
    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid JWT token"})
    assert await status(laptop, bearer) == 400  # another session of the same person
    assert await status(phone, bearer) == 200


async def test_a_token_of_a_service_needs_no_session(door: Front) -> None:
    made = door.token(DOMAIN, audience="app", subject="mini")
    async with door.client(DOMAIN, Authorization=f"Bearer {made}") as client:
        assert (await client.get("/settings/instance")).status_code == 200
        door.clock.pass_time(minutes=31)
        assert (await client.get("/settings/instance")).status_code == 400


async def test_an_app_logs_its_browser_out(phone: httpx.AsyncClient, laptop: httpx.AsyncClient) -> None:
    bearer = await bearer_of_page(phone, DOMAIN)
    cookies = dict(phone.cookies)
    origin = {"Origin": f"http://mini.{DOMAIN}"}
    answer = await phone.delete("/auth/login", headers=bearer | origin)
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert answer.headers["access-control-allow-origin"] == origin["Origin"]
    phone.cookies.update(cookies)
    assert await status(phone, bearer) == 400
    assert (await laptop.get("/auth/login")).status_code == 303


async def test_only_an_app_logs_out_by_its_token(door: Front, phone: httpx.AsyncClient) -> None:
    for headers in ({}, {"Authorization": f"Bearer {door.token(DOMAIN, '*')}"}, {"Authorization": "Bearer nonsense"}):
        for path in ("/auth/login", "/auth/login/others"):
            answer = await phone.delete(path, headers={**headers, "Accept": "application/json"})
            assert answer.status_code == 401
            assert answer.json() == {"error": "The user can logout only from client-side apps"}
    assert (await phone.get("/auth/login")).status_code == 303
    assert "access-control-allow-origin" not in (await phone.get("/auth/login", headers={"Origin": "http://x"})).headers


async def test_signing_out_everywhere_else(phone: httpx.AsyncClient, laptop: httpx.AsyncClient) -> None:
    bearer, other = await bearer_of_page(phone, DOMAIN), await bearer_of_page(laptop, DOMAIN)
    assert (await phone.delete("/auth/login/others", headers=bearer)).status_code == 204
    assert await status(phone, bearer) == 200
    assert await status(laptop, other) == 400
    assert (await laptop.get("/auth/login")).status_code == 200


async def test_a_person_sees_their_sessions(door: Front, phone: httpx.AsyncClient, laptop: httpx.AsyncClient) -> None:
    bearer = await bearer_of_page(phone, DOMAIN)
    listed = (await phone.get("/settings/sessions", headers=bearer)).json()
    assert listed["meta"] == {"count": 2}
    current = [one for one in listed["data"] if one["meta"].get("current")]
    assert [one["attributes"]["long_run"] for one in current] == [False]
    assert set(current[0]["attributes"]) == {"_id", "_rev", "created_at", "last_seen", "long_run", "short_run"}
    assert (await phone.get("/settings/sessions")).status_code == 401
    async with door.client(DOMAIN, "io.cozy.settings") as poor:
        assert (await poor.get("/settings/sessions")).status_code == 403
    door.clock.pass_time(days=31)
    async with door.client(DOMAIN, "io.cozy.sessions") as client:
        assert (await client.get("/settings/sessions")).json()["meta"] == {"count": 0}


async def test_one_browser_is_logged_out_from_another(phone: httpx.AsyncClient, laptop: httpx.AsyncClient) -> None:
    bearer, other = await bearer_of_page(phone, DOMAIN), await bearer_of_page(laptop, DOMAIN)
    listed = (await phone.get("/settings/sessions", headers=bearer)).json()["data"]
    ident = next(one["id"] for one in listed if not one["meta"].get("current"))
    for _ in range(2):
        assert (await phone.delete(f"/settings/sessions/{ident}", headers=bearer)).status_code == 204
    assert (await phone.delete("/settings/sessions/nobody", headers=bearer)).status_code == 204
    assert await status(laptop, other) == 400
    assert (await laptop.get("/auth/login")).status_code == 200
    assert await status(phone, bearer) == 200


async def test_only_who_may_end_sessions_ends_one(door: Front, phone: httpx.AsyncClient) -> None:
    bearer = await bearer_of_page(phone, DOMAIN)
    ident = (await phone.get("/settings/sessions", headers=bearer)).json()["data"][0]["id"]
    assert (await phone.delete(f"/settings/sessions/{ident}")).status_code == 401
    async with door.client(DOMAIN, "io.cozy.sessions:GET io.cozy.settings") as poor:
        assert (await poor.delete(f"/settings/sessions/{ident}")).status_code == 403
    assert await status(phone, bearer) == 200


async def test_a_person_sees_which_browser_logged_in(door: Front) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    async with door.client(DOMAIN, **{"User-Agent": agent}) as browser:
        await log_in(browser, DOMAIN, PASSPHRASE)
        listed = await browser.get("/settings/sessions", headers=await bearer_of_page(browser, DOMAIN))
    async with door.client(DOMAIN, "io.cozy.sessions.logins") as client:
        logins = (await client.get("/data/io.cozy.sessions.logins/_normal_docs")).json()["rows"]
        assert (await client.post("/data/io.cozy.sessions.logins/", json={"session_id": "x"})).status_code == 403
    assert [login["session_id"] for login in logins] == [listed.json()["data"][0]["id"]]
    told = {"ip": "127.0.0.1", "user_agent": agent, "browser": "Firefox", "os": "Linux", "client_registration": False}
    assert {name: logins[0][name] for name in told} == told


async def test_logins_of_long_ago_are_forgotten(door: Front) -> None:
    sessions, instance = door.house.need(Sessions), door.house.need(Instances).by_domain(DOMAIN)
    for number in range(103):
        door.clock.pass_time(seconds=1)
        await sessions.open(instance, Visitor(f"192.0.2.{number}", "x" * 5000), long_run=False)
    async with door.client(DOMAIN, "io.cozy.sessions.logins") as client:
        rows = (await client.get("/data/io.cozy.sessions.logins/_normal_docs?limit=1000")).json()["rows"]
    assert {row["ip"] for row in rows} == {f"192.0.2.{number}" for number in range(3, 103)}
    assert {len(row["user_agent"]) for row in rows} == {300}


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", ("Edge", "Windows")),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Version/19.0 Mobile Safari/604.1",
            ("Safari", "iPhone"),
        ),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", ("Chrome", "Android")),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15.0) Gecko/20100101 Firefox/140.0", ("Firefox", "macOS")),
        ("curl/8.0", ("", "")),
        ("", ("", "")),
    ],
)
def test_browsers_are_called_as_people_call_them(agent: str, told: tuple[str, str]) -> None:
    assert browser_of(agent) == told


async def test_changing_the_passphrase_ends_all_but_this_browser(
    door: Front, phone: httpx.AsyncClient, laptop: httpx.AsyncClient
) -> None:
    bearer, other = await bearer_of_page(phone, DOMAIN), await bearer_of_page(laptop, DOMAIN)
    said = {"current_passphrase": form_of(PASSPHRASE), "new_passphrase": form_of(NEW), "iterations": int(ROUNDS)}
    answer = await phone.put("/settings/passphrase", json=said, headers=bearer)
    assert answer.status_code == 204, answer.text
    assert await status(phone, bearer) == 400  # the old token, even with the new cookie
    assert await status(phone, await bearer_of_page(phone, DOMAIN)) == 200
    assert await status(laptop, other) == 400
    assert (await laptop.get("/auth/login")).status_code == 200
    sessions = await phone.get("/settings/sessions", headers=await bearer_of_page(phone, DOMAIN))
    assert sessions.json()["meta"] == {"count": 1}
    async with door.client(DOMAIN) as client:
        assert (await log_in(client, DOMAIN, PASSPHRASE)).status_code == 401
        assert (await log_in(client, DOMAIN, NEW)).status_code == 200


async def test_who_does_not_know_the_passphrase_changes_nothing(phone: httpx.AsyncClient) -> None:
    bearer = await bearer_of_page(phone, DOMAIN)
    said = {"current_passphrase": form_of("guess"), "new_passphrase": form_of(NEW), "iterations": int(ROUNDS)}
    refused = await phone.put("/settings/passphrase", json=said, headers=bearer)
    assert (refused.status_code, refused.json()["errors"][0]["detail"]) == (403, "Invalid passphrase")
    forced = await phone.put("/settings/passphrase", json={**said, "force": True}, headers=bearer)
    assert forced.status_code == 403
    for wrong in ({"iterations": 1}, {"iterations": "many"}, {"iterations": None}, {"new_passphrase": ""}):
        answer = await phone.put("/settings/passphrase", json={**said, **wrong}, headers=bearer)
        assert answer.status_code == 422, wrong
    for right, expected in ((PASSPHRASE, 204), ("guess", 403)):
        checked = await phone.post("/settings/passphrase/check", json={"passphrase": form_of(right)}, headers=bearer)
        assert checked.status_code == expected
    assert await status(phone, bearer) == 200


async def test_guesses_through_an_app_are_slowed_down_too(phone: httpx.AsyncClient) -> None:
    bearer = await bearer_of_page(phone, DOMAIN)
    seen = []
    for _ in range(6):
        guess = await phone.post("/settings/passphrase/check", json={"passphrase": "x"}, headers=bearer)
        seen.append(guess.status_code)
    assert seen == [403, 403, 403, 403, 403, 429]


async def test_the_owner_of_the_server_may_force_it(door: Front) -> None:
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        said = {"new_passphrase": form_of(NEW), "iterations": int(ROUNDS), "force": True}
        answer = await client.put("/settings/passphrase", json=said)
        assert answer.status_code == 204
        assert "set-cookie" not in answer.headers
        shown = await client.get("/settings/passphrase")
        assert shown.json()["data"]["attributes"] == {"salt": f"me@{DOMAIN}", "kdf": 0, "iterations": int(ROUNDS)}
    async with door.client(DOMAIN) as client:
        assert (await log_in(client, DOMAIN, NEW)).status_code == 200
    assert door.house.need(Instances).by_domain(DOMAIN).fields["password_defined"] is True


async def test_a_call_that_began_before_the_passphrase_was_derived_is_judged_by_it(door: Front) -> None:
    await door.instance("new.example", Passphrase=PASSPHRASE)
    before, passphrases = door.house.need(Instances).by_domain("new.example"), door.house.need(Passphrases)
    await passphrases.stop_deriving()
    assert await passphrases.verify(before, client_form(PASSPHRASE, "me@new.example", int(ROUNDS)))
