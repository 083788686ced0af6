"""The front door: hosts, guards, refusals, headers."""

from __future__ import annotations

import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from alcove.base.http import Guard
from alcove.documents import Documents
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front() as entry:
        await entry.instance("alice.example")
        yield entry


async def test_version_and_status_need_no_instance(door: Front) -> None:
    async with door.client("nobody.example") as client:
        assert (await client.get("/version")).json()["version"]
        assert (await client.get("/status")).json()["status"] == "OK"
        assert (await client.get("/connection_check")).status_code == 204


async def test_the_status_tells_what_is_not_well(door: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    async with door.client("nobody.example") as client:
        said = (await client.get("/status")).json()
        assert {said[name] for name in ("cache", "couchdb", "fs")} == {"healthy"}
        assert set(said["latency"]) == {"cache", "couchdb", "fs"}

        async def broken(_: object, tenant: str) -> int:
            raise OSError(f"{tenant} cannot be read")

        monkeypatch.setattr(type(door.house.need(Documents)), "last_seq", broken)
        answer = await client.get("/status")
    assert answer.status_code == 502
    assert {name: answer.json()[name] for name in ("status", "couchdb", "fs")} == {
        "status": "KO", "couchdb": "OSError", "fs": "healthy",
    }  # fmt: skip


async def test_the_status_tells_of_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    async with front(blobs="local") as entry, entry.client("nobody.example") as client:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))
        answer = await client.get("/status")
    assert (answer.status_code, answer.json()["fs"]) == (502, "StorageFull")


async def test_an_unknown_host_is_told_so(door: Front) -> None:
    async with door.client("nobody.example", Accept="application/json") as client:
        answer = await client.get("/settings/instance")
    assert (answer.status_code, answer.json()) == (404, {"error": "Instance not found"})


async def test_refusals_speak_the_language_of_their_routes(door: Front) -> None:
    async with door.client(Accept="application/json") as client:
        assert (await client.get("/settings/instance")).json() == {"error": "No token in request"}
        assert (await client.get("/nothing/here")).json() == {"error": "Not Found"}
        data = await client.get("/data/io.cozy.x/y")
    assert data.json() == {"error": "code=401, message=No token in request"}


async def test_a_wrong_token_names_itself_in_the_header(door: Front) -> None:
    async with door.client(Authorization="Bearer nonsense", Accept="application/json") as client:
        answer = await client.get("/settings/instance")
    assert answer.status_code == 400
    assert answer.json() == {"error": "Invalid JWT token"}
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_an_old_token_has_expired(door: Front) -> None:
    async with door.client(scope="io.cozy.settings", Accept="application/json") as client:
        assert (await client.get("/settings/instance")).status_code == 200
        door.clock.pass_time(minutes=31)
        answer = await client.get("/settings/instance")
    assert (answer.status_code, answer.json()) == (400, {"error": "Expired token"})


async def test_a_token_of_another_instance_is_worth_nothing(door: Front) -> None:
    await door.instance("bob.example")
    token = door.token("bob.example", "*")
    async with door.client("alice.example", Authorization=f"Bearer {token}") as client:
        assert (await client.get("/settings/instance")).status_code == 400


async def test_other_origins_get_their_headers(door: Front) -> None:
    async with door.client(scope="io.cozy.settings", Origin="http://drive.alice.example") as client:
        answer = await client.get("/settings/instance")
        assert answer.headers["access-control-allow-origin"] == "http://drive.alice.example"
        assert answer.headers["access-control-allow-credentials"] == "true"
        before = await client.options("/data/io.cozy.x/", headers={"Access-Control-Request-Headers": "authorization"})
    assert before.status_code == 204
    assert before.headers["access-control-allow-headers"] == "authorization"


async def test_every_answer_forbids_sniffing_and_framing(door: Front) -> None:
    async with door.client() as client:
        for path in ("/version", "/nothing", "/auth/login"):
            answer = await client.get(path)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_no_route_of_the_operator_is_open(door: Front) -> None:
    for route in door.house.routes:
        if route.operator and route.path not in ("/version", "/status", "/connection_check"):
            assert route.guard is Guard.OPERATOR, route.path


async def test_the_operator_needs_the_passphrase(door: Front) -> None:
    answer = await door.operator.get("/instances", auth=("", "guess"))
    assert answer.status_code == 401
    assert "www-authenticate" in answer.headers
    assert (await door.operator.get("/instances", auth=None)).status_code == 401


async def test_a_fault_of_ours_tells_no_trace(door: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(door.public._gate, "admit", broken)
    async with door.client(scope="x.y") as client:
        answer = await client.get("/settings/instance")
    assert answer.status_code == 500
    assert "secret" not in answer.text
