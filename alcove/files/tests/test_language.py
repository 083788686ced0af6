"""The first directories follow the language that a person chooses at the first start."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from alcove.server.testing import front

if TYPE_CHECKING:
    import httpx

DOMAIN = "new.example"


async def names(client: httpx.AsyncClient) -> list[str]:
    """What lies in the root."""
    told = (await client.get("/files/io.cozy.files.root-dir")).json()["included"]
    return sorted(one["attributes"]["name"] for one in told if one["id"] != "io.cozy.files.trash-dir")


async def test_folders_follow_the_first_choice_and_nothing_is_lost() -> None:
    async with front() as entry:
        record = await entry.instance(DOMAIN)
        token = base64.b64decode(record["register_token"]).hex()
        said = {"register_token": token, "passphrase": "form", "iterations": 50_000, "locale": "fr"}
        async with entry.client(DOMAIN, "io.cozy.files") as client:
            assert await names(client) == ["Administrative", "Photos"]
            found = (await client.get("/files/metadata?Path=/Administrative")).json()["data"]["id"]
            kept = await client.post(f"/files/{found}?Type=file&Name=bill.txt", content=b"x")
            assert kept.status_code == 201
            assert (await client.post("/settings/passphrase", json=said)).status_code == 200
            assert await names(client) == ["Administratif", "Photos"]
            assert (await client.get("/files/metadata?Path=/Administratif/bill.txt")).status_code == 200


async def test_a_folder_of_ones_own_is_left_alone() -> None:
    async with front() as entry:
        record = await entry.instance(DOMAIN)
        token = base64.b64decode(record["register_token"]).hex()
        said = {"register_token": token, "passphrase": "form", "iterations": 50_000, "locale": "fr"}
        async with entry.client(DOMAIN, "io.cozy.files") as client:
            await client.post("/files/?Type=directory&Name=Administratif")
            assert (await client.post("/settings/passphrase", json=said)).status_code == 200
            assert await names(client) == ["Administratif", "Administrative", "Photos"]
