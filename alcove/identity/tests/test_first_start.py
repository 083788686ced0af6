"""The first start: an instance without passphrase, and who holds its one-time secret."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import pytest

from alcove.apps.testing import log_in
from alcove.identity import client_form
from alcove.instances import Instances
from alcove.server.testing import ROUNDS, Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DOMAIN = "new.example"
PASSPHRASE = "six words that are easy enough"


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front() as entry:
        yield entry


async def secret(door: Front) -> str:
    record = await door.instance(DOMAIN)
    assert record["onboarding_finished"] is False
    return base64.b64decode(record["register_token"]).hex()


def body(token: str, **more: Any) -> dict[str, Any]:
    form = client_form(PASSPHRASE, f"me@{DOMAIN}", int(ROUNDS))
    return {"register_token": token, "passphrase": form, "iterations": int(ROUNDS), **more}


async def test_a_person_chooses_name_language_and_passphrase(door: Front) -> None:
    token = await secret(door)
    async with door.client(DOMAIN, **{"Accept-Language": "fr-FR,fr;q=0.9,en;q=0.8"}) as client:
        to_page = await client.get(f"/?registerToken={token}")
        assert to_page.status_code == 303
        page = await client.get(to_page.headers["location"])
        assert page.status_code == 200
        assert '<html lang="fr">' in page.text
        assert 'data-iterations="650000"' in page.text
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        said = body(token, public_name="  Chloé <b> ", locale="fr")
        answer = await client.post("/settings/passphrase", json=said, headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json()) == (200, {"redirect": f"http://{DOMAIN}/"})
        assert "Max-Age=315360000" in answer.headers["set-cookie"]
        home = await client.get("/")
        assert '<html lang="fr">' in home.text
    async with door.client(DOMAIN, "io.cozy.settings io.cozy.contacts", Accept="application/json") as client:
        told = (await client.get("/settings/instance")).json()["data"]["attributes"]
        contacts = (await client.get("/data/io.cozy.contacts/_all_docs?include_docs=true")).json()["rows"]
        assert (await client.get("/public/prelogin")).json()["name"] == "Chloé <b>"
    assert (told["public_name"], told["locale"], told["onboarding_finished"]) == ("Chloé <b>", "fr", True)
    assert [row["doc"]["fullname"] for row in contacts if row["doc"].get("me")] == ["Chloé <b>"]
    async with door.client(DOMAIN) as client:
        assert (await log_in(client, DOMAIN, PASSPHRASE)).status_code == 200


async def test_the_secret_serves_once(door: Front) -> None:
    token = await secret(door)
    async with door.client(DOMAIN) as client:
        answers = await asyncio.gather(
            *(client.post("/settings/passphrase", json=body(token, public_name=name)) for name in "ABCD")
        )
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
        assert (await client.post("/settings/passphrase", json=body(token))).status_code == 400
        client.cookies.clear()
        page = await client.get(f"/auth/passphrase?registerToken={token}")
        assert (page.status_code, page.headers["location"]) == (303, f"http://{DOMAIN}/")
    assert "register_token" not in door.house.need(Instances).by_domain(DOMAIN).fields


@pytest.mark.parametrize("token", ["", "00" * 16, "zz", "é"])
async def test_nobody_else_chooses(door: Front, token: str) -> None:
    await secret(door)
    async with door.client(DOMAIN) as client:
        answer = await client.post("/settings/passphrase", json=body(token, public_name="Mallory", locale="fr"))
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["detail"] == "Invalid register token"
        page = await client.get("/auth/passphrase", params={"registerToken": token})
        assert (page.status_code, page.headers["location"]) == (303, f"http://{DOMAIN}/")
        assert (await client.get("/")).headers["location"] == f"http://{DOMAIN}/auth/login"
    record = door.house.need(Instances).by_domain(DOMAIN)
    assert (record.locale, record.fields.get("password_defined")) == ("en", None)


async def test_what_is_wrong_is_told_and_changes_nothing(door: Front) -> None:
    token = await secret(door)
    wrong: list[dict[str, Any]] = [
        {"iterations": 49_999}, {"iterations": 5_000_001}, {"iterations": [1]}, {"passphrase": ""}, {"passphrase": 3},
        {"locale": "xx"}, {"public_name": "x" * 300}, {"redirection": "http://evil.example/"},
    ]  # fmt: skip
    async with door.client(DOMAIN) as client:
        for members in wrong:
            answer = await client.post("/settings/passphrase", json=body(token, **members))
            assert answer.status_code in (400, 422), members
        assert (await client.post("/settings/passphrase", content=b"[]")).status_code == 400
        form = {name: str(value) for name, value in body(token, redirection="mini/#/x").items()}
        answer = await client.post("/settings/passphrase", data=form, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (303, f"http://mini.{DOMAIN}/#/x")


async def test_a_client_cannot_log_in_before(door: Front) -> None:
    await secret(door)
    async with door.client(DOMAIN) as client:
        before = await client.get("/public/prelogin")
        assert (before.status_code, before.json()) == (412, {"error": "the instance has not been onboarded"})
        assert "alcove instance passphrase" in (await client.get("/auth/login")).text
        assert (await log_in(client, DOMAIN, "")).status_code == 401


async def test_the_secret_reads_the_settings_and_nothing_else(door: Front) -> None:
    token = await secret(door)
    async with door.client(DOMAIN, Accept="application/json") as client:

        async def ask(path: str, said: str) -> int:
            return (await client.get(path, params={"registerToken": said})).status_code

        assert await ask("/settings/instance", token) == 200
        assert (await client.get("/permissions/self", params={"registerToken": token})).json()["data"][
            "attributes"
        ] == {
            "type": "register",
            "permissions": {
                "rule0": {"type": "io.cozy.settings", "verbs": ["GET"], "values": ["io.cozy.settings.instance"]}
            },
        }
        for path in ("/settings/passphrase", "/data/io.cozy.contacts/_all_docs", "/files/io.cozy.files.root-dir"):
            assert await ask(path, token) == 403
        assert [await ask("/settings/instance", said) for said in ("", "00", token[:-1])] == [401] * 3
        assert (await client.post("/settings/passphrase", json=body(token))).status_code == 200
        client.cookies.clear()
        assert await ask("/settings/instance", token) == 401
