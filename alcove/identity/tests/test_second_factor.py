"""The second step of a login: mailed codes, authenticator apps, recovery codes, trusted browsers, and who guesses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from alcove.documents import Documents, Tx
from alcove.identity import client_form
from alcove.identity.tests.test_login import DOMAIN, PASSPHRASE, log_in
from alcove.instances import Instances
from alcove.outbox.testing import PostOffice, post_office, text_of
from alcove.server.testing import ROUNDS, Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

MAIL = "alice@example.org"
FORM = client_form(PASSPHRASE, f"me@{DOMAIN}", int(ROUNDS))
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with post_office() as opened:
        yield opened


@pytest.fixture
async def door(office: PostOffice) -> AsyncIterator[Front]:
    async with front(**office.settings()) as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE, Email=MAIL, Locale="en")
        yield entry


async def mailed(office: PostOffice, count: int) -> str:
    found = re.search(r"^ {4}(\d{6})$", text_of(await office.arrived(count)), re.MULTILINE)
    assert found
    return found[1]


async def by_mail(door: Front, office: PostOffice) -> None:
    """Turns mailed codes on; one mail is sent."""
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        there = "/settings/instance/auth_mode"
        assert (await client.put(there, json={"auth_mode": "two_factor_mail"})).status_code == 204
        code = await mailed(office, 1)
        said = {"auth_mode": "two_factor_mail", "two_factor_activation_code": code}
        assert (await client.put(there, json=said)).status_code == 204


async def by_app(door: Front) -> tuple[pyotp.TOTP, list[str]]:
    """Turns an authenticator app on; gives the app and the recovery codes."""
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        offered = await client.post("/settings/second_factor/app", json={"passphrase": FORM})
        said = offered.json()["data"]["attributes"]
        app = pyotp.TOTP(said["secret"])
        answer = await client.put("/settings/second_factor/app", json={"code": shown(door, app)})
        assert answer.status_code == 200, answer.text
        codes: list[str] = answer.json()["data"]["attributes"]["recovery_codes"]
    door.clock.pass_time(seconds=30)
    return app, codes


def shown(door: Front, app: pyotp.TOTP) -> str:
    return app.at(door.clock.now())


async def first_step(client: httpx.AsyncClient, **more: str) -> dict[str, str]:
    answer = await log_in(client, **more)
    assert answer.status_code == 200, answer.text
    assert "set-cookie" not in answer.headers
    url = urlsplit(answer.json()["redirect"])
    assert url.path == "/auth/twofactor"
    return {name: value for name, (value,) in parse_qs(url.query).items()}


async def second_step(client: httpx.AsyncClient, step: dict[str, str], code: str, **more: str) -> httpx.Response:
    data = {
        "two-factor-token": step["two_factor_token"],
        "two-factor-passcode": code,
        "redirect": step["redirect"],
        **more,
    }
    return await client.post("/auth/twofactor", data=data, headers={"Accept": "application/json"})


async def inside(client: httpx.AsyncClient) -> bool:
    return (await client.get("/")).status_code == 200


async def test_a_mailed_code_opens_the_place_once(door: Front, office: PostOffice) -> None:
    await by_mail(door, office)
    async with door.client(DOMAIN) as browser, door.client(DOMAIN) as thief:
        step = await first_step(browser, redirect="account/#x")
        assert step["redirect"] == "http://account.alice.example/#x"
        assert step["long_run_session"] == "false"
        assert not await inside(browser)
        page = await browser.get("/auth/twofactor", params=step)
        assert page.status_code == 200
        assert 'autocomplete="one-time-code"' in page.text
        code = await mailed(office, 2)
        wrong = f"{(int(code) + 1) % 10**6:06d}"
        refused = await second_step(browser, step, wrong)
        assert (refused.status_code, refused.json()) == (
            401,
            {"error": "This is not the code. Check it, then try again."},
        )
        opened = await second_step(browser, step, f"{code[:3]} {code[3:]}")
        assert (opened.status_code, opened.json()) == (200, {"redirect": "http://account.alice.example/#x"})
        assert await inside(browser)
        assert (await second_step(thief, step, code)).status_code == 401
        assert not await inside(thief)


async def test_the_code_ends_after_a_quarter_of_an_hour_and_with_the_passphrase(
    door: Front, office: PostOffice
) -> None:
    await by_mail(door, office)
    async with door.client(DOMAIN) as browser:
        step = await first_step(browser)
        code = await mailed(office, 2)
        door.clock.pass_time(minutes=15, seconds=1)
        assert (await second_step(browser, step, code)).status_code == 401
        assert (await browser.get("/auth/twofactor", params=step)).status_code == 400
        step = await first_step(browser)
        code = await mailed(office, 3)
        await door.operator.put(f"/instances/{DOMAIN}/passphrase", json={"passphrase": "another one"})
        assert (await second_step(browser, step, code)).status_code == 401
        assert not await inside(browser)


async def test_an_app_is_set_up_and_asked(door: Front, office: PostOffice) -> None:
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        assert (await client.post("/settings/second_factor/app", json={"passphrase": "x"})).status_code == 403
        offered = await client.post("/settings/second_factor/app", json={"passphrase": FORM})
        assert offered.headers["cache-control"] == "no-store"
        said = offered.json()["data"]["attributes"]
        assert said["address"].startswith("otpauth://totp/Alcove:alice.example?secret=")
        assert said["picture"].startswith("data:image/svg+xml;charset=utf-8,%3Csvg")
        assert (await client.put("/settings/second_factor/app", json={"code": "000000"})).status_code == 422
        assert (await client.get("/settings/instance")).json()["data"]["attributes"]["auth_mode"] == "basic"
    app, codes = await by_app(door)
    assert len(set(codes)) == 10
    assert (await office.arrived())["Subject"] == "A code is asked for as well, from now on"
    async with door.client(DOMAIN) as browser, door.client(DOMAIN) as other:
        step, again = await first_step(browser), await first_step(other)
        code = shown(door, app)
        assert (await second_step(browser, step, code)).status_code == 200
        assert (await second_step(other, again, code)).status_code == 401  # each code counts once
        door.clock.pass_time(seconds=30)
        assert (await second_step(other, again, shown(door, app))).status_code == 200
    assert len(office.mails) == 1
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        assert (await client.get("/settings/instance")).json()["data"]["attributes"]["auth_mode"] == "two_factor_totp"
        told = (await client.get("/settings/second_factor")).json()["data"]["attributes"]
    assert told == {"mode": "app", "recovery_codes": 10, "mail": True}


async def test_a_recovery_code_opens_once_and_new_ones_replace_all(door: Front, office: PostOffice) -> None:
    _, codes = await by_app(door)
    async with door.client(DOMAIN) as browser:
        assert (await second_step(browser, await first_step(browser), codes[3].lower())).status_code == 200
        assert await inside(browser)
    async with door.client(DOMAIN) as browser:
        step = await first_step(browser)
        assert (await second_step(browser, step, codes[3])).status_code == 401
        async with door.client(DOMAIN, "io.cozy.settings") as client:
            told = (await client.get("/settings/second_factor")).json()["data"]["attributes"]
            assert told["recovery_codes"] == 9
            assert (await client.post("/settings/second_factor/recovery", json={})).status_code == 403
            renewed = await client.post("/settings/second_factor/recovery", json={"passphrase": FORM})
        fresh = renewed.json()["data"]["attributes"]["recovery_codes"]
        assert (await second_step(browser, step, codes[4])).status_code == 401
        assert (await second_step(browser, step, fresh[0].replace("-", ""))).status_code == 200


async def test_turning_it_off_needs_the_passphrase(door: Front, office: PostOffice) -> None:
    await by_app(door)
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        answer = await client.put("/settings/instance/auth_mode", json={"auth_mode": "basic"})
        assert answer.status_code == 422
        answer = await client.put("/settings/instance/auth_mode", json={"auth_mode": "two_factor_mail"})
        assert answer.status_code == 422
        assert (await client.post("/settings/second_factor/off", json={"passphrase": "x"})).status_code == 403
        assert (await client.post("/settings/second_factor/off", json={"passphrase": FORM})).status_code == 204
        assert (await client.post("/settings/second_factor/recovery", json={"passphrase": FORM})).status_code == 422
    async with door.client(DOMAIN) as browser:
        await log_in(browser)
        assert await inside(browser)
    assert (await office.arrived(2))["Subject"] == "No code is asked for any more"


async def test_a_trusted_browser_is_not_asked_again(door: Front, office: PostOffice) -> None:
    app, _ = await by_app(door)
    trust = {"two-factor-generate-trusted-device-token": "true"}
    async with door.client(DOMAIN, **{"User-Agent": FIREFOX}) as browser:
        opened = await second_step(browser, await first_step(browser), shown(door, app), **trust)
        token = opened.json()["two_factor_trusted_device_token"]
    kept = {"trusted-device-token": token}
    async with door.client(DOMAIN, **{"User-Agent": FIREFOX}) as again:
        await log_in(again, **kept)
        assert await inside(again)
    async with door.client(DOMAIN, **{"User-Agent": CHROME}) as other:
        await first_step(other, **kept)
    async with door.client(DOMAIN, **{"User-Agent": FIREFOX}) as forger:
        await first_step(forger, **{"trusted-device-token": token[:-1] + ("0" if token[-1] != "0" else "1")})
        door.clock.pass_time(days=366)
        await first_step(forger, **kept)


async def test_who_guesses_codes_is_slowed_down(door: Front, office: PostOffice) -> None:
    await by_app(door)
    async with door.client(DOMAIN) as thief:
        step = await first_step(thief)
        answers = [await second_step(thief, step, f"{number:06d}") for number in range(7)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
        assert int(answers[-1].headers["retry-after"]) >= 1
        for _ in range(40):  # patient, and from wherever: thirty tries an hour are all there are
            door.clock.pass_time(minutes=1)
            answers.append(await second_step(thief, await first_step(thief), "000000"))
    assert sum(answer.status_code == 401 for answer in answers) <= 30


async def test_changing_the_passphrase_asks_for_the_code_too(door: Front, office: PostOffice) -> None:
    app, _ = await by_app(door)
    new = client_form("a new one entirely", f"me@{DOMAIN}", int(ROUNDS))
    body: dict[str, Any] = {"current_passphrase": FORM, "new_passphrase": new, "iterations": int(ROUNDS)}
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        assert (await client.put("/settings/passphrase", json={**body, "current_passphrase": "x"})).status_code == 403
        asked = await client.put("/settings/passphrase", json=body)
        assert (asked.status_code, list(asked.json())) == (200, ["two_factor_token"])
        body |= {"two_factor_token": asked.json()["two_factor_token"], "two_factor_passcode": "000000"}
        assert (await client.put("/settings/passphrase", json=body)).status_code == 403
        body["two_factor_passcode"] = shown(door, app)
        assert (await client.put("/settings/passphrase", json=body)).status_code == 204


async def test_apps_are_asked_as_well(door: Front, office: PostOffice) -> None:
    app, _ = await by_app(door)
    async with door.client(DOMAIN, Accept="application/json") as phone:
        asked = await phone.post("/auth/session_code", json={"passphrase": FORM})
        assert (asked.status_code, list(asked.json())) == (403, ["two_factor_token"])
        said = {"passphrase": FORM, **asked.json(), "two_factor_passcode": "000000"}
        wrong = await phone.post("/auth/session_code", json=said)
        assert (wrong.status_code, "session_code" in wrong.json()) == (403, False)
        said["two_factor_passcode"] = shown(door, app)
        assert (await phone.post("/auth/session_code", json=said)).status_code == 201


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, 400),
        ({"auth_mode": "two_factor_oidc"}, 400),
        ({"auth_mode": 1}, 400),
        ({"auth_mode": "two_factor_mail", "two_factor_activation_code": "000000"}, 422),
        ({"auth_mode": "basic"}, 204),
    ],
)
async def test_the_mode_is_changed_with_care(
    door: Front, office: PostOffice, said: dict[str, Any], status: int
) -> None:
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        assert (await client.put("/settings/instance/auth_mode", json=said)).status_code == status


async def test_when_no_mail_can_be_sent_recovery_codes_lead_in(door: Front, office: PostOffice) -> None:
    await by_mail(door, office)
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        renewed = await client.post("/settings/second_factor/recovery", json={"passphrase": FORM})
    code = renewed.json()["data"]["attributes"]["recovery_codes"][0]
    async with door.client(DOMAIN) as thief:
        for _ in range(19):  # with the one that turned it on, all mails of this hour
            await first_step(thief)
    async with door.client(DOMAIN) as browser:
        step = await first_step(browser)
        page = await browser.get("/auth/twofactor", params=step)
        assert "No mail can be sent now." in page.text
        assert (await second_step(browser, step, "")).status_code == 401
        assert (await second_step(browser, step, code)).status_code == 200
    assert len(office.mails) <= 20


async def test_a_browser_without_scripts_gets_the_page_again(door: Front, office: PostOffice) -> None:
    app, _ = await by_app(door)
    html = {"Accept": "text/html"}
    async with door.client(DOMAIN) as browser:
        step = await first_step(browser)
        data = {"two-factor-token": step["two_factor_token"], "two-factor-passcode": "000000"}
        again = await browser.post("/auth/twofactor", data=data, headers=html)
        assert again.status_code == 401
        assert 'aria-invalid="true"' in again.text
        assert step["two_factor_token"] in again.text
        data["two-factor-passcode"] = shown(door, app)
        opened = await browser.post("/auth/twofactor", data=data, headers=html)
        assert (opened.status_code, opened.headers["location"]) == (303, f"http://{DOMAIN}/")
        assert await inside(browser)


async def test_without_mail_no_code_can_be_mailed() -> None:
    async with front() as entry:
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE, Email=MAIL, Locale="en")
        async with entry.client(DOMAIN, "io.cozy.settings") as client:
            answer = await client.put("/settings/instance/auth_mode", json={"auth_mode": "two_factor_mail"})
            assert answer.status_code == 503
            await by_app(entry)  # an app needs no mail
            told = (await client.get("/settings/second_factor")).json()["data"]["attributes"]
    assert told["mail"] is False


async def test_nothing_of_it_can_be_read(door: Front, office: PostOffice) -> None:
    await by_app(door)
    async with door.client(DOMAIN, "org.alcove.secondfactor io.cozy.settings") as client:
        assert (await client.get("/data/org.alcove.secondfactor/one")).status_code == 403
    record = await door.operator.get(f"/instances/{DOMAIN}")
    assert "secret" not in record.text.lower()


async def test_a_secret_that_cannot_be_read_leaves_the_recovery_codes(door: Front, office: PostOffice) -> None:
    app, codes = await by_app(door)
    found = door.house.need(Instances).by_domain(DOMAIN)

    async def unit(tx: Tx) -> None:
        document = await tx.get("org.alcove.secondfactor", "one")
        assert document is not None
        await tx.put(document.type, document.id, {**document.fields(), "secret": "AAAA"}, document.rev)

    await door.house.need(Documents).work(found.key, unit)
    async with door.client(DOMAIN) as browser:
        step = await first_step(browser)
        assert (await second_step(browser, step, shown(door, app))).status_code == 401
        assert (await second_step(browser, step, codes[0])).status_code == 200


async def test_the_operator_helps_who_lost_everything(door: Front, office: PostOffice) -> None:
    await by_app(door)
    assert (await door.operator.patch(f"/instances/{DOMAIN}", params={"AuthMode": "basic"})).status_code == 200
    async with door.client(DOMAIN) as browser:
        await log_in(browser)
        assert await inside(browser)


async def test_it_is_confirmed_again_before_something_that_matters(door: Front, office: PostOffice) -> None:
    app, _ = await by_app(door)
    json = {"Accept": "application/json"}
    query = {"state": "abc", "redirect": f"http://{DOMAIN}/move?x=1"}
    async with door.client(DOMAIN) as browser:
        away = await browser.get("/auth/confirm", params=query)
        assert away.status_code == 303
        await second_step(browser, await first_step(browser), shown(door, app))
        page = await browser.get("/auth/confirm", params=query)
        assert 'data-iterations="50000"' in page.text
        assert (
            await browser.get("/auth/confirm", params={**query, "redirect": "http://evil.example/"})
        ).status_code == 400
        data = {"csrf_token": browser.cookies["_csrf"], "passphrase": "wrong", **query}
        assert (await browser.post("/auth/confirm", data=data, headers=json)).status_code == 401
        asked = await browser.post("/auth/confirm", data={**data, "passphrase": FORM}, headers=json)
        step = {name: value for name, (value,) in parse_qs(urlsplit(asked.json()["redirect"]).query).items()}
        assert step["confirm"] == "true"
        door.clock.pass_time(seconds=30)
        done = await second_step(browser, step, shown(door, app), confirm="true", state="abc")
        back = done.json()["redirect"]
        assert back.startswith(f"http://{DOMAIN}/move?x=1&code=")
        code = back.partition("code=")[2]
        assert [(await browser.get(f"/auth/confirm/{code}")).status_code for _ in range(2)] == [204, 204]
        assert (await browser.get("/auth/confirm/unknown")).status_code == 401
        door.clock.pass_time(minutes=5, seconds=1)
        assert (await browser.get(f"/auth/confirm/{code}")).status_code == 401
