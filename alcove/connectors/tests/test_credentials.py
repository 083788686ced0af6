"""Secrets of accounts at the front door: what is stored, and who sees them in clear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from alcove.connectors.credentials import in_clear, opened, sealed
from alcove.connectors.model import ACCOUNTS
from alcove.connectors.tests.test_installing import write_connector
from alcove.documents import Documents, Followers
from alcove.instances import Instances
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

DOMAIN = "alice.example"
AT = f"/data/{ACCOUNTS}"
SAID: dict[str, Any] = {
    "account_type": "shop",
    "auth": {"login": "me", "password": "hunter2", "secret": "blue", "zip": "75001"},
    "data": {"auth": {"session": {"cookie": "c"}}, "kept": 1},
}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Front]:
    async with front() as entry:
        await entry.instance(DOMAIN)
        async with entry.client(DOMAIN, "io.cozy.konnectors") as operator:
            for slug in ("shop", "rival", "above"):
                folder = tmp_path / slug
                folder.mkdir()
                more = {"aggregator": {"accountId": "parent"}} if slug == "above" else {}
                rights = {"a": {"type": ACCOUNTS}}
                at = write_connector(folder, slug=slug, permissions=rights, **more)
                assert (await operator.post(f"/konnectors/{slug}", params=at)).status_code == 202
        yield entry


def konnector(door: Front, slug: str) -> httpx.AsyncClient:
    client = door.client(DOMAIN)
    client.headers["Authorization"] = f"Bearer {door.token(DOMAIN, audience='konn', subject=slug)}"
    return client


async def make(door: Front, **more: Any) -> dict[str, Any]:
    async with door.client(DOMAIN, ACCOUNTS) as client:
        answer = await client.post(f"{AT}/", json={**SAID, **more})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()["data"]
        return made


async def stored(door: Front, ident: str) -> bytes:
    key = door.house.need(Instances).by_domain(DOMAIN).key
    found = await door.house.need(Documents).get(key, ACCOUNTS, ident)
    assert found is not None
    return found.body


async def test_what_is_stored_and_shown_holds_no_secret(door: Front) -> None:
    made = await make(door)
    assert set(made["auth"]) == {"login", "zip", "credentials_encrypted", "secret_encrypted"}
    assert (made["name"], made["auth"]["zip"], made["data"]["kept"]) == ("me", "75001", 1)
    assert made["cozyMetadata"]["doctypeVersion"] == ""
    body = await stored(door, made["_id"])
    assert not any(word in body for word in (b"hunter2", b"blue", b"cookie"))
    async with door.client(DOMAIN, ACCOUNTS) as client:
        for answer in (
            await client.get(f"{AT}/{made['_id']}"),
            await client.get(f"{AT}/{made['_id']}", params={"include": "credentials"}),
            await client.get(f"{AT}/_all_docs", params={"include_docs": "true"}),
        ):
            assert answer.status_code == 200
            assert "hunter2" not in answer.text


async def test_its_own_connector_sees_it_and_stores_it_back(door: Front) -> None:
    made = await make(door)
    async with konnector(door, "shop") as run, konnector(door, "rival") as rival:
        seen = (await run.get(f"{AT}/{made['_id']}")).json()
        assert seen["auth"] == SAID["auth"]
        assert seen["data"] == SAID["data"]
        kept = await run.put(f"{AT}/{made['_id']}", json={**seen, "state": "LOGIN_SUCCESS"})
        assert "hunter2" not in kept.text
        assert (await run.get(f"{AT}/{made['_id']}")).json()["auth"] == SAID["auth"]
        assert "hunter2" not in (await rival.get(f"{AT}/{made['_id']}")).text


async def test_a_seal_copied_into_another_account_stays_shut(door: Front) -> None:
    made = await make(door)
    copy = await make(door, account_type="rival", auth=made["auth"], data={})
    async with konnector(door, "rival") as rival:
        seen = (await rival.get(f"{AT}/{copy['_id']}")).json()
        assert "password" not in seen["auth"]
        assert seen["auth"]["credentials_encrypted"] == made["auth"]["credentials_encrypted"]


async def test_a_person_changes_the_password(door: Front) -> None:
    made = await make(door)
    async with door.client(DOMAIN, ACCOUNTS) as client:
        changed = {**made, "auth": {**made["auth"], "password": "new"}}
        assert (await client.put(f"{AT}/{made['_id']}", json=changed)).status_code == 200
    async with konnector(door, "shop") as run:
        seen = (await run.get(f"{AT}/{made['_id']}")).json()["auth"]
        assert (seen["password"], seen["secret"]) == ("new", "blue")


async def test_the_account_of_an_aggregator_is_seen_by_who_names_it(door: Front) -> None:
    async with door.client(DOMAIN, ACCOUNTS) as client:
        assert (await client.put(f"{AT}/parent", json={**SAID, "account_type": "bank-union"})).status_code == 200
    async with konnector(door, "above") as run, konnector(door, "shop") as other:
        assert (await run.get(f"{AT}/parent")).json()["auth"]["password"] == "hunter2"
        assert "hunter2" not in (await other.get(f"{AT}/parent")).text


async def test_a_service_of_an_app_asks_for_them(door: Front, tmp_path: Path) -> None:
    made = await make(door)
    folder = tmp_path / "book"
    folder.mkdir()
    rights = {"a": {"type": ACCOUNTS}}
    manifest = {"name": "Book", "slug": "book", "type": "webapp", "version": "1.0.0", "permissions": rights}
    (folder / "manifest.webapp").write_bytes(orjson.dumps(manifest))
    async with door.client(DOMAIN, "io.cozy.apps") as operator:
        answer = await operator.post("/apps/book", params={"Source": f"file://{folder}"})
        assert answer.status_code == 202, answer.text
    service = door.client(DOMAIN)
    service.headers["Authorization"] = f"Bearer {door.token(DOMAIN, audience='app', subject='book')}"
    async with service:
        assert "hunter2" not in (await service.get(f"{AT}/{made['_id']}")).text
        asked = await service.get(f"{AT}/{made['_id']}", params={"include": "credentials"})
        assert asked.json()["auth"]["password"] == "hunter2"


async def test_many_at_once_are_sealed_too(door: Front) -> None:
    async with door.client(DOMAIN, ACCOUNTS) as client:
        bulk: dict[str, Any] = {"docs": [{"_id": "bulk", **SAID}, "no document"]}
        assert (await client.post(f"{AT}/_bulk_docs", json=bulk)).status_code == 400
        bulk["docs"].pop()
        assert (await client.post(f"{AT}/_bulk_docs", json=bulk)).status_code == 201
    assert b"hunter2" not in await stored(door, "bulk")


async def test_what_an_older_release_left_in_clear_is_sealed(door: Front) -> None:
    documents, key = door.house.need(Documents), door.house.need(Instances).by_domain(DOMAIN).key
    await documents.work(key, lambda tx: tx.put(ACCOUNTS, "old", SAID))
    await door.house.need(Followers).settle(key, "connectors.sealing")
    body = await stored(door, "old")
    assert b"hunter2" not in body
    async with konnector(door, "shop") as run:
        assert (await run.get(f"{AT}/old")).json()["auth"] == SAID["auth"]


def test_sealing_changes_nothing_but_secrets() -> None:
    def backwards(data: bytes) -> bytes:
        return data[::-1]

    for fields in (
        {},
        {"auth": None},
        {"auth": [], "data": 3},
        {"auth": {"password": ""}},
        {"data": {"auth": {"a": 1}}},
    ):
        assert sealed(fields, backwards) == fields
        assert not in_clear(fields)
    assert in_clear(SAID)
    assert not in_clear(sealed(SAID, backwards))
    assert opened(sealed(SAID, backwards), backwards) == SAID
