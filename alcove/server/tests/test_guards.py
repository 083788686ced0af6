"""Every route and every caller: who is let in, against the table in `guards.toml`.

A route that is not in the table fails, with the line to add.
"""

from __future__ import annotations

import asyncio
import tomllib
from base64 import b64decode
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from alcove.apps.testing import write_app
from alcove.server.testing import Front, front
from alcove.server.tests.callers import CALLERS, DOMAIN, Cast, Need
from alcove.server.tests.things import Things

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from alcove.base.http import Route

TABLE = tomllib.loads(Path(__file__).with_name("guards.toml").read_text("utf-8"))
KINDS: Mapping[str, str] = TABLE["kinds"]
BLOCKED: Mapping[str, Any] = TABLE["blocked"]
PLACES = count(1)
REFUSED = {401: "401", 403: "403"}


@dataclass(frozen=True)
class Line:
    """A line of the table: a route, what it asks of its callers, and how it is called."""

    route: str
    kind: str
    needs: tuple[str, ...] = ()
    at: str = ""
    query: str = ""
    body: str = ""
    answers: int = 0
    but: tuple[tuple[str, str], ...] = ()
    all: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def expected(self, caller: str) -> str:
        """What the table says of a caller: `in`, or the status that it gets."""
        cell = (
            self.all or dict(self.but).get(caller) or dict(zip(CALLERS, KINDS[self.kind].split(), strict=True))[caller]
        )
        if cell == "get":
            return "in" if all(need.startswith("GET ") for need in self.needs) else "403"
        return cell


def lines() -> dict[str, Line]:
    """The table's lines, by route."""
    found = {}
    for kind in KINDS:
        for route, said in TABLE.get(kind, {}).items():
            more: dict[str, Any] = {"needs": said} if isinstance(said, str) else dict(said)
            more["needs"] = tuple(part.strip() for part in more.get("needs", "").split("+") if part.strip())
            more |= {name: tuple(more.get(name, {}).items()) for name in ("but", "headers")}
            found[route] = Line(route, kind, **more)
    return found


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[tuple[Front, Cast, Things]]:
    write_app(tmp_path, "app")
    async with front(apps=str(tmp_path)) as entry:
        cast = Cast(entry)
        await cast.enter()
        yield entry, cast, Things(entry)


def called(route: Route) -> str:
    """The route as the table names it; those of the operator's port with a word in front."""
    return f"{'operator ' if route.operator else ''}{route.method} {route.path}"


@pytest.mark.timeout(600)  # hundreds of routes, each asked by every caller
async def test_every_route_lets_in_whom_the_table_says(stage: tuple[Front, Cast, Things]) -> None:
    entry, cast, things = stage
    table, wrong = lines(), list[str]()
    for route in entry.house.routes:
        line = table.pop(called(route), None)
        if line is None:
            wrong.append(f'no line in guards.toml, add under the guard it has: "{called(route)}" = ""')
        else:
            wrong += await judged(entry, cast, things, route, line)
    for socket in entry.house.sockets:
        wrong += await listened(entry, cast, table.pop(f"socket {socket.path}", Line(socket.path, "socket")))
    wrong += [f"no such route any more: {route}" for route in table]
    assert not wrong, "\n".join(wrong)


async def judged(entry: Front, cast: Cast, things: Things, route: Route, line: Line) -> list[str]:
    """What the callers of a route got otherwise than the table says."""
    ids = await things.fresh(jobs=line.route.partition(" ")[2].startswith("/jobs"))
    needs = [Need(*Template(need).substitute(ids).split()) for need in line.needs]
    headers = await cast.play(needs)
    wrong, best = list[str](), 600
    # Those who are refused first: the others may change what is there.
    for caller in sorted(CALLERS, key=lambda name: line.expected(name) == "in"):
        if line.kind in ("app", "session"):  # what the last one ended
            headers = await cast.play(needs)
        answer = await send(entry, route, line, ids, headers[caller])
        got, wanted = outcome(answer), line.expected(caller)
        if got != wanted:
            wrong.append(
                f"{line.route}: {caller} is {wanted} in the table, got {answer.status_code} {answer.text[:90]}"
            )
        if wanted == "in":
            best = min(best, answer.status_code)
    if not line.all and (best != (line.answers or best) or (not line.answers and best >= 400)):
        wrong.append(f"{line.route}: those let in get {best}; the table says {line.answers or 'less than 400'}")
    return wrong


@pytest.mark.timeout(600)
async def test_a_blocked_instance_answers_what_the_table_says(stage: tuple[Front, Cast, Things]) -> None:
    entry, cast, things = stage
    table, wrong = lines(), list[str]()
    # Once for all: what is called below changes nothing, but for those that pass, who are judged without it above.
    ids = await things.fresh(jobs=True)
    for route in [route for route in entry.house.routes if not route.operator and called(route) in table]:
        line = table[called(route)]
        headers = await cast.play([Need(*Template(need).substitute(ids).split()) for need in line.needs])
        await block(entry, blocked=True)
        for caller in BLOCKED["callers"]:
            always = route.bare or route.path.split("/")[1] in BLOCKED["open"] or caller in BLOCKED["passes"]
            answer = await send(entry, route, line, ids, headers[caller])
            got = answer.status_code if is_blocked(answer) else outcome(answer)
            wanted = line.expected(caller) if always else BLOCKED["status"]
            if got != wanted:
                wrong.append(f"{line.route}: {caller} on a blocked instance: {wanted} in the table, got {got}")
        await block(entry, blocked=False)
    for socket in entry.house.sockets:
        await block(entry, blocked=True)
        if await opens(entry, socket.path):
            wrong.append(f"socket {socket.path}: open on a blocked instance")
    assert not wrong, "\n".join(wrong)


