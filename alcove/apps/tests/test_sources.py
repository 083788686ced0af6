"""Apps from archives on the web and from registries: what is taken, and what a hostile one cannot do."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest

from alcove.apps.testing import bearer_of_page, log_in, write_app
from alcove.base.outgoing import NoReply, Outgoing, Question, Reply
from alcove.instances import Instances
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

DOMAIN = "alice.example"
URL = "https://apps.example/other.tar.gz"
REGISTRY = "https://registry.example"
CONTEXTS = {"default": {"registries": ["https://down.example", REGISTRY]}}


class Web:
    """Other servers: what each address answers. Takes the place of the door out."""

    def __init__(self) -> None:
        self.answers: dict[str, Reply] = {}
        self.asked: list[str] = []

    def put(self, url: str, body: bytes, status: int = 200, **headers: str) -> None:
        """Says what an address answers from now on."""
        self.answers[url] = Reply(status, headers, body)

    async def ask(self, question: Question) -> Reply:
        """The answer."""
        self.asked.append(question.url)
        found = self.answers.get(question.url)
        if found is None or len(found.body) > question.limit:
            raise NoReply("the other server does not answer")
        return found


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front(contexts=CONTEXTS) as entry:
        await entry.instance(DOMAIN, Passphrase="correct horse battery")
        yield entry


@pytest.fixture
def web(door: Front, monkeypatch: pytest.MonkeyPatch) -> Web:
    web = Web()
    monkeypatch.setattr(door.house.need(Outgoing), "ask", web.ask)
    return web


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return write_app(tmp_path, "other")


def packed(folder: Path, prefix: str = "other-1.0.0/") -> bytes:
    """The folder as a compressed archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        archive.add(folder, prefix)
    return out.getvalue()


