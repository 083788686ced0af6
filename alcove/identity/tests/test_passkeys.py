"""Passkeys through the front door: made, used, named, removed; and every answer that must not be believed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from alcove.identity import client_form, salt_of
from alcove.identity.passkeys.model import PASSKEYS
from alcove.identity.tests.authenticator import PRESENT, VERIFIED, Authenticator
from alcove.outbox.testing import post_office, text_of
from alcove.server.testing import ROUNDS, Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    import httpx
    import pytest

    from alcove.base.postgres.testing import TestServer

WORDS = "long enough words"
FORM = client_form(WORDS, salt_of("alice.example"), int(ROUNDS))
JSON = {"Accept": "application/json"}


@contextlib.asynccontextmanager
async def at_home(**settings: Any) -> AsyncIterator[tuple[Front, httpx.AsyncClient]]:
    """A house, and the browser of the person who lives there, logged in."""
    async with front(**settings) as entry:
        await entry.instance(Passphrase=WORDS, Locale="en")
        async with entry.client(**JSON) as browser:
            page = await browser.get("/auth/login")
            csrf = browser.cookies["_csrf"]
            assert page.status_code == 200
            answer = await browser.post("/auth/login", data={"passphrase": FORM, "csrf_token": csrf})
            assert answer.status_code == 200, answer.text
            yield entry, browser


async def offered(browser: httpx.AsyncClient) -> dict[str, Any]:
    answer = await browser.post("/auth/passkeys/offer", json={"passphrase": FORM})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def made(browser: httpx.AsyncClient, device: Authenticator) -> httpx.Response:
    asked = await offered(browser)
    return await browser.post(
        "/auth/passkeys", json={"slip": asked["slip"], "credential": device.make(asked["publicKey"])}
    )


async def asked_of(stranger: httpx.AsyncClient) -> dict[str, Any]:
    said: dict[str, Any] = (await stranger.post("/auth/passkeys/challenge", json={})).json()
    return said


async def entered(stranger: httpx.AsyncClient, device: Authenticator, **more: Any) -> httpx.Response:
    asked = await asked_of(stranger)
    body = {"slip": asked["slip"], "credential": device.prove(asked["publicKey"]), **more}
    return await stranger.post("/auth/passkeys/login", json=body)


async def logged_in(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/auth/login")).status_code == 303


async def test_a_passkey_opens_the_place() -> None:
    async with at_home() as (entry, browser), entry.client(**JSON) as stranger:
        device = Authenticator()
        assert "/assets/passkey-login.js" not in (await stranger.get("/auth/login")).text
        assert (await made(browser, device)).status_code == 201
        page = (await stranger.get("/auth/login", headers={"Accept": "text/html"})).text
        assert "Use a passkey" in page
        assert 'src="/assets/passkey-login.js"' in page
        answer = await entered(stranger, device, redirect="drive/#/folder", long_run=True)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"redirect": "http://drive.alice.example/#/folder"}
        assert await logged_in(stranger)


async def test_what_a_browser_is_asked_for() -> None:
    async with at_home() as (entry, browser), entry.client(**JSON) as stranger:
        device = Authenticator()
        making = (await offered(browser))["publicKey"]
        assert making["rp"]["id"] == "alice.example"
        assert making["attestation"] == "none"
        assert making["authenticatorSelection"]["residentKey"] == "required"
        assert making["authenticatorSelection"]["userVerification"] == "required"
        assert making["excludeCredentials"] == []
        await made(browser, device)
        assert len((await offered(browser))["publicKey"]["excludeCredentials"]) == 1
        proving = (await asked_of(stranger))["publicKey"]
        assert proving["rpId"] == "alice.example"
        assert proving["userVerification"] == "required"
        assert proving["allowCredentials"] == []


def _set(**values: Any) -> Callable[[Authenticator], None]:
    def spoil(device: Authenticator) -> None:
        for name, value in values.items():
            setattr(device, name, value)

    return spoil


WRONG = {
    "another origin": _set(origin="http://alice.example.evil.example"),
    "the origin of an app": _set(origin="http://drive.alice.example"),
    "another scheme": _set(origin="https://alice.example"),
    "another port": _set(origin="http://alice.example:8080"),
    "another site": _set(site="evil.example"),
    "within a page of another": _set(cross=True),
    "nobody was asked": _set(flags=PRESENT),
    "nobody was there": _set(flags=VERIFIED),
    "another person": _set(user="AAAA"),
    "another passkey": _set(credential_id=b"x" * 32),
    "another key": _set(key=Authenticator().key),
    "the counter stands still": _set(count=5),
    "the counter goes back": _set(count=4),
    "the counter begins anew": _set(count=0),
}


async def test_an_answer_that_is_wrong_opens_nothing() -> None:
    async with at_home() as (entry, browser), entry.client(**JSON) as stranger:
        for wrong, spoil in WRONG.items():
            device = Authenticator()
            device.count = 5
            await made(browser, device)
            spoil(device)
            refused = await entered(stranger, device)
            assert refused.status_code == 401, wrong
            assert refused.json() == {"error": "This passkey does not open this place"}
        assert not await logged_in(stranger)


async def test_an_answer_about_something_else_opens_nothing() -> None:
    others: list[dict[str, Any]] = [
        {"type": "webauthn.create"},
        {"challenge": "AAAA"},
        {"challenge": None},
        {"origin": None},
    ]
    async with at_home() as (entry, browser), entry.client(**JSON) as stranger:
        device = Authenticator()
        await made(browser, device)
        for client in others:
            asked = await asked_of(stranger)
            body = {"slip": asked["slip"], "credential": device.prove(asked["publicKey"], **client)}
            assert (await stranger.post("/auth/passkeys/login", json=body)).status_code == 401, client


async def test_a_challenge_holds_once_and_for_a_while() -> None:
    async with at_home() as (entry, browser), entry.client(**JSON) as stranger, entry.client(**JSON) as thief:
        device = Authenticator()
        await made(browser, device)
        asked = await asked_of(stranger)
        body = {"slip": asked["slip"], "credential": device.prove(asked["publicKey"])}
        assert (await stranger.post("/auth/passkeys/login", json=body)).status_code == 200
        assert (await thief.post("/auth/passkeys/login", json=body)).status_code == 401
        late = await asked_of(stranger)
        entry.clock.pass_time(minutes=6)
        body = {"slip": late["slip"], "credential": device.prove(late["publicKey"])}
        assert (await thief.post("/auth/passkeys/login", json=body)).status_code == 401


async def test_of_the_same_answer_many_times_at_once_one_is_believed() -> None:
    async with at_home() as (entry, browser), entry.client(**JSON) as stranger:
        device = Authenticator()
        await made(browser, device)
        asked = await asked_of(stranger)
        body = {"slip": asked["slip"], "credential": device.prove(asked["publicKey"])}
        tries = [stranger.post("/auth/passkeys/login", json=body) for _ in range(5)]
        assert sorted(answer.status_code for answer in await asyncio.gather(*tries)) == [200, 401, 401, 401, 401]


async def test_a_slip_of_another_place_or_purpose_opens_nothing() -> None:
    async with at_home() as (entry, browser), entry.client(**JSON) as stranger:
        await entry.instance("bob.example")
        device = Authenticator()
        await made(browser, device)
        async with entry.client("bob.example", **JSON) as bob:
            elsewhere = await asked_of(bob)
        making = await offered(browser)
        for asked in (elsewhere, making):
            body = {"slip": asked["slip"], "credential": device.prove(asked["publicKey"])}
            assert (await stranger.post("/auth/passkeys/login", json=body)).status_code == 401
        login = await asked_of(browser)
        body = {
            "slip": login["slip"],
            "credential": Authenticator().make({**making["publicKey"], **login["publicKey"]}),
        }
        assert (await browser.post("/auth/passkeys", json=body)).status_code == 422


async def test_a_passkey_that_is_made_wrongly_is_not_kept() -> None:
    async with at_home() as (_, browser):
        for wrong in ("another origin", "the origin of an app", "another site", "nobody was asked"):
            device = Authenticator()
            WRONG[wrong](device)
            refused = await made(browser, device)
            assert (refused.status_code, refused.json()) == (422, {"error": "This passkey cannot be kept"}), wrong


async def test_the_same_passkey_is_kept_once() -> None:
    async with at_home() as (_, browser):
        device = Authenticator()
        assert (await made(browser, device)).status_code == 201
        assert (await made(browser, device)).status_code == 422


NONSENSE: tuple[dict[str, Any], ...] = (
    {},
    {"slip": 1, "credential": {}},
    {"slip": "x", "credential": []},
    {"slip": "x", "credential": {}},
    {"slip": "é", "credential": {}},
    {"slip": "", "credential": {"id": "x"}},
)


async def test_nonsense_is_said_to_be_nonsense() -> None:
    async with at_home() as (_, browser):
        for body in NONSENSE:
            for path in ("/auth/passkeys/login", "/auth/passkeys"):
                assert (await browser.post(path, json=body)).status_code in (400, 401, 422), body


async def test_parts_that_cannot_be_read_are_refused() -> None:
    async with at_home() as (entry, browser), entry.client(**JSON) as stranger:
        device = Authenticator()
        await made(browser, device)
        for name in ("clientDataJSON", "authenticatorData", "signature", "userHandle"):
            values: tuple[Any, ...] = ("", "!", "AAAA", None, 7, [], {"a": 1})
            for value in values:
                asked = await asked_of(stranger)
                credential = device.prove(asked["publicKey"])
                credential["response"][name] = value
                answer = await stranger.post(
                    "/auth/passkeys/login", json={"slip": asked["slip"], "credential": credential}
                )
                assert answer.status_code == 401, (name, value)


async def test_it_is_made_by_who_knows_the_passphrase_on_our_own_page() -> None:
    async with at_home() as (entry, browser), entry.client(**JSON) as stranger:
        wrong = await browser.post("/auth/passkeys/offer", json={"passphrase": "x"})
        assert wrong.status_code == 403
        assert (await browser.post("/auth/passkeys/offer", json={})).status_code == 400
        assert (await stranger.post("/auth/passkeys/offer", json={"passphrase": FORM})).status_code == 401
        for path in ("/auth/passkeys/offer", "/auth/passkeys"):
            app = {"Origin": "http://drive.alice.example"}
            assert (await browser.post(path, json={"passphrase": FORM}, headers=app)).status_code == 403
        page = await browser.get("/auth/passkeys", headers={"Accept": "text/html"})
        assert 'href="http://account.alice.example/#passkeys"' in page.text
        assert (await stranger.get("/auth/passkeys", headers={"Accept": "text/html"})).status_code == 303


async def test_a_slip_of_one_session_is_worth_nothing_in_another() -> None:
    async with at_home() as (_, browser):
        asked = await offered(browser)
        cookies = browser.cookies
        csrf = "x"
        cookies.delete("cozysessid")
        cookies.set("_csrf", csrf, domain="alice.example", path="/auth")
        assert (await browser.post("/auth/login", data={"passphrase": FORM, "csrf_token": csrf})).status_code == 200
        body = {"slip": asked["slip"], "credential": Authenticator().make(asked["publicKey"])}
        assert (await browser.post("/auth/passkeys", json=body)).status_code == 422


async def test_a_person_lists_names_and_removes_them() -> None:
    async with at_home() as (entry, browser), entry.client(**JSON) as stranger, entry.client(scope=PASSKEYS) as account:
        device = Authenticator()
        await made(browser, device)
        await entered(stranger, device)
        (one,) = (await account.get("/settings/passkeys")).json()["data"]
        assert one["type"] == PASSKEYS
        assert set(one["attributes"]) == {"name", "created_at", "last_used_at", "synchronized"}
        path = f"/settings/passkeys/{one['id']}"
        named = await account.patch(path, json={"data": {"attributes": {"name": "  Téléphone "}}})
        assert named.json()["data"]["attributes"]["name"] == "Téléphone"
        for name in ("", " ", "x" * 101, 3, None):
            assert (await account.patch(path, json={"data": {"attributes": {"name": name}}})).status_code == 422
        assert (
            await account.patch("/settings/passkeys/x", json={"data": {"attributes": {"name": "x"}}})
        ).status_code == 404
        assert (await account.delete(path)).status_code == 204
        assert (await account.delete(path)).status_code == 204
        assert (await account.get("/settings/passkeys")).json()["data"] == []
        assert (await entered(stranger, device)).status_code == 401


async def test_no_app_reads_them() -> None:
    async with at_home() as (entry, browser), entry.client(scope=f"{PASSKEYS} io.cozy.files") as app:
        await made(browser, Authenticator())
        assert (await app.get(f"/data/{PASSKEYS}/_all_docs")).status_code == 403
        assert (await app.post(f"/data/{PASSKEYS}/", json={})).status_code == 403
        assert (await app.post(f"/data/{PASSKEYS}/_find", json={"selector": {}})).status_code == 403
        async with entry.client(scope="io.cozy.files") as other:
            assert (await other.get("/settings/passkeys")).status_code == 403


async def test_the_person_is_told_by_mail() -> None:
    async with post_office() as office, at_home(**office.settings()) as (entry, browser):
        await made(browser, Authenticator())
        await entry.operator.patch("/instances/alice.example", params={"Email": "alice@example.org"})
        await made(browser, Authenticator())
        mail = await office.arrived()
        assert mail["Subject"] == "A passkey was added"
        assert "alice.example" in text_of(mail)
        assert len(office.mails) == 1


async def test_there_are_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alcove.identity.passkeys.service.MOST", 2)
    async with at_home() as (_, browser):
        for _ in range(2):
            assert (await made(browser, Authenticator())).status_code == 201
        assert (await browser.post("/auth/passkeys/offer", json={"passphrase": FORM})).status_code == 409


async def test_a_login_that_one_server_began_ends_on_another_once(postgres: TestServer, tmp_path: Path) -> None:
    shared = {"home": tmp_path, "store": "sqlite", "database": await postgres.database()}
    async with (
        at_home(**shared) as (one, browser),
        front(**shared) as two,
        one.client(**JSON) as here,
        two.client(**JSON) as there,
    ):
        device = Authenticator()
        await made(browser, device)
        asked = await asked_of(here)
        body = {"slip": asked["slip"], "credential": device.prove(asked["publicKey"])}
        tries = [client.post("/auth/passkeys/login", json=body) for client in (there, here, there)]
        assert sorted(answer.status_code for answer in await asyncio.gather(*tries)) == [200, 401, 401]
