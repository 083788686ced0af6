"""A person lets a client in, and the client gets its tokens (contract-a section 3)."""

from __future__ import annotations

import asyncio
import re
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from alcove.apps.testing import log_in, write_app
from alcove.identity import Clients
from alcove.instances import Instances
from alcove.outbox.testing import post_office
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

DOMAIN = "alice.example"
PASSPHRASE = "correct horse battery"
BACK = "https://client.example/cb?kept=1"
HTML = {"Accept": "text/html"}
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Front]:
    write_app(tmp_path, permissions={"contacts": {"type": "io.cozy.contacts", "verbs": ["GET"]}})
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE)
        yield entry


@pytest.fixture
async def browser(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with door.client() as client:
        await log_in(client, DOMAIN, PASSPHRASE)
        yield client


@pytest.fixture
async def program(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    """What has no cookie: the client itself."""
    async with door.client() as client:
        yield client


async def register(program: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    said = {"redirect_uris": [BACK], "client_name": "Desk <b>", "software_id": "github.com/example/desk", **more}
    told: dict[str, Any] = (await program.post("/auth/register", json=said)).json()
    return told


def asks(made: dict[str, Any], **more: str) -> dict[str, str]:
    return {
        "client_id": made["client_id"],
        "redirect_uri": made["redirect_uris"][0],
        "state": "st",
        "response_type": "code",
        "scope": "io.cozy.files:GET io.cozy.contacts",
        **more,
    }


async def consent(browser: httpx.AsyncClient, said: dict[str, str]) -> dict[str, str]:
    """Everything that the page sends when it is agreed to."""
    page = await browser.get("/auth/authorize", params=said, headers=HTML)
    assert page.status_code == 200, page.text
    return {
        unescape(name): unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text)
    }


async def code_of(browser: httpx.AsyncClient, said: dict[str, str]) -> str:
    answer = await browser.post("/auth/authorize", data=await consent(browser, said))
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))["code"]


async def exchange(program: httpx.AsyncClient, made: dict[str, Any], **more: str) -> httpx.Response:
    both = {name: made[name] for name in ("client_id", "client_secret")}
    return await program.post("/auth/access_token", data={**both, "grant_type": "authorization_code", **more})


