"""New secrets for an instance: nobody is logged out, and the old ones are forgotten when nothing of them is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alcove.apps.testing import bearer_of_page, log_in, write_app
from alcove.identity import Clients, Keys, Passphrases, Sessions, Tokens, Visitor
from alcove.identity.factors.trusted import new_trusted, trusts
from alcove.instances import Instances
from alcove.jobs import Triggers
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

    from alcove.instances import Instance

DOMAIN = "alice.example"
PASSPHRASE = "correct horse battery"
VISITOR = Visitor("192.0.2.1", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
SAID = {"redirect_uris": ["cozy://"], "client_name": "Desk", "software_id": "desk"}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Front]:
    write_app(
        tmp_path, permissions={"contacts": {"type": "io.cozy.contacts"}, "settings": {"type": "io.cozy.settings"}}
    )
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE)
        yield entry


@pytest.fixture
async def browser(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with door.client() as client:
        await log_in(client, DOMAIN, PASSPHRASE)
        yield client


def here(door: Front) -> Instance:
    return door.house.need(Instances).by_domain(DOMAIN)


def retired(door: Front) -> list[str]:
    """The names of the secrets that are kept because something may be left of them."""
    return sorted({one["name"] for one in here(door).fields.get("retired_secrets", [])})


async def renew(door: Front, **params: str) -> None:
    assert (await door.operator.post(f"/instances/{DOMAIN}/secrets", params=params)).status_code == 204


async def opens(client: httpx.AsyncClient, bearer: dict[str, str]) -> int:
    return (await client.get("/settings/instance", headers=bearer)).status_code


async def everything(door: Front, browser: httpx.AsyncClient) -> dict[str, dict[str, str]]:
    """What is signed: the token of an app, of the command line, of a client, the code of a link."""
    tokens = door.house.need(Tokens)
    app = await bearer_of_page(browser, DOMAIN)
    made = (await browser.post("/auth/register", json=SAID)).json()
    link = {"data": {"type": "io.cozy.permissions", "attributes": {"permissions": {"c": {"type": "io.cozy.contacts"}}}}}
    code = (await browser.post("/permissions", json=link, headers=app)).json()["data"]["attributes"]["codes"][""]
    scope = "io.cozy.files"
    return {
        "app": app,
        "cli": {"Authorization": f"Bearer {tokens.make(here(door), 'cli', 'CLI', scope)}"},
        "access": {"Authorization": f"Bearer {tokens.make(here(door), 'access', made['client_id'], scope)}"},
        "link": {"Authorization": f"Bearer {code}"},
        "registration": {"Authorization": f"Bearer {made['registration_access_token']}"},
        "id": {"id": made["client_id"]},
    }


async def test_new_secrets_log_nobody_out(door: Front, browser: httpx.AsyncClient) -> None:
    old = await everything(door, browser)
    before: dict[str, Any] = dict(here(door).fields)
    await renew(door)
    after = here(door).fields
    for name in ("session_secret", "oauth_secret", "cli_secret"):
        assert after[name] != before[name]
    assert (await browser.get(f"http://mini.{DOMAIN}/")).status_code == 200
    for name in ("app", "cli", "access", "link"):
        assert await opens(browser, old[name]) == 200, name
    own = await browser.get(f"/auth/register/{old['id']['id']}", headers=old["registration"])
    assert own.status_code == 200
    await renew(door)
    for name in ("app", "cli", "access", "link"):
        assert await opens(browser, old[name]) == 200, name
    trusted = new_trusted(here(door), VISITOR, door.clock.now())
    await renew(door)
    assert trusts(here(door), VISITOR, trusted, door.clock.now())
    assert await opens(browser, (await everything(door, browser))["app"]) == 200


async def test_an_old_secret_makes_nothing_new(door: Front, browser: httpx.AsyncClient) -> None:
    stale, tokens = here(door), door.house.need(Tokens)
    await renew(door)
    door.clock.pass_time(minutes=2)
    forged = {"Authorization": f"Bearer {tokens.make(stale, 'cli', 'CLI', 'io.cozy.files')}"}
    assert await opens(browser, forged) == 400


async def test_old_secrets_are_forgotten_when_nothing_is_left(door: Front, browser: httpx.AsyncClient) -> None:
    old, keys = await everything(door, browser), door.house.need(Keys)
    await renew(door)
    assert retired(door) == ["cli_secret", "oauth_secret", "session_secret"]
    [alarm] = await door.house.need(Triggers).list(here(door).key, frozenset({"forget-secrets"}), frozenset())
    assert alarm.fields["arguments"] == "192h"
    door.clock.pass_time(days=8)
    await keys.forget(here(door))
    assert retired(door) == ["oauth_secret", "session_secret"]
    await door.house.need(Sessions).end_all(here(door))
    await door.house.need(Clients).revoke(here(door), old["id"]["id"])
    await keys.forget(here(door))
    assert retired(door) == ["oauth_secret"]
    async with door.client(scope="io.cozy.contacts io.cozy.permissions") as operator:
        [link] = (await operator.get("/permissions/doctype/io.cozy.contacts/shared-by-link")).json()["data"]
        await operator.delete(f"/permissions/{link['id']}")
    await keys.forget(here(door))
    assert retired(door) == []


async def test_secrets_in_other_hands_end_at_once(door: Front, browser: httpx.AsyncClient) -> None:
    old = await everything(door, browser)
    await renew(door)
    await renew(door, Now="true")
    assert retired(door) == []
    for name in ("app", "cli", "access", "link"):
        assert await opens(browser, old[name]) in (400, 403), name
    assert (await browser.get(f"http://mini.{DOMAIN}/")).status_code == 302


async def test_another_passphrase_ends_what_a_retired_secret_signed(door: Front, browser: httpx.AsyncClient) -> None:
    old = await everything(door, browser)
    await renew(door)
    await door.house.need(Passphrases).replace(here(door), "another passphrase")
    assert "session_secret" not in retired(door)
    assert await opens(browser, old["app"]) == 400
    assert await opens(browser, old["access"]) == 200
    shown = await door.operator.get(f"/instances/{DOMAIN}")
    assert "secret" not in "".join(shown.json()["data"]["attributes"])
