"""Requests to other servers: what the operator defines is made, in the values' places alone, and written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from alcove.base.outgoing import NoReply, Outgoing, Question, Reply
from alcove.documents import Documents
from alcove.instances import Instances
from alcove.remote.errors import DefinitionWrong, VariableMissing
from alcove.remote.model import read_definition
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

DOMAIN = "alice.example"
SEARCH = "org.example.search"
GET = "GET https://wiki.example/w/{{page}}?q={{q}}&lang=en\nAccept: application/json\nX-Key: {{secret_key}}\n"
POST = """POST https://wiki.example/say
Content-Type: application/json

{"said": "{{json said}}", "as": "<b>{{html said}}</b>", "at": "/{{path said}}?{{query said}}", "deep": {"a": {}}}
"""
JSON = {"content-type": "application/json; charset=utf-8"}
ASSETS = {"default": {"remote_assets": {"bank": "https://assets.example/bank.json"}}}


class Web:
    """The other servers, in the place of the door out."""

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.replies: list[Reply | None] = []

    async def ask(self, question: Question) -> Reply:
        self.asked.append(question)
        found = self.replies.pop(0) if self.replies else Reply(200, JSON, b"{}")
        if found is None:
            raise NoReply("wiki.example does not answer")
        return found


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front(contexts=ASSETS) as entry:
        await entry.instance(DOMAIN)
        yield entry


@pytest.fixture
def web(door: Front, monkeypatch: pytest.MonkeyPatch) -> Web:
    made = Web()
    monkeypatch.setattr(door.house.need(Outgoing), "ask", made.ask)
    return made


async def define(door: Front, request: str, **secrets: str | None) -> httpx.Response:
    said = {"data": {"attributes": {"request": request, "secrets": secrets}}}
    return await door.operator.put(f"/remote/{SEARCH}", json=said)


async def noted(door: Front) -> list[dict[str, Any]]:
    key = door.house.need(Instances).by_domain(DOMAIN).key
    found = await door.house.need(Documents).all(key, "io.cozy.remote.requests")
    return [document.fields() for document in found]


async def test_a_request_is_made_with_its_values_in_their_places(door: Front, web: Web) -> None:
    assert (await define(door, GET, key="sesame")).status_code == 204
    async with door.client(DOMAIN, f"{SEARCH} io.cozy.doctypes") as client:
        values = {"page": "a/b ü", "q": "x&y=#", "comment": "why", "secret_key": "mine"}
        answer = await client.get(f"/remote/{SEARCH}", params=values)
        assert (answer.status_code, answer.content) == (200, b"{}")
        assert answer.headers["content-type"] == JSON["content-type"]
        assert (await client.get("/remote/_all_doctypes")).json() == [SEARCH]
    asked = web.asked[0]
    assert asked.url == "https://wiki.example/w/a%2Fb%20%C3%BC?q=x%26y%3D%23&lang=en"
    assert asked.headers == {"Accept": "application/json", "X-Key": "sesame"}
    assert (asked.method, asked.body, asked.purpose) == ("GET", b"", "remote")
    told = (await noted(door))[0]
    assert told.pop("created_at")
    assert told == {
        "doctype": SEARCH,
        "verb": "GET",
        "url": asked.url,
        "response_code": 200,
        "content_type": "application/json",
        "variables": {"page": "a/b ü", "q": "x&y=#", "comment": "why"},
    }


async def test_a_body_holds_values_as_its_language_wants_them(door: Front, web: Web) -> None:
    await define(door, POST)
    async with door.client(DOMAIN, SEARCH) as client:
        said = '"</b> &/?'
        assert (await client.post(f"/remote/{SEARCH}", json={"said": said})).status_code == 200
        await define(door, 'POST https://wiki.example/\n\n{"said": "{{json said}}"}')
        assert (await client.post(f"/remote/{SEARCH}", json={"said": "a\n\\"})).status_code == 200
        assert orjson.loads(web.asked[1].body) == {"said": "a\n\\"}
    sent = orjson.loads(web.asked[0].body)
    assert sent["said"] == said
    assert sent["as"].startswith("<b>&quot;&lt;/b&gt; &amp;")
    assert sent["at"] == "/%22%3C%2Fb%3E%20%26%2F%3F?%22%3C%2Fb%3E+%26%2F%3F"


async def test_secrets_are_sealed_and_never_told(door: Front, web: Web) -> None:
    await define(door, "GET https://wiki.example/?key={{secret_key}}&old={{secret_old}}", key="sesame", old="x1y2z3")
    stored = (await door.house.need(Documents).all("alcove", "org.alcove.remote"))[0]
    listed = (await door.operator.get("/remote")).json()["data"][0]["attributes"]
    assert listed["secrets"] == ["key", "old"]
    async with door.client(DOMAIN, SEARCH) as client:
        assert (await client.get(f"/remote/{SEARCH}")).status_code == 200
        assert web.asked[0].url.endswith("?key=sesame&old=x1y2z3")
        said = [stored.body, orjson.dumps(listed), orjson.dumps(await noted(door))]
        assert not any(secret in one for one in said for secret in (b"sesame", b"x1y2z3"))
        # One that is taken away is missed.
        await define(door, "GET https://wiki.example/?key={{secret_key}}&old={{secret_old}}", old=None)
        assert (await client.get(f"/remote/{SEARCH}")).status_code == 400


async def test_what_is_not_defined_is_not_asked(door: Front, web: Web) -> None:
    async with door.client(DOMAIN, SEARCH) as client:
        assert (await client.get(f"/remote/{SEARCH}")).status_code == 404
        await define(door, "GET https://wiki.example/{{page}}")
        refused = await client.post(f"/remote/{SEARCH}", json={})
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
        assert (await client.get(f"/remote/{SEARCH}")).status_code == 400
        assert (await client.get(f"/remote/{SEARCH}?page=..")).status_code == 400
        assert (await client.post(f"/remote/{SEARCH}", content=b"[1]")).status_code == 400
        await door.operator.delete(f"/remote/{SEARCH}")
        assert (await client.get(f"/remote/{SEARCH}?page=a")).status_code == 404
    async with door.client(DOMAIN, f"{SEARCH}:GET:one") as narrow:
        assert (await narrow.get(f"/remote/{SEARCH}")).status_code == 403
    assert web.asked == []


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (None, 502),
        (Reply(200, {"content-type": "text/html"}, b"<script>"), 502),
        (Reply(200, {"content-type": "text/javascript"}, b"alert(1)"), 502),
        (Reply(200, {}, b"{}"), 502),
        (Reply(302, {"location": "https://elsewhere.example/"}, b""), 502),
        (Reply(302, {"location": "http://wiki.example/"}, b""), 502),
        (Reply(503, JSON, b'{"error": "busy"}'), 503),
        (Reply(200, {"content-type": "image/svg+xml", "set-cookie": "a=b"}, b"<svg/>"), 200),
    ],
)
async def test_an_answer_is_judged(door: Front, web: Web, reply: Reply | None, status: int) -> None:
    await define(door, "GET https://wiki.example/")
    web.replies.append(reply)
    async with door.client(DOMAIN, SEARCH) as client:
        answer = await client.get(f"/remote/{SEARCH}")
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers
    assert status == 502 or "sandbox" in answer.headers["content-security-policy"]


async def test_a_redirect_on_the_same_server_is_followed(door: Front, web: Web) -> None:
    await define(door, "GET https://wiki.example/old")
    web.replies.append(Reply(301, {"location": "/new"}, b""))
    async with door.client(DOMAIN, SEARCH) as client:
        assert (await client.get(f"/remote/{SEARCH}")).status_code == 200
        web.replies += [Reply(301, {"location": "/again"}, b"")] * 9
        assert (await client.get(f"/remote/{SEARCH}")).status_code == 502
    assert [one.url for one in web.asked][:2] == ["https://wiki.example/old", "https://wiki.example/new"]
    assert len(web.asked) == 6


async def test_an_answer_is_given_again_as_long_as_its_server_allows(door: Front, web: Web) -> None:
    await define(door, "GET https://wiki.example/{{q}}")
    kept = {**JSON, "cache-control": "public, max-age=600"}
    web.replies += [Reply(200, kept, b"1"), Reply(200, kept, b"2"), Reply(200, kept, b"3")]
    async with door.client(DOMAIN, SEARCH) as client:

        async def ask(q: str) -> bytes:
            return (await client.get(f"/remote/{SEARCH}", params={"q": q})).content

        assert [await ask("a"), await ask("a"), await ask("b")] == [b"1", b"1", b"2"]
        door.clock.pass_time(minutes=11)
        assert await ask("a") == b"3"
    await door.instance("bob.example")
    async with door.client("bob.example", SEARCH) as other:  # what is kept for one place is not told to another
        assert (await other.get(f"/remote/{SEARCH}", params={"q": "a"})).content == b"{}"


async def test_assets_are_those_that_the_context_names(door: Front, web: Web) -> None:
    async with door.client(DOMAIN, "io.cozy.nothing") as client:
        assert (await client.get("/remote/assets/bank")).content == b"{}"
        assert (await client.get("/remote/assets/other")).status_code == 404
        web.replies.append(None)
        assert (await client.get("/remote/assets/bank")).status_code == 502
    assert {one.url for one in web.asked} == {"https://assets.example/bank.json"}


async def test_old_requests_are_forgotten(door: Front, web: Web) -> None:
    await define(door, "GET https://wiki.example/{{q}}")
    async with door.client(DOMAIN, SEARCH) as client:
        await client.get(f"/remote/{SEARCH}?q=old")
    door.clock.pass_time(days=367)
    async with door.client(DOMAIN, SEARCH) as client:
        await client.get(f"/remote/{SEARCH}?q=new")
    assert [one["variables"] for one in await noted(door)] == [{"q": "new"}]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "GET",
        "DELETE https://wiki.example/",
        "GET ftp://wiki.example/",
        "GET https://{{host}}/",
        "GET https://wiki.example.{{host}}/",
        "GET https://wiki.example:8443/",
        "GET https://me:secret@wiki.example/",
        "GET https:///nothing",
        "GET https://[::1/",
        "GET https://wiki.example/\nno header",
        "GET https://wiki.example/\nHost: elsewhere.example",
        "GET https://wiki.example/\nContent-Length: 1",
        "POST https://wiki.example/\n\n{{shout x}}",
        f"POST https://wiki.example/\n\n{'x' * (64 << 10)}",
    ],
)
async def test_a_definition_that_cannot_be_meant_is_refused(door: Front, text: str) -> None:
    with pytest.raises(DefinitionWrong):
        read_definition(text)
    assert (await define(door, text)).status_code == 422
    assert (await door.operator.get("/remote")).json()["data"] == []


@pytest.mark.parametrize("name", ["Search", "..", "org.example.é!"])
async def test_a_definition_is_for_a_doctype(door: Front, name: str) -> None:
    said = {"data": {"attributes": {"request": "GET https://wiki.example/"}}}
    assert (await door.operator.put(f"/remote/{name.replace('..', '%2e%2e')}", json=said)).status_code in (404, 422)
    assert (await door.operator.get("/remote")).json()["data"] == []


def test_a_header_stays_one_line() -> None:
    filled = read_definition("GET https://wiki.example/\nX-Say: {{said}}").filled({"said": "a\r\nHost: b\x00"})
    assert filled.headers == {"X-Say": "a  Host: b "}


def test_a_value_that_leads_elsewhere_is_refused() -> None:
    with pytest.raises(VariableMissing):
        read_definition("GET https://wiki.example/a/{{up}}/b").filled({"up": ".."})
