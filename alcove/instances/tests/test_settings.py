"""The settings of an instance, as a client changes them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from alcove.apps.testing import write_app
from alcove.instances import Instances, InstanceSettings
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

DOMAIN = "alice.example"


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front() as entry:
        await entry.instance(DOMAIN, Passphrase="x", PublicName="Alice", Email="a@example.com", Timezone="Europe/Paris")
        yield entry


@pytest.fixture
async def owner(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with door.client(DOMAIN, "io.cozy.settings", Accept="application/vnd.api+json") as client:
        yield client


async def put(client: httpx.AsyncClient, rev: str, attributes: dict[str, Any]) -> httpx.Response:
    data = {"type": "io.cozy.settings", "id": "io.cozy.settings.instance", "meta": {"rev": rev}}
    return await client.put("/settings/instance", json={"data": {**data, "attributes": attributes}})


async def shown(client: httpx.AsyncClient) -> dict[str, Any]:
    told: dict[str, Any] = (await client.get("/settings/instance")).json()["data"]
    return told


async def test_what_is_sent_replaces_what_was(owner: httpx.AsyncClient) -> None:
    old = await shown(owner)
    changed = await put(owner, old["meta"]["rev"], {**old["attributes"], "public_name": "Al", "locale": "fr", "own": 1})
    assert changed.status_code == 200
    told = changed.json()["data"]["attributes"]
    assert (told["public_name"], told["locale"], told["own"], told["email"]) == ("Al", "fr", 1, "a@example.com")
    new = await shown(owner)
    assert new["meta"]["rev"] == changed.json()["data"]["meta"]["rev"]
    assert {**told, "password_defined": True, "default_redirection": "home/"} == new["attributes"]
    fewer = await put(owner, new["meta"]["rev"], {"auto_update": False})
    assert "public_name" not in fewer.json()["data"]["attributes"]
    assert fewer.json()["data"]["attributes"]["auto_update"] is False


async def test_a_stale_revision_changes_nothing(owner: httpx.AsyncClient) -> None:
    old = await shown(owner)
    assert (await put(owner, old["meta"]["rev"], {"public_name": "First"})).status_code == 200
    for stale in (old["meta"]["rev"], "", "1-x"):
        answer = await put(owner, stale, {"public_name": "Second", "locale": "fr"})
        assert answer.status_code == 409
        assert answer.json()["errors"][0]["title"] == "conflict"
    assert (await shown(owner))["attributes"]["public_name"] == "First"
    assert (await shown(owner))["attributes"]["locale"] == "en"


async def test_only_the_command_line_changes_the_mail_address(tmp_path: Path) -> None:
    write_app(tmp_path)
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN, Email="a@example.com")
        made = entry.token(DOMAIN, audience="app", subject="mini")
        async with entry.client(DOMAIN, Authorization=f"Bearer {made}") as app:
            rev = (await shown(app))["meta"]["rev"]
            told = (await put(app, rev, {"email": "evil@example.com", "pending_email": "x", "tz": "UTC"})).json()
        async with entry.client(DOMAIN, "io.cozy.settings") as owner:
            assert (await put(owner, told["data"]["meta"]["rev"], {"email": "b@example.com"})).status_code == 200
            assert (await shown(owner))["attributes"]["email"] == "b@example.com"
    told = told["data"]["attributes"]
    assert (told["email"], told["tz"], "pending_email" in told) == ("a@example.com", "UTC", False)


async def test_what_the_record_says_cannot_be_made_up(tmp_path: Path) -> None:
    sent = {"uuid": "x", "auth_mode": "two_factor_mail", "tos": "9", "context": "beta", "password_defined": False}
    write_app(tmp_path)
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN)
        made = entry.token(DOMAIN, audience="app", subject="mini")
        async with entry.client(DOMAIN, Authorization=f"Bearer {made}") as app:
            old = await shown(app)
            assert (await put(app, old["meta"]["rev"], {**sent, "sponsorships": ["x"]})).status_code == 200
            new = (await shown(app))["attributes"]
    assert {name: new[name] for name in sent} == {name: old["attributes"][name] for name in sent}
    assert "sponsorships" not in new


async def test_the_command_line_changes_what_the_operator_says(owner: httpx.AsyncClient) -> None:
    sent = {"uuid": "u", "context": "beta", "oidc_id": "o", "sponsorships": ["s"], "auth_mode": "two_factor_mail"}
    terms = {"tos": "1.0.0-20200101", "tos_latest": "2.0.0-20300101"}
    old = await shown(owner)
    changed = await put(owner, old["meta"]["rev"], {**sent, **terms, "password_defined": True})
    told = changed.json()["data"]["attributes"]
    assert {name: told[name] for name in (*sent, *terms)} == {**sent, **terms}
    signed = await put(owner, changed.json()["data"]["meta"]["rev"], {"tos": "2.0.0-20300101"})
    assert signed.json()["data"]["attributes"]["tos_latest"] == ""
    for wrong, status in (({"auth_mode": "none"}, 422), ({"tos": "newest"}, 400), ({"uuid": "x" * 2000}, 422)):
        assert (await put(owner, signed.json()["data"]["meta"]["rev"], wrong)).status_code == status
    assert (await shown(owner))["meta"] == signed.json()["data"]["meta"]


async def test_the_settings_are_not_changed_behind_their_route(owner: httpx.AsyncClient) -> None:
    path = "/data/io.cozy.settings/io.cozy.settings.instance"
    found = (await owner.get(path)).json()
    evil = {**found, "email": "evil@example.com"}
    assert (await owner.put(path, json=evil)).status_code == 403
    assert (await owner.delete(path, params={"rev": found["_rev"]})).status_code == 403
    for more in ({}, {"new_edits": False}):
        bulk = {"docs": [{"_id": "fine", "_rev": "1-0a"} if more else {"_id": "fine"}, evil], **more}
        assert (await owner.post("/data/io.cozy.settings/_bulk_docs", json=bulk)).status_code == 403
    assert (await owner.get(path)).json() == found
    assert (await owner.get("/data/io.cozy.settings/fine")).status_code == 404
    own = await owner.put("/data/io.cozy.settings/io.cozy.settings.display", json={"pushBanners": True})
    assert own.status_code == 200


async def test_malformed_bodies_and_languages_are_refused(owner: httpx.AsyncClient) -> None:
    rev = (await shown(owner))["meta"]["rev"]
    bodies: list[Any] = [{}, {"data": None}, {"data": {"type": "io.cozy.settings"}}, {"data": {"attributes": []}}]
    for body in bodies:
        answer = await owner.put("/settings/instance", json=body)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["detail"] == "JSON input is malformed or is missing mandatory fields"
    for locale in ("klingon", 3, "<b>", ""):
        assert (await put(owner, rev, {"locale": locale})).status_code == 422
    for name in (3, ["x"], {"x": 1}, "x" * 201):
        assert (await put(owner, rev, {"public_name": name})).status_code == 422
    assert (await shown(owner))["meta"]["rev"] == rev


async def test_only_who_may_changes_them(door: Front) -> None:
    async with door.client(DOMAIN, "io.cozy.settings:GET") as reader:
        rev = (await shown(reader))["meta"]["rev"]
        assert (await put(reader, rev, {})).status_code == 403
        assert (await reader.get("/settings/context")).json()["data"]["attributes"] == {}


async def test_terms_are_warned_of_and_signed(door: Front) -> None:
    contexts = {"default": {"manager_url": "https://manager.example", "legal_notice_url": "https://legal.example"}}
    async with front(contexts=contexts) as entry:
        soon = (entry.clock.now() + timedelta(days=20)).strftime("%Y%m%d")
        terms = {"TOSSigned": "1.0.0-20200101", "TOSLatest": f"2.0.0-{soon}"}
        await entry.instance(DOMAIN, UUID="u", Locale="fr", **terms)
        async with entry.client(DOMAIN, "io.cozy.nothing") as client:
            warned = await client.get("/settings/warnings")
            assert (warned.status_code, warned.headers["content-type"]) == (402, "application/vnd.api+json")
            error = warned.json()["errors"][0]
            assert (error["code"], error["links"]) == (
                "tos-updated",
                {"self": "https://manager.example/cozy/instances/u/tos"},
            )
            for _ in range(2):
                assert (await client.put("/settings/instance/sign_tos")).status_code == 204
            assert (await client.get("/settings/warnings")).status_code == 404
            told = (await shown(client))["attributes"]
    assert (told["tos"], told["tos_latest"], told["legal_notice_url"]) == (
        f"2.0.0-{soon}",
        "",
        "https://legal.example",
    )


async def test_a_place_that_moved_says_where_it_is(door: Front) -> None:
    instances, settings = door.house.need(Instances), door.house.need(InstanceSettings)
    alice = await instances.change(instances.by_domain(DOMAIN), {"moved": True})
    async with door.client(DOMAIN, "io.cozy.nothing") as client:
        assert "links" not in (await client.get("/settings/warnings")).json()["errors"][0]
        await settings.amend(alice, {"moved_to": "https://new.example"})
        warned = await client.get("/settings/warnings")
    error = warned.json()["errors"][0]
    assert (warned.status_code, error["code"], error["status"]) == (410, "moved", "410")
    assert error["links"] == {"related": "https://new.example"}


async def test_no_place_says_that_files_are_scanned() -> None:
    contexts = {"default": {"antivirus": {"enabled": True, "max_file_size": "10MB"}}}
    async with front(contexts=contexts) as entry:
        await entry.instance(DOMAIN)
        async with entry.client(DOMAIN, "io.cozy.settings") as client:
            said = (await client.get("/settings/context")).json()["data"]["attributes"]
    assert said == {"antivirus": {"enabled": False}}
