"""The triggers of an app's services: they come, change and go with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alcove.apps.testing import write_app

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from alcove.server.testing import Front

DOMAIN = "alice.example"
SCOPE = "io.cozy.apps io.cozy.triggers io.cozy.jobs"
DAILY = {"type": "node", "file": "nightly.js", "trigger": "@daily"}


@pytest.fixture
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


async def put(client: httpx.AsyncClient, folder: Path, method: str = "POST") -> httpx.Response:
    return await client.request(method, "/apps/other", params={"Source": f"file://{folder}"})


async def triggers(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """The triggers of services by id."""
    said = (await client.get("/jobs/triggers")).json()["data"]
    return {one["id"]: one["attributes"] for one in said if one["attributes"]["worker"] == "service"}


async def test_a_service_gets_its_trigger_with_the_app(door: Front, sources: Path) -> None:
    services = {
        "nightly": DAILY,
        "seen": {"type": "node", "file": "seen.js", "trigger": "@event io.cozy.bills:CREATED", "debounce": "3m"},
        "asked": {"type": "node", "file": "asked.js", "trigger": "@at 2000-01-01T00:00:00.000Z"},
        "plain": {"type": "node", "file": "plain.js"},
    }
    async with door.client(DOMAIN, SCOPE) as client:
        told = (await put(client, write_app(sources, "other", services=services))).json()["data"]
        assert told["meta"]["rev"].startswith("3-")
        found = await triggers(client)
        named = {name: one.get("trigger_id") for name, one in told["attributes"]["services"].items()}
        assert named["asked"] is named["plain"] is None
        assert set(found) == {named["nightly"], named["seen"]}
        seen = found[named["seen"]]
        assert (seen["type"], seen["arguments"], seen["debounce"]) == ("@event", "io.cozy.bills:CREATED", "3m")
        assert seen["message"] == {"slug": "other", "name": "seen"}
        assert (await client.delete("/apps/other")).status_code == 200
        assert await triggers(client) == {}


async def test_only_the_service_that_changed_gets_another_trigger(door: Front, sources: Path) -> None:
    services = {"nightly": DAILY, "hourly": {"type": "node", "file": "hourly.js", "trigger": "@hourly"}}
    async with door.client(DOMAIN, SCOPE) as client:
        first = (await put(client, write_app(sources, "other", services=services))).json()["data"]["attributes"]
        before = {name: one["trigger_id"] for name, one in first["services"].items()}
        changed = {"nightly": DAILY | {"trigger": "@weekly on monday"}, "hourly": services["hourly"]}
        folder = write_app(sources, "other", services=changed, version="1.1.0")
        second = (await put(client, folder, "PUT")).json()["data"]["attributes"]
        after = {name: one["trigger_id"] for name, one in second["services"].items()}
        assert after["hourly"] == before["hourly"]
        assert after["nightly"] != before["nightly"]
        assert set(await triggers(client)) == set(after.values())


async def test_a_manifest_cannot_lay_hands_on_the_triggers_of_others(door: Front, sources: Path) -> None:
    said = {"data": {"attributes": {"type": "@daily", "worker": "log", "message": {}}}}
    async with door.client(DOMAIN, SCOPE) as client:
        mine = (await client.post("/jobs/triggers", json=said)).json()["data"]["id"]
        claiming = {"nightly": DAILY | {"trigger_id": mine}, "asked": {"file": "a.js", "trigger_id": mine}}
        told = (await put(client, write_app(sources, "other", services=claiming))).json()["data"]["attributes"]
        assert mine not in [one.get("trigger_id") for one in told["services"].values()]
        await client.delete("/apps/other")
        assert (await client.get(f"/jobs/triggers/{mine}")).status_code == 200


@pytest.mark.parametrize("trigger", ["@sometimes", "@every soon", "@event ::", "nightly"])
async def test_a_time_that_nobody_understands_refuses_the_app(door: Front, sources: Path, trigger: str) -> None:
    services = {"nightly": DAILY, "odd": {"type": "node", "file": "odd.js", "trigger": trigger}}
    async with door.client(DOMAIN, SCOPE) as client:
        answer = await put(client, write_app(sources, "other", services=services))
        assert answer.status_code == 400
        assert "its service 'odd'" in answer.json()["errors"][0]["detail"]
        assert (await client.get("/apps/other")).status_code == 404
        assert await triggers(client) == {}


async def test_triggers_that_are_gone_are_made_again(door: Front, sources: Path) -> None:
    services = {"nightly": DAILY, "asked": {"type": "node", "file": "asked.js"}}
    async with door.client(DOMAIN, SCOPE) as client:
        told = (await put(client, write_app(sources, "other", services=services))).json()["data"]["attributes"]
        first = told["services"]["nightly"]["trigger_id"]
        assert (await door.operator.post(f"/instances/{DOMAIN}/fixers/service-triggers")).status_code == 204
        assert set(await triggers(client)) == {first}
        await client.delete(f"/jobs/triggers/{first}")
        assert (await door.operator.post(f"/instances/{DOMAIN}/fixers/service-triggers")).status_code == 204
        shown = (await client.get("/apps/other")).json()["data"]["attributes"]
        second = shown["services"]["nightly"]["trigger_id"]
        assert second != first
        assert set(await triggers(client)) == {second}
        assert "trigger_id" not in shown["services"]["asked"]