async def test_a_person_lets_a_client_in(door: Front, browser: httpx.AsyncClient, program: httpx.AsyncClient) -> None:
    made = await register(program, client_kind="desktop")
    page = await browser.get("/auth/authorize", params=asks(made), headers=HTML)
    assert "Desk &lt;b&gt;" in page.text
    assert "client.example" in page.text
    assert "Your files and folders" in page.text
    assert "form-action 'self' https://client.example;" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    answer = await browser.post("/auth/authorize", data=await consent(browser, asks(made)))
    location = answer.headers["location"]
    assert location.endswith("#")
    told = {name: value for name, [value] in parse_qs(urlsplit(location).query).items()}
    assert told.keys() == {"kept", "access_code", "code", "state"}
    assert (told["state"], told["kept"], told["access_code"]) == ("st", "1", told["code"])
    tokens = (await exchange(program, made, code=told["code"])).json()
    assert tokens.keys() == {"token_type", "scope", "access_token", "refresh_token"}
    own = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await program.get("/files/io.cozy.files.root-dir", headers=own)).status_code == 200
    assert (await program.post("/files/?Type=directory&Name=x", headers=own)).status_code == 403
    kept = await door.house.need(Clients).get(door.house.need(Instances).by_domain(DOMAIN), made["client_id"])
    assert not kept.pending
    assert kept.fields["last_refreshed_at"]
    refreshed = await exchange(program, made, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refreshed.json().keys() == {"token_type", "scope", "access_token"}
    wrong = await exchange(program, made, grant_type="refresh_token", refresh_token=tokens["access_token"])
    assert (wrong.status_code, wrong.json()) == (400, {"error": "invalid refresh token"})
    async with door.client(scope="io.cozy.oauth.clients") as settings:
        assert (await settings.delete(f"/settings/clients/{made['client_id']}")).status_code == 204
    gone = await exchange(program, made, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert gone.json() == {"error": "the client must be registered"}
    assert (await program.get("/files/io.cozy.files.root-dir", headers=own)).status_code == 400


async def test_a_stranger_logs_in_first(program: httpx.AsyncClient) -> None:
    made = await register(program)
    asked = await program.get("/auth/authorize", params=asks(made), headers=HTML)
    assert asked.status_code == 303
    login = await program.get(asked.headers["location"], headers=HTML)
    assert login.status_code == 200
    assert "/auth/authorize?client_id=" in unescape(login.text)


@pytest.mark.parametrize(
    ("back", "begins"),
    [
        ("cozy://", "cozy://?access_code="),
        ("cozydrive://auth?a=1&a=2", "cozydrive://auth?a=1&a=2&access_code="),
        ("https://client.example?state=old", "https://client.example?access_code="),
        ("com.example.app:/back", "com.example.app:/back?access_code="),
    ],
)
async def test_the_answer_goes_to_the_address_as_it_was_registered(
    browser: httpx.AsyncClient, program: httpx.AsyncClient, back: str, begins: str
) -> None:
    made = await register(program, redirect_uris=[back])
    answer = await browser.post("/auth/authorize", data=await consent(browser, asks(made)))
    assert answer.headers["location"].startswith(begins)


async def test_a_login_for_a_program_is_a_short_one(program: httpx.AsyncClient) -> None:
    made = await register(program)
    asked = await program.get("/auth/authorize", params=asks(made), headers=HTML)
    wanted = dict(parse_qsl(urlsplit(asked.headers["location"]).query))["redirect"]
    answer = await log_in(program, DOMAIN, PASSPHRASE, redirect=wanted)
    assert answer.json() == {"redirect": wanted}
    assert "Max-Age=300" in answer.headers["set-cookie"]
    program.cookies.clear()
    kept = await log_in(program, DOMAIN, PASSPHRASE, **{"redirect": wanted, "long-run-session": "1"})
    assert "Max-Age=300" not in kept.headers["set-cookie"]


async def test_programs_may_take_the_answer_as_json(browser: httpx.AsyncClient, program: httpx.AsyncClient) -> None:
    made = await register(program, redirect_uris=["cozydrive://auth"])
    page = await browser.get("/auth/authorize", params=asks(made), headers=HTML)
    assert "form-action 'self' cozydrive:;" in page.headers["content-security-policy"]
    assert 'href="cozydrive://auth?error=access_denied&amp;state=st#"' in page.text
    form = await consent(browser, asks(made))
    answer = await browser.post("/auth/authorize", data=form, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert answer.json()["deeplink"].startswith("cozydrive://auth?access_code=")


@pytest.mark.parametrize(
    "more",
    [
        {"state": ""},
        {"client_id": ""},
        {"client_id": "unknown"},
        {"redirect_uri": ""},
        {"redirect_uri": "https://client.example/other"},
        {"response_type": "token"},
        {"scope": ""},
        {"scope": "login"},
        {"scope": "io.cozy.files *"},
        {"scope": "Not A Doctype"},
        {"scope": "@io.cozy.apps/mini"},
        {"scope": "*"},
        {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
        {"code_challenge": "short", "code_challenge_method": "S256"},
        {"code_challenge_method": "S256"},
    ],
)
async def test_wrong_questions_lead_nowhere(
    browser: httpx.AsyncClient, program: httpx.AsyncClient, more: dict[str, str]
) -> None:
    made = await register(program)
    said = asks(made, **more)
    page = await browser.get("/auth/authorize", params=said, headers=HTML)
    assert (page.status_code, "location" in page.headers) == (400, False)
    assert "This connection cannot be made" in page.text
    plain = await browser.get("/auth/authorize", params=said, headers={"Accept": "application/json"})
    assert plain.json()["error"]
    token = (await consent(browser, asks(made)))["csrf_token"]
    posted = await browser.post("/auth/authorize", data={**said, "csrf_token": token}, headers=HTML)
    assert (posted.status_code, "location" in posted.headers) == (400, False)


async def test_consent_comes_from_the_page_alone(browser: httpx.AsyncClient, program: httpx.AsyncClient) -> None:
    made = await register(program)
    form = await consent(browser, asks(made))
    assert (await browser.post("/auth/authorize", data={**form, "csrf_token": ""})).status_code == 400
    assert (await browser.post("/auth/authorize", data={**form, "csrf_token": "x"})).status_code == 403
    browser.cookies.delete("cozysessid")
    ended = await browser.post("/auth/authorize", data=form, headers=HTML)
    assert ended.status_code == 401


async def test_a_code_serves_once_its_own_client_for_ten_minutes(
    door: Front, browser: httpx.AsyncClient, program: httpx.AsyncClient
) -> None:
    mine, theirs = await register(program), await register(program)
    stolen = await code_of(browser, asks(mine))
    assert (await exchange(program, theirs, code=stolen)).json() == {"error": "invalid code"}
    assert (await exchange(program, mine, code=stolen)).json() == {"error": "invalid code"}
    twice = await code_of(browser, asks(mine))
    both = await asyncio.gather(*(exchange(program, mine, code=twice) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 400]
    late = await code_of(browser, asks(mine))
    door.clock.pass_time(minutes=10)
    assert (await exchange(program, mine, code=late)).json() == {"error": "invalid code"}


async def test_a_challenge_must_be_met(browser: httpx.AsyncClient, program: httpx.AsyncClient) -> None:
    made = await register(program)
    said = asks(made, code_challenge=CHALLENGE, code_challenge_method="S256")
    for verifier, status in ((VERIFIER, 200), ("", 400), (CHALLENGE, 400), ("é", 400)):
        answer = await exchange(program, made, code=await code_of(browser, said), code_verifier=verifier)
        assert answer.status_code == status
    assert answer.json() == {"error": "invalid code_verifier"}


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"grant_type": ""}, "the grant_type parameter is mandatory"),
        ({"client_id": ""}, "the client_id parameter is mandatory"),
        ({"client_secret": ""}, "the client_secret parameter is mandatory"),
        ({"client_id": "nobody"}, "the client must be registered"),
        ({"client_secret": "é"}, "invalid client_secret"),
        ({"grant_type": "password"}, "invalid grant type"),
        ({}, "the code parameter is mandatory"),
        ({"code": "é"}, "invalid code"),
        ({"grant_type": "refresh_token"}, "invalid refresh token"),
        ({"grant_type": "refresh_token", "refresh_token": "a.b.c"}, "invalid refresh token"),
    ],
)
async def test_what_is_wrong_with_a_request_for_tokens(
    program: httpx.AsyncClient, more: dict[str, str], error: str
) -> None:
    answer = await exchange(program, await register(program), **more)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


async def test_a_client_of_an_app_gets_what_the_app_has(browser: httpx.AsyncClient, program: httpx.AsyncClient) -> None:
    made = await register(program, software_id="registry://mini")
    answer = await browser.post("/auth/authorize", data=await consent(browser, asks(made, scope="whatever")))
    told = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert told["fallback"] == f"http://mini.{DOMAIN}/"
    tokens = (await exchange(program, made, code=told["code"])).json()
    assert tokens["scope"] == "@io.cozy.apps/mini"
    own = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await program.get("/data/io.cozy.contacts/_all_docs", headers=own)).status_code == 200


