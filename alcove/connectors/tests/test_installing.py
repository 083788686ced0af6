"""Connectors from elsewhere: installed, listed, made to run by themselves, removed with their accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DOMAIN = "alice.example"
SCOPE = "io.cozy.konnectors io.cozy.accounts io.cozy.triggers io.cozy.jobs"


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front() as entry:
        await entry.instance(DOMAIN)
        yield entry


def write_connector(folder: Path, **members: object) -> dict[str, str]:
    """Writes a connector; gives the parameters that install it."""
    manifest = {"name": "Shop", "slug": "shop", "type": "konnector", "version": "1.0.0", "language": "node", **members}
    (folder / "manifest.konnector").write_bytes(orjson.dumps(manifest))
    (folder / "index.js").write_text("console.log(1)")
    (folder / "icon.svg").write_text("<svg/>")
    return {"Source": f"file://{folder}"}


async def test_a_connector_is_installed_listed_and_removed(door: Front, tmp_path: Path) -> None:
    at = write_connector(tmp_path, permissions={"b": {"type": "io.cozy.bills"}})
    async with door.client(DOMAIN, SCOPE) as client:
        ours = (await client.get("/connectors/")).json()
        assert "bankfiles" in [one["attributes"]["slug"] for one in ours["data"]]
        assert (await client.get("/konnectors/")).json()["meta"]["count"] == 0
        answer = await client.post("/konnectors/shop", params={**at, "Parameters": '{"key": 1}'})
        assert answer.status_code == 202, answer.text
        shown = (await client.get("/konnectors/shop")).json()["data"]
        assert (shown["type"], shown["id"]) == ("io.cozy.konnectors", "io.cozy.konnectors/shop")
        told = shown["attributes"]
        assert (told["state"], told["parameters"], told["type"]) == ("ready", {"key": 1}, "konnector")
        assert "code" not in told
        assert shown["links"] == {
            "self": "/konnectors/shop",
            "icon": f"/konnectors/shop/icon/{told['version']}",
            "permissions": "/permissions/konnectors/shop",
        }
        listed = (await client.get("/konnectors/")).json()
        assert (listed["meta"]["count"], listed["links"]) == (1, {})
        assert (await client.get("/connectors/")).json() == ours
        assert (await client.get("/konnectors/shop/icon")).headers["content-type"] == "image/svg+xml"
        assert (await client.post("/konnectors/shop", params=at)).status_code == 409
        assert (await client.put("/konnectors/shop")).status_code == 202
        assert (await client.delete("/konnectors/shop")).status_code == 200
        assert (await client.get("/konnectors/shop")).status_code == 404


async def test_a_connector_is_made_to_run_by_itself(door: Front, tmp_path: Path) -> None:
    at = write_connector(tmp_path, frequency="daily", time_interval=[7, 8], folders=[{"defaultDir": "/x"}])
    async with door.client(DOMAIN, SCOPE) as client:
        await client.post("/konnectors/shop", params=at)
        account = {"account_type": "shop"}
        ident = (await client.post("/data/io.cozy.accounts/", json=account)).json()["id"]
        answer = await client.post("/konnectors/shop/trigger", params={"AccountID": ident})
        assert answer.status_code == 201
        told = answer.json()["data"]["attributes"]
        assert (told["type"], told["worker"]) == ("@cron", "konnector")
        assert told["message"] == {"account": ident, "konnector": "shop", "folder_to_save": "yes"}
        assert told["arguments"].split()[2:] == ["7", "*", "*", "*"]
        assert (await client.post("/konnectors/none/trigger")).status_code == 404
        # What hangs on it goes with it: an account knows passwords.
        assert (await client.delete("/konnectors/shop")).status_code == 202
        assert (await client.get(f"/data/io.cozy.accounts/{ident}")).status_code == 404
        assert (await client.get(f"/jobs/triggers/{answer.json()['data']['id']}")).status_code == 404


async def test_what_is_no_connector_is_refused(door: Front, tmp_path: Path) -> None:
    at = write_connector(tmp_path, type="webapp")
    async with door.client(DOMAIN, SCOPE) as client:
        assert (await client.post("/konnectors/shop", params=at)).status_code == 400
        at = write_connector(tmp_path)
        assert (await client.post("/konnectors/shop", params={**at, "Parameters": "[1]"})).status_code == 400
        built = (await client.get("/connectors/?limit=1")).json()["data"][0]
        assert (await client.delete(built["links"]["self"])).status_code == 400
        assert (await client.put(built["links"]["self"], params=at)).status_code == 400
        assert (await client.put(built["links"]["self"])).status_code == 202
        assert (await client.get(f"{built['links']['self']}/icon")).status_code in (200, 404)
    async with door.client(DOMAIN, "io.cozy.files") as poor:
        assert (await poor.post("/konnectors/shop", params=at)).status_code == 403
        assert (await poor.get("/konnectors/")).status_code == 403


async def test_an_update_that_wants_to_certify_alone_is_taken(door: Front, tmp_path: Path) -> None:
    async def version(number: str, **permissions: object) -> str:
        at = write_connector(tmp_path, version=number, permissions=permissions)
        async with door.client(DOMAIN, SCOPE) as client:
            method = "POST" if number == "1.0.0" else "PUT"
            told = (await client.request(method, "/konnectors/shop", params=at)).json()["data"]["attributes"]
            return str(told["version"]).partition("-")[0]

    certified = {"type": "io.cozy.certified.carbon_copy"}
    assert await version("1.0.0") == "1.0.0"
    assert await version("1.1.0", c=certified) == "1.1.0"
    assert await version("1.2.0", c=certified, b={"type": "io.cozy.bills"}) == "1.1.0"
