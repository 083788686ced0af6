"""App passwords through the front door: made, used, listed and removed; and the devices that ask for one themselves."""

from __future__ import annotations

import contextlib
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from alcove.base.http import Call, Guard, JSONResponse, Route
from alcove.documents import Documents
from alcove.identity import AppPasswords, DeviceFlowPages, DeviceFlows, client_form, salt_of
from alcove.identity.app_passwords.model import APP_PASSWORDS, MOST, device_name, new_secret, plain
from alcove.instances import Instances
from alcove.outbox.testing import post_office, text_of
from alcove.server.testing import ROUNDS, Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import Response

    from alcove.instances import Instance

DOMAIN, WORDS = "alice.example", "long enough words"
FORM = client_form(WORDS, salt_of(DOMAIN), int(ROUNDS))
JSON = {"Accept": "application/json"}
ANDROID = "Mozilla/5.0 (Android) Nextcloud-android/3.30.0"


async def _whoami(call: Call) -> Response:
    return JSONResponse({"audience": call.caller.audience, "device": call.caller.device})


@contextlib.asynccontextmanager
async def at_home(**settings: Any) -> AsyncIterator[tuple[Front, httpx.AsyncClient]]:
    """A house, with a route for devices; and the browser of the person who lives there, logged in."""
    async with front(**settings) as entry:
        route = Route("GET", "/whoami", _whoami, Guard.DEVICE)
        entry.public._router.add(route.method, route.path, route)
        await entry.instance(Passphrase=WORDS, Locale="en", Email="alice@post.example", PublicName="Alice Doe")
        async with entry.client(**JSON) as browser:
            await browser.get("/auth/login")
            said = {"passphrase": FORM, "csrf_token": browser.cookies["_csrf"]}
            assert (await browser.post("/auth/login", data=said)).status_code == 200
            yield entry, browser


def place(entry: Front) -> Instance:
    return entry.house.need(Instances).by_domain(DOMAIN)


async def made(entry: Front, name: str = "Desk") -> str:
    return (await entry.house.need(AppPasswords).make(place(entry), name, ["files"]))[1]


