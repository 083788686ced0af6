"""Logging in by a mailed link: in the browser that asked, elsewhere, with a second proof, and what opens nothing."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pyotp

from alcove.identity import Clients, client_form, salt_of
from alcove.instances import Instances
from alcove.outbox.testing import PostOffice, post_office, text_of
from alcove.server.testing import ROUNDS, Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

WORDS, MAIL = "long enough words", "alice@example.org"
FORM = client_form(WORDS, salt_of("alice.example"), int(ROUNDS))
HTML = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}


@contextlib.asynccontextmanager
async def mailing(**options: str) -> AsyncIterator[tuple[Front, PostOffice]]:
    async with post_office() as office, front(**office.settings()) as entry:
        said = {"Passphrase": WORDS, "Email": MAIL, "Locale": "en", "MagicLink": "true", **options}
        await entry.instance(**said)
        yield entry, office


async def csrf_of(browser: httpx.AsyncClient) -> str:
    await browser.get("/auth/login", headers=HTML)
    return browser.cookies["_csrf"]


async def asked(browser: httpx.AsyncClient, redirect: str = "") -> httpx.Response:
    data = {"csrf_token": await csrf_of(browser), "redirect": redirect}
    return await browser.post("/auth/magic_link", data=data, headers=HTML)


async def mailed(office: PostOffice, count: int = 1) -> str:
    """The link of the first mail that has one, from the one of that number on."""
    while True:
        found = re.search(r"http://alice\.example/auth/magic_link\S+", text_of(await office.arrived(count)))
        if found:
            return found[0]
        count += 1


def code_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["code"][0]


async def logged_in(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/auth/login")).status_code == 303


async def test_a_link_opens_the_place_in_the_browser_that_asked() -> None:
    async with mailing() as (entry, office), entry.client() as browser:
        page = await browser.get("/auth/login", headers=HTML)
        assert "Send me a link by mail" in page.text
        told = await asked(browser, "drive/#/folder")
        assert told.status_code == 200
        assert "A mail is on its way" in told.text
        link = await mailed(office)
        done = await browser.get(link, headers=HTML)
        assert (done.status_code, done.headers["location"]) == (303, "http://drive.alice.example/#/folder")
        assert await logged_in(browser)
        assert (await browser.get("/public/prelogin")).json()["magic_link"] is True


async def test_a_link_holds_once_and_for_a_while() -> None:
    async with mailing() as (entry, office), entry.client() as browser:
        await asked(browser)
        link = await mailed(office)
        assert (await browser.get(link, headers=HTML)).status_code == 303
        browser.cookies.delete("cozysessid")
        again = await browser.get(link, headers=HTML)
        assert again.status_code == 400
        assert "used already" in again.text
        entry.clock.pass_time(hours=2)
        await asked(browser)
        late = await mailed(office, 2)
        entry.clock.pass_time(minutes=16)
        assert (await browser.get(late, headers=HTML)).status_code == 400


async def test_programs_that_look_into_mails_are_not_let_in() -> None:
    async with mailing() as (entry, office), entry.client() as browser, entry.client() as other:
        await asked(browser)
        link = await mailed(office)
        looked = await other.get(link, headers=HTML)
        assert looked.status_code == 200
        assert "Open your place in this browser?" in looked.text
        assert not await logged_in(other)
        assert (await browser.head(link)).status_code == 200
        form = {"csrf_token": other.cookies["_csrf"], "magic_code": code_of(link), "redirect": "drive/"}
        done = await other.post("/auth/magic_link/twofactor", data=form, headers=HTML)
        assert (done.status_code, done.headers["location"]) == (303, "http://drive.alice.example/")
        assert await logged_in(other)
        assert (await browser.get(link, headers=HTML)).status_code == 400


async def test_who_wants_mailed_codes_says_the_passphrase() -> None:
    async with mailing(AuthMode="two_factor_mail") as (entry, office), entry.client() as browser:
        await asked(browser)
        link = await mailed(office)
        page = await browser.get(link, headers=HTML)
        assert page.status_code == 200
        assert "say your passphrase as well" in page.text
        assert not await logged_in(browser)
        form = {"csrf_token": browser.cookies["_csrf"], "magic_code": code_of(link), "redirect": ""}
        for wrong in ({}, {"passphrase": "x"}):
            refused = await browser.post("/auth/magic_link/twofactor", data={**form, **wrong}, headers=JSON)
            assert refused.status_code == 401
            assert refused.json()["error"].startswith("The password you entered is incorrect")
        done = await browser.post("/auth/magic_link/twofactor", data={**form, "passphrase": FORM}, headers=JSON)
        assert (done.status_code, done.json()) == (200, {"redirect": "http://alice.example/"})
        assert await logged_in(browser)
        again = await browser.post("/auth/magic_link/twofactor", data={**form, "passphrase": FORM}, headers=JSON)
        assert again.status_code == 401
        assert len(office.mails) == 1


async def test_who_wants_an_app_is_asked_for_its_code() -> None:
    async with mailing() as (entry, office), entry.client() as browser:
        async with entry.client(scope="io.cozy.settings") as client:
            offered = await client.post("/settings/second_factor/app", json={"passphrase": FORM})
            app = pyotp.TOTP(offered.json()["data"]["attributes"]["secret"])
            code = app.at(entry.clock.now())
            assert (await client.put("/settings/second_factor/app", json={"code": code})).status_code == 200
        await asked(browser)
        led = await browser.get(await mailed(office), headers=HTML)
        assert led.status_code == 303
        assert urlsplit(led.headers["location"]).path == "/auth/twofactor"
        assert not await logged_in(browser)


async def test_a_link_ends_with_the_passphrase_and_the_permission() -> None:
    async with mailing() as (entry, office), entry.client() as browser:
        await asked(browser)
        link = await mailed(office)
        await entry.operator.patch("/instances/alice.example", params={"MagicLink": "false"})
        assert (await browser.get(link, headers=HTML)).status_code == 400
        await entry.operator.patch("/instances/alice.example", params={"MagicLink": "true"})
        await entry.operator.put("/instances/alice.example/passphrase", json={"passphrase": "another one"})
        assert (await browser.get(link, headers=HTML)).status_code == 400


async def test_it_is_offered_only_where_it_works() -> None:
    async with mailing(MagicLink="false") as (entry, _), entry.client() as browser:
        assert "/auth/magic_link" not in (await browser.get("/auth/login", headers=HTML)).text
        refused = await asked(browser)
        assert refused.status_code == 400
        assert "No link can be mailed" in refused.text
        answer = await entry.operator.post("/instances/alice.example/magic_link")
        assert answer.status_code == 400
    async with front() as entry, entry.client() as browser:
        await entry.instance(MagicLink="true", Email=MAIL)
        assert "/auth/magic_link" not in (await browser.get("/auth/login", headers=HTML)).text
        assert (await asked(browser)).status_code == 400


async def test_nobody_learns_whether_there_is_an_address() -> None:
    async with mailing(Email="") as (entry, office), entry.client() as browser:
        told = await asked(browser)
        assert told.status_code == 200
        assert "A mail is on its way" in told.text
        assert office.mails == []


async def test_who_asks_again_and_again_is_slowed_down() -> None:
    async with mailing() as (entry, _), entry.client() as browser:
        statuses = [(await asked(browser)).status_code for _ in range(7)]
        assert statuses == [200] * 5 + [429] * 2


async def test_a_form_of_another_page_asks_for_nothing() -> None:
    async with mailing() as (entry, office), entry.client() as browser:
        await csrf_of(browser)
        assert (await browser.post("/auth/magic_link", data={})).status_code == 400
        assert (await browser.post("/auth/magic_link", data={"csrf_token": "x"})).status_code == 403
        csrf = browser.cookies["_csrf"]
        elsewhere = {"csrf_token": csrf, "redirect": "https://evil.example/"}
        assert (await browser.post("/auth/magic_link", data=elsewhere)).status_code == 400
        assert office.mails == []
        for code in ("", "x", "é" * 20, "a" * 9000):
            assert (await browser.get("/auth/magic_link", params={"code": code})).status_code == 400
            form = {"csrf_token": csrf, "magic_code": code}
            assert (await browser.post("/auth/magic_link/twofactor", data=form, headers=JSON)).status_code == 401


async def test_the_operator_leads_a_person_in() -> None:
    async with mailing() as (entry, _), entry.client() as browser:
        answer = await entry.operator.post("/instances/alice.example/magic_link")
        assert answer.status_code == 201
        done = await browser.get("/auth/magic_link", params={"magic_code": answer.json()["code"]}, headers=HTML)
        assert (done.status_code, done.headers["location"]) == (303, "http://alice.example/")
        assert await logged_in(browser)


async def registered(entry: Front) -> dict[str, str]:
    said = {"redirect_uris": ["app://back"], "client_name": "Pocket", "software_id": "pocket"}
    async with entry.client(**JSON) as client:
        told = (await client.post("/auth/register", json=said)).json()
    return {"client_id": told["client_id"], "client_secret": told["client_secret"]}


async def exchanged(entry: Front, **said: Any) -> httpx.Response:
    async with entry.client(**JSON) as client:
        return await client.post("/auth/magic_link/flagship", json=said)


async def fresh_code(entry: Front) -> str:
    code: str = (await entry.operator.post("/instances/alice.example/magic_link")).json()["code"]
    return code


async def test_an_app_that_the_link_opened_gets_in() -> None:
    async with mailing() as (entry, _):
        made, code = await registered(entry), await fresh_code(entry)
        for wrong, status in (({"magic_code": "x"}, 401), ({"client_id": "x"}, 400), ({"client_secret": "x"}, 400)):
            said = {**made, "magic_code": code, **wrong}
            assert (await exchanged(entry, **said)).status_code == status
        answer = await exchanged(entry, **made, magic_code=code)
        assert (answer.status_code, set(answer.json())) == (202, {"session_code"})
        again = await exchanged(entry, **made, magic_code=code)
        assert (again.status_code, again.json()) == (401, {"error": "invalid magic code"})
        instance = entry.house.need(Instances).by_domain("alice.example")
        await entry.house.need(Clients).certify(instance, made["client_id"])
        answer = await exchanged(entry, **made, magic_code=await fresh_code(entry))
        assert (answer.status_code, answer.json()["scope"]) == (200, "*")


async def test_an_app_says_the_passphrase_where_mailed_codes_are_wanted() -> None:
    async with mailing(AuthMode="two_factor_mail") as (entry, _):
        made, code = await registered(entry), await fresh_code(entry)
        refused = await exchanged(entry, **made, magic_code=code)
        assert refused.status_code == 401
        assert refused.json() == {"error": "passphrase is required as second authentication factor"}
        assert (await exchanged(entry, **made, magic_code=code, passphrase=FORM)).status_code == 202
