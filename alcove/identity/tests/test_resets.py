"""A forgotten passphrase: the mail that sets it anew, once, and what strangers can do with the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from alcove.identity import client_form
from alcove.identity.tests.test_login import DOMAIN, PASSPHRASE, csrf_of, log_in
from alcove.outbox.testing import PostOffice, post_office, text_of
from alcove.server.testing import ROUNDS, Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

NEW = "four other words altogether"
MAIL = "alice@example.org"


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with post_office() as opened:
        yield opened


@pytest.fixture
async def door(office: PostOffice) -> AsyncIterator[Front]:
    async with front(**office.settings()) as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE, Email=MAIL, Locale="en")
        yield entry


async def ask(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/auth/passphrase_reset", data={"csrf_token": await csrf_of(client)})


async def link(office: PostOffice, count: int = 1) -> str:
    found = re.search(
        r"http://(?:alice|alias)\.example(/auth/passphrase_renew\?token=[\w-]+)", text_of(await office.arrived(count))
    )
    assert found
    return found[1]


async def renew(client: httpx.AsyncClient, url: str, passphrase: str = NEW, **more: str) -> httpx.Response:
    data = {
        "csrf_token": await csrf_of(client),
        "passphrase_reset_token": url.partition("token=")[2],
        "passphrase": client_form(passphrase, f"me@{DOMAIN}", int(ROUNDS)),
        "iterations": ROUNDS,
        **more,
    }
    return await client.post("/auth/passphrase_renew", data=data, headers={"Accept": "application/json"})


async def test_a_mail_sets_the_passphrase_anew_once(door: Front, office: PostOffice) -> None:
    async with door.client(DOMAIN) as browser, door.client(DOMAIN) as elsewhere:
        assert (await log_in(elsewhere)).status_code == 200
        page = await browser.get("/auth/passphrase_reset")
        assert 'action="/auth/passphrase_reset"' in page.text
        answer = await ask(browser)
        assert answer.status_code == 200
        assert "a mail is on its way" in answer.text
        url = await link(office)
        form = await browser.get(url)
        assert form.status_code == 200
        assert form.headers["referrer-policy"] == "no-referrer"
        done = await renew(browser, url)
        assert (done.status_code, done.json()) == (200, {"redirect": f"http://{DOMAIN}/auth/login"})
        assert (await elsewhere.get("/")).status_code == 303  # signed out
        assert (await log_in(browser)).status_code == 401
        assert (await log_in(browser, NEW)).status_code == 200
    async with door.client(DOMAIN) as browser:
        again = await renew(browser, url, "yet another one of them")
        assert again.status_code == 400
        assert again.json() == {"error": "This link was used already, or is too old. Ask for another mail."}
        assert (await browser.get(url)).status_code == 400
    told = await office.arrived(2)
    assert told["Subject"] == "Your passphrase was changed"


async def test_at_an_alias_the_passphrase_is_hashed_as_at_the_domain(door: Front, office: PostOffice) -> None:
    changed = await door.operator.patch(f"/instances/{DOMAIN}", params={"DomainAliases": "alias.example"})
    assert changed.status_code == 200, changed.text
    async with door.client("alias.example") as browser:
        await ask(browser)
        url = (await link(office)).replace(DOMAIN, "alias.example")
        assert f'data-salt="me@{DOMAIN}"' in (await browser.get(url)).text


async def test_a_link_ends_after_a_quarter_of_an_hour(door: Front, office: PostOffice) -> None:
    async with door.client(DOMAIN) as browser:
        await ask(browser)
        url = await link(office)
        door.clock.pass_time(minutes=14, seconds=59)
        assert (await browser.get(url)).status_code == 200
        door.clock.pass_time(seconds=2)
        assert (await browser.get(url)).status_code == 400
        assert (await renew(browser, url)).status_code == 400


async def test_a_stranger_who_asks_too_does_not_end_the_link(door: Front, office: PostOffice) -> None:
    async with door.client(DOMAIN) as browser:
        await ask(browser)
        first = await link(office)
        for _ in range(3):
            await ask(browser)
        await office.arrived(4)
        assert (await browser.get(first)).status_code == 200
        assert (await renew(browser, first)).status_code == 200
        assert (await browser.get(await link(office, 3))).status_code == 400  # all of them end together


async def test_nobody_learns_whether_there_is_an_address(door: Front, office: PostOffice) -> None:
    await door.instance("bob.example", Passphrase=PASSPHRASE, Locale="en")
    await door.instance("new.example", Email="new@example.org", Locale="en")
    said = set()
    for domain in (DOMAIN, "bob.example", "new.example"):
        async with door.client(domain) as browser:
            csrf = re.search(
                r'"_csrf=([^;]+)', f'"{(await browser.get("/auth/passphrase_reset")).headers["set-cookie"]}'
            )
            assert csrf
            answer = await browser.post("/auth/passphrase_reset", data={"csrf_token": csrf[1]})
            said.add((answer.status_code, answer.text.replace(domain, "").replace(csrf[1], "")))
            assert (await browser.post("/auth/hint")).status_code == 200
    assert len(said) == 1
    await office.arrived(1)
    assert [rcpt for _, (rcpt,) in office.envelopes] == [MAIL]


async def test_who_asks_again_and_again_must_wait(door: Front, office: PostOffice) -> None:
    async with door.client(DOMAIN) as browser:
        statuses = [(await ask(browser)).status_code for _ in range(7)]
        assert statuses == [200] * 5 + [429] * 2
        await office.arrived(5)  # before their links are over: such mails are not sent any more
        door.clock.pass_time(minutes=16)
        assert (await ask(browser)).status_code == 200
    await office.arrived(6)


async def test_the_form_is_ours_and_the_fields_are_checked(door: Front, office: PostOffice) -> None:
    async with door.client(DOMAIN) as browser:
        assert (await browser.post("/auth/passphrase_reset", data={})).status_code == 400
        assert (await browser.post("/auth/passphrase_renew", data={})).status_code == 400
        await csrf_of(browser)
        assert (await browser.post("/auth/passphrase_reset", data={"csrf_token": "x"})).status_code == 403
        await ask(browser)
        url = await link(office)
        assert (await renew(browser, url, iterations="1")).status_code == 422
        assert (await renew(browser, url, passphrase_reset_token="")).status_code == 400
        assert (await renew(browser, url)).status_code == 200


async def test_asking_logs_this_browser_out(door: Front, office: PostOffice) -> None:
    async with door.client(DOMAIN) as browser:
        csrf = await csrf_of(browser)
        await log_in(browser)
        await browser.post("/auth/passphrase_reset", data={"csrf_token": csrf})
        assert (await browser.get("/")).status_code == 303


async def test_a_hint_is_mailed_and_never_told(door: Front, office: PostOffice) -> None:
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        assert (await client.get("/settings/hint")).status_code == 404
        assert (await client.put("/settings/hint", json={"hint": 3})).status_code == 422
        assert (await client.put("/settings/hint", json={"hint": "the boat"})).status_code == 204
        answer = await client.get("/settings/hint")
        assert (answer.status_code, answer.text) == (204, "")
    async with door.client(DOMAIN) as stranger:
        assert "the boat" not in (await stranger.post("/auth/hint")).text
        mail = await office.arrived()
        assert "the boat" in text_of(mail)
        for _ in range(3):
            assert (await stranger.post("/auth/hint")).status_code == 200
        await ask(stranger)
        assert (await office.arrived(3))["Subject"] == "Set a new passphrase"  # two hints an hour


async def test_without_a_mail_server_the_page_tells_what_to_do_there() -> None:
    async with front() as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE, Email=MAIL, Locale="fr")
        async with entry.client(DOMAIN) as browser:
            page = await browser.get("/auth/passphrase_reset")
            assert f"alcove instance passphrase {DOMAIN}" in page.text
            assert "<form" not in page.text
            answer = await ask(browser)
            assert answer.status_code == 200
            assert "un mail est parti" not in answer.text
