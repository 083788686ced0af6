"""Clients register, change, list and lose themselves (contract-a sections 3 and 8)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from alcove.apps.testing import bearer_of_page, log_in, write_app
from alcove.documents import Documents
from alcove.identity import Clients, Tokens
from alcove.instances import Instances
from alcove.jobs import Triggers
from alcove.realtime import Realtime
from alcove.realtime.service import Outbox
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    import httpx

    from alcove.documents import Change
    from alcove.instances import Instance

DOMAIN = "alice.example"
BACK = "https://client.example/cb"
SAID = {"redirect_uris": [BACK], "client_name": "Desk", "software_id": "github.com/example/desk"}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Front]:
    write_app(tmp_path, permissions={"contacts": {"type": "io.cozy.contacts", "verbs": ["GET"]}})
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN)
        yield entry


@pytest.fixture
async def client(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with door.client() as caller:
        yield caller


def here(door: Front) -> Instance:
    return door.house.need(Instances).by_domain(DOMAIN)


def bearer(door: Front, ident: str, audience: str = "registration", scope: str = "") -> dict[str, str]:
    token = door.house.need(Tokens).make(here(door), audience, ident, scope)
    return {"Authorization": f"Bearer {token}"}


async def register(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await client.post("/auth/register", json={**SAID, **more})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_client_reads_and_changes_itself_with_the_token_it_got(client: httpx.AsyncClient) -> None:
    made = await register(client, client_kind="desktop", invented="x", flagship=True, pending=False)
    own = {"Authorization": f"Bearer {made['registration_access_token']}"}
    assert made["pending"] is True
    assert "invented" not in made
    assert "flagship" not in made
    path = f"/auth/register/{made['client_id']}"
    read = (await client.get(path, headers=own)).json()
    assert read == {name: value for name, value in made.items() if name != "registration_access_token"}
    changed = (await client.put(path, headers=own, json={**SAID, "client_id": made["client_id"]})).json()
    assert changed["client_secret"] == made["client_secret"]
    assert "client_kind" not in changed
    both = {"client_id": made["client_id"], "client_secret": made["client_secret"]}
    renewed = (await client.put(path, headers=own, json={**SAID, **both})).json()
    assert renewed["client_secret"] != made["client_secret"]
    assert (await client.put(path, headers=own, json={**SAID, **both})).json()["error"] == "invalid_client_secret"
    assert (await client.get(path, headers=own)).json()["pending"] is True
    assert (await client.delete(path, headers=own)).status_code == 204
    assert (await client.delete(path)).status_code == 204
    gone = await client.get(path, headers=own)
    assert (gone.status_code, gone.json()) == (404, {"error": "Client not found"})


async def test_one_client_cannot_be_another(door: Front, client: httpx.AsyncClient) -> None:
    mine, theirs = await register(client), await register(client)
    assert theirs["client_name"] == "Desk-2"
    path = f"/auth/register/{theirs['client_id']}"
    for headers in (
        bearer(door, mine["client_id"]),
        bearer(door, theirs["client_id"], "access", "io.cozy.files"),
        bearer(door, theirs["client_id"], "refresh", "io.cozy.files"),
        {},
    ):
        for method in ("GET", "PUT", "DELETE"):
            answer = await client.request(method, path, headers=headers, json={})
            assert (answer.status_code, answer.json()) == (401, {"error": "invalid_token"})
    # What changes a client, and what refreshes its token, opens nothing else.
    for audience in ("registration", "refresh"):
        asked = await client.get("/settings/instance", headers=bearer(door, mine["client_id"], audience, "*"))
        assert (asked.status_code, asked.text) == (400, "Invalid JWT token")


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://client.example"}, "invalid_redirect_uri"),
        ({"redirect_uris": [f"http://{DOMAIN}/x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["/here"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://client.example/#"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://[broken/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": [7]}, "invalid_redirect_uri"),
        ({"redirect_uris": [BACK] * 21}, "invalid_redirect_uri"),
        ({"client_name": "  "}, "invalid_client_metadata"),
        ({"client_name": "x" * 201}, "invalid_client_metadata"),
        ({"client_name": "a\nb"}, "invalid_client_metadata"),
        ({"client_name": "Desk \u202egnihtyna"}, "invalid_client_metadata"),
        ({"software_version": 2}, "invalid_client_metadata"),
        ({"notification_platform": "pigeon"}, "invalid_client_metadata"),
        ({"notifications": []}, "invalid_client_metadata"),
        ({"software_id": "registry://store"}, "unapproved_software_id"),
        ({"software_id": "registry://unknown/stable"}, "unapproved_software_id"),
    ],
)
async def test_what_makes_no_sense_is_refused(client: httpx.AsyncClient, more: dict[str, Any], error: str) -> None:
    answer = await client.post("/auth/register", json={**SAID, **more})
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.json()["error_description"]


async def test_registration_speaks_json_alone(client: httpx.AsyncClient) -> None:
    form = await client.post("/auth/register", data={"client_name": "x"})
    assert form.json() == {"error": "bad_content_type"}
    page = await client.post("/auth/register", json=SAID, headers={"Accept": "text/html"})
    assert page.json() == {"error": "bad_accept_header"}
    for body in ("[]", "{", '"x"'):
        wrong = await client.post("/auth/register", content=body, headers={"Content-Type": "application/json"})
        assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_request")
    large = await client.post("/auth/register", json={**SAID, "client_uri": "x" * (65 << 10)})
    assert large.status_code == 413


async def test_only_the_command_line_makes_clients_that_ask_who_is_there(
    door: Front, client: httpx.AsyncClient
) -> None:
    refused = await client.post("/auth/register", json={**SAID, "allow_login_scope": True})
    assert refused.status_code == 401
    async with door.client(scope="io.cozy.nothing.of.use") as operator:
        assert (await register(operator, allow_login_scope=True))["allow_login_scope"] is True


async def test_an_address_registers_fifty_in_an_hour(door: Front, client: httpx.AsyncClient) -> None:
    for _ in range(50):
        await client.post("/auth/register", json={})
    spent = await client.post("/auth/register", json=SAID)
    assert (spent.status_code, spent.json()) == (404, {"error": "Not found"})
    door.clock.pass_time(hours=1, seconds=1)
    await register(client)


async def test_names_stay_unique_when_many_come_at_once(client: httpx.AsyncClient) -> None:
    made = await asyncio.gather(*(register(client) for _ in range(5)))
    assert {one["client_name"] for one in made} == {"Desk", "Desk-2", "Desk-3", "Desk-4", "Desk-5"}


async def test_who_is_never_let_in_is_forgotten_after_an_hour(door: Front, client: httpx.AsyncClient) -> None:
    clients, documents = door.house.need(Clients), door.house.need(Documents)
    left, taken = await register(client), await register(client)
    await clients.let_in(here(door), taken["client_id"], "Linux")
    [first, _] = await door.house.need(Triggers).list(here(door).key, frozenset({"clean-clients"}), frozenset())
    assert (first.kind, first.fields["arguments"]) == ("@in", "1h")
    door.clock.pass_time(minutes=59)
    await clients.clean(here(door).key)
    assert len(await documents.all(here(door).key, "io.cozy.oauth.clients")) == 2
    door.clock.pass_time(minutes=1)
    await clients.clean(here(door).key)
    assert [one.id for one in await clients.all(here(door))] == [taken["client_id"]]
    assert left["client_id"] != taken["client_id"]


async def test_the_alarm_of_a_client_removes_it(door: Front, client: httpx.AsyncClient) -> None:
    gone, removed = asyncio.Event(), list[str]()

    def hear(changes: Sequence[Change]) -> None:
        removed.extend(change.document.id for change in changes if change.document.deleted)
        gone.set()

    first = await register(client)
    door.clock.pass_time(hours=1)
    door.house.need(Documents).watch(lambda changes: hear(changes) if is_removal(changes) else None)
    second = await register(client)  # whose alarm makes the clock be looked at
    await asyncio.wait_for(gone.wait(), 30)
    assert removed == [first["client_id"]]
    assert await door.house.need(Clients).find(here(door), second["client_id"])


def is_removal(changes: Sequence[Change]) -> bool:
    return any(one.document.type == "io.cozy.oauth.clients" and one.document.deleted for one in changes)


async def test_devices_are_listed_by_pages_without_their_secrets(door: Front, client: httpx.AsyncClient) -> None:
    clients = door.house.need(Clients)
    for name in ("C", "A", "B"):
        made = await register(client, client_name=name, client_kind="mobile", notification_device_token="device")
        await clients.let_in(here(door), made["client_id"])
    await clients.let_in(here(door), (await register(client, client_name="D"))["client_id"])
    sharing = await register(client, client_name="another place", client_kind="sharing")
    await clients.let_in(here(door), sharing["client_id"])
    await register(client, client_name="who waits", client_kind="mobile")
    async with door.client(scope="io.cozy.oauth.clients") as settings:
        first = (await settings.get("/settings/clients?page[limit]=3")).json()
        assert [one["attributes"]["client_name"] for one in first["data"]] == ["D", "A", "B"]
        rest = (await settings.get(first["links"]["next"])).json()
        assert [one["attributes"]["client_name"] for one in rest["data"]] == ["C"]
        assert rest["links"] == {}
        shown = rest["data"][0]
        assert {"client_secret", "notification_device_token", "registration_access_token"}.isdisjoint(
            shown["attributes"]
        )
        assert shown["links"]["self"] == f"/settings/clients/{shown['id']}"
        for wrong in ("page[limit]=0", "page[limit]=x", "page[cursor]=x", "page[cursor]=é", "page[cursor]=WzFd"):
            assert (await settings.get(f"/settings/clients?{wrong}")).status_code == 400
        assert (await settings.delete(shown["links"]["self"])).status_code == 204
        assert (await settings.delete(shown["links"]["self"])).status_code == 404


async def test_a_revoked_client_has_no_token_any_more(door: Front, client: httpx.AsyncClient) -> None:
    made = await register(client)
    token = bearer(door, made["client_id"], "access", "io.cozy.files")
    assert (await client.get("/files/io.cozy.files.root-dir", headers=token)).status_code == 200
    await door.house.need(Clients).revoke(here(door), made["client_id"])
    gone = await client.get("/files/io.cozy.files.root-dir", headers=token)
    assert (gone.status_code, gone.text) == (400, "Invalid JWT token")
    unknown = await client.get("/settings/instance", headers=bearer(door, "nobody", "access", "io.cozy.files"))
    assert unknown.status_code == 400


@pytest.mark.parametrize("scope", ["*", "io.cozy.files *", "*:GET", "* io.cozy.files"])
async def test_everything_is_for_certified_clients_alone(door: Front, client: httpx.AsyncClient, scope: str) -> None:
    made = await register(client)
    token = bearer(door, made["client_id"], "access", scope)
    assert (await client.get("/data/io.cozy.contacts/_all_docs", headers=token)).status_code == 400
    await door.house.need(Clients).certify(here(door), made["client_id"])
    certified = await client.get("/settings/instance", headers=token)
    assert certified.status_code == (200 if scope == "*" else 400)


async def test_a_client_of_an_app_may_do_what_the_app_may(door: Front, client: httpx.AsyncClient) -> None:
    made = await register(client, software_id="registry://mini", software_version="3")
    assert made["cozyMetadata"]["createdByApp"] == "mini"
    assert made["cozyMetadata"]["createdByAppVersion"] == "3"
    token = bearer(door, made["client_id"], "access", "@io.cozy.apps/mini")
    assert (await client.get("/data/io.cozy.contacts/_all_docs", headers=token)).status_code == 200
    assert (await client.post("/data/io.cozy.contacts/", json={}, headers=token)).status_code == 403
    gone = bearer(door, made["client_id"], "access", "@io.cozy.apps/unknown")
    assert (await client.get("/settings/instance", headers=gone)).status_code == 400


async def test_a_client_says_when_it_has_synchronized(door: Front, client: httpx.AsyncClient) -> None:
    made = await register(client, client_kind="desktop")
    token = bearer(door, made["client_id"], "access", "io.cozy.files")
    assert (await client.post("/settings/synchronized", headers=token)).status_code == 204
    kept = await door.house.need(Clients).get(here(door), made["client_id"])
    assert kept.fields["synchronized_at"] == "2026-01-01T12:00:00Z"
    door.clock.pass_time(days=8)
    late = await client.post("/settings/synchronized", headers=token)
    assert (late.status_code, late.text) == (400, "Expired token")


async def test_the_record_keeps_when_a_client_that_is_gone_was_heard_of(door: Front, client: httpx.AsyncClient) -> None:
    clients = door.house.need(Clients)
    first, second, silent = [await register(client) for _ in range(3)]
    await clients.seen(here(door), second["client_id"], "last_refreshed_at")
    door.clock.pass_time(days=3)
    await clients.seen(here(door), first["client_id"], "synchronized_at")
    for one in (first, second, silent):
        await clients.revoke(here(door), one["client_id"])
    activity = await door.operator.get(f"/instances/{DOMAIN}/last-activity")
    assert activity.json() == {"last-activity": "2026-01-04"}


async def test_neither_data_nor_realtime_tells_a_secret(door: Front, client: httpx.AsyncClient) -> None:
    heard = Outbox()
    door.house.need(Realtime).subscribe(here(door).key, "io.cozy.oauth.clients", "", heard)
    made = await register(client, client_kind="mobile", notification_device_token="device")
    frame = await heard.get()
    assert "Desk" in frame
    assert made["client_secret"] not in frame
    assert "device" not in frame
    async with door.client(scope="io.cozy.oauth.clients") as app:
        assert (await app.get(f"/data/io.cozy.oauth.clients/{made['client_id']}")).status_code == 403


async def test_a_person_makes_a_client_in_the_settings(tmp_path: Path) -> None:
    for slug in ("settings", "mini"):
        write_app(tmp_path, slug)
    said = {"client_name": "Script", "redirect_uris": [BACK], "client_kind": "web"}
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN, Passphrase="correct horse battery")
        async with entry.client() as browser:
            await log_in(browser, DOMAIN, "correct horse battery")
            origin = {"Origin": f"http://settings.{DOMAIN}"}
            own = await bearer_of_page(browser, DOMAIN, "settings") | origin
            made = await browser.post("/auth/registerFromWebApp", json=said, headers=own)
            assert made.status_code == 201
            assert {"client_id", "client_secret"} <= set(made.json())
            assert "pending" not in made.json()
            assert made.headers["access-control-allow-origin"] == origin["Origin"]
            wrong = await browser.post("/auth/registerFromWebApp", json={**said, "redirect_uris": []}, headers=own)
            assert wrong.json()["error"] == "invalid_redirect_uri"
            other = await bearer_of_page(browser, DOMAIN, "mini")
            assert (await browser.post("/auth/registerFromWebApp", json=said, headers=other)).status_code == 403