def basic(login: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{login}:{secret}'.encode()).decode()}"}


async def entered(entry: Front, login: str, secret: str, address: str = "192.0.2.1") -> httpx.Response:
    transport = httpx.ASGITransport(entry.public, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{DOMAIN}") as device:
        return await device.get("/whoami", headers=basic(login, secret))


async def listed(entry: Front) -> list[dict[str, Any]]:
    async with entry.client(scope=f"{APP_PASSWORDS}:GET") as app:
        return [one["attributes"] for one in (await app.get("/settings/app_passwords")).json()["data"]]


async def test_one_is_made_with_the_passphrase_and_told_once() -> None:
    async with at_home() as (entry, _), entry.client(scope=f"{APP_PASSWORDS} io.cozy.settings") as app:
        said = {"name": " Phone ", "passphrase": FORM}
        assert (await app.post("/settings/app_passwords", json={**said, "passphrase": "wrong"})).status_code == 403
        assert (await app.post("/settings/app_passwords", json={"name": "Phone"})).status_code == 403
        answer = await app.post("/settings/app_passwords", json=said)
        assert answer.status_code == 201
        assert answer.headers["cache-control"] == "no-store"
        told = answer.json()["data"]["attributes"]
        assert told["login"] == "alice"
        assert told["picture"].startswith("data:image/svg+xml")
        who = await entered(entry, "alice", told["password"])
        assert who.json()["device"]["name"] == "Phone"
        everything = (await app.get("/settings/app_passwords")).text + str(
            [document.fields() for document in await entry.house.need(Documents).all(place(entry).key, APP_PASSWORDS)]
        )
        assert told["password"] not in everything
        assert plain(told["password"]) not in everything


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": 7}, {"name": "x" * 101}, {"scopes": []}, {"scopes": ["everything"]}, {"scopes": 1}]
)
async def test_a_wrong_name_or_scope_is_refused(wrong: dict[str, Any]) -> None:
    async with at_home() as (entry, _), entry.client(scope=APP_PASSWORDS) as app:
        answer = await app.post("/settings/app_passwords", json={"name": "x", "passphrase": FORM, **wrong})
        assert answer.status_code == 422
        assert await listed(entry) == []


async def test_only_some_are_kept() -> None:
    async with at_home() as (entry, _), entry.client(scope=APP_PASSWORDS) as app:
        for number in range(MOST):
            await made(entry, str(number))
        answer = await app.post("/settings/app_passwords", json={"name": "one more", "passphrase": FORM})
        assert answer.status_code == 409


@pytest.mark.parametrize(
    "login", ["alice", "ALICE", "alice.example", "alice@post.example", "Alice Doe", " alice ", "home.example"]
)
async def test_whatever_names_the_place_is_a_user_name(login: str) -> None:
    async with at_home() as (entry, _):
        await entry.operator.patch(f"/instances/{DOMAIN}", params={"DomainAliases": "home.example"})
        assert (await entered(entry, login, await made(entry))).status_code == 200


@pytest.mark.parametrize("login", ["", "bob", "alice.example.org", "example"])
async def test_no_other_name_is(login: str) -> None:
    async with at_home() as (entry, _):
        answer = await entered(entry, login, await made(entry))
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")


async def test_it_may_be_typed_in_any_way() -> None:
    async with at_home() as (entry, _):
        secret = await made(entry)
        for typed in (secret, secret.upper(), secret.replace("-", ""), f" {secret.replace('-', ' ')} "):
            assert (await entered(entry, "alice", typed)).status_code == 200


async def test_it_opens_nothing_but_what_is_for_devices() -> None:
    async with at_home() as (entry, _), entry.client() as device:
        said = basic("alice", await made(entry))
        for path in ("/files/io.cozy.files.root-dir", "/data/io.cozy.files/_all_docs", "/settings/instance"):
            assert (await device.get(path, headers=said)).status_code == 400


async def test_neither_the_passphrase_nor_a_session_is_one() -> None:
    async with at_home() as (entry, browser):
        for said in (WORDS, FORM, "", new_secret()):
            assert (await entered(entry, "alice", said, "192.0.2.9")).status_code == 401
        assert (await browser.get("/whoami")).status_code == 401


async def test_a_token_serves_instead_of_one() -> None:
    async with at_home() as (entry, _), entry.client() as device:
        token = entry.token(DOMAIN, "io.cozy.files")
        for said in ({"Authorization": f"Bearer {token}"}, basic("whoever", token)):
            assert (await device.get("/whoami", headers=said)).json()["audience"] == "cli"
        for said in ({"Authorization": f"Bearer {token}x"}, basic("alice", f"{token}x")):
            answer = await device.get("/whoami", headers=said)
            assert answer.status_code == 401
            assert "www-authenticate" in answer.headers


async def test_a_removed_one_lets_nobody_in_from_the_next_request_on() -> None:
    async with at_home() as (entry, _), entry.client(scope=APP_PASSWORDS) as app:
        secret, other = await made(entry), await made(entry, "Other")
        for _ in range(2):
            assert (await entered(entry, "alice", secret)).status_code == 200
        [ident] = [
            one["id"]
            for one in (await app.get("/settings/app_passwords")).json()["data"]
            if one["attributes"]["name"] == "Desk"
        ]
        for _ in range(2):
            assert (await app.delete(f"/settings/app_passwords/{ident}")).status_code == 204
        assert (await entered(entry, "alice", secret)).status_code == 401
        assert (await entered(entry, "alice", other)).status_code == 200


async def test_the_last_use_is_told_to_the_hour() -> None:
    async with at_home() as (entry, _):
        secret = await made(entry)
        assert "last_used_at" not in (await listed(entry))[0]
        entry.clock.pass_time(minutes=20)
        await entered(entry, "alice", secret)
        assert (await listed(entry))[0]["last_used_at"] == "2026-01-01T12:00:00Z"
        entry.clock.pass_time(minutes=100)
        await entered(entry, "alice", secret)
        assert (await listed(entry))[0]["last_used_at"] == "2026-01-01T14:00:00Z"


async def test_who_knocks_all_day_waits_and_keeps_nobody_out() -> None:
    async with at_home() as (entry, _):
        secret = await made(entry)
        answers = [(await entered(entry, "alice", "wrong")).status_code for _ in range(8)]
        assert answers[0] == 401
        assert answers[-1] == 429
        assert (await entered(entry, "alice", secret)).status_code == 200
        assert (await entered(entry, "alice", "wrong", "192.0.2.7")).status_code == 401


async def test_one_of_another_place_is_none_here() -> None:
    async with at_home() as (entry, _):
        await entry.instance("bob.example")
        other = entry.house.need(Instances).by_domain("bob.example")
        _, secret = await entry.house.need(AppPasswords).make(other, "Desk", ["files"])
        assert (await entered(entry, "alice", secret)).status_code == 401


async def test_the_person_is_told_by_mail() -> None:
    async with post_office() as office, at_home(**office.settings()) as (entry, _):
        await made(entry, "Phone of Eve")
        letter = await office.arrived()
        assert "Phone of Eve" in text_of(letter)


async def test_a_device_is_told_where_the_place_is() -> None:
    async with at_home() as (entry, _), entry.client(scope="io.cozy.settings:GET") as app:
        said = (await app.get("/settings/connection")).json()["data"]["attributes"]
        assert said["server"] == "http://alice.example"
        assert said["login"] == "alice"
        assert said["webdav"] == "http://alice.example/dav/files/"


# -- a device that asks by itself


async def begun(entry: Front, *, waits: bool = True, agent: str = ANDROID) -> tuple[str, str]:
    """The path that a device opens in a browser, and the token that it asks with."""
    flows, pages = entry.house.need(DeviceFlows), entry.house.need(DeviceFlowPages)
    slip, token = flows.begin(place(entry), agent, "192.0.2.5", waits=waits)
    return pages.address(place(entry), slip).removeprefix(f"http://{DOMAIN}"), token


async def said_yes(browser: httpx.AsyncClient, path: str, **more: str) -> httpx.Response:
    page = await browser.get(path, headers={"Accept": "text/html"})
    assert page.status_code == 200, page.text
    slip = dict(parse_qsl(urlsplit(path).query))["slip"]
    form = {"slip": slip, "name": "My phone", "csrf_token": browser.cookies["_csrf"], **more}
    return await browser.post("/auth/device", data=form)


async def test_a_device_that_waits_gets_its_password_once() -> None:
    async with at_home() as (entry, browser):
        flows, instance = entry.house.need(DeviceFlows), place(entry)
        path, token = await begun(entry)
        assert await flows.collect(instance, token) is None
        page = (await browser.get(path)).text
        assert "Nextcloud, Android" in page
        assert "192.0.2.5" in page
        answer = await said_yes(browser, path)
        assert answer.status_code == 200
        assert await listed(entry) == []
        given = await flows.collect(instance, token)
        assert given is not None
        assert (await entered(entry, "alice", given[1])).json()["device"]["name"] == "My phone"
        assert await flows.collect(instance, token) is None
        assert (await said_yes(browser, path)).status_code == 400
        assert len(await listed(entry)) == 1


async def test_a_device_in_the_browser_is_led_back_with_it() -> None:
    async with at_home() as (entry, browser):
        path, token = await begun(entry, waits=False)
        assert token == ""
        answer = await said_yes(browser, path)
        assert answer.status_code == 303
        head = "nc://login/server:http://alice.example&user:alice&password:"
        assert answer.headers["location"].startswith(head)
        assert (await entered(entry, "alice", answer.headers["location"].removeprefix(head))).status_code == 200
        assert "nc:" in (await browser.get(path)).headers["content-security-policy"]
        assert (await said_yes(browser, path)).status_code == 400


async def test_who_is_not_logged_in_is_led_to_the_login_and_back() -> None:
    async with at_home() as (entry, _), entry.client() as stranger:
        path, _ = await begun(entry)
        answer = await stranger.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 303
        assert dict(parse_qsl(urlsplit(answer.headers["location"]).query))["redirect"] == f"http://{DOMAIN}{path}"


async def test_no_other_page_says_yes_for_the_person() -> None:
    async with at_home() as (entry, browser), entry.client() as stranger:
        path, token = await begun(entry)
        slip = dict(parse_qsl(urlsplit(path).query))["slip"]
        form = {"slip": slip, "name": "x"}
        assert (await browser.post("/auth/device", data=form)).status_code == 400
        assert (await browser.post("/auth/device", data={**form, "csrf_token": "guess"})).status_code == 403
        await stranger.get("/auth/login")
        form["csrf_token"] = stranger.cookies["_csrf"]
        assert (await stranger.post("/auth/device", data=form)).status_code == 401
        assert await entry.house.need(DeviceFlows).collect(place(entry), token) is None


async def test_an_address_ends_after_twenty_minutes_and_is_good_for_one_place() -> None:
    async with at_home() as (entry, browser):
        path, token = await begun(entry)
        await entry.instance("bob.example")
        slip = dict(parse_qsl(urlsplit(path).query))["slip"]
        flows = entry.house.need(DeviceFlows)
        assert flows.read(entry.house.need(Instances).by_domain("bob.example"), slip) is None
        assert (await said_yes(browser, path)).status_code == 200
        entry.clock.pass_time(minutes=21)
        assert await flows.collect(place(entry), token) is None
        assert (await browser.get(path)).status_code == 400
        assert (await browser.get("/auth/device", params={"slip": "forged"})).status_code == 400


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows) mirall/3.15.0 (Nextcloud, windows-10.0.19045)", "Nextcloud, Windows"),
        ("Mozilla/5.0 (Linux) mirall/2.11.0 (ownCloud, debian)", "ownCloud, Linux"),
        ("Mozilla/5.0 (iOS) Nextcloud-iOS/6.0.0", "Nextcloud, iOS"),
        ("Workshop (Desktop Client - Linux)", "Linux"),
        ("curl/7.88.1", "curl/7.88.1"),
        ("\x00" * 5000, ""),
        ("", ""),
    ],
)
def test_a_device_is_called_by_what_it_says(agent: str, name: str) -> None:
    assert device_name(agent) == name


def test_secrets_are_long_and_never_the_same() -> None:
    some = {new_secret() for _ in range(100)}
    assert len(some) == 100
    assert all(len(plain(secret)) == 25 for secret in some)