async def block(entry: Front, *, blocked: bool) -> None:
    """Blocks the instance of the callers, or opens it again."""
    params = {"Blocked": str(blocked), "BlockingReason": "TESTED" if blocked else ""}
    assert (await entry.operator.patch(f"/instances/{DOMAIN}", params=params)).status_code == 200


def is_blocked(answer: httpx.Response) -> bool:
    """Whether this is what a blocked instance says to a client."""
    return answer.status_code == 503 and '"detail":"TESTED"' in answer.text


async def opens(entry: Front, path: str) -> bool:
    """Whether a websocket is taken at that path."""
    asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    told: asyncio.Queue[Any] = asyncio.Queue()
    asked.put_nowait({"type": "websocket.connect"})
    scope = {"type": "websocket", "path": path, "raw_path": path.encode(), "query_string": b""}
    headers = [(b"host", DOMAIN.encode())]
    await entry.public({**scope, "headers": headers, "subprotocols": []}, asked.get, told.put)
    return bool((await told.get())["type"] == "websocket.accept")


async def send(
    entry: Front, route: Route, line: Line, ids: Mapping[str, str], headers: Mapping[str, str]
) -> httpx.Response:
    """Calls a route with the things that its line names."""
    path = Template(line.at or route.path.replace(":doctype", "$doctype").replace(":docid", "$docid")).substitute(ids)
    body = Template(line.body).substitute(ids)
    kind = "application/x-www-form-urlencoded" if body[:1] not in ("", "{", "[") else "application/json"
    # Each call from a place of its own: what one of them says wrong is not counted against the others.
    transport = httpx.ASGITransport(entry.public, client=(f"2001:db8::{next(PLACES):x}:0:0:0:1", 1))
    client = entry.operator if route.operator else httpx.AsyncClient(transport=transport)
    url = f"http://{'admin' if route.operator else DOMAIN}{path}?{Template(line.query).substitute(ids)}"
    sent = {"Content-Type": kind, "Accept": "application/json", **dict(line.headers), **headers}
    request = httpx.Request(route.method, url, content=body.encode(), headers=sent)
    answer = await client.send(request, auth=None)
    if answer.status_code == 429:  # all strangers together have said too much: who waits is judged
        entry.clock.pass_time(seconds=11)
        answer = await client.send(request, auth=None)
    return answer


def outcome(answer: httpx.Response) -> str:
    """How the guard decided: `in`, or the status of the refusal. A fault of ours is always wrong."""
    if answer.status_code >= 500:
        return str(answer.status_code)
    if answer.status_code == 400 and "www-authenticate" in answer.headers:
        return "400"
    return REFUSED.get(answer.status_code, "in")


async def listened(entry: Front, cast: Cast, line: Line) -> list[str]:
    """What the callers of a websocket got otherwise than the table says."""
    needs = [Need(*need.split()) for need in line.needs]
    wrong = [] if needs else [f'no line in guards.toml, add under [socket]: "{line.route}" = "GET <doctype> <id>"']
    headers = await cast.play(needs)
    for caller in CALLERS if needs else ():
        got, wanted = await talk(entry, line.route.partition(" ")[2], headers[caller], needs[0]), line.expected(caller)
        if got != wanted:
            wrong.append(f"{line.route}: {caller} is {wanted} in the table, got {got}")
    return wrong


async def talk(entry: Front, path: str, headers: Mapping[str, str], need: Need) -> str:
    """Opens a websocket as a browser does, says who is asking, and asks for the events of a document."""
    scheme, _, said = headers.get("Authorization", "").partition(" ")
    token = b64decode(said).decode().partition(":")[2] if scheme == "Basic" else said
    frames = (
        {"method": "AUTH", "payload": token},
        {"method": "SUBSCRIBE", "payload": {"type": need.doctype, "id": need.ident}},
        {"method": "NOTHING"},  # the answer to this comes last
    )
    asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    told: asyncio.Queue[Any] = asyncio.Queue()
    for message in ({"type": "websocket.connect"}, *map(framed, frames)):
        asked.put_nowait(message)
    sent = {"host": DOMAIN, **{name.lower(): value for name, value in headers.items() if name == "Cookie"}}
    scope = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": ("192.0.2.1", 1),
        "subprotocols": ["io.cozy.websocket"],
    }
    talking = asyncio.create_task(entry.public(scope, asked.get, told.put))
    assert (await told.get())["type"] == "websocket.accept"
    status = orjson.loads((await told.get())["text"])["payload"]["status"][:3]
    asked.put_nowait({"type": "websocket.disconnect", "code": 1000})
    await talking
    return "in" if status == "405" else str(status)


def framed(frame: object) -> dict[str, Any]:
    """A frame as the server receives it."""
    return {"type": "websocket.receive", "text": orjson.dumps(frame).decode()}
