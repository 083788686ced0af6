"""Every route refuses who has no right to it, whichever room it is from: made from the route table, not from a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from alcove.base.http import Guard
from alcove.documents import Documents
from alcove.instances import Instances
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from alcove.base.http import Route

ALICE, BOB = "alice.example", "bob.example"
FOR_EVERYBODY_WITH_A_TOKEN = {
    "GET /settings/instance": [401, 400, 200],
    "GET /settings/context": [403, 403, 200],
    "GET /settings/capabilities": [401, 400, 200],
    "GET /settings/flags": [403, 403, 200],
    "GET /permissions/self": [401, 400, 200],
    "PUT /settings/instance/sign_tos": [401, 400, 204],
}
"""What the contract lets any token read: names and switches that every app needs before its first page."""


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front() as entry:
        for domain in (ALICE, BOB):
            await entry.instance(domain)
        yield entry


async def belongings(door: Front) -> dict[str, str]:
    """What Alice has, by the first segments of the routes that speak of it: a wrong id would be refused for that."""
    async with door.client(ALICE, "*") as client:
        trigger = {"type": "@cron", "arguments": "0 0 1 1 1 *", "worker": "log"}
        made = await client.post("/jobs/triggers", json={"data": {"attributes": trigger}})
        job = await client.post("/jobs/queue/log", json={"data": {"attributes": {"arguments": {}}}})
        file = await client.post("/files/?Type=file&Name=a.txt", content=b"x")
        link = {"name": "a.url", "url": "https://example.org/"}
        shortcut = await client.post("/shortcuts", json={"data": {"attributes": link}})
        await client.put("/data/org.example.things/one", json={})
    answers = {"jobs/triggers": made, "jobs": job, "files": file, "shortcuts": shortcut}
    return {name: str(answer.json()["data"]["id"]) for name, answer in answers.items()}


def addresses(door: Front, ids: dict[str, str]) -> Iterator[tuple[Route, str]]:
    """Every guarded route with an address that fits it."""
    for route in door.house.routes:
        first, _, rest = route.path.strip("/").partition("/")
        second = f"{first}/{rest.partition('/')[0]}"
        known = {":doctype": "org.example.things", ":docid": "one", ":worker": "log", ":domain": ALICE}
        known[":id"] = ids.get(second) or ids.get(first) or "one"
        parts = [known.get(part, "x") if part[:1] in (":", "*") else part for part in route.path.split("/")]
        if route.guard is not Guard.PUBLIC:
            yield route, "/".join(parts)


async def ask(client: httpx.AsyncClient, route: Route, path: str) -> int:
    content = b"{}" if route.method in ("POST", "PUT", "PATCH") else None
    return (await client.request(route.method, path, content=content)).status_code


async def test_nobody_comes_in_without_rights_and_nothing_changes(door: Front) -> None:
    ids = await belongings(door)
    alice, documents = door.house.need(Instances).by_domain(ALICE), door.house.need(Documents)
    before = await documents.last_seq(alice.key)
    wrong = []
    async with (
        door.client(ALICE, Accept="application/json") as nobody,
        door.client(ALICE, Authorization=f"Bearer {door.token(BOB, '*')}") as neighbour,
        door.client(ALICE, "org.example.nothing") as poor,
    ):
        for route, path in addresses(door, ids):
            if route.operator:
                continue
            line = f"{route.method} {route.path}"
            seen = [await ask(client, route, path) for client in (nobody, neighbour, poor)]
            wrong_by_itself = {400, 422} if route.guard is Guard.LATE else set()
            by_itself = route.guard in (Guard.SESSION, Guard.DEVICE)
            neighbour_gets = {401} if by_itself else {400, *wrong_by_itself}
            # The first version of OCS answers 200 to whoever it knows, and says in the body that it refuses.
            in_words = {200} if route.path.startswith("/ocs/v1.php/") else set()
            expected = {401, *wrong_by_itself}, neighbour_gets, {400, 401, 403, 404, 405, 412, 422, *in_words}
            fits = all(status in allowed for status, allowed in zip(seen, expected, strict=True))
            if not fits and FOR_EVERYBODY_WITH_A_TOKEN.get(line) != seen:
                wrong.append(f"{line} answers {seen} to nobody, to a token of another place, to one without the right")
    assert wrong == []
    assert await documents.last_seq(alice.key) == before


async def test_what_is_there_is_refused_for_the_right(door: Front) -> None:
    """Where the thing is there and no body is needed, nothing but the right can be missing."""
    ids = await belongings(door)
    things = {"/files/:id", "/jobs/:id", "/jobs/triggers/:id", "/shortcuts/:id", "/data/:doctype/:docid"}
    seen = {}
    async with door.client(ALICE, "org.example.nothing") as poor:
        for route, path in addresses(door, ids):
            if route.method in ("GET", "DELETE") and route.path in things:
                rev = "?rev=1-00" if route.method == "DELETE" else ""
                seen[f"{route.method} {route.path}"] = await ask(poor, route, path + rev)
    assert set(seen.values()) == {403}, seen
    assert len(seen) >= len(things)


async def test_the_operators_side_is_for_the_operator(door: Front) -> None:
    ids = await belongings(door)
    transport = door.operator._transport
    for auth in (None, httpx.BasicAuth("", "guess"), httpx.BasicAuth("admin", "")):
        async with httpx.AsyncClient(transport=transport, base_url="http://admin", auth=auth) as client:
            for route, path in addresses(door, ids):
                if route.operator:
                    assert await ask(client, route, path) == 401, route.path
    async with door.client(ALICE, "*") as owner:
        for route, path in addresses(door, ids):
            if route.operator and not route.path.startswith(("/egress", "/jobs")):  # these are on both sides
                assert await ask(owner, route, path) == 404, route.path
    assert [one.domain for one in door.house.need(Instances).all()] == [ALICE, BOB]
