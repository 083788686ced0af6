"""Accounts by OAuth: a person is led to the provider and back, and the account is kept without a secret in clear."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest

from alcove.apps.testing import log_in
from alcove.base.outgoing import NoReply, Outgoing, Question, Reply
from alcove.connectors.errors import ProviderWrong
from alcove.connectors.model import ACCOUNTS
from alcove.connectors.oauth import read_provider
from alcove.connectors.tests.test_installing import write_connector
from alcove.documents import Documents, Tx
from alcove.instances import Instances
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

DOMAIN = "alice.example"
PASSPHRASE = "correct horse battery"
AUTH, TOKEN = "https://bank.example/authorize?lang=fr", "https://bank.example/token"
BANK = {
    "client_id": "alcove",
    "client_secret": "server-secret",
    "auth_endpoint": AUTH,
    "token_endpoint": TOKEN,
    "extras": {"prompt": "consent"},
}


class Bank:
    """A provider: gives a code to whom it is led, and tokens for the code to who proves to have asked."""

    def __init__(self) -> None:
        self.led: dict[str, str] = {}
        self.asked: list[Question] = []
        self.replies: list[Reply | None] = []
        self.basic = False

    def enter(self, url: str) -> str:
        """What the browser sees there: where it is led back to, with a code."""
        assert url.startswith("https://bank.example/authorize?")
        self.led = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
        return f"{self.led['redirect_uri']}?code=the-code&state={self.led['state']}"

    async def ask(self, question: Question) -> Reply:
        """Its address for tokens; takes the place of the door out."""
        self.asked.append(question)
        if self.replies:
            reply = self.replies.pop(0)
            if reply is None:
                raise NoReply("bank.example does not answer")
            return reply
        said = dict(parse_qsl(question.body.decode()))
        known = said.get("client_secret") == "server-secret"
        if self.basic:
            known = (
                question.headers.get("Authorization") == f"Basic {base64.b64encode(b'alcove:server-secret').decode()}"
            )
        if not known:
            return Reply(401, {}, b'{"error": "invalid_client"}')
        if said["grant_type"] == "refresh_token":
            return _tokens(said["refresh_token"] + "+")
        digest = hashlib.sha256(said.get("code_verifier", "").encode()).digest()
        shown = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if said["code"] != "the-code" or shown != self.led["code_challenge"]:
            return Reply(400, {}, b'{"error": "invalid_grant"}')
        return _tokens("r1")


def _tokens(refresh: str) -> Reply:
    said = {"access_token": f"access-{refresh}", "refresh_token": refresh, "token_type": "bearer", "expires_in": 3600}
    return Reply(200, {}, orjson.dumps({**said, "user_id": "42", "id_token": "header.body.seal"}))


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Front]:
    async with front() as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE)
        await entry.instance("bob.example", Passphrase=PASSPHRASE)
        async with entry.client(DOMAIN, "io.cozy.konnectors") as operator:
            for slug in ("bank", "rival"):
                folder = tmp_path / slug
                folder.mkdir()
                at = write_connector(folder, slug=slug, permissions={"a": {"type": ACCOUNTS}})
                assert (await operator.post(f"/konnectors/{slug}", params=at)).status_code == 202
        yield entry


@pytest.fixture
def bank(door: Front, monkeypatch: pytest.MonkeyPatch) -> Bank:
    made = Bank()
    monkeypatch.setattr(door.house.need(Outgoing), "ask", made.ask)
    return made


@pytest.fixture
async def browser(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with door.client(DOMAIN) as client:
        assert (await log_in(client, DOMAIN, PASSPHRASE)).status_code == 200
        yield client


async def define(door: Front, ident: str = "bank", **members: Any) -> httpx.Response:
    said = {"data": {"attributes": {**BANK, **members}}}
    return await door.operator.put(f"/accounts/types/{ident}", json=said)


async def lead(browser: httpx.AsyncClient, bank: Bank, **query: str) -> str:
    """Where the person is led back to by the provider."""
    began = await browser.get("/accounts/bank/start", params=query)
    assert began.status_code == 303, began.text
    return bank.enter(began.headers["location"])


async def connect(browser: httpx.AsyncClient, bank: Bank, **query: str) -> str:
    """The id of the account that a person gets."""
    back = await browser.get(await lead(browser, bank, **query))
    assert back.status_code == 303, back.text
    return dict(parse_qsl(urlsplit(back.headers["location"]).query))["account"]


def konnector(door: Front, slug: str = "bank") -> httpx.AsyncClient:
    client = door.client(DOMAIN)
    client.headers["Authorization"] = f"Bearer {door.token(DOMAIN, audience='konn', subject=slug)}"
    return client


async def accounts(door: Front) -> list[bytes]:
    key = door.house.need(Instances).by_domain(DOMAIN).key
    return [one.body for one in await door.house.need(Documents).all(key, ACCOUNTS) if b"bank" in one.body]


async def test_a_person_is_led_to_the_provider_and_back(door: Front, browser: httpx.AsyncClient, bank: Bank) -> None:
    await define(door)
    query = {"scope": "read", "state": "mine", "nonce": "n1", "slug": "store", "hint": "x", "client_id": "other"}
    back = await lead(browser, bank, **query)
    assert {name: bank.led[name] for name in ("lang", "prompt", "hint", "scope", "client_id", "response_type")} == {
        "lang": "fr", "prompt": "consent", "hint": "x", "scope": "read", "client_id": "alcove", "response_type": "code"
    }  # fmt: skip
    assert bank.led["redirect_uri"] == f"http://{DOMAIN}/accounts/bank/redirect"
    assert "mine" not in bank.led["state"]
    answer = await browser.get(back)
    place = urlsplit(answer.headers["location"])
    said = dict(parse_qsl(place.query))
    assert (answer.status_code, place.netloc, said["state"]) == (303, f"store.{DOMAIN}", "mine")
    assert answer.headers["cache-control"] == "no-store"
    told = dict(parse_qsl(bank.asked[0].body.decode()))
    assert (told["nonce"], told["redirect_uri"], bank.asked[0].purpose) == ("n1", bank.led["redirect_uri"], "account")
    async with konnector(door) as run:
        seen = (await run.get(f"/data/{ACCOUNTS}/{said['account']}")).json()
    assert seen["account_type"] == "bank"
    ends = seen["oauth"].pop("expires_at")
    assert ends > door.clock.now().isoformat()
    assert seen["oauth"] == {"access_token": "access-r1", "refresh_token": "r1", "token_type": "bearer"}
    assert seen["oauth_callback_results"] == {"user_id": "42", "id_token": "header.body.seal"}
    assert seen["cozyMetadata"]["createdByApp"] == "store"
    # The page that came back is asked for again: the code is good once, and the account is there.
    again = await browser.get(back)
    assert dict(parse_qsl(urlsplit(again.headers["location"]).query))["account"] == said["account"]
    assert len(bank.asked) == 1


async def test_no_secret_lies_in_clear(door: Front, browser: httpx.AsyncClient, bank: Bank) -> None:
    await define(door)
    ident = await connect(browser, bank)
    stored = (await accounts(door))[0]
    types = (await door.house.need(Documents).all("alcove", "io.cozy.account_types"))[0].body
    listed = await door.operator.get("/accounts/types")
    assert listed.json()["data"][0]["attributes"]["secrets"] == ["client_secret"]
    async with konnector(door, "rival") as rival, door.client(DOMAIN, ACCOUNTS) as page:
        seen = [(await one.get(f"/data/{ACCOUNTS}/{ident}")).content for one in (rival, page)]
    for said in (stored, types, listed.content, *seen):
        assert not any(word in said for word in (b"access-r1", b'"r1"', b"body.seal", b"server-secret"))


async def test_only_who_went_comes_back(door: Front, browser: httpx.AsyncClient, bank: Bank) -> None:
    await define(door)
    back = await lead(browser, bank)
    async with door.client(DOMAIN) as stranger:
        assert (await stranger.get("/accounts/bank/start")).status_code == 403
        assert (await stranger.get(back)).status_code == 403
        await log_in(stranger, DOMAIN, PASSPHRASE)  # another browser of the same person
        assert (await stranger.get(back)).status_code == 403
    async with door.client("bob.example") as bob:
        await log_in(bob, "bob.example", PASSPHRASE)
        assert (await bob.get(back.replace(DOMAIN, "bob.example"))).status_code == 400
    for wrong in (back.replace("state=", "state=x"), back.replace("/bank/", "/other/"), back.partition("?")[0]):
        assert (await browser.get(wrong)).status_code == 400
    door.clock.pass_time(minutes=31)
    assert (await browser.get(back)).status_code == 400
    assert bank.asked == []
    assert await accounts(door) == []


async def test_who_says_no_is_led_back(door: Front, browser: httpx.AsyncClient, bank: Bank) -> None:
    await define(door)
    await lead(browser, bank, state="mine")
    answer = await browser.get(f"/accounts/bank/redirect?error=access_denied&state={bank.led['state']}")
    assert answer.headers["location"] == f"http://home.{DOMAIN}/?error=access_denied&state=mine"
    assert await accounts(door) == []


async def test_one_address_may_stand_for_all_instances(door: Front, browser: httpx.AsyncClient, bank: Bank) -> None:
    await define(door, redirect_uri="https://oauth.example/accounts/bank/redirect")
    back = urlsplit(await lead(browser, bank))
    async with door.client("oauth.example") as nobody:
        on = await nobody.get(f"{back.path}?{back.query}")
    assert on.headers["location"] == f"http://{DOMAIN}/accounts/bank/redirect?{back.query}"
    assert (await browser.get(on.headers["location"])).status_code == 303
    assert (
        dict(parse_qsl(bank.asked[0].body.decode()))["redirect_uri"] == "https://oauth.example/accounts/bank/redirect"
    )


async def test_a_provider_may_know_the_server_by_its_password(
    door: Front, browser: httpx.AsyncClient, bank: Bank
) -> None:
    await define(door, token_mode="basic", skip_state_on_token=True, skip_redirect_uri_on_authorize=True)
    bank.basic = True
    began = await browser.get("/accounts/bank/start")
    bank.led = dict(parse_qsl(urlsplit(began.headers["location"]).query))
    assert "redirect_uri" not in bank.led
    answer = await browser.get(f"/accounts/bank/redirect?code=the-code&state={bank.led['state']}")
    assert answer.status_code == 303, answer.text
    assert not {"client_secret", "state"} & set(dict(parse_qsl(bank.asked[0].body.decode())))


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (None, 502),
        (Reply(500, {}, b"oops"), 502),
        (Reply(200, {}, b"<html>"), 502),
        (Reply(200, {}, b"{}"), 400),
        (Reply(200, {}, b'{"access_token": 1}'), 400),
        (Reply(400, {}, b'{"error": "invalid_grant"}'), 400),
        (Reply(200, {}, b'{"access_token": "a", "expires_in": "soon"}'), 303),
    ],
)
async def test_what_a_provider_answers_is_judged(
    door: Front, browser: httpx.AsyncClient, bank: Bank, reply: Reply | None, status: int
) -> None:
    await define(door)
    back = await lead(browser, bank)
    bank.replies.append(reply)
    assert (await browser.get(back)).status_code == status
    assert len(await accounts(door)) == (status == 303)


async def test_a_token_is_refreshed(door: Front, browser: httpx.AsyncClient, bank: Bank) -> None:
    await define(door)
    ident = await connect(browser, bank)
    async with konnector(door) as run, konnector(door, "rival") as rival, door.client(DOMAIN) as nobody:
        told = (await run.post(f"/accounts/bank/{ident}/refresh")).json()["data"]
        assert (told["type"], told["id"], told["links"]["self"]) == (ACCOUNTS, ident, f"/data/{ACCOUNTS}/{ident}")
        assert told["attributes"]["oauth"]["access_token"] == "access-r1+"
        assert (await run.get(f"/data/{ACCOUNTS}/{ident}")).json()["oauth"]["refresh_token"] == "r1+"
        assert "access-" not in (await rival.post(f"/accounts/bank/{ident}/refresh")).text
        assert (await nobody.post(f"/accounts/bank/{ident}/refresh")).status_code == 401
        assert (await run.post(f"/accounts/other/{ident}/refresh")).status_code == 404
        for reply, status, code in (
            (Reply(400, {}, b'{"error": "invalid_grant"}'), 401, "oauth_refresh_invalid_token"),
            (Reply(400, {}, b'{"error": "invalid_client"}'), 401, None),
            (None, 502, None),
        ):
            bank.replies.append(reply)
            answer = await run.post(f"/accounts/bank/{ident}/refresh")
            assert (answer.status_code, answer.json()["errors"][0].get("code")) == (status, code)
        assert (await run.get(f"/data/{ACCOUNTS}/{ident}")).json()["oauth"]["refresh_token"] == "r1++"


async def test_a_connector_may_ask_for_tokens_by_itself(door: Front, browser: httpx.AsyncClient, bank: Bank) -> None:
    await define(door, token_endpoint="")
    ident = await connect(browser, bank)
    assert "code_challenge" not in bank.led
    async with konnector(door) as run:
        seen = (await run.get(f"/data/{ACCOUNTS}/{ident}")).json()["oauth"]
        known = {"client_id": "alcove", "client_secret": "server-secret"}
        assert seen == {**known, "query": {"code": "the-code"}}
        assert (await run.post(f"/accounts/bank/{ident}/refresh")).status_code == 200
    assert bank.asked == []
    assert b"the-code" not in (await accounts(door))[0]


async def test_a_provider_of_the_context_comes_first(door: Front, browser: httpx.AsyncClient, bank: Bank) -> None:
    await door.operator.patch(f"/instances/{DOMAIN}", params={"ContextName": "town"})
    await define(door)
    await define(door, "town/bank", client_id="of-the-town")
    await lead(browser, bank)
    assert (bank.led["client_id"], bank.led["redirect_uri"]) == (
        "of-the-town",
        f"http://{DOMAIN}/accounts/bank/redirect",
    )
    await door.operator.delete("/accounts/types/town/bank")
    await lead(browser, bank)
    assert bank.led["client_id"] == "alcove"


async def test_a_secret_that_is_not_said_stays(door: Front, browser: httpx.AsyncClient, bank: Bank) -> None:
    await define(door)
    said = {"data": {"attributes": {name: value for name, value in BANK.items() if name != "client_secret"}}}
    await door.operator.put("/accounts/types/bank", json=said)
    await connect(browser, bank)
    await define(door, client_secret=None)
    assert (await browser.get(await lead(browser, bank))).status_code == 400


@pytest.mark.parametrize(
    "members",
    [
        {"grant_mode": "token"},
        {"grant_mode": "bi_webview"},
        {"auth_endpoint": ""},
        {"auth_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "ftp://bank.example/"},
        {"token_mode": "shout"},
        {"extras": {"a": 1}},
        {"client_id": 1},
        {"colour": "blue"},
    ],
)
async def test_a_provider_that_cannot_be_meant_is_refused(door: Front, members: dict[str, Any]) -> None:
    with pytest.raises(ProviderWrong):
        read_provider("bank", {**BANK, **members})
    assert (await define(door, **members)).status_code == 422
    assert (await define(door, "Bank!")).status_code == 422
    assert (await door.operator.get("/accounts/types")).json()["data"] == []


async def test_a_way_that_leads_elsewhere_is_not_taken(door: Front, browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/accounts/bank/start")).status_code == 404
    await define(door)
    assert (await browser.get("/accounts/bank/start?slug=evil.example/x")).status_code == 422
    await define(door, "key", grant_mode="secret", secret="k")
    assert (await browser.get("/accounts/key/start")).status_code == 404


async def test_what_is_asked_of_a_provider_is_in_the_journal(door: Front, browser: httpx.AsyncClient) -> None:
    await define(door, token_endpoint="https://127.0.0.1:1/token")
    began = await browser.get("/accounts/bank/start")
    led = dict(parse_qsl(urlsplit(began.headers["location"]).query))
    answer = await browser.get(f"/accounts/bank/redirect?code=x&state={led['state']}")
    assert answer.status_code == 502
    async with door.client(DOMAIN, "org.alcove.egress") as client:
        lines = (await client.get("/egress")).json()["data"]
    assert [(one["attributes"]["purpose"], one["attributes"]["host"]) for one in lines] == [("account", "127.0.0.1")]


async def test_what_another_process_was_given_meanwhile_is_good(
    door: Front, browser: httpx.AsyncClient, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    await define(door)
    ident = await connect(browser, bank)
    key, documents = door.house.need(Instances).by_domain(DOMAIN).key, door.house.need(Documents)

    async def refused(_question: Question) -> Reply:
        there = await documents.get(key, ACCOUNTS, ident)
        assert there is not None
        fresh = {**there.fields(), "oauth": {"access_token": "access-new"}}

        async def unit(tx: Tx) -> None:
            await tx.put(ACCOUNTS, ident, fresh, there.rev)

        await documents.work(key, unit)
        return Reply(400, {}, b'{"error": "invalid_grant"}')

    monkeypatch.setattr(door.house.need(Outgoing), "ask", refused)
    async with konnector(door) as run:
        told = (await run.post(f"/accounts/bank/{ident}/refresh")).json()["data"]["attributes"]
    assert told["oauth"]["access_token"] == "access-new"
