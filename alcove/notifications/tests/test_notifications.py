"""Notifications through the front door: who may send them, what the rules do, and the mails that go out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from alcove.apps.testing import bearer_of_page, log_in, write_app
from alcove.base.clock import rfc3339
from alcove.documents import Documents, Followers, Tx
from alcove.identity import Clients
from alcove.instances import Instances
from alcove.outbox.testing import PostOffice, post_office, text_of
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

DOMAIN, PASSPHRASE, MAIL = "alice.example", "correct horse battery", "alice@example.org"
HOUR = 3_600_000_000_000
RULES = {
    "plain": {"description": "x"},
    "balance": {"stateful": True, "min_interval": HOUR, "default_priority": "high"},
    "weekly": {"collapsible": True},
    "often": {"min_interval": HOUR},
}


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with post_office() as opened:
        yield opened


@pytest.fixture
async def door(office: PostOffice, tmp_path: Path) -> AsyncIterator[Front]:
    write_app(tmp_path, "mini", notifications=RULES)
    async with front(apps=str(tmp_path), **office.settings()) as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE, Email=MAIL, Locale="en")
        yield entry


@pytest.fixture
async def app(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    """A browser on the page of the app."""
    async with door.client(DOMAIN) as client:
        await log_in(client, DOMAIN, PASSPHRASE)
        client.headers.update(await bearer_of_page(client, DOMAIN))
        yield client


async def post(client: httpx.AsyncClient, category: str = "plain", **attributes: Any) -> httpx.Response:
    said = {"category": category, "title": "Hello", **attributes}
    return await client.post("/notifications", json={"data": {"attributes": said}})


async def kept(door: Front) -> list[dict[str, Any]]:
    async with door.client(DOMAIN, "io.cozy.notifications") as client:
        rows = (await client.get("/data/io.cozy.notifications/_all_docs?include_docs=true")).json()["rows"]
    found: list[dict[str, Any]] = [row["doc"] for row in rows if not row["id"].startswith("_design")]
    return sorted(found, key=lambda one: str(one["created_at"]))


async def test_an_app_lets_its_person_know(door: Front, office: PostOffice, app: httpx.AsyncClient) -> None:
    html = '<p>Your <b>account</b><script>x()</script><img src="https://spy.example/1.gif"></p>'
    answer = await post(
        app, category_id="a1", message="Low balance", content_html=html, data={"redirectLink": "mini/#/a1"}
    )
    assert answer.status_code == 201, answer.text
    data = answer.json()["data"]
    assert data["type"] == "io.cozy.notifications"
    assert data["links"] == {"self": f"/notifications/{data['id']}"}
    (document,) = await kept(door)
    assert document["_id"] == data["id"]
    assert document["source_id"] == "cozy/app/mini/plain/a1"
    assert (document["originator"], document["slug"], document["title"]) == ("app", "mini", "Hello")
    assert document["created_at"] == document["last_sent"] == rfc3339(door.clock.now())
    mail = await office.arrived()
    assert (mail["To"], mail["Subject"]) == (MAIL, "Hello")
    assert "Low balance" in text_of(mail)
    assert "http://mini.alice.example/#/a1" in text_of(mail)
    part = mail.get_body(("html",))
    assert part is not None
    assert "<b>account</b>" in part.get_content()
    assert "spy.example" not in part.get_content()
    assert "x()" not in part.get_content()


async def test_the_same_state_is_nothing_new(door: Front, office: PostOffice, app: httpx.AsyncClient) -> None:
    first = await post(app, "balance", state=-1)
    again = await post(app, "balance", state=-1)
    assert again.status_code == 201
    assert again.json()["data"]["id"] == first.json()["data"]["id"]
    assert len(await kept(door)) == 1
    door.clock.pass_time(minutes=30)
    await post(app, "balance", state=0)  # all is well again: noted, not sent
    door.clock.pass_time(minutes=31)
    await post(app, "balance", state=-2, priority="low")
    await office.arrived(2)
    assert len(office.mails) == 2
    found = await kept(door)
    assert [one["state"] for one in found] == [-1, 0, -2]
    assert [one["priority"] for one in found] == ["high", "high", "low"]
    assert found[1]["last_sent"] == found[0]["last_sent"]


async def test_what_comes_too_often_is_kept_and_not_sent(
    door: Front, office: PostOffice, app: httpx.AsyncClient
) -> None:
    for _ in range(3):
        await post(app, "often", category_id="x")
        door.clock.pass_time(minutes=25)
    await post(app, "often", category_id="x")
    await post(app, "often", category_id="y")
    await office.arrived(3)
    assert len(await kept(door)) == 5
    assert len(office.mails) == 3


async def test_of_those_that_wait_for_their_time_the_last_is_mailed(
    door: Front, office: PostOffice, app: httpx.AsyncClient
) -> None:
    later = door.clock.now() + timedelta(hours=1)
    await post(app, "weekly", title="First", at=rfc3339(later))
    await post(app, "weekly", title="Second", at=rfc3339(later))
    await post(app, "plain", title="Now")
    assert (await office.arrived())["Subject"] == "Now"
    door.clock.pass_time(hours=1, seconds=1)
    async with door.client(DOMAIN, "*") as client:  # anything that wakes the queue
        client.headers["Authorization"] = f"Bearer {door.token(DOMAIN, 'io.cozy.jobs')}"
        await client.post("/jobs/queue/log", json={"data": {"attributes": {"arguments": {}}}})
    assert (await office.arrived(2))["Subject"] == "Second"
    assert len(office.mails) == 2


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ({"category": "unknown"}, 403),
        ({"title": ""}, 400),
        ({"title": "x" * 301}, 400),
        ({"title": 3}, 400),
        ({"category": ""}, 400),
        ({"state": []}, 400),
        ({"data": "x"}, 400),
        ({"at": "tomorrow"}, 400),
        ({"at": "2040-01-01T00:00:00Z"}, 400),
        ({"at": "2026-01-02T00:00:00"}, 400),
        ({"preferred_channels": ["pigeon"]}, 400),
        ({"preferred_channels": ["mobile", "mail"]}, 201),
    ],
)
async def test_what_is_wrong_is_told(
    door: Front, office: PostOffice, app: httpx.AsyncClient, attributes: dict[str, Any], status: int
) -> None:
    said = {"category": "plain", "title": "Hello", **attributes}
    answer = await app.post("/notifications", json={"data": {"attributes": said}})
    assert answer.status_code == status, answer.text
    assert len(await kept(door)) == (status == 201)


async def test_only_who_declared_it_may_send_it(door: Front, office: PostOffice) -> None:
    found = door.house.need(Instances).by_domain(DOMAIN)

    async def unit(tx: Tx) -> None:
        await tx.put(
            "io.cozy.konnectors", "io.cozy.konnectors/bank", {"slug": "bank", "notifications": RULES, "permissions": {}}
        )
        declared = {"client_name": "Phone", "notifications": {"sync": {}}}
        await tx.put("io.cozy.oauth.clients", "phone", declared)
        await tx.put("io.cozy.oauth.clients", "linked", {"client_name": "L", "software_id": "registry://mini"})

    await door.house.need(Documents).work(found.key, unit)
    expected = {
        ("cli", "CLI", "plain"): 403,
        ("konn", "bank", "plain"): 201,
        ("konn", "bank", "other"): 403,
        ("access", "phone", "sync"): 201,
        ("access", "phone", "plain"): 403,
        ("access", "linked", "plain"): 201,
    }
    for (audience, subject, category), status in expected.items():
        token = door.token(DOMAIN, "io.cozy.nothing", audience, subject)
        async with door.client(DOMAIN, Authorization=f"Bearer {token}") as client:
            assert (await post(client, category)).status_code == status, (audience, subject, category)
    async with door.client(DOMAIN) as nobody:
        assert (await post(nobody)).status_code == 401
        assert (await nobody.post("/notifications", json={})).status_code == 400
    sources = {one["source_id"] for one in await kept(door)}
    assert sources == {"cozy/konnector/bank/plain/", "cozy/oauth/phone/sync/", "cozy/oauth/mini/plain/"}


async def test_without_mail_it_is_kept_all_the_same(tmp_path: Path) -> None:
    write_app(tmp_path, "mini", notifications=RULES)
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE, Email=MAIL)
        async with entry.client(DOMAIN) as client:
            await log_in(client, DOMAIN, PASSPHRASE)
            client.headers.update(await bearer_of_page(client, DOMAIN))
            assert (await post(client)).status_code == 201
        assert len(await kept(entry)) == 1


async def upload(client: httpx.AsyncClient, name: str, size: int) -> str:
    answer = await client.post(f"/files/?Type=file&Name={name}", content=b"x" * size)
    assert answer.status_code == 201, answer.text
    ident: str = answer.json()["data"]["id"]
    return ident


async def test_who_has_little_space_left_is_told_once(office: PostOffice) -> None:
    async with front(**office.settings()) as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE, Email=MAIL, Locale="en", DiskQuota="1000")
        found, followers = entry.house.need(Instances).by_domain(DOMAIN), entry.house.need(Followers)
        async with entry.client(DOMAIN, "io.cozy.files") as client:
            await upload(client, "a", 900)
            await followers.settle(found.key, "notifications.quota")
            assert await kept(entry) == []
            much = await upload(client, "b", 50)
            assert (
                await client.patch(f"/files/{much}", json={"data": {"attributes": {"name": "c"}}})
            ).status_code == 200
            await followers.settle(found.key, "notifications.quota")
            mail = await office.arrived()
            assert mail["Subject"] == "Your space is nearly full"
            assert "http://files.alice.example/" in text_of(mail)
            entry.clock.pass_time(seconds=1)  # of two of one moment nobody knows which is the later
            await client.delete(f"/files/{much}")
            await client.delete(f"/files/trash/{much}")
            await followers.settle(found.key, "notifications.quota")
            entry.clock.pass_time(seconds=1)
            await upload(client, "d", 50)  # within the week: noted, not sent
            await followers.settle(found.key, "notifications.quota")
        told = await kept(entry)
        assert sorted(one["state"] for one in told) == [False, True, True]
        assert {one["source_id"] for one in told} == {"cozy/stack//disk-quota/"}
    assert len(office.mails) == 1


async def test_a_person_is_told_once_of_too_many_devices() -> None:
    async with post_office() as office, front(**office.settings()) as entry:
        await entry.instance(DOMAIN, Email=MAIL, Locale="en")
        there, followers = f"/instances/{DOMAIN}/feature/flags", entry.house.need(Followers)
        await entry.operator.patch(there, json={"cozy.oauthclients.max": 1})
        alice, clients = entry.house.need(Instances).by_domain(DOMAIN), entry.house.need(Clients)
        said = {"redirect_uris": ["cozy://"], "client_name": "Pocket", "software_id": "x", "client_kind": "mobile"}
        made = []
        for count in range(3):
            made.append((await clients.register(alice, said, pending=False))[0])
            await followers.settle(alice.key, "notifications.devices")
            assert len(await kept(entry)) == (0 if count == 0 else 1)
            entry.clock.pass_time(seconds=1)
        mail = await office.arrived()
        assert mail["Subject"] == "Too many devices are connected"
        for client in made[1:]:
            await clients.revoke(alice, client.id)
        await followers.settle(alice.key, "notifications.devices")
        assert sorted(one["state"] for one in await kept(entry)) == [False, True]


async def test_a_person_is_told_what_guests_bring(office: PostOffice, tmp_path: Path) -> None:
    write_app(tmp_path, "mini", permissions={"files": {"type": "io.cozy.files"}})
    async with front(apps=str(tmp_path), **office.settings()) as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE, Email=MAIL, Locale="en")
        alice, followers = entry.house.need(Instances).by_domain(DOMAIN), entry.house.need(Followers)
        async with entry.client(DOMAIN) as owner:
            await log_in(owner, DOMAIN, PASSPHRASE)
            owner.headers.update(await bearer_of_page(owner, DOMAIN))
            folder = (await owner.post("/files/?Type=directory&Name=Box")).json()["data"]["id"]
            rule = {"type": "io.cozy.files", "verbs": ["POST"], "values": [folder]}
            body = {"data": {"type": "io.cozy.permissions", "attributes": {"permissions": {"box": rule}}}}
            link = (await owner.post("/permissions?codes=link", json=body)).json()["data"]

            async def brings(name: str, called: str = "", status: int = 201) -> None:
                code = link["attributes"]["codes"]["link"]
                asked = {"Authorization": f"Bearer {code}", "Alcove-Guest": called}
                async with entry.client(DOMAIN, **asked) as guest:
                    answer = await guest.post(f"/files/{folder}?Type=file&Name={name}", content=b"x")
                    assert answer.status_code == status, answer.text
                await followers.settle(alice.key, "notifications.arrivals")

            await upload(owner, "mine", 3)
            await brings("long", "x" * 61, 400)
            await brings("wrong", "%ff", 400)
            await followers.settle(alice.key, "notifications.arrivals")
            assert await kept(entry) == []
            await brings("a.pdf", "Zo%C3%A9%20%E2%80%AE%00 Blue")
            await brings("b.pdf")  # within the hour
            held = (await owner.get(f"/files/{folder}")).json()["included"]
            by = {one["attributes"]["name"]: one["attributes"]["cozyMetadata"]["uploadedBy"] for one in held}
            assert by == {"a.pdf": {"link": link["id"], "guest": "Zoé Blue"}, "b.pdf": {"link": link["id"]}}
            (told,) = await kept(entry)
            assert told["title"] == "Zoé Blue put files into “Box”"
            assert told["data"] == {"redirectLink": f"files/?folder={folder}"}
            assert (await office.arrived())["Subject"] == "Zoé Blue put files into “Box”"
            entry.clock.pass_time(hours=2)
            await brings("c.pdf")
            assert sorted(one["title"] for one in await kept(entry))[0] == "Somebody put files into “Box”"
