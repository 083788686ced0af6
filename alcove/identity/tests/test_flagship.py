"""A client that the person certifies may have everything (contract-a section 3)."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import pytest

from alcove.apps.testing import log_in, write_app
from alcove.documents import Documents
from alcove.identity import Clients, client_form
from alcove.instances import Instances
from alcove.outbox.testing import post_office
from alcove.server.testing import ROUNDS, Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

    from alcove.documents import Tx
    from alcove.instances import Instance

DOMAIN = "alice.example"
PASSPHRASE = "correct horse battery"
FORM = client_form(PASSPHRASE, f"me@{DOMAIN}", int(ROUNDS))
HTML = {"Accept": "text/html"}
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Front]:
    write_app(tmp_path)
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE)
        yield entry


@pytest.fixture
async def app(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with door.client() as client:
        yield client


def here(door: Front) -> Instance:
    return door.house.need(Instances).by_domain(DOMAIN)


async def register(app: httpx.AsyncClient) -> dict[str, Any]:
    said = {"redirect_uris": ["cozy://"], "client_name": "Pocket", "software_id": "amiral"}
    told: dict[str, Any] = (await app.post("/auth/register", json=said)).json()
    return told


async def certified(door: Front, app: httpx.AsyncClient) -> dict[str, Any]:
    made = await register(app)
    await door.house.need(Clients).certify(here(door), made["client_id"])
    return made


def everything(made: dict[str, Any]) -> dict[str, str]:
    return {
        "client_id": made["client_id"],
        "redirect_uri": "cozy://",
        "state": "st",
        "response_type": "code",
        "scope": "*",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }


def of_page(html: str) -> tuple[str, str]:
    """The digits on the page, and its token."""
    digits, token = re.search(r'"digits">(\d{6})<', html), re.search(r'name="token" value="([^"]+)"', html)
    assert token
    return digits[1] if digits else "", token[1]


async def login(app: httpx.AsyncClient, made: dict[str, Any], **more: str) -> httpx.Response:
    both = {name: made[name] for name in ("client_id", "client_secret")}
    return await app.post("/auth/login/flagship", json={**both, "passphrase": FORM, **more})


async def test_the_person_certifies_with_six_digits(door: Front, app: httpx.AsyncClient) -> None:
    made, other = await register(app), await register(app)
    first = await app.get("/auth/authorize", params=everything(made), headers=HTML)
    assert first.status_code == 303
    await log_in(app, DOMAIN, PASSPHRASE)
    page = await app.get("/auth/authorize", params=everything(made), headers=HTML)
    assert "Give Pocket everything?" in page.text
    code, token = of_page(page.text)
    path = f"/auth/clients/{made['client_id']}/flagship"
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for sent in ({"code": wrong, "token": token}, {"code": code, "token": token + "x"}, {"code": code}, {}):
        refused = await app.post(path, data=sent)
        assert (refused.status_code, set(refused.json())) == (401, {"error"})
    stolen = await app.post(f"/auth/clients/{other['client_id']}/flagship", data={"code": code, "token": token})
    assert stolen.status_code == 401
    assert (await app.post(path, data={"code": f"{code[:3]} {code[3:]}", "token": token})).status_code == 204
    assert (await app.post("/auth/clients/unknown/flagship", data={})).status_code == 404
    consent = await app.get("/auth/authorize", params=everything(made), headers=HTML)
    assert "Everything in your Alcove" in consent.text


async def test_digits_end_after_ten_minutes_and_many_tries(door: Front, app: httpx.AsyncClient) -> None:
    await log_in(app, DOMAIN, PASSPHRASE)
    made = await register(app)
    path = f"/auth/clients/{made['client_id']}/flagship"
    code, token = of_page((await app.get("/auth/authorize", params=everything(made), headers=HTML)).text)
    door.clock.pass_time(minutes=10, seconds=1)
    assert (await app.post(path, data={"code": code, "token": token})).status_code == 401
    code, token = of_page((await app.get("/auth/authorize", params=everything(made), headers=HTML)).text)
    for _ in range(5):
        await app.post(path, data={"code": "wrong", "token": token})
    slowed = await app.post(path, data={"code": code, "token": token})
    assert (slowed.status_code, slowed.json()["error"]) == (401, "Too many tries. Try again later.")


async def test_digits_come_by_mail_where_there_is_a_mail_server(tmp_path: Path) -> None:
    write_app(tmp_path)
    async with post_office() as office, front(apps=str(tmp_path), **office.settings()) as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE, Email="alice@example.org")
        async with entry.client() as app:
            await log_in(app, DOMAIN, PASSPHRASE)
            made = await register(app)
            page = await app.get("/auth/authorize", params=everything(made), headers=HTML)
            shown, token = of_page(page.text)
            assert shown == ""
            assert "alice@example.org" in page.text
            mail = await office.arrived()
            body = mail.get_body(("plain",))
            assert body is not None
            digits = re.search(r"\b\d{6}\b", body.get_content())
            assert digits
            sent = {"code": digits[0], "token": token}
            assert (await app.post(f"/auth/clients/{made['client_id']}/flagship", data=sent)).status_code == 204


async def test_no_store_is_known_here(door: Front, app: httpx.AsyncClient) -> None:
    made = await register(app)
    path = f"/auth/clients/{made['client_id']}"
    own = {"Authorization": f"Bearer {made['registration_access_token']}"}
    assert (await app.post(f"{path}/challenge")).status_code == 401
    assert (await app.post(f"{path}/challenge", headers=own)).json()["nonce"]
    said = {"platform": "android", "challenge": "x", "attestation": "y"}
    assert (await app.post(f"{path}/attestation", json=said)).status_code == 400
    assert (await app.post("/auth/clients/unknown/attestation", json=said)).status_code == 404


async def test_a_certified_client_logs_in_with_the_passphrase(door: Front, app: httpx.AsyncClient) -> None:
    made = await certified(door, app)
    wrong = await login(app, made, passphrase="wrong")
    assert (wrong.status_code, set(wrong.json())) == (401, {"error"})
    assert (await login(app, made, client_id="unknown")).json() == {"error": "the client must be registered"}
    assert (await login(app, made, client_secret="x")).json() == {"error": "invalid client_secret"}
    tokens = (await login(app, made)).json()
    assert tokens["scope"] == "*"
    own = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await app.get("/data/io.cozy.contacts/_all_docs", headers=own)).status_code == 200
    assert (await app.get("/apps/mini/open", headers=own)).status_code == 200
    code = (await app.post("/auth/session_code", headers=own)).json()["session_code"]
    assert re.fullmatch(r"[0-9A-Za-z]{32}", code)


async def test_other_clients_get_a_session_to_be_certified_in(door: Front, app: httpx.AsyncClient) -> None:
    made = await register(app)
    answer = await login(app, made)
    assert answer.status_code == 202
    code = answer.json()["session_code"]
    entered = await app.get("/auth/authorize", params={**everything(made), "session_code": code}, headers=HTML)
    assert entered.status_code == 303
    assert "session_code" not in entered.headers["location"]
    assert "Max-Age=300" in entered.headers["set-cookie"]
    assert "Give Pocket everything?" in (await app.get(entered.headers["location"], headers=HTML)).text
    async with door.client() as stranger:
        used = await stranger.get("/auth/authorize", params={**everything(made), "session_code": code}, headers=HTML)
        assert "/auth/login" in used.headers["location"]


async def test_a_session_code_is_for_who_proves_something(door: Front, app: httpx.AsyncClient) -> None:
    for said in ({}, {"passphrase": "wrong"}):
        refused = await app.post("/auth/session_code", json=said)
        assert (refused.status_code, refused.json()) == (401, {"error": "Not authorized"})
    assert (await app.post("/auth/session_code", json={"passphrase": 7})).status_code == 400
    assert (await app.post("/auth/session_code", json={"passphrase": FORM})).status_code == 201
    async with door.client(scope="io.cozy.files") as weak:
        assert (await weak.post("/auth/session_code", json={})).status_code == 401
    made = await certified(door, app)
    old = (await app.post("/auth/session_code", json={"passphrase": FORM})).json()["session_code"]
    door.clock.pass_time(days=7)
    late = await app.get("/auth/authorize", params={**everything(made), "session_code": old}, headers=HTML)
    assert "/auth/login" in late.headers["location"]


async def test_a_certified_client_gets_tokens_for_connectors(door: Front, app: httpx.AsyncClient) -> None:
    async def unit(tx: Tx) -> None:
        fields = {"slug": "bank", "state": "ready", "permissions": {"files": {"type": "io.cozy.files"}}}
        await tx.put("io.cozy.konnectors", "io.cozy.konnectors/bank", fields)

    await door.house.need(Documents).work(here(door).key, unit)
    made = await certified(door, app)
    own = {"Authorization": f"Bearer {(await login(app, made)).json()['access_token']}"}
    assert (await app.post("/auth/tokens/konnectors/bank")).status_code == 403
    assert (await app.post("/auth/tokens/konnectors/unknown", headers=own)).status_code == 404
    token = await app.post("/auth/tokens/konnectors/bank", headers=own)
    assert token.status_code == 201
    connector = {"Authorization": f"Bearer {token.json()}"}
    assert (await app.get("/files/io.cozy.files.root-dir", headers=connector)).status_code == 200


async def test_a_session_code_opens_an_app_once(door: Front, app: httpx.AsyncClient) -> None:
    code = (await app.post("/auth/session_code", json={"passphrase": FORM})).json()["session_code"]
    async with door.client() as webview:
        opened = await webview.get(f"http://mini.{DOMAIN}/?session_code={code}&a=b", headers=HTML)
        assert (opened.status_code, opened.headers["location"]) == (303, f"http://mini.{DOMAIN}/?a=b")
        assert "Max-Age" not in opened.headers["set-cookie"]
        assert (await webview.get(opened.headers["location"], headers=HTML)).status_code == 200
    async with door.client() as another:
        assert (await another.get(f"http://mini.{DOMAIN}/?session_code={code}", headers=HTML)).status_code == 302


async def test_an_app_sets_the_first_passphrase(door: Front) -> None:
    record = await door.instance("new.example")
    secret = base64.b64decode(record["register_token"]).hex()
    form = client_form(PASSPHRASE, "me@new.example", int(ROUNDS))
    async with door.client("new.example") as app:
        made = await register(app)
        both = {name: made[name] for name in ("client_id", "client_secret")}
        said = {**both, "register_token": secret, "passphrase": form, "iterations": int(ROUNDS)}
        path = "/settings/passphrase/flagship"
        assert (await app.post(path, json={**said, "passphrase": ""})).status_code == 422
        assert (await app.post(path, json={**said, "iterations": 5})).status_code == 422
        assert (await app.post(path, json={**said, "client_secret": "x"})).status_code == 400
        assert (await app.post(path, json={**said, "register_token": "00"})).status_code == 400
        first = await app.post(path, json=said)
        assert (first.status_code, set(first.json())) == (202, {"session_code"})
        assert (await app.post(path, json=said)).status_code == 400
        new = door.house.need(Instances).by_domain("new.example")
        await door.house.need(Clients).certify(new, made["client_id"])
        assert (await app.post("/auth/login/flagship", json={**both, "passphrase": form})).json()["scope"] == "*"


async def test_where_the_operator_says_so_no_client_needs_to_be_certified() -> None:
    contexts = {"open": {"skip_certification": True}, "default": {}}
    async with front(contexts=contexts) as entry:
        for domain, context in ((DOMAIN, "open"), ("bob.example", "")):
            await entry.instance(domain, Passphrase=PASSPHRASE, ContextName=context)
        async with entry.client(DOMAIN) as app:
            made = await register(app)
            tokens = (await login(app, made)).json()
            own = {"Authorization": f"Bearer {tokens['access_token']}"}
            assert (await app.get("/data/io.cozy.contacts/_all_docs", headers=own)).status_code == 200
            await log_in(app, DOMAIN, PASSPHRASE)
            page = await app.get("/auth/authorize", params=everything(made), headers=HTML)
            assert "Everything in your Alcove" in page.text
            await entry.operator.patch(f"/instances/{DOMAIN}", params={"ContextName": "default"})
            assert (await app.get("/data/io.cozy.contacts/_all_docs", headers=own)).status_code == 400
