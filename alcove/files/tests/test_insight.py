"""What is told of all files together: which are twice, and when each device was last backed up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.server.testing import front

if TYPE_CHECKING:
    import httpx

DOMAIN = "alice.example"
SCOPE = "io.cozy.files org.alcove.backups"


async def made(client: httpx.AsyncClient, name: str, content: bytes) -> str:
    answer = await client.post(f"/files/?Type=file&Name={name}", content=content)
    return str(answer.json()["data"]["id"])


async def twice(client: httpx.AsyncClient) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    said = (await client.get("/files/duplicates")).json()
    return said["data"]["attributes"], [one["attributes"] for one in said.get("included", [])]


async def test_files_that_are_twice() -> None:
    async with front() as entry:
        await entry.instance(DOMAIN)
        async with entry.client(DOMAIN, SCOPE) as client:
            assert await twice(client) == ({"count": 0, "wasted": "0"}, [])
            small = [await made(client, f"s{n}", b"small") for n in range(3)]
            large = [await made(client, f"l{n}", b"larger" * 100) for n in range(2)]
            gone = [await made(client, f"g{n}", b"gone") for n in range(2)]
            for n in range(2):
                await made(client, f"empty{n}", b"")
                await made(client, f"alone{n}", b"%d" % n)
            await client.delete(f"/files/{gone[0]}")
            told, groups = await twice(client)
            assert told == {"count": 2, "wasted": "610"}
            assert [(one["size"], one["count"]) for one in groups] == [("600", 2), ("5", 3)]
            assert [set(one["ids"]) for one in groups] == [set(large), set(small)]


async def test_a_device_tells_when_it_was_backed_up() -> None:
    async with front() as entry:
        await entry.instance(DOMAIN)
        told = {"client_name": "Phone", "redirect_uris": ["https://x.example/"], "software_id": "x"}
        told["client_kind"] = "mobile"
        async with entry.client(DOMAIN, SCOPE) as client:
            registered = (await client.post("/auth/register", json=told)).json()
            assert (await client.put("/files/backups", json=body(files=1))).status_code == 403
            token = entry.token(DOMAIN, SCOPE, audience="access", subject=registered["client_id"])
            phone = {"Authorization": f"Bearer {token}"}
            first = await client.put("/files/backups", json=body(files=1204, bytes="9007199"), headers=phone)
            assert first.status_code == 200, first.text
            complete = first.json()["data"]["attributes"]["at"]
            assert complete
            entry.clock.pass_time(minutes=20)
            await client.put("/files/backups", json=body(files=1206, failed=2), headers=phone)
            (shown,) = (await client.get("/files/backups")).json()["data"]
            assert shown["id"] == registered["client_id"]
            assert shown["attributes"]["at"] == complete  # what left two behind is no complete one
            assert shown["attributes"]["tried_at"] > complete
            assert (shown["attributes"]["files"], shown["attributes"]["failed"]) == (1206, 2)
            assert (shown["attributes"]["name"], shown["attributes"]["connected"]) == ("Phone", True)
            for wrong in (-1, 1.5, "x", True, 1 << 60):
                assert (await client.put("/files/backups", json=body(files=wrong), headers=phone)).status_code == 400
            assert (await client.delete(f"/files/backups/{shown['id']}")).status_code == 204
            assert (await client.get("/files/backups")).json()["data"] == []


def body(**attributes: Any) -> dict[str, Any]:
    return {"data": {"attributes": attributes}}
