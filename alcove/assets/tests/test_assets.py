"""The operator's files: fetched, checked, shown, removed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from alcove.base.outgoing import NoReply, Outgoing, Question, Reply
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

URL = "https://files.example/logo.svg"
LOGO = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
PATH = "/instances/assets"


def wanted(**more: Any) -> dict[str, Any]:
    shasum = hashlib.sha256(LOGO).hexdigest()
    return {"context": "ours", "name": "/images/logo.svg", "url": URL, "shasum": shasum, **more}


@pytest.fixture
async def door(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Front]:
    async def ask(question: Question) -> Reply:
        if question.url.endswith("/away"):
            raise NoReply("it does not answer")
        return Reply(404 if question.url.endswith("/none") else 200, {}, LOGO)

    async with front() as entry:
        await entry.instance("alice.example")
        monkeypatch.setattr(entry.house.need(Outgoing), "ask", ask)
        yield entry


async def test_a_file_is_added_shown_and_removed(door: Front) -> None:
    assert (await door.operator.get(PATH)).json() == {}
    added = await door.operator.post(PATH, json=[wanted()])
    assert added.status_code == 200, added.text
    [told] = added.json()["ours"]
    assert (told["name"], told["url"], "content" in told) == ("images/logo.svg", URL, False)
    async with door.client("alice.example") as client:
        shown = await client.get("/assets/ext/ours/images/logo.svg")
        assert (shown.content, shown.headers["content-type"]) == (LOGO, "image/svg+xml")
        assert shown.headers["content-security-policy"].endswith("sandbox")
        known = {"If-None-Match": shown.headers["etag"]}
        assert (await client.get("/assets/ext/ours/images/logo.svg", headers=known)).status_code == 304
        kept = await client.get("/assets/ext/ours/images/logo.0123456789ab.svg")
        assert (kept.content, kept.headers["cache-control"]) == (LOGO, "max-age=31536000, immutable")
        assert (await client.get("/assets/ext/other/images/logo.svg")).status_code == 404
        for _ in range(2):
            assert (await door.operator.delete(f"{PATH}/ours/images/logo.svg")).status_code == 204
        assert (await client.get("/assets/ext/ours/images/logo.svg")).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"shasum": "0" * 64},
        {"shasum": "x"},
        {"url": "https://files.example/away"},
        {"url": "https://files.example/none"},
        {"name": "../logo.svg"},
        {"name": "page.html"},
        {"name": "script.js"},
        {"name": ""},
        {"context": "a/b"},
    ],
)
async def test_one_wrong_file_and_none_is_taken(door: Front, wrong: dict[str, Any]) -> None:
    said = [wanted(name="other.svg"), wanted(**{name: str(value) for name, value in wrong.items()})]
    refused = await door.operator.post(PATH, json=said)
    assert (refused.status_code, bool(refused.json()["errors"][0]["detail"])) == (400, True)
    assert (await door.operator.get(PATH)).json() == {}


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b"[3]", b'[{"context": []}]'])
async def test_a_body_that_is_none_is_refused(door: Front, body: bytes) -> None:
    assert (await door.operator.post(PATH, content=body)).status_code == 400
