"""The operator API: tokens, clients, sessions, ways to log in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from alcove.apps.testing import log_in
from alcove.instances import Instances, InstanceSettings
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DOMAIN = "alice.example"
CLIENT = {"Domain": DOMAIN, "RedirectURI": "https://app.example/", "ClientName": "Sync", "SoftwareID": "sync"}


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front() as entry:
        await entry.instance(DOMAIN, Passphrase="pass words here")
        yield entry


async def works(door: Front, token: str) -> int:
    async with door.client(DOMAIN, Authorization=f"Bearer {token}") as client:
        return (await client.get("/data/io.cozy.contacts/_all_docs")).status_code


async def test_a_client_is_registered_found_and_gets_tokens(door: Front) -> None:
    made = await door.operator.post("/instances/oauth_client", params={**CLIENT, "AllowLoginScope": "false"})
    assert made.status_code == 200
    client = made.json()
    assert {"client_id", "client_secret", "registration_access_token"} <= set(client)
    assert "pending" not in client
    found = await door.operator.get("/instances/oauth_client", params={"domain": DOMAIN, "software_id": "sync"})
    assert found.json()["client_id"] == client["client_id"]
    assert "client_secret" not in found.json()
    params = {"Domain": DOMAIN, "Audience": "access-token", "Subject": client["client_id"], "Scope": "io.cozy.contacts"}
    token = (await door.operator.post("/instances/token", params=params)).text
    assert await works(door, token) == 200
    gone = await door.operator.delete(f"/oauth/{DOMAIN}/clients")
    assert gone.json() == {"count": 1}
    assert await works(door, token) == 400
    assert (await door.operator.post("/instances/token", params=params)).status_code == 404


async def test_a_client_that_is_wrong_is_told_in_words(door: Front) -> None:
    refused = await door.operator.post("/instances/oauth_client", params={**CLIENT, "RedirectURI": ""})
    assert (refused.status_code, refused.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert "redirect_uri" in refused.text
    missing = await door.operator.get("/instances/oauth_client", params={"domain": DOMAIN, "software_id": "other"})
    assert missing.status_code == 404


async def test_a_token_is_as_long_good_as_was_asked(door: Front) -> None:
    params = {"Domain": DOMAIN, "Audience": "cli", "Scope": "io.cozy.contacts"}
    short = (await door.operator.post("/instances/token", params={**params, "Expire": "10s"})).text
    long = (await door.operator.post("/instances/token", params={**params, "Expire": "48h"})).text
    assert (await works(door, short), await works(door, long)) == (200, 200)
    door.clock.pass_time(seconds=11)
    assert (await works(door, short), await works(door, long)) == (400, 200)
    door.clock.pass_time(hours=47)
    assert await works(door, long) == 200
    door.clock.pass_time(hours=2)
    assert await works(door, long) == 400
    wrong = await door.operator.post("/instances/token", params={**params, "Expire": "a while"})
    assert wrong.status_code == 400


async def test_sessions_end_and_logins_are_forgotten(door: Front) -> None:
    async with door.client(DOMAIN) as browser:
        await log_in(browser, DOMAIN, "pass words here")
        assert (await browser.get("/", headers={"Accept": "text/html"})).headers.get("location", "") != "/auth/login"
        activity = await door.operator.get(f"/instances/{DOMAIN}/last-activity")
        assert activity.json() == {"last-activity": f"{door.clock.now():%Y-%m-%d}"}
        assert (await door.operator.delete(f"/instances/{DOMAIN}/sessions")).status_code == 204
        after = await browser.get("/", headers={"Accept": "text/html"})
        assert after.headers["location"].endswith("/auth/login")
    activity = await door.operator.get(f"/instances/{DOMAIN}/last-activity")
    assert activity.json() == {"last-activity": "2018-01-01"}


async def test_the_way_to_log_in_is_said_once(door: Front) -> None:
    path = f"/instances/{DOMAIN}/auth-mode"
    assert (await door.operator.post(path, json={"auth_mode": "two_factor_mail"})).status_code == 204
    again = await door.operator.post(path, json={"auth_mode": "two_factor_mail"})
    assert (again.status_code, again.json()) == (200, "Instance has already two_factor_mail auth mode")
    for wrong in (b'{"auth_mode":"none"}', b"{}", b'{"auth_mode":[]}', b"x"):
        assert (await door.operator.post(path, content=wrong)).status_code == 400


async def test_a_code_is_good_once(door: Front) -> None:
    path = f"/instances/{DOMAIN}/session_code"
    made = await door.operator.post(path)
    assert made.status_code == 201
    for status, valid in ((200, True), (403, False)):
        checked = await door.operator.post(f"{path}/check", json=made.json())
        assert (checked.status_code, checked.json()) == (status, {"valid": valid})
    assert (await door.operator.post(f"{path}/check", content=b"[]")).status_code == 400


async def test_a_client_of_a_place_that_moved_is_told_where_it_is(door: Front) -> None:
    client = (await door.operator.post("/instances/oauth_client", params=CLIENT)).json()
    params = {"Domain": DOMAIN, "Audience": "access-token", "Subject": client["client_id"], "Scope": "io.cozy.contacts"}
    token = (await door.operator.post("/instances/token", params=params)).text
    assert await works(door, token) == 200
    instances, settings = door.house.need(Instances), door.house.need(InstanceSettings)
    alice = await instances.change(instances.by_domain(DOMAIN), {"moved": True})
    await settings.amend(alice, {"moved_to": "https://new.example"})
    async with door.client(DOMAIN, Authorization=f"Bearer {token}") as moved:
        for path in ("/data/io.cozy.contacts/_all_docs", "/settings/instance", "/settings/warnings"):
            answer = await moved.get(path)
            [error] = answer.json()["errors"]
            assert (answer.status_code, error["code"], error["links"]) == (
                410,
                "moved",
                {"related": "https://new.example"},
            )
    async with door.client(DOMAIN, "io.cozy.contacts") as cli:
        assert (await cli.get("/data/io.cozy.contacts/_all_docs")).status_code == 200


async def test_who_was_vouched_for_types_no_mailed_code(door: Front) -> None:
    path = f"/instances/{DOMAIN}/email_verified_code"
    code = (await door.operator.post(path)).json()["email_verified_code"]
    await door.operator.patch(f"/instances/{DOMAIN}", params={"AuthMode": "two_factor_mail"})
    async with door.client(DOMAIN) as browser:
        page = await browser.get("/auth/login", params={"email_verified_code": code})
        assert f'name="email_verified_code" value="{code}"' in page.text
        for said, path in (("wrong", "/auth/twofactor"), (code, "/"), (code, "/")):
            answer = await log_in(browser, DOMAIN, "pass words here", email_verified_code=said)
            assert urlsplit(answer.json()["redirect"]).path == path
            browser.cookies.clear()
        door.clock.pass_time(minutes=16)
        answer = await log_in(browser, DOMAIN, "pass words here", email_verified_code=code)
        assert urlsplit(answer.json()["redirect"]).path == "/auth/twofactor"
