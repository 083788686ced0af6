"""What a vault stands on is kept as clients give it (contract-a sections 2 and 8)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from alcove.identity import client_form
from alcove.instances import Instances
from alcove.server.testing import ROUNDS, Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DOMAIN = "alice.example"
FORM = client_form("a new passphrase", f"me@{DOMAIN}", 50_000)


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front() as entry:
        yield entry


async def kept(door: Front) -> dict[str, Any]:
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        answer = await client.get("/data/io.cozy.settings/io.cozy.settings.bitwarden")
        told: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
        return told


async def test_a_vault_is_begun_once(door: Front) -> None:
    await door.instance(DOMAIN, Passphrase="correct horse battery")
    assert await kept(door) == {}
    async with door.client(DOMAIN, "com.bitwarden.ciphers") as client:
        assert (await client.post("/settings/vault")).status_code == 204
        first = await kept(door)
        assert (first["extension_installed"], first["passphrase_kdf_iterations"]) == (True, int(ROUNDS))
        assert first["encrypted_organization_key"]
        assert (await client.post("/settings/vault")).status_code == 204
    assert await kept(door) == first


async def test_keys_come_with_a_passphrase_and_stay_with_the_next_one(door: Front) -> None:
    await door.instance(DOMAIN)
    token = door.house.need(Instances).by_domain(DOMAIN).fields["register_token"]
    said = {"register_token": base64.b64decode(token).hex(), "passphrase": FORM, "iterations": 50_000}
    keys = {"key": "0.iv|ct", "public_key": "pub", "private_key": "2.iv|ct|mac"}
    async with door.client(DOMAIN) as client:
        for wrong in ({"key": 3}, {"key": "x" * 20_000}, {"hint": "a new passphrase"}, {"hint": 3}):
            assert (await client.post("/settings/passphrase", json={**said, **keys, **wrong})).status_code == 422
        assert (await client.post("/settings/passphrase", json={**said, **keys, "hint": "boats"})).status_code == 200
    first = await kept(door)
    assert {name: first[name] for name in keys} == keys
    assert (first["passphrase_hint"], first["passphrase_kdf_iterations"]) == ("boats", 50_000)
    other = {"current_passphrase": FORM, "new_passphrase": "other", "iterations": 60_000, "key": "0.iv|other"}
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        assert (await client.put("/settings/passphrase", json={**other, "publicKey": "pub2"})).status_code == 204
    then = await kept(door)
    assert (then["key"], then["public_key"], then["private_key"]) == ("0.iv|other", "pub2", "2.iv|ct|mac")
    assert then["security_stamp"] != first["security_stamp"]
    assert then["passphrase_kdf_iterations"] == 60_000


async def test_a_hint_that_is_the_passphrase_is_refused_and_counts_as_a_try(door: Front) -> None:
    await door.instance(DOMAIN, Passphrase="correct horse battery")
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        refused = await client.put("/settings/hint", json={"hint": "correct horse battery"})
        assert (refused.status_code, refused.json()["errors"][0]["source"]) == (422, {"pointer": "/hint"})
        assert (await client.get("/settings/hint")).status_code == 404
        tries = [(await client.put("/settings/hint", json={"hint": f"guess {n}"})).status_code for n in range(7)]
    assert (tries[0], tries[-1]) == (204, 429)
