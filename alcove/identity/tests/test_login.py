"""Logging in as a browser does it, and what the page says when it cannot be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from alcove.identity.passphrases.model import client_form
from alcove.server.testing import ROUNDS, Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

DOMAIN = "alice.example"
PASSPHRASE = "correct horse battery"


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front() as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE, PublicName="Alice")
        yield entry


async def csrf_of(client: httpx.AsyncClient) -> str:
    page = await client.get("/auth/login")
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found
    return found[1]


async def log_in(client: httpx.AsyncClient, passphrase: str = PASSPHRASE, **more: str) -> httpx.Response:
    form = client_form(passphrase, "me@alice.example", int(ROUNDS))
    data = {"passphrase": form, "csrf_token": await csrf_of(client), **more}
    return await client.post("/auth/login", data=data, headers={"Accept": "application/json"})


async def test_the_page_says_how_to_hash(door: Front) -> None:
    async with door.client(DOMAIN) as client:
        page = await client.get("/auth/login")
    assert f'data-iterations="{ROUNDS}"' in page.text
    assert 'data-salt="me@alice.example"' in page.text
    assert "HttpOnly" in page.headers["set-cookie"]
    assert "SameSite=strict" in page.headers["set-cookie"]


async def test_the_right_passphrase_opens_the_place(door: Front) -> None:
    async with door.client(DOMAIN) as client:
        answer = await log_in(client)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"redirect": f"http://{DOMAIN}/"}
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        home = await client.get("/", follow_redirects=False)
        assert home.status_code == 200
        assert 'data-holding="operations"' in home.text
        again = await client.get("/auth/login", follow_redirects=False)
        assert (again.status_code, again.headers["location"]) == (303, f"http://home.{DOMAIN}/")


async def test_behind_a_proxy_that_speaks_https_cookies_and_addresses_are_https() -> None:
    async with front(scheme="https") as door:
        await door.instance(DOMAIN, Passphrase=PASSPHRASE)
        async with door.client(DOMAIN) as client:
            answer = await log_in(client)
            assert answer.json() == {"redirect": f"https://{DOMAIN}/"}
            assert all("; Secure" in cookie for cookie in answer.headers.get_list("set-cookie")), answer.headers
            away = await client.get("/", follow_redirects=False)
            assert away.headers["location"] == f"https://{DOMAIN}/auth/login"


async def test_nobody_sees_the_place_without_logging_in(door: Front) -> None:
    async with door.client(DOMAIN) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, f"http://{DOMAIN}/auth/login")


async def test_a_wrong_passphrase_is_told_in_words(door: Front) -> None:
    async with door.client(DOMAIN) as client:
        answer = await log_in(client, "guess")
        assert answer.status_code == 401
        assert answer.json() == {"error": "The password you entered is incorrect, please try again."}


async def test_the_form_needs_its_token(door: Front) -> None:
    async with door.client(DOMAIN, Accept="application/json") as client:
        missing = await client.post("/auth/login", data={"passphrase": "x"})
        assert (missing.status_code, missing.json()["error"]) == (400, "missing csrf token in the form parameter")
        await csrf_of(client)
        wrong = await client.post("/auth/login", data={"passphrase": "x", "csrf_token": "bad"})
        assert (wrong.status_code, wrong.json()["error"]) == (403, "invalid csrf token")


async def test_a_guesser_is_slowed_down_and_the_delay_ends(door: Front) -> None:
    async with door.client(DOMAIN) as client:
        for _ in range(5):
            assert (await log_in(client, "guess")).status_code == 401
        slowed = await log_in(client, PASSPHRASE)
        assert slowed.status_code == 429
        assert int(slowed.headers["retry-after"]) >= 1
        door.clock.pass_time(seconds=5)
        assert (await log_in(client, PASSPHRASE)).status_code == 200


async def test_who_has_forgotten_is_told_the_command(door: Front) -> None:
    await door.instance("chloe.example:8080", Passphrase="x", Locale="fr")
    for domain, words in ((DOMAIN, "open a terminal"), ("chloe.example:8080", "ouvrez un terminal")):
        async with door.client(domain) as client:
            assert 'href="/auth/passphrase_reset"' in (await client.get("/auth/login")).text
            page = await client.get("/auth/passphrase_reset")
        assert page.status_code == 200
        assert f"alcove instance passphrase {domain}<" in page.text
        assert words in page.text
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


async def test_the_pages_are_light_or_dark_as_the_device_is(door: Front) -> None:
    async with door.client("nobody.example") as client:
        for cookie, ending in (("dark", "color-scheme: dark; }"), ("light", "color-scheme: light; }"), ("a;}", "")):
            style = await client.get("/assets/page.css", headers={"Cookie": f"alcove_theme={cookie}"})
            assert style.headers["vary"] == "Cookie"
            assert style.text.rstrip().endswith(ending or "}")
            assert "a;}" not in style.text


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example", "http://alice.example.evil.example/", "javascript:x"]
)
async def test_a_login_leads_nowhere_else(door: Front, where: str) -> None:
    async with door.client(DOMAIN) as client:
        answer = await client.get("/auth/login", params={"redirect": where})
    assert answer.status_code == 400


async def test_a_login_leads_back_to_an_app(door: Front) -> None:
    async with door.client(DOMAIN) as client:
        answer = await log_in(client, redirect="http://drive.alice.example/folder")
    assert answer.json() == {"redirect": "http://drive.alice.example/folder"}


async def test_logging_out_ends_the_session(door: Front) -> None:
    async with door.client(DOMAIN) as client:
        await log_in(client)
        cookies = dict(client.cookies)
        out = await client.post("/auth/logout", headers={"Origin": f"http://{DOMAIN}", "Host": DOMAIN})
        assert out.status_code == 303
    async with door.client(DOMAIN) as client:
        client.cookies.update(cookies)
        assert (await client.get("/")).status_code == 303


async def test_another_site_cannot_log_the_person_out(door: Front) -> None:
    async with door.client(DOMAIN) as client:
        await log_in(client)
        assert (await client.post("/auth/logout", headers={"Origin": "http://evil.example"})).status_code == 403


async def test_a_forged_cookie_opens_nothing(door: Front) -> None:
    async with door.client(DOMAIN) as client:
        await log_in(client)
        ident = next(iter(client.cookies.values()))
        client.cookies.clear()
        client.cookies.set("cozysessid", ident.split(".")[0] + "." + "0" * 64)
        assert (await client.get("/")).status_code == 303


async def test_an_unseen_session_ends_after_a_month(door: Front) -> None:
    async with door.client(DOMAIN) as client:
        await log_in(client)
        door.clock.pass_time(days=20)
        assert (await client.get("/")).status_code == 200
        door.clock.pass_time(days=31)
        assert (await client.get("/")).status_code == 303


async def test_the_operator_sets_a_new_passphrase_and_sessions_end(door: Front) -> None:
    async with door.client(DOMAIN) as client:
        await log_in(client)
        said = await door.operator.put(f"/instances/{DOMAIN}/passphrase", json={"passphrase": "another one"})
        assert said.status_code == 204
        assert (await client.get("/")).status_code == 303
    async with door.client(DOMAIN, "io.cozy.sessions") as owner:
        assert (await owner.get("/settings/sessions")).json()["meta"] == {"count": 0}


async def test_the_page_speaks_french(door: Front) -> None:
    await door.instance("chloe.example", Passphrase="x", Locale="fr")
    async with door.client("chloe.example") as client:
        assert "Phrase de passe" in (await client.get("/auth/login")).text


async def test_what_a_crash_left_sealed_is_hashed_at_the_next_start(door: Front) -> None:
    from alcove.identity import Passphrases
    from alcove.instances import Instances

    passphrases, instances = door.house.need(Passphrases), door.house.need(Instances)
    alice = instances.by_domain(DOMAIN)
    await passphrases.stop_deriving()
    sealed = passphrases.seal("yet another")
    await instances.change(alice, {"passphrase_sealed": sealed, "passphrase_hash": None})
    passphrases.resume()
    assert await passphrases.verify(
        instances.by_domain(DOMAIN), client_form("yet another", "me@alice.example", int(ROUNDS))
    )
    assert "passphrase_sealed" not in instances.by_domain(DOMAIN).fields


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("bearer", ["", "not-a-token"])
async def test_password_managers_find_where_the_passphrase_is_changed(door: Front, method: str, bearer: str) -> None:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    async with door.client(DOMAIN) as client:
        answer = await client.request(method, "/.well-known/change-password", headers=headers)
    assert answer.status_code == 302
    assert answer.headers["location"] == f"http://settings.{DOMAIN}/#/profile/password"
