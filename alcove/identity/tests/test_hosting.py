"""What ties a place to who hosts it: offers, leaving, where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alcove.apps.testing import log_in, write_app
from alcove.instances import Instances, InstanceSettings
from alcove.outbox.testing import post_office, text_of
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

DOMAIN = "alice.example"
PASSPHRASE = "correct horse battery"
CONTEXTS: dict[str, dict[str, Any]] = {
    "default": {"support_address": "help@example.org"},
    "paid": {"manager_url": "https://manager.example.org/", "enable_premium_links": True},
    "quiet": {"manager_url": "https://manager.example.org/"},
}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Front]:
    for slug in ("account", "mini"):
        write_app(tmp_path, slug)
    async with front(apps=str(tmp_path), contexts=CONTEXTS) as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE)
        yield entry


@pytest.fixture
async def person(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with door.client(DOMAIN) as client:
        await log_in(client, DOMAIN, PASSPHRASE)
        yield client


def bearer(door: Front, slug: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {door.token(DOMAIN, audience='app', subject=slug)}"}


def record(door: Front) -> dict[str, Any]:
    return dict(door.house.need(Instances).by_domain(DOMAIN).fields)


async def test_no_subscription_stands_in_the_way(door: Front, person: httpx.AsyncClient) -> None:
    async with door.client(DOMAIN, **bearer(door, "mini")) as app:
        for client in (person, app):
            said = (await client.get("/settings/external-ties")).json()["data"]
            assert said["attributes"] == {"has_blocking_subscription": False}
            assert (said["id"], said["links"]["self"]) == (
                "io.cozy.settings.external-ties",
                "/settings/capabilities",
            )
    async with door.client(DOMAIN, "io.cozy.settings", Accept="application/json") as cli:
        refused = await cli.get("/settings/external-ties")
    assert (refused.status_code, refused.json()) == (403, {"error": "Forbidden"})


async def test_the_page_of_offers_is_where_the_context_says(door: Front, person: httpx.AsyncClient) -> None:
    assert (await person.get("/settings/premium")).status_code == 404
    for context, status in (("quiet", 404), ("paid", 301)):
        params = {"ContextName": context, "UUID": "a b/c"}
        await door.operator.patch(f"/instances/{DOMAIN}", params=params)
        answer = await person.get("/settings/premium")
        assert answer.status_code == status
    assert answer.headers["location"] == "https://manager.example.org/cozy/instances/a%20b%2Fc/premium"
    async with door.client(DOMAIN) as nobody:
        assert (await nobody.get("/settings/premium")).status_code == 403


async def test_where_it_came_from_is_forgotten_when_it_was_read(door: Front, person: httpx.AsyncClient) -> None:
    settings, alice = door.house.need(InstanceSettings), door.house.need(Instances).by_domain(DOMAIN)
    await settings.amend(alice, {"moved_from": "https://old.example", "tz": "UTC"})
    async with door.client(DOMAIN) as nobody:
        assert (await nobody.delete("/settings/instance/moved_from")).status_code == 403
    assert "moved_from" in await settings.read(alice)
    for _ in range(2):
        assert (await person.delete("/settings/instance/moved_from")).status_code == 204
    assert await settings.read(alice) == {"tz": "UTC"}


async def test_the_session_of_this_browser_is_told(door: Front, person: httpx.AsyncClient) -> None:
    said = (await person.get("/settings/sessions/current")).json()["data"]
    assert (said["type"], said["attributes"]["long_run"]) == ("io.cozy.sessions", False)
    async with door.client(DOMAIN) as nobody:
        answer = await nobody.get("/settings/sessions/current")
    assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (404, "no current session")


@pytest.mark.parametrize("path", ["/settings/instance/deletion", "/settings/instance/deletion/force"])
async def test_only_the_account_app_asks_for_the_end_and_nothing_is_removed(door: Front, path: str) -> None:
    async with (
        door.client(DOMAIN, **bearer(door, "mini")) as other,
        door.client(DOMAIN, "*") as cli,
        door.client(DOMAIN, **bearer(door, "account")) as account,
    ):
        for client in (other, cli):
            assert (await client.post(path)).status_code == 403
        assert "deletion_asked_at" not in record(door)
        answers = [await account.post(path) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [204] * 5 + [429]
        assert int(answers[5].headers["retry-after"]) > 80_000
        assert (await account.get("/settings/instance")).status_code == 200
    shown = (await door.operator.get(f"/instances/{DOMAIN}")).json()["data"]["attributes"]
    assert shown["deletion_asked_at"]
    assert shown.get("deletion_at_once", False) == path.endswith("force")


async def test_who_runs_the_server_gets_a_mail(tmp_path: Path) -> None:
    write_app(tmp_path, "account")
    async with post_office() as office, front(apps=str(tmp_path), contexts=CONTEXTS, **office.settings()) as entry:
        await entry.instance(DOMAIN, Locale="fr")
        async with entry.client(DOMAIN, **bearer(entry, "account")) as account:
            await account.post("/settings/instance/deletion/force")
        mail = await office.arrived()
    assert office.envelopes[0][1] == ["help@example.org"]
    assert DOMAIN in mail["Subject"]
    assert f"alcove instance destroy {DOMAIN}" in text_of(mail)
    assert "tout de suite" in text_of(mail)


async def test_the_way_to_connect_a_telephone_leads_to_our_page(door: Front) -> None:
    async with door.client(DOMAIN) as nobody:
        answer = await nobody.get("/settings/install_flagship_app")
    assert (answer.status_code, answer.headers["location"]) == (303, "http://account.alice.example/#connect")
