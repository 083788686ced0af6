"""What left, at the front door: the journal, its sums, its export, and what is blocked."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from alcove.base.outgoing import ACTING, NoReply, Outgoing, Question
from alcove.documents import Documents
from alcove.egress import EGRESS, Journal
from alcove.egress.model import KEPT_DAYS, clean_host
from alcove.egress.tests.test_outgoing import said, speaking
from alcove.instances import Instances
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

DOMAIN = "alice.example"


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front(trusted_networks="127.0.0.1") as entry:
        await entry.instance(DOMAIN)
        yield entry


@pytest.fixture
async def client(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with door.client(DOMAIN, EGRESS) as found:
        yield found


def acting(door: Front) -> str:
    """Work for the person from here on."""
    key = door.house.need(Instances).by_domain(DOMAIN).key
    ACTING.set(key)
    return key


async def ask(door: Front, url: str, purpose: str = "registry") -> int:
    acting(door)
    return (await door.house.need(Outgoing).ask(Question(url, purpose))).status


async def listed(client: httpx.AsyncClient, **params: str) -> list[dict[str, Any]]:
    answer = await client.get("/egress", params=params)
    assert answer.status_code == 200, answer.text
    return [line["attributes"] for line in answer.json()["data"]]


async def test_a_fresh_place_sent_nothing(client: httpx.AsyncClient) -> None:
    assert await listed(client) == []
    sums = (await client.get("/egress/sums")).json()["data"]["attributes"]
    assert (sums["connections"], sums["months"], sums["hosts"], sums["up"]) == (0, [], [], 0)
    assert (await client.get("/egress/export")).text.count("\n") == 1


async def test_a_connection_is_told_with_its_bytes(door: Front, client: httpx.AsyncClient) -> None:
    async with speaking(said(b'{"a": 1}')) as port:
        assert await ask(door, f"http://localhost:{port}/secret-path?token=x") == 200
    (line,) = await listed(client)
    assert (line["purpose"], line["host"], line["port"], line["verdict"]) == ("registry", "localhost", port, "done")
    assert (line["address"], line["down"] > 8, line["up"] > 20) == ("127.0.0.1", True, True)
    assert "secret-path" not in str(line)
    sums = (await client.get("/egress/sums")).json()["data"]["attributes"]
    assert [(one["host"], one["connections"]) for one in sums["hosts"]] == [("localhost", 1)]
    assert sums["months"][0]["month"] == line["at"][:7]
    assert [(one["who"], one["connections"]) for one in sums["whos"]] == [("", 1)]
    for asked in ("/egress", "/egress/sums"):
        said_of_none = (await client.get(f"{asked}?who=edf")).json()["data"]
        assert said_of_none == [] or said_of_none["attributes"]["connections"] == 0


async def test_it_is_written_before_anything_is_sent(door: Front, client: httpx.AsyncClient) -> None:
    acting(door)
    journal = door.house.need(Journal)
    async with journal.connection("registry", "example.org", 443):
        (line,) = await listed(client)
        assert line["verdict"] == "open"
    assert [line["verdict"] for line in await listed(client)] == ["done"]


async def test_what_fails_and_what_may_not_be_asked_is_told_too(door: Front, client: httpx.AsyncClient) -> None:
    with pytest.raises(NoReply):
        await ask(door, "http://localhost:1/")
    with pytest.raises(NoReply):
        await ask(door, "https://10.0.0.1/")
    with pytest.raises(NoReply):
        await ask(door, "gopher://example.org/")
    verdicts = [(line["host"], line["verdict"]) for line in await listed(client)]
    assert sorted(verdicts) == [("10.0.0.1", "refused"), ("example.org", "refused"), ("localhost", "failed")]
    sums = (await client.get("/egress/sums")).json()["data"]["attributes"]
    assert (sums["connections"], sums["refused"]) == (1, 2)


async def test_who_stops_waiting_leaves_a_line_that_says_so(door: Front, client: httpx.AsyncClient) -> None:
    acting(door)
    journal, begun = door.house.need(Journal), asyncio.Event()

    async def hang() -> None:
        async with journal.connection("login", "example.org", 443) as line:
            line.address = "192.0.2.1"
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (line,) = await listed(client)
    assert (line["verdict"], line["reason"]) == ("failed", "given up")


async def test_a_blocked_host_is_not_asked_until_it_is_let_free(door: Front, client: httpx.AsyncClient) -> None:
    assert (await client.put("/egress/blocked/LocalHost.")).status_code == 200
    hosts = (await client.get("/egress/blocked")).json()["data"]
    assert [host["id"] for host in hosts] == ["localhost"]
    async with speaking(said(b"{}")) as port:
        with pytest.raises(NoReply, match="blocked"):
            await ask(door, f"http://localhost:{port}/")
        assert [line["verdict"] for line in await listed(client)] == ["refused"]
        assert (await client.delete("/egress/blocked/localhost")).status_code == 204
        assert await ask(door, f"http://localhost:{port}/") == 200
    assert (await client.delete("/egress/blocked/localhost")).status_code == 404
    assert (await client.put("/egress/blocked/not%20a%20host")).status_code == 400


async def test_one_place_is_not_told_of_another(door: Front, client: httpx.AsyncClient) -> None:
    await door.instance("bob.example")
    async with speaking(said(b"{}")) as port:
        await ask(door, f"http://localhost:{port}/")
        ACTING.set("alcove")
        await door.house.need(Outgoing).ask(Question(f"http://localhost:{port}/", "registry"))
    async with door.client("bob.example", EGRESS) as bob:
        assert await listed(bob) == []
    assert len(await listed(client)) == 1
    own = (await door.operator.get("/egress")).json()["data"]
    assert len(own) == 1


async def test_lines_are_chosen_and_paged(door: Front) -> None:
    acting(door)
    journal = door.house.need(Journal)
    for number in range(5):
        async with journal.connection("mail" if number % 2 else "registry", f"h{number}.example", 443):
            pass
        door.clock.pass_time(minutes=1)
        if number == 1:
            door.clock.pass_time(hours=24 - door.clock.now().hour)
    client = door.client(DOMAIN, EGRESS)
    lines = await listed(client)
    assert [line["host"] for line in lines] == [f"h{number}.example" for number in (4, 3, 2, 1, 0)]
    assert [line["host"] for line in await listed(client, purpose="mail")] == ["h3.example", "h1.example"]
    assert [line["host"] for line in await listed(client, q="H2")] == ["h2.example"]
    day = lines[3]["at"][:10]
    assert [line["host"] for line in await listed(client, **{"from": day, "to": day})] == ["h1.example", "h0.example"]
    first = (await client.get("/egress", params={"page[limit]": "2"})).json()
    following = (await client.get(first["links"]["next"])).json()
    assert [line["attributes"]["host"] for line in following["data"]] == ["h2.example", "h1.example"]
    rows = list(csv.reader(io.StringIO((await client.get("/egress/export")).text)))
    assert [row[2] for row in rows[1:]] == [line["host"] for line in lines]
    for wrong in ({"from": "yesterday"}, {"page[limit]": "0"}, {"page[limit]": "-"}, {"to": "9999-12-31"}):
        assert (await client.get("/egress", params=wrong)).status_code == 400, wrong


async def test_lines_are_forgotten_after_a_year(door: Front) -> None:
    acting(door)
    journal = door.house.need(Journal)
    async with journal.connection("registry", "old.example", 443):
        pass
    door.clock.pass_time(days=KEPT_DAYS + 1)
    async with journal.connection("registry", "new.example", 443):
        pass
    async with door.client(DOMAIN, EGRESS) as later:
        assert [line["host"] for line in await listed(later)] == ["new.example"]


async def test_nothing_goes_out_when_it_cannot_be_written_down(door: Front) -> None:
    heard: list[bytes] = []
    await door.house.need(Documents).destroy(acting(door))
    async with speaking(said(b"{}"), heard) as port:
        with pytest.raises(NoReply, match="journal"):
            await door.house.need(Outgoing).ask(Question(f"http://localhost:{port}/", "registry"))
    assert heard == []


async def test_a_person_reads_it_and_nobody_writes_it(door: Front) -> None:
    async with door.client(DOMAIN, EGRESS) as client:
        assert (await client.post(f"/data/{EGRESS}/", json={"host": "x"})).status_code == 403
    async with door.client(DOMAIN, "io.cozy.bills") as other:
        for path in ("/egress", "/egress/sums", "/egress/export", "/egress/blocked"):
            assert (await other.get(path)).status_code == 403


@pytest.mark.parametrize(
    ("said", "kept"),
    [("Example.ORG.", "example.org"), ("bücher.example", "xn--bcher-kva.example"), ("", ""), ("a b", ""), ("[", "")],
)
def test_hosts_are_compared_in_one_form(said: str, kept: str) -> None:
    assert clean_host(said) == kept
