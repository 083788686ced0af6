"""Another mail address: with the passphrase, and only once who reads its mail has said so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from alcove.identity import client_form
from alcove.identity.tests.test_login import DOMAIN, PASSPHRASE, log_in
from alcove.outbox.testing import PostOffice, post_office, text_of
from alcove.server.testing import ROUNDS, Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

OLD, NEW = "alice@example.org", "alice@new.example"
FORM = client_form(PASSPHRASE, f"me@{DOMAIN}", int(ROUNDS))


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with post_office() as opened:
        yield opened


@pytest.fixture
async def door(office: PostOffice) -> AsyncIterator[Front]:
    async with front(**office.settings()) as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE, Email=OLD, Locale="en")
        yield entry


async def propose(client: httpx.AsyncClient, email: str = NEW, passphrase: str = FORM) -> httpx.Response:
    return await client.post("/settings/email", json={"email": email, "passphrase": passphrase})


async def link(office: PostOffice, count: int = 1) -> str:
    text = text_of(await office.arrived(count))
    found = re.search(r"http://alice\.example(/settings/email/confirm\?token=\w+)", text)
    assert found
    return found[1]


async def addresses(client: httpx.AsyncClient) -> tuple[Any, Any]:
    told = (await client.get("/settings/instance")).json()["data"]["attributes"]
    return told.get("email"), told.get("pending_email")


async def test_a_new_address_holds_when_it_is_confirmed(door: Front, office: PostOffice) -> None:
    async with door.client(DOMAIN, "io.cozy.settings") as client, door.client(DOMAIN) as browser:
        assert (await propose(client)).status_code == 204
        assert await addresses(client) == (OLD, NEW)
        url = await link(office)
        assert office.envelopes[0][1] == [NEW]
        away = await browser.get(url)
        assert away.status_code == 303
        assert away.headers["location"].startswith("/auth/login?redirect=http%3A%2F%2Falice.example%2Fsettings%2Femail")
        await log_in(browser)
        assert (await browser.get("/settings/email/confirm?token=wrong")).status_code == 400
        assert await addresses(client) == (OLD, NEW)
        done = await browser.get(url)
        assert (done.status_code, done.headers["location"]) == (307, "http://account.alice.example/#mail")
        assert await addresses(client) == (NEW, None)
        assert (await browser.get(url)).status_code == 400
    told = await office.arrived(2)
    assert (told["To"], told["Subject"]) == (OLD, "Your mail address was changed")


async def test_a_link_lives_for_a_week(door: Front, office: PostOffice) -> None:
    async with door.client(DOMAIN, "io.cozy.settings") as client, door.client(DOMAIN) as browser:
        await propose(client)
        first = await link(office)
        assert (await client.post("/settings/email/resend")).status_code == 204
        second = await link(office, 2)
        await log_in(browser)
        assert first != second
        door.clock.pass_time(days=7, seconds=1)
        assert (await browser.get(second)).status_code == 400
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        assert await addresses(client) == (OLD, NEW)


async def test_it_can_be_given_up(door: Front, office: PostOffice) -> None:
    async with door.client(DOMAIN, "io.cozy.settings") as client, door.client(DOMAIN) as browser:
        assert (await client.post("/settings/email/resend")).status_code == 400
        await propose(client)
        url = await link(office)
        assert (await client.delete("/settings/email")).status_code == 204
        assert (await client.delete("/settings/email")).status_code == 204
        await log_in(browser)
        assert (await browser.get(url)).status_code == 400
        assert await addresses(client) == (OLD, None)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"email": NEW}, 400),
        ({"email": 3, "passphrase": FORM}, 400),
        ({"email": NEW, "passphrase": "wrong"}, 403),
        ({"email": "no address", "passphrase": FORM}, 422),
        ({"email": f"{NEW}\r\nBcc: x@example.org", "passphrase": FORM}, 422),
        ({"email": OLD, "passphrase": FORM}, 400),
    ],
)
async def test_what_cannot_be_an_address_is_refused(
    door: Front, office: PostOffice, body: dict[str, Any], status: int
) -> None:
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        assert (await client.post("/settings/email", json=body)).status_code == status
        assert await addresses(client) == (OLD, None)
    assert office.mails == []


async def test_nobody_fills_the_mailbox_of_somebody_else(door: Front, office: PostOffice) -> None:
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        statuses = [(await propose(client, f"n{number}@example.org")).status_code for number in range(6)]
    assert statuses == [204] * 5 + [429]


async def test_without_a_mail_server_nothing_can_be_confirmed() -> None:
    async with front() as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE, Email=OLD, Locale="en")
        async with entry.client(DOMAIN, "io.cozy.settings") as client:
            answer = await propose(client)
            assert answer.status_code == 503
            assert await addresses(client) == (OLD, None)
