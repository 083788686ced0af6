"""A client is let in that moves a place: with the passphrase, and what else the person asks for (contract-a 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from alcove.identity.tests.test_authorize import exchange, register
from alcove.identity.tests.test_login import DOMAIN
from alcove.identity.tests.test_second_factor import FORM, MAIL, by_mail, mailed
from alcove.outbox.testing import PostOffice, post_office
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

PAGE = "/auth/authorize/move"
BACK = "https://move.example/callback/target"
JSON = {"Accept": "application/json"}


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with post_office() as opened:
        yield opened


@pytest.fixture
async def door(office: PostOffice) -> AsyncIterator[Front]:
    async with front(**office.settings()) as entry:
        await entry.instance(DOMAIN, Passphrase="correct horse battery", Email=MAIL, Locale="en")
        yield entry


async def mover(client: httpx.AsyncClient, **more: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """A client that moves places, and what it sends a person with."""
    made = await register(client, redirect_uris=[BACK], client_name="Mover", client_kind="web", **more)
    return made, {"state": "st", "client_id": made["client_id"], "redirect_uri": BACK}


async def post(client: httpx.AsyncClient, asked: dict[str, str], form: str) -> httpx.Response:
    page = await client.get(PAGE, params=asked)
    assert page.status_code == 200, page.text
    assert "Mover, at move.example, asks" in page.text
    said = {**asked, "csrf_token": client.cookies["_csrf"], "passphrase": form}
    return await client.post(PAGE, data=said, headers=JSON)


async def test_the_passphrase_lets_a_client_move_the_place_and_nothing_else(door: Front, office: PostOffice) -> None:
    async with door.client(DOMAIN) as client:
        made, asked = await mover(client)
        assert (await post(client, asked, "wrong")).status_code == 401
        answer = await post(client, asked, FORM)
        assert answer.status_code == 200, answer.text
        assert "set-cookie" not in answer.headers
        back = urlsplit(answer.json()["redirect"])
        told = dict(parse_qsl(back.query))
        assert (back.netloc, told["state"]) == ("move.example", "st")
        tokens = (await exchange(client, made, code=told["code"])).json()
        assert tokens["scope"] == "io.cozy.exports io.cozy.imports"
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await client.get("/data/io.cozy.files/_all_docs", headers=bearer)).status_code == 403
    assert "Mover may move your place" in str((await office.arrived(1))["Subject"])


async def test_the_second_factor_is_asked_for_too(door: Front, office: PostOffice) -> None:
    await by_mail(door, office)
    async with door.client(DOMAIN) as client:
        made, asked = await mover(client)
        step = urlsplit((await post(client, asked, FORM)).json()["redirect"])
        assert step.path == "/auth/twofactor"
        token = parse_qs(step.query)["two_factor_token"][0]
        said = {"two-factor-token": token, "two-factor-passcode": "000000", "redirect": ""}
        assert (await client.post("/auth/twofactor", data=said, headers=JSON)).status_code == 401
        said["two-factor-passcode"] = await mailed(office, 2)
        answer = await client.post("/auth/twofactor", data=said, headers=JSON)
        assert "set-cookie" not in answer.headers
        code = dict(parse_qsl(urlsplit(answer.json()["redirect"]).query))["code"]
        assert (await exchange(client, made, code=code)).status_code == 200


@pytest.mark.parametrize("name", ["state", "client_id", "redirect_uri"])
async def test_nobody_is_led_anywhere_before_all_is_right(door: Front, name: str) -> None:
    async with door.client(DOMAIN) as client:
        _, asked = await mover(client)
        assert (await client.get(PAGE, params={**asked, name: ""})).status_code == 400
        if name != "state":
            wrong = {**asked, name: "https://elsewhere.example/"}
            assert (await client.get(PAGE, params=wrong)).status_code == 400
        await client.get(PAGE, params=asked)
        said = {**asked, name: "", "csrf_token": client.cookies["_csrf"], "passphrase": FORM}
        assert (await client.post(PAGE, data=said)).status_code == 400


async def test_a_place_without_a_passphrase_is_not_moved(door: Front) -> None:
    await door.instance("new.example")
    async with door.client("new.example") as client:
        _, asked = await mover(client)
        refused = await client.get(PAGE, params=asked, headers={"Accept": "text/html"})
        assert refused.status_code == 400
        assert "This place has no passphrase" in refused.text