async def test_no_client_becomes_that_of_an_app_without_consent(
    browser: httpx.AsyncClient, program: httpx.AsyncClient
) -> None:
    made = await register(program)
    tokens = (await exchange(program, made, code=await code_of(browser, asks(made, scope="io.cozy.files")))).json()
    said = {
        "client_id": made["client_id"],
        "redirect_uris": [BACK],
        "client_name": "Desk",
        "software_id": "registry://mini",
    }
    own = {"Authorization": f"Bearer {made['registration_access_token']}"}
    assert (await program.put(f"/auth/register/{made['client_id']}", json=said, headers=own)).status_code == 200
    again = await exchange(program, made, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert again.json()["scope"] == "io.cozy.files"


async def test_asking_who_is_there_opens_nothing(
    door: Front, browser: httpx.AsyncClient, program: httpx.AsyncClient
) -> None:
    async with door.client(scope="io.cozy.nothing.of.use") as operator:
        made = await register(operator, allow_login_scope=True)
    answer = await browser.get("/auth/authorize", params=asks(made, scope="login"), headers=HTML)
    assert answer.status_code == 302
    code = dict(parse_qsl(urlsplit(answer.headers["location"]).query))["code"]
    tokens = (await exchange(program, made, code=code)).json()
    own = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await program.get("/files/io.cozy.files.root-dir", headers=own)).status_code == 403


@pytest.mark.parametrize(
    ("software", "slug"), [("github.com/cozy-labs/cozy-desktop", "cozy-desktop"), ("github.com/example/desk", "")]
)
async def test_files_say_which_client_sent_them(
    browser: httpx.AsyncClient, program: httpx.AsyncClient, software: str, slug: str
) -> None:
    made = await register(program, client_kind="desktop", software_id=software)
    tokens = (await exchange(program, made, code=await code_of(browser, asks(made, scope="io.cozy.files")))).json()
    own = {"Authorization": f"Bearer {tokens['access_token']}"}
    sent = await program.post("/files/?Type=file&Name=a.txt", content=b"a", headers=own)
    by = sent.json()["data"]["attributes"]["cozyMetadata"]["uploadedBy"]
    device = {"id": made["client_id"], "kind": "desktop", "name": "Desk <b>"}
    assert by == {"oauthClient": device, **({"slug": slug} if slug else {})}


async def test_the_person_is_told_by_mail_once(tmp_path: Path) -> None:
    write_app(tmp_path)
    async with post_office() as office, front(apps=str(tmp_path), **office.settings()) as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE, Email="alice@example.org")
        async with entry.client() as browser, entry.client() as program:
            await log_in(browser, DOMAIN, PASSPHRASE)
            made = await register(program)
            await code_of(browser, asks(made))
            mail = await office.arrived()
            assert mail["subject"] == "Desk <b> is connected"
            await code_of(browser, asks(made))
            other = await register(program, client_name="Other")
            await code_of(browser, asks(other))
            assert (await office.arrived(2))["subject"] == "Other is connected"
