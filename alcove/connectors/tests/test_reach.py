"""Where connectors connect to: declared or learned and confirmed, written down, and nothing else is reached."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

import pytest

from alcove.connectors.reach import read_declared
from alcove.connectors.store import Shelf
from alcove.documents import Documents
from alcove.egress import EGRESS
from alcove.egress.tests.test_outgoing import said, speaking
from alcove.jobs import Jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.egress.addresses import Address
    from alcove.jobs import Job

SAY = """
import json, socket, os
def tell(**line): print(json.dumps(line), flush=True)
def reach(host, port):
    try:
        there = socket.create_connection((host, port), 9)
        there.sendall(b"GET / HTTP/1.1\\r\\n\\r\\n")
        return there.recv(15).decode()
    except OSError as error:
        return error.strerror
"""


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    async def look_up(host: str, port: int) -> Sequence[Address]:
        if host.endswith(".test"):
            return [ipaddress.ip_address("127.0.0.1")]
        raise OSError

    monkeypatch.setattr("alcove.egress.broker.addresses_of", look_up)


async def run(place: Any, slug: str, **auth: str) -> Job:
    """Runs a connector once, by itself."""
    shelf = Shelf(place.house.need(Documents))
    await shelf.ensure_account(place.instance.key, "account", {"account_type": slug, "name": "me", "auth": auth})
    jobs = place.house.need(Jobs)
    job = await jobs.push(place.instance.key, "konnector", {"account": "account", "konnector": slug})
    ended: Job = await jobs.wait(place.instance.key, job.id)
    return ended


async def lines(place: Any) -> list[tuple[str, str, str]]:
    return [(line["who"], line["host"], line["verdict"]) for line in await place.documents(EGRESS)]


def saying(*hosts: str, port: int) -> str:
    """A connector that tells, as its error, what each host answered."""
    return SAY + f"tell(type='critical', message='; '.join(reach(h, {port}) for h in {hosts!r}), no_retry=True)"


async def test_what_is_declared_is_reached_and_nothing_else(write_connector: Any, open_place: Any) -> None:
    async with speaking(said(b"{}")) as port:
        source = saying("shop.test", "api.wide.test", "evil.test", port=port)
        declared = [f"shop.test:{port}", f"*.wide.test:{port}"]
        place = await open_place(write_connector("shop", source, egress=declared), trusted_networks="127.0.0.1")
        error = (await run(place, "shop")).error
        assert error == "HTTP/1.1 200 OK; Connection reset by peer; Connection reset by peer"
        found = sorted(await lines(place))
        # What a pattern names may be anything: it is no reason to be let into a private network.
        assert found == [
            ("shop", "api.wide.test", "refused"),
            ("shop", "evil.test", "refused"),
            ("shop", "shop.test", "done"),
        ]
        shown = (await place.client.get("/egress", params={"q": "evil"})).json()["data"][0]["attributes"]
        assert "none of the hosts that this connector may connect to" in shown["reason"]
        # The person is asked about what was held back, and may allow it.
        (question,) = (await place.client.get("/connectors/questions")).json()["data"]
        assert question["attributes"]["rows"] == [["Host"], ["evil.test"]]
        assert (await answer(place, question["id"], "yes"))["job"]
        assert (await place.client.get("/connectors/questions")).json()["data"] == []


async def answer(place: Any, ident: str, said: str) -> dict[str, Any]:
    body = {"data": {"attributes": {"answer": said}}}
    answered = await place.client.post(f"/connectors/questions/{ident}/answer", json=body)
    assert answered.status_code == 202, answered.text
    told = (answered.json().get("data") or {}).get("attributes") or {}
    if told.get("job"):
        await place.house.need(Jobs).wait(place.instance.key, told["job"])
    return dict(told)


async def test_what_declares_nothing_is_learned_and_confirmed(
    write_connector: Any, open_place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alcove.egress.broker.public", lambda address: True)
    async with speaking(said(b"{}")) as port:
        learned = f"({saying('one.test', 'errors.cozycloud.cc', port=port)!r})"
        source = f"exec({learned})"
        place = await open_place(write_connector("shop", source))
        url = f"http://one.test:{port}/"
        assert (await run(place, "shop", url=url)).error == "HTTP/1.1 200 OK; Connection reset by peer"
        (question,) = (await place.client.get("/connectors/questions")).json()["data"]
        assert question["attributes"]["rows"] == [["Host"], ["one.test"]]
        assert (await run(place, "shop")).error == "USER_ACTION_NEEDED.PERMISSIONS_CHANGED"
        assert len(await lines(place)) == 2
        assert (await answer(place, question["id"], "yes"))["job"]
        assert len(await lines(place)) == 4
        shown = (await place.client.get("/connectors/reach")).json()["data"]
        assert [(one["id"], one["attributes"]["hosts"]["one.test"]["state"]) for one in shown] == [("shop", "allowed")]
        body = {"data": {"attributes": {"state": "refused"}}}
        assert (await place.client.put("/connectors/reach/shop/one.test", json=body)).status_code == 200
        assert (await run(place, "shop")).error.startswith("Connection reset by peer")
        for path, wrong in (("shop/two.test", body), ("shop/one.test", {"data": {"attributes": {"state": "maybe"}}})):
            assert (await place.client.put(f"/connectors/reach/{path}", json=wrong)).status_code in (404, 422)


async def test_its_own_server_is_reached_by_name_and_is_no_line(write_connector: Any, open_place: Any) -> None:
    source = SAY + (
        "import urllib.request as web\n"
        "ask = web.Request(os.environ['COZY_URL'] + 'data/io.cozy.accounts/account')\n"
        "ask.add_header('Authorization', 'Bearer ' + os.environ['COZY_CREDENTIALS'])\n"
        "tell(type='critical', message=json.load(web.urlopen(ask))['name'], no_retry=True)\n"
    )
    accounts = {"accounts": {"type": "io.cozy.accounts"}}
    place = await open_place(write_connector("own", source, permissions=accounts, egress=[]))
    assert (await run(place, "own")).error == "me"
    assert await lines(place) == []


async def test_without_namespaces_it_is_led_through_the_proxy(
    write_connector: Any, open_place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    real = shutil.which
    monkeypatch.setattr("alcove.base.confined.shutil.which", lambda name: None if name == "bwrap" else real(name))
    async with speaking(said(b"{}", b"Connection: close")) as port:
        source = SAY + (
            "import urllib.request as web, urllib.error\n"
            "def ask(host):\n"
            f"    try: return str(web.urlopen(f'http://{{host}}:{port}/').status)\n"
            "    except urllib.error.HTTPError as error: return str(error.code)\n"
            "tell(type='critical', message=ask('shop.test') + ' ' + ask('evil.test'), no_retry=True)\n"
        )
        connector = write_connector("shop", source, egress=[f"shop.test:{port}"])
        place = await open_place(connector, confinement="degraded", trusted_networks="127.0.0.1")
        assert (await run(place, "shop")).error == "200 403"
        assert sorted(await lines(place)) == [("shop", "evil.test", "refused"), ("shop", "shop.test", "done")]


@pytest.mark.parametrize(
    ("declared", "host", "port", "allowed"),
    [
        (["a.test"], "a.test", 443, True),
        (["a.test"], "a.test", 993, False),
        (["A.test:993"], "a.test", 993, True),
        (["*.a.test"], "x.a.test", 80, True),
        (["*.a.test"], "xa.test", 80, False),
        (["user-host"], "nas.test", 5001, True),
        (["user-host"], "me.test", 443, False),
        ([], "a.test", 443, False),
        (["", "a.test:x", "*", 3], "a.test", 443, False),
    ],
)
def test_what_a_manifest_declares(declared: list[Any], host: str, port: int, *, allowed: bool) -> None:
    account = {"auth": {"url": "https://nas.test:5001/x", "login": "me@me.test", "password": "secret"}}
    found = read_declared({"egress": declared}, account)
    assert found is not None
    assert found.allows(host, port) is allowed