def archive_of(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """An archive of just these entries, with a manifest in front."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for member, content in (entry("manifest.webapp", b'{"type": "webapp"}'), *entries):
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def entry(
    name: str, content: bytes = b"x", kind: bytes = tarfile.REGTYPE, to: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size, member.type, member.linkname = len(content) if kind == tarfile.REGTYPE else 0, kind, to
    return member, content


def kept(door: Front) -> list[Path]:
    key = door.house.need(Instances).by_domain(DOMAIN).key
    return sorted((door.house.settings.home / "instances" / key / "apps").glob("*/*"))


async def install(door: Front, source: str, method: str = "POST") -> httpx.Response:
    async with door.client(DOMAIN, "io.cozy.apps") as client:
        return await client.request(method, "/apps/other", params={"Source": source})


async def test_an_archive_is_installed_from_the_web(door: Front, web: Web, app: Path) -> None:
    content = packed(app)
    web.put("https://short.example/x", b"", 302, location=URL)
    web.put(URL, content)
    checksum = hashlib.sha256(content).hexdigest()
    answer = await install(door, f"https://short.example/x#{checksum}")
    assert answer.status_code == 202, answer.text
    told = answer.json()["data"]["attributes"]
    assert (told["checksum"], told["version"], told["state"]) == (checksum, "1.0.0", "ready")
    async with door.client(f"other.{DOMAIN}") as browser:
        assert (await browser.get("/public/style.css")).content == b"body {}"


async def test_an_archive_with_another_checksum_is_refused(door: Front, web: Web, app: Path) -> None:
    web.put(URL, packed(app))
    answer = await install(door, f"{URL}#{'0' * 64}")
    assert (answer.status_code, kept(door)) == (400, [])


async def test_an_archive_that_cannot_be_had(door: Front, web: Web) -> None:
    assert (await install(door, URL)).status_code == 404
    web.put(URL, b"", 500)
    assert (await install(door, URL)).status_code == 404
    web.put(URL, b"", 302, location=URL)
    assert (await install(door, URL)).status_code == 404
    assert web.asked.count(URL) == 2 + 4


HOSTILE = {
    "nothing": b"",
    "no archive": b"\x1f\x8b" + b"x" * 100,
    "cut off": gzip.compress(archive_of(entry("a", b"y" * 5000)))[:-40],
    "cut off, plain": archive_of(entry("a", b"y" * 5000))[:2600],
    "upwards": archive_of(entry("../../up", b"x")),
    "twice": archive_of(entry("a"), entry("a")),
    "file and folder": archive_of(entry("a"), entry("a/b")),
    "odd name": archive_of(entry("a\nb")),
    "a text": b"<html>not here</html>" * 100,
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_an_archive_that_is_none_leaves_nothing(door: Front, web: Web, name: str) -> None:
    web.put(URL, HOSTILE[name])
    answer = await install(door, URL)
    assert answer.status_code in (400, 404), answer.text
    assert kept(door) == []


async def test_links_and_devices_are_passed_over(door: Front, web: Web) -> None:
    links = [
        entry("link", kind=tarfile.SYMTYPE, to="/etc/passwd"),
        entry("hard", kind=tarfile.LNKTYPE, to="manifest.webapp"),
        entry("folder", kind=tarfile.SYMTYPE, to="/tmp"),
        entry("folder/x"),
        entry("null", kind=tarfile.CHRTYPE),
    ]
    web.put(URL, archive_of(*links))
    assert (await install(door, URL)).status_code == 202
    assert sorted(path.name for path in kept(door)[0].rglob("*")) == ["folder", "manifest.webapp", "x"]


async def test_a_bomb_is_refused(door: Front, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alcove.apps.service.tarball.UNPACKED", 1 << 20)
    web.put(URL, gzip.compress(archive_of(entry("big", bytes(2 << 20)))))
    assert (await install(door, URL)).status_code == 400
    monkeypatch.setattr("alcove.apps.service.tarball.MEMBERS", 2)
    web.put(URL, archive_of(entry("a"), entry("b"), entry("c")))
    assert (await install(door, URL)).status_code == 400
    assert kept(door) == []


def registered(content: bytes, version: str = "1.2.3", **more: Any) -> bytes:
    """What a registry says of a version."""
    manifest = {"type": "webapp", "slug": "other", "name": "Other", "permissions": {}, **more}
    sha256 = hashlib.sha256(content).hexdigest()
    return orjson.dumps({"version": version, "manifest": manifest, "url": URL, "sha256": sha256})


async def test_the_latest_of_a_registry_is_installed_and_updated(door: Front, web: Web, app: Path) -> None:
    content = packed(app)
    web.put(URL, content)
    web.put(f"{REGISTRY}/registry/other/stable/latest", registered(content))
    answer = await install(door, "registry://other")
    assert answer.status_code == 202, answer.text
    assert answer.json()["data"]["attributes"]["version"] == "1.2.3"
    first, fetched = kept(door), web.asked.count(URL)
    assert (await install(door, "registry://other", "PUT")).status_code == 202
    assert (kept(door), web.asked.count(URL)) == (first, fetched)  # the same version: nothing is fetched
    web.put(f"{REGISTRY}/registry/other/stable/latest", registered(content, "1.3.0"))
    assert (await install(door, "registry://other", "PUT")).json()["data"]["attributes"]["version"] == "1.3.0"
    more = {"permissions": {"f": {"type": "io.cozy.files"}}}
    web.put(f"{REGISTRY}/registry/other/stable/latest", registered(content, "2.0.0", **more))
    told = (await install(door, "registry://other", "PUT")).json()["data"]["attributes"]
    assert (told["version"], told["available_version"]) == ("1.3.0", "2.0.0")


async def test_a_registry_whose_archive_is_another_changes_nothing(door: Front, web: Web, app: Path) -> None:
    web.put(URL, packed(app))
    web.put(f"{REGISTRY}/registry/other/1.2.3", registered(b"something else"))
    assert (await install(door, "registry://other/1.2.3")).status_code == 400
    web.put(f"{REGISTRY}/registry/other/1.2.3", b'{"manifest": {}}')
    assert (await install(door, "registry://other/1.2.3")).status_code == 404
    assert (await install(door, "registry://none")).status_code == 404
    assert (await install(door, "registry://../x")).status_code == 422
    assert kept(door) == []


async def test_a_client_brings_the_app_that_it_speaks_for(door: Front, web: Web, app: Path) -> None:
    content = packed(app)
    latest = f"{REGISTRY}/registry/other/stable/latest"
    said = {"redirect_uris": ["cozyother://"], "client_name": "Other", "software_id": "registry://other"}
    async with door.client(DOMAIN) as browser:
        unknown = await browser.post("/auth/register", json=said)
        assert unknown.json()["error"] == "unapproved_software_id"
        rule = {"type": "io.cozy.contacts", "verbs": ["GET"]}
        web.put(latest, registered(content, permissions={"contacts": rule}))
        made = (await browser.post("/auth/register", json=said)).json()
        await log_in(browser, DOMAIN, "correct horse battery")
        asked = {"client_id": made["client_id"], "redirect_uri": "cozyother://", "state": "s", "response_type": "code"}
        page = await browser.get("/auth/authorize", params=asked, headers={"Accept": "text/html"})
        assert "Your contacts" in page.text
        form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))
        refused = await browser.post("/auth/authorize", data=form)
        assert (refused.status_code, kept(door)) == (404, [])  # the archive is away
        web.put(URL, content)
        back = await browser.post("/auth/authorize", data=form)
        assert back.status_code == 302
        code = dict(parse_qsl(urlsplit(back.headers["location"]).query))["code"]
        both = {name: made[name] for name in ("client_id", "client_secret")}
        grant = {"grant_type": "authorization_code", "code": code}
        tokens = (await browser.post("/auth/access_token", data={**both, **grant})).json()
        assert tokens["scope"] == "@io.cozy.apps/other"
        own = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await browser.get("/data/io.cozy.contacts/_all_docs", headers=own)).status_code == 200
        assert (await browser.get("/data/io.cozy.bills/_all_docs", headers=own)).status_code == 403
    async with door.client(DOMAIN, "io.cozy.apps") as client:
        assert (await client.get("/apps/other")).json()["data"]["attributes"]["state"] == "ready"
        assert (await client.delete("/apps/other")).status_code == 400


async def shown(door: Front) -> dict[str, Any]:
    """The app as it is told."""
    async with door.client(DOMAIN, "io.cozy.apps") as client:
        told: dict[str, Any] = (await client.get("/apps/other")).json()["data"]["attributes"]
        return told


async def test_opening_an_app_takes_its_newer_version(door: Front, web: Web, app: Path) -> None:
    content, latest = packed(app), f"{REGISTRY}/registry/other/stable/latest"
    web.put(URL, content)
    web.put(latest, registered(content))
    assert (await install(door, "registry://other")).status_code == 202
    web.put(latest, registered(content, "1.10.0"))
    assert (await shown(door))["version"] == "1.10.0"
    web.put(latest, registered(content, "1.11.0"))
    assert (await shown(door))["version"] == "1.10.0"  # the registry was asked a moment ago
    door.clock.pass_time(hours=2)
    async with door.client(f"other.{DOMAIN}") as browser:
        await log_in(browser, DOMAIN, "correct horse battery")
        assert (await browser.get("/")).status_code == 200
    asked = len(web.asked)
    assert (await shown(door))["version"] == "1.11.0"
    assert len(web.asked) == asked


async def test_what_is_older_broken_or_wants_more_is_not_taken_by_itself(door: Front, web: Web, app: Path) -> None:
    content, latest = packed(app), f"{REGISTRY}/registry/other/stable/latest"
    web.put(URL, content)
    web.put(latest, registered(content))
    assert (await install(door, "registry://other")).status_code == 202
    more = {"permissions": {"c": {"type": "io.cozy.contacts"}}}
    older, other = registered(content, "1.1.0"), registered(b"another", "2.0.0")
    for body in (older, b"", other, registered(content, "3.0.0", **more)):
        door.clock.pass_time(hours=2)
        web.put(latest, body)
        told = await shown(door)
        assert (told["version"], told["state"]) == ("1.2.3", "ready")
    assert told["available_version"] == "3.0.0"


async def test_registries_tell_apps_what_could_be_installed(door: Front, web: Web, app: Path, tmp_path: Path) -> None:
    store = write_app(tmp_path, "store", permissions={"a": {"type": "io.cozy.apps"}})
    async with door.client(DOMAIN, "io.cozy.apps") as client:
        assert (await client.post("/apps/store", params={"Source": store.as_uri()})).status_code == 202
        assert (await client.get("/registry")).status_code == 403  # only for apps and clients
    first, second = (f"{one}/registry" for one in CONTEXTS["default"]["registries"])
    page = {"data": [{"slug": "b"}, {"slug": "a", "of": 1}], "meta": {"next_cursor": 100}}
    web.put(f"{first}?limit=5", orjson.dumps(page))
    web.put(f"{second}?limit=5", orjson.dumps({"data": [{"slug": "a", "of": 2}, "odd"], "meta": {}}))
    web.put(f"{first}?limit=5&cursor=100", orjson.dumps({"data": [{"slug": "z"}]}))
    web.put(f"{second}/maintenance", b'[{"slug": "bank"}, 1]')
    web.put(f"{second}/other/stable/latest", b'{"version": "1.0.0"}')
    web.put(f"{second}/other/1.0.0/icon", b"<svg/>", 200, **{"content-type": "image/svg+xml"})
    web.put(f"{second}/other/1.0.0/screenshots/a.png", b"<html>", 200, **{"content-type": "text/html"})
    async with door.client(f"store.{DOMAIN}") as browser:
        await log_in(browser, DOMAIN, "correct horse battery")
        bearer = await bearer_of_page(browser, DOMAIN, "store")

        async def get(path: str) -> httpx.Response:
            return await browser.get(f"http://{DOMAIN}/registry{path}", headers=bearer)

        listed = (await get("?limit=5&other=x")).json()
        assert listed == {"data": [{"slug": "a", "of": 1}, {"slug": "b"}], "meta": {"count": 2, "next_cursor": "100|-"}}
        rest = await get("/?limit=5&cursor=100%7C-")
        assert rest.json() == {"data": [{"slug": "z"}], "meta": {"count": 1}}
        assert (await get("/maintenance")).json() == [{"slug": "bank"}]
        closed = {"data": {"attributes": {"messages": {"en": "soon"}}}}
        for slug in ("bank", "a"):
            assert (await door.operator.put(f"/konnectors/maintenance/{slug}", json=closed)).status_code == 204
        about = (await get("/maintenance")).json()
        assert [(one["slug"], one["level"], one["maintenance_activated"]) for one in about] == [
            ("a", "stack", True),
            ("bank", "stack", True),
        ]
        marked = (await get("?limit=5")).json()["data"]
        assert [one.get("maintenance_activated", False) for one in marked] == [True, False]
        for slug in ("bank", "a"):
            await door.operator.delete(f"/konnectors/maintenance/{slug}")
        assert (await get("/other/stable/latest")).json() == {"version": "1.0.0"}
        icon = await get("/other/1.0.0/icon")
        assert (icon.content, icon.headers["content-type"]) == (b"<svg/>", "image/svg+xml")
        for missing in ("/none", "/other/1.0.0/screenshots/a.png", "/other/1.0.0/screenshots/..%2f..%2fx", "/%2e%2e"):
            assert (await get(missing)).status_code in (403, 404), missing
        asked = len(web.asked)
        assert (await get("/maintenance")).status_code == 200
        assert len(web.asked) == asked  # told a moment ago


async def test_an_instance_is_made_with_apps_whatever_of_them_can_be_had(door: Front, web: Web, app: Path) -> None:
    content = packed(app)
    web.put(URL, content)
    web.put(f"{REGISTRY}/registry/other/stable/latest", registered(content))
    await door.instance("bob.example", Apps="other,none, other,../x")
    async with door.client("bob.example", "io.cozy.apps") as client:
        listed = (await client.get("/apps/")).json()["data"]
    assert [one["id"] for one in listed] == ["io.cozy.apps/other"]
    assert listed[0]["attributes"]["source"] == "registry://other/stable"


async def test_a_page_of_an_app_that_could_be_installed_leads_to_the_store(
    door: Front, web: Web, tmp_path: Path
) -> None:
    web.put(f"{REGISTRY}/registry/other", b'{"slug": "other"}')
    page = {"Accept": "text/html"}
    async with door.client(f"other.{DOMAIN}") as browser:
        await log_in(browser, DOMAIN, "correct horse battery")
        assert (await browser.get("/", headers=page)).status_code == 404  # there is no store
        for slug, place in (("market", "?app=other"), ("store", "#/discover/other")):  # ours, then Cozy's
            store = write_app(tmp_path, slug, permissions={})
            async with door.client(DOMAIN, "io.cozy.apps") as client:
                assert (await client.post(f"/apps/{slug}", params={"Source": store.as_uri()})).status_code == 202
            led = await browser.get("/some/page", headers=page)
            assert (led.status_code, led.headers["location"]) == (307, f"http://{slug}.{DOMAIN}/{place}")
        assert (await browser.get(f"http://none.{DOMAIN}/", headers=page)).status_code == 404
    asked = len(web.asked)
    async with door.client(f"other.{DOMAIN}") as stranger:
        assert (await stranger.get("/", headers=page)).status_code == 404
    assert len(web.asked) == asked


async def test_an_intent_that_nobody_here_does_is_looked_for_in_the_registries(
    door: Front, web: Web, tmp_path: Path
) -> None:
    asker = write_app(tmp_path, "asker", permissions={})
    async with door.client(DOMAIN, "io.cozy.apps") as client:
        await client.post("/apps/asker", params={"Source": asker.as_uri()})
    does = {"intents": [{"action": "PICK", "type": ["io.cozy.files"], "href": "/"}], "name": "Drive"}
    first = {
        "data": [{"slug": "notes", "latest_version": {"manifest": {}}}, {"slug": "odd"}],
        "meta": {"next_cursor": 2},
    }
    second = {"data": [{"slug": "drive", "latest_version": {"manifest": does}}]}
    query = "limit=200&versionsChannel=stable&latestChannelVersion=stable&filter%5Btype%5D=webapp"
    web.put(f"{REGISTRY}/registry?{query}", orjson.dumps(first))
    web.put(f"{REGISTRY}/registry?{query}&cursor=2", orjson.dumps(second))
    async with door.client(f"asker.{DOMAIN}") as browser:
        await log_in(browser, DOMAIN, "correct horse battery")
        bearer = await bearer_of_page(browser, DOMAIN, "asker")
        said = {"data": {"attributes": {"action": "PICK", "type": "io.cozy.files"}}}
        told = (await browser.post(f"http://{DOMAIN}/intents", json=said, headers=bearer)).json()["data"]["attributes"]
    assert (told["services"], told["availableApps"]) == (None, [{"slug": "drive", "name": "Drive"}])
