"""Links: what a code opens, who may make, change and take back one, and how each ends (contract-a section 4)."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest

from alcove.apps.testing import bearer_of_page, cozy_data, log_in, write_app
from alcove.documents import Document, Documents
from alcove.identity import Sessions
from alcove.instances import Instances
from alcove.realtime import Realtime
from alcove.realtime.service import Outbox
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

    from alcove.documents import Tx

DOMAIN = "alice.example"
CONTACTS = {"type": "io.cozy.contacts", "verbs": ["GET"]}
ONE = {**CONTACTS, "values": ["one"]}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Front]:
    write_app(tmp_path, permissions={"contacts": {"type": "io.cozy.contacts", "verbs": ["GET", "PUT", "POST"]}})
    write_app(tmp_path, "other", permissions={"one": ONE, "bills": {"type": "io.cozy.bills"}})
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN, Passphrase="correct horse battery")
        async with entry.client(scope="io.cozy.contacts") as owner:
            for name in ("one", "two"):
                assert (await owner.put(f"/data/io.cozy.contacts/{name}", json={"name": name})).status_code == 200
        yield entry


@pytest.fixture
async def app(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    client = await opened(door, "mini")
    yield client
    await client.aclose()


@pytest.fixture
async def other(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    client = await opened(door, "other")
    yield client
    await client.aclose()


async def opened(door: Front, slug: str) -> httpx.AsyncClient:
    """The page of an app in a browser that is logged in."""
    client = door.client()
    assert (await log_in(client, DOMAIN, "correct horse battery")).status_code == 200
    client.headers.update(await bearer_of_page(client, DOMAIN, slug))
    return client


def body(**attributes: Any) -> dict[str, Any]:
    return {"data": {"type": "io.cozy.permissions", "attributes": attributes}}


async def link(client: httpx.AsyncClient, query: str = "codes=link", **attributes: Any) -> dict[str, Any]:
    """Makes a link with `client`; answers the document."""
    answer = await client.post(f"/permissions?{query}", json=body(**{"permissions": {"c": ONE}, **attributes}))
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()["data"]
    return made


def guest(door: Front, code: str) -> httpx.AsyncClient:
    return door.client(**{"Authorization": f"Bearer {code}", "Accept": "application/json"})


async def read(client: httpx.AsyncClient, name: str = "one") -> tuple[int, str]:
    """Tries to read a contact; answers the status and the error."""
    answer = await client.get(f"/data/io.cozy.contacts/{name}")
    return answer.status_code, answer.json().get("error", "")


async def test_a_code_opens_what_its_rules_say_and_nothing_else(door: Front, app: httpx.AsyncClient) -> None:
    made = await link(app)
    for code in (made["attributes"]["codes"]["link"], made["attributes"]["shortcodes"]["link"]):
        async with guest(door, code) as stranger:
            assert (await read(stranger))[0] == 200
            assert (await read(stranger, "two"))[0] == 403
            assert (await stranger.get("/data/io.cozy.contacts/_all_docs")).status_code == 403
            assert (await stranger.put("/data/io.cozy.contacts/one", json={"name": "x"})).status_code == 403
            own = (await stranger.get("/permissions/self")).json()["data"]
            assert own["id"] == made["id"]
            assert "codes" not in own["attributes"]
    async with guest(door, made["attributes"]["shortcodes"]["link"] + ".") as stranger:
        assert (await read(stranger))[0] == 200


async def test_nobody_gives_more_than_they_have(door: Front, app: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    for rule in (
        {"type": "io.cozy.bills", "verbs": ["GET"]},
        {"type": "io.cozy.contacts", "verbs": ["DELETE"]},
        {"type": "io.cozy.contacts"},
        {"type": "*"},
        {"type": "io.cozy.contacts.*", "verbs": ["GET"]},
    ):
        answer = await app.post("/permissions", json=body(permissions={"c": rule}))
        assert (answer.status_code, answer.json()) == (403, {"error": "Attempt to create a larger permission set"})
    for rule in (
        {**CONTACTS},
        {**CONTACTS, "values": ["one", "two"]},
        {**ONE, "selector": "name"},
        {**ONE, "values": []},
    ):
        assert (await other.post("/permissions", json=body(permissions={"c": rule}))).status_code == 403
    async with door.client(scope="*") as everything:
        for kind in ("io.cozy.sessions", "io.cozy.permissions", "*"):
            answer = await everything.post("/permissions", json=body(permissions={"c": {"type": kind}}))
            assert answer.status_code == 403
            assert "reserved doctype" in answer.text
    async with guest(door, (await link(app))["attributes"]["codes"]["link"]) as stranger:
        answer = await stranger.post("/permissions", json=body(permissions={"c": ONE}))
        assert (answer.status_code, answer.json()["error"]) == (403, "Only apps can create sharing permissions")


@pytest.mark.parametrize(
    "permissions",
    [
        {},
        [],
        "x",
        {"c": "x"},
        {"c": {**ONE, "values": "one"}},
        {"c": {**ONE, "values": {}}},
        {"c": {**ONE, "values": [1]}},
        {"c": {**ONE, "verbs": "GET"}},
        {"c": {**ONE, "verbs": ["EAT"]}},
        {"c": {**ONE, "selector": ["name"]}},
        {"c": {**ONE, "type": "io.cozy.contacts\n"}},
        {"c": {"verbs": ["GET"]}},
    ],
)
async def test_rules_that_cannot_be_read_make_no_link(app: httpx.AsyncClient, permissions: Any) -> None:
    answer = await app.post("/permissions", json=body(permissions=permissions))
    assert answer.status_code == 422, answer.text


async def test_a_link_ends_at_its_time(door: Front, app: httpx.AsyncClient) -> None:
    made = await link(app, "codes=link&ttl=1h")
    async with guest(door, made["attributes"]["codes"]["link"]) as stranger:
        door.clock.pass_time(minutes=59)
        assert (await read(stranger))[0] == 200
        door.clock.pass_time(minutes=1)
        assert await read(stranger) == (400, "code=400, message=Expired token")
        assert (await app.get(f"/permissions/{made['id']}")).status_code == 400
        later = body(expires_at="2031-01-01T00:00:00+01:00")
        changed = await app.patch(f"/permissions/{made['id']}", json=later)
        assert changed.json()["data"]["attributes"]["expires_at"] == "2030-12-31T23:00:00Z"
        assert (await read(stranger))[0] == 200


@pytest.mark.parametrize("query", ["ttl=soon", "ttl=-1h", "ttl=0s", "codes=" + "x" * 201])
async def test_a_link_is_not_made_otherwise_than_it_was_asked_for(app: httpx.AsyncClient, query: str) -> None:
    assert (await app.post(f"/permissions?{query}", json=body(permissions={"c": ONE}))).status_code == 422
    for ends in ("tomorrow", "2031-01-01T00:00:00", "0001-01-01T00:00:00+23:59", 7):
        answer = await app.post("/permissions", json=body(permissions={"c": ONE}, expires_at=ends))
        assert (answer.status_code, answer.json()["errors"][0]["title"]) == (422, "Invalid Attribute")


async def test_codes_of_six_digits_live_an_hour_and_cannot_be_guessed(door: Front, app: httpx.AsyncClient) -> None:
    code = (await link(app, "ttl=1h&tiny=true"))["attributes"]["shortcodes"][""]
    assert re.fullmatch(r"[0-9]{6}", code)
    assert len((await link(app, "ttl=2h&tiny=true"))["attributes"]["shortcodes"][""]) == 12
    assert len((await link(app, "tiny=true"))["attributes"]["shortcodes"][""]) == 12
    wrong = f"{(int(code) + 1) % 10**6:06}"
    async with guest(door, wrong) as guesser:
        assert [(await read(guesser))[0] for _ in range(6)] == [403] * 5 + [429]
        answer = await guesser.get("/permissions/self")
        assert int(answer.headers["retry-after"]) > 0
        door.clock.pass_time(minutes=1)
    async with guest(door, code) as stranger:
        assert (await read(stranger))[0] == 200


async def test_a_link_that_is_taken_back_opens_nothing(door: Front, app: httpx.AsyncClient) -> None:
    made = await link(app, "codes=a,b")
    codes = made["attributes"]["codes"]
    async with guest(door, codes["a"]) as first, guest(door, codes["b"]) as second:
        assert (await read(first))[0] == (await read(second))[0] == 200
        kept = await app.patch(f"/permissions/{made['id']}", json=body(codes={"b": codes["a"], "c": "mine"}))
        now = kept.json()["data"]["attributes"]
        assert now["codes"]["b"] == codes["b"]
        assert now["codes"]["c"] not in ("mine", "")
        assert set(now["shortcodes"]) == {"b"}
        assert await read(first) == (403, f"code=403, message=no permission doc for token {codes['a']}")
        assert (await read(second))[0] == 200
        assert (await app.delete(f"/permissions/{made['id']}")).status_code == 204
        assert (await read(second))[0] == 403
        assert (await app.delete(f"/permissions/{made['id']}")).status_code == 404


async def test_a_link_is_changed_by_its_app_or_by_who_may_do_as_much(
    door: Front, app: httpx.AsyncClient, other: httpx.AsyncClient
) -> None:
    made = await link(app, permissions={"c": CONTACTS})
    path, wider = f"/permissions/{made['id']}", body(permissions={"c": {**CONTACTS, "verbs": ["GET", "PUT"]}})
    async with guest(door, made["attributes"]["codes"]["link"]) as stranger:
        for client in (other, stranger):
            for change in (wider, body(codes={"x": ""}), body(password="x"), body(permissions={"c": {}})):
                assert (await client.patch(path, json=change)).status_code == 403
            assert (await client.delete(path)).status_code == 403
        assert (await other.get(path)).status_code == 403
        assert (await stranger.get(path)).status_code == 200
        assert (await stranger.put("/data/io.cozy.contacts/one", json={"name": "x"})).status_code == 403
        assert (await app.patch(path, json=wider)).status_code == 200
        assert (await stranger.put("/data/io.cozy.contacts/three", json={"name": "x"})).status_code == 403
        seen = (await stranger.get("/data/io.cozy.contacts/one")).json()
        assert (await stranger.put("/data/io.cozy.contacts/one", json=seen)).status_code == 200
        larger = body(permissions={"c": {"type": "io.cozy.contacts"}})
        assert (await app.patch(path, json=larger)).json() == {"error": "Attempt to create a larger permission set"}
        both = body(permissions={"c": CONTACTS}, codes={"x": ""})
        assert (await app.patch(path, json=both)).status_code == 400
        assert (await app.patch(path, json=body(permissions={"c": {}}))).status_code == 200
        assert (await read(stranger))[0] == 403
    async with door.client(scope="io.cozy.contacts") as superset:
        assert (await superset.delete(f"/permissions/{(await link(app))['id']}")).status_code == 204


async def test_a_link_ends_with_the_app_that_made_it(door: Front, app: httpx.AsyncClient) -> None:
    code = (await link(app))["attributes"]["codes"]["link"]
    documents, tenant = door.house.need(Documents), door.house.need(Instances).by_domain(DOMAIN).key

    async def uninstall(tx: Tx) -> None:
        there = await tx.get("org.alcove.apps", "io.cozy.apps/mini")
        assert there is not None
        await tx.delete("org.alcove.apps", there.id, there.rev)

    async with guest(door, code) as stranger:
        assert (await read(stranger))[0] == 200
        await documents.work(tenant, uninstall)
        assert await read(stranger) == (400, "code=400, message=Expired token")
        assert await read(app) == (400, "code=400, message=Invalid JWT token")


async def test_links_of_a_type_are_listed_with_codes_for_who_may_do_as_much(
    door: Front, app: httpx.AsyncClient, other: httpx.AsyncClient
) -> None:
    ids = sorted([(await link(app))["id"] for _ in range(3)])
    path = "/permissions/doctype/io.cozy.contacts/shared-by-link"
    first = (await app.get(path, params={"page[limit]": "2"})).json()
    assert [one["id"] for one in first["data"]] == ids[:2]
    assert first["data"][0]["attributes"]["codes"]["link"]
    rest = (await app.get(first["links"]["next"])).json()
    assert [one["id"] for one in rest["data"]] == ids[2:]
    assert rest["links"] == {}
    assert (await other.get(path)).status_code == 403
    writing = await link(app, permissions={"c": {**ONE, "verbs": ["PUT"]}})
    async with door.client(scope="io.cozy.contacts:GET") as reader:
        told = {one["id"]: one["attributes"] for one in (await reader.get(path)).json()["data"]}
        assert "codes" in told[ids[0]]
        assert not {"codes", "shortcodes"} & set(told[writing["id"]])


async def test_what_links_allow_is_told_for_documents(door: Front, app: httpx.AsyncClient) -> None:
    await link(app)
    await link(app, permissions={"c": {**ONE, "verbs": ["PUT"]}})
    asked = {"data": [{"type": "io.cozy.contacts", "id": name} for name in ("one", "two")]}
    told = (await app.post("/permissions/exists", json=asked)).json()
    assert told["data"] == [{"id": "one", "type": "io.cozy.contacts", "verbs": ["GET", "PUT"]}]
    async with door.client() as anonymous, door.client(scope="io.cozy.bills") as stranger:
        assert (await anonymous.post("/permissions/exists", json=asked)).status_code == 401
        assert (await stranger.post("/permissions/exists", json=asked)).status_code == 403


async def test_a_link_with_a_password_opens_after_it_was_said(door: Front, app: httpx.AsyncClient) -> None:
    made = await link(app, password="open sesame")
    assert made["attributes"]["password"] is True
    code, path = made["attributes"]["codes"]["link"], "/auth/share-by-link/password"
    async with guest(door, code) as stranger:
        assert (await read(stranger))[0] == 403
        wrong = await stranger.post(path, data={"perm_id": made["id"], "password": "x"})
        assert wrong.status_code == 403
        right = await stranger.post(path, data={"perm_id": made["id"], "password": "open sesame"})
        assert (right.status_code, right.json()) == (200, {"password": "ok"})
        assert (await read(stranger))[0] == 200
        assert (await app.patch(f"/permissions/{made['id']}", json=body(password="another"))).status_code == 200
        assert (await read(stranger))[0] == 403
        assert (await app.patch(f"/permissions/{made['id']}", json=body(password=""))).status_code == 200
        assert (await read(stranger))[0] == 200
        none = await stranger.post(path, data={"perm_id": made["id"], "password": ""})
        assert none.json() == {"password": "none"}
        assert (await stranger.post(path, data={"perm_id": "x"})).status_code == 404


async def test_the_password_of_a_link_cannot_be_guessed(door: Front, app: httpx.AsyncClient) -> None:
    made = await link(app, password="open sesame")
    async with door.client() as guesser:
        form = {"perm_id": made["id"], "password": "x"}
        tries = [await guesser.post("/auth/share-by-link/password", data=form) for _ in range(6)]
    assert [answer.status_code for answer in tries] == [403] * 5 + [429]
    assert int(tries[-1].headers["retry-after"]) > 0


async def test_a_public_page_gets_the_code_as_its_token(door: Front, app: httpx.AsyncClient) -> None:
    made = await link(app)
    code = made["attributes"]["shortcodes"]["link"]
    async with door.client() as stranger:
        page = await stranger.get(f"http://mini.{DOMAIN}/public/?sharecode={code}")
        assert cozy_data(page.text)["token"] == code
        assert page.headers["referrer-policy"] == "same-origin"
        assert cozy_data((await stranger.get(f"http://mini.{DOMAIN}/public/")).text)["token"] == ""
    page = await app.get(f"http://mini.{DOMAIN}/public/?sharecode={code}")
    assert cozy_data(page.text)["token"] == code


async def test_a_public_page_asks_for_the_password_first(door: Front, app: httpx.AsyncClient) -> None:
    made = await link(app, password="open sesame")
    code = made["attributes"]["shortcodes"]["link"]
    wanted = f"http://mini.{DOMAIN}/public/?sharecode={code}"
    async with door.client() as stranger:
        page = await stranger.get(wanted)
        assert (page.status_code, "data-cozy" in page.text) == (401, False)
        policy = page.headers["content-security-policy"]
        assert f"form-action http://{DOMAIN}/ http://mini.{DOMAIN}/;" in policy
        form = {"perm_id": made["id"], "redirect": wanted}
        wrong = await stranger.post("/auth/share-by-link/password", data={**form, "password": "x"})
        assert (wrong.status_code, "not the password" in wrong.text) == (403, True)
        right = await stranger.post("/auth/share-by-link/password", data={**form, "password": "open sesame"})
        assert (right.status_code, right.headers["location"]) == (303, wanted)
        assert cozy_data((await stranger.get(wanted)).text)["token"] == code
        away = await stranger.post("/auth/share-by-link/password", data={**form, "redirect": "http://evil.example/"})
        assert away.status_code == 400


async def test_who_opened_a_link_is_told_by_the_hour(door: Front, app: httpx.AsyncClient) -> None:
    made = await link(app, password="open sesame")
    code = made["attributes"]["shortcodes"]["link"]
    wanted, visits = f"http://mini.{DOMAIN}/public/?sharecode={code}", f"/permissions/{made['id']}/visits"
    assert (await app.get(visits)).json()["data"]["attributes"] == {"total": 0, "visits": []}
    phone = {"User-Agent": "Mozilla/5.0 (Linux; Android 15) Chrome/140.0"}
    async with door.client() as stranger:
        assert (await stranger.get(wanted, headers=phone)).status_code == 401  # it has seen nothing yet
        form = {"perm_id": made["id"], "redirect": wanted, "password": "open sesame"}
        await stranger.post("/auth/share-by-link/password", data=form)
        for _ in range(2):
            assert (await stranger.get(wanted, headers=phone)).status_code == 200
        assert (await stranger.get(visits, headers={"Authorization": f"Bearer {code}"})).status_code == 403
    await app.get(wanted)  # the person's own look is none
    line = {"at": "2026-01-01T12:00:00Z", "browser": "Chrome", "system": "Android", "code": "link", "count": 2}
    assert (await app.get(visits)).json()["data"]["attributes"] == {"total": 2, "visits": [line]}
    async with door.client(DOMAIN, "io.cozy.files org.alcove.links.visits") as other:
        assert (await other.get(visits)).status_code == 403
        assert (await other.get("/data/org.alcove.links.visits/_all_docs")).status_code == 403
    assert (await app.delete(f"/permissions/{made['id']}")).status_code == 204
    assert (await app.get(visits)).status_code == 404


async def test_an_app_gives_another_what_it_may_do_itself(
    door: Front, app: httpx.AsyncClient, other: httpx.AsyncClient
) -> None:
    assert (await read(other, "two"))[0] == 403
    own = (await other.get("/permissions/self")).json()["data"]
    for name in ("two", "three"):
        more = body(permissions={"more": {**CONTACTS, "values": [name]}})
        given = await app.patch("/permissions/apps/other", json=more)
        assert given.status_code == 200, given.text
    assert given.json()["data"]["attributes"]["permissions"]["more"]["values"] == ["two", "three"]
    assert given.json()["data"]["id"] == own["id"]
    assert (await read(other, "two"))[0] == 200
    larger = body(permissions={"more": {"type": "io.cozy.notes"}})
    assert (await app.patch("/permissions/apps/other", json=larger)).status_code == 403
    same_title = body(permissions={"bills": {**CONTACTS, "values": ["two"]}})
    kept = (await app.patch("/permissions/apps/other", json=same_title)).json()["data"]["attributes"]["permissions"]
    assert kept["bills"] == {"type": "io.cozy.bills"}
    gone = body(permissions={"more": {}, "one": {"type": ""}})
    assert (await app.patch("/permissions/apps/other", json=gone)).status_code == 403
    assert (await other.patch(f"/permissions/{own['id']}", json=gone)).status_code == 200
    assert (await read(other, "one"))[0] == 403
    assert (await app.patch("/permissions/apps/nobody", json=same_title)).status_code == 404
    assert (await app.delete(f"/permissions/{own['id']}")).status_code == 403
    async with guest(door, (await link(app))["attributes"]["codes"]["link"]) as stranger:
        through = body(permissions={"c": ONE})
        assert (await stranger.patch("/permissions/apps/other", json=through)).status_code == 403


async def test_a_code_is_worth_nothing_elsewhere(door: Front, app: httpx.AsyncClient) -> None:
    await door.instance("bob.example")
    made = (await link(app))["attributes"]
    for code in (made["codes"]["link"], made["shortcodes"]["link"]):
        headers = {"Authorization": f"Bearer {code}"}
        async with door.client("bob.example", **headers) as stranger:
            assert (await stranger.get("/permissions/self")).status_code in (400, 403)


async def test_a_guest_reads_no_address_of_the_person(door: Front, app: httpx.AsyncClient) -> None:
    async with door.client(scope="io.cozy.settings") as owner:
        there = (await owner.get("/settings/instance")).json()["data"]
        said = {"email": "alice@example.org", "phone": "+33", "public_name": "Alice"}
        change = {"data": {"attributes": said, "meta": there["meta"]}}
        assert (await owner.put("/settings/instance", json=change)).status_code == 200
    async with guest(door, (await link(app))["attributes"]["codes"]["link"]) as stranger:
        seen = (await stranger.get("/settings/instance")).json()["data"]["attributes"]
    assert seen["public_name"] == "Alice"
    assert not {"email", "phone", "tos", "oidc_id"} & set(seen)


async def test_no_event_tells_a_code(door: Front, app: httpx.AsyncClient) -> None:
    realtime, outbox = door.house.need(Realtime), Outbox()
    tenant = door.house.need(Instances).by_domain(DOMAIN).key
    realtime.subscribe(tenant, "io.cozy.permissions", "", outbox)
    made = (await link(app, password="open sesame"))["attributes"]
    told = await outbox.get()
    assert '"source_id":"io.cozy.apps/mini"' in told
    for secret in (made["codes"]["link"], made["shortcodes"]["link"], "argon2"):
        assert secret not in told


async def test_tokens_die_with_their_instance(door: Front, app: httpx.AsyncClient) -> None:
    made = (await link(app))["attributes"]
    tokens = [made["codes"]["link"], made["shortcodes"]["link"], door.token(DOMAIN, "*")]
    assert (await door.operator.delete(f"/instances/{DOMAIN}")).status_code == 204
    await door.instance(DOMAIN)
    for token in tokens:
        async with guest(door, token) as stranger:
            assert (await stranger.get("/permissions/self")).status_code in (400, 403)
    assert (await app.get("/permissions/self")).status_code == 400


async def test_a_link_is_visited_so_often_in_an_hour(
    door: Front, app: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alcove.identity.permissions.http.links.VISITS", 2)
    first, second = [(await link(app))["attributes"]["shortcodes"]["link"] for _ in range(2)]

    async def visit(code: str) -> httpx.Response:
        async with door.client() as stranger:
            return await stranger.get(f"http://mini.{DOMAIN}/public/?sharecode={code}")

    assert [(await visit(first)).status_code for _ in range(3)] == [200, 200, 429]
    assert (await visit(first)).headers["retry-after"] == "3600"
    assert (await visit(second)).status_code == 200
    door.clock.pass_time(hours=1)
    assert (await visit(first)).status_code == 200


class Slow:
    """A store that is far away: what was read arrives only when it is let go, however old it is by then."""

    def __init__(self, documents: Documents, monkeypatch: pytest.MonkeyPatch, at_once: int = 0) -> None:
        self._get = documents.get
        self._at_once = at_once
        self.reading, self.going = asyncio.Event(), asyncio.Event()
        monkeypatch.setattr(documents, "get", self.get)

    async def get(self, tenant: str, doctype: str, doc_id: str) -> Document | None:
        found = await self._get(tenant, doctype, doc_id)
        if doctype in ("io.cozy.permissions", "io.cozy.sessions"):
            self._at_once -= 1
            if self._at_once < 0:
                self.reading.set()
                await self.going.wait()
        return found


async def test_what_ends_while_it_is_read_is_not_kept(
    door: Front, app: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, documents = await link(app), door.house.need(Documents)
    tenant = door.house.need(Instances).by_domain(DOMAIN).key
    slow = Slow(documents, monkeypatch, at_once=1)
    async with guest(door, made["attributes"]["codes"]["link"]) as stranger:
        under_way = asyncio.create_task(read(stranger))
        await slow.reading.wait()

        async def revoke(tx: Tx) -> None:
            await tx.delete("io.cozy.permissions", made["id"], made["meta"]["rev"])

        await documents.work(tenant, revoke)
        slow.going.set()
        await under_way
        assert (await read(stranger))[0] == 403


async def test_a_session_that_ends_while_it_is_read_is_not_kept(
    door: Front, app: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance, sessions = door.house.need(Instances).by_domain(DOMAIN), door.house.need(Sessions)
    session, cookie = await sessions.open(instance, long_run=False)
    slow = Slow(door.house.need(Documents), monkeypatch)
    under_way = asyncio.create_task(sessions.find(instance, cookie))
    await slow.reading.wait()
    await sessions.end(instance, session.id)
    slow.going.set()
    await under_way
    assert await sessions.find(instance, cookie) is None
