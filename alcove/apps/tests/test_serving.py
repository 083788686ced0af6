"""The host of an app, as a browser meets it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from alcove.apps.service.folders import built_folder
from alcove.apps.testing import bearer_of_page, cozy_data, log_in, write_app
from alcove.base.config import WrongSetting
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

DOMAIN = "alice.example"
APP = f"mini.{DOMAIN}"


async def test_the_page_is_filled_for_the_person(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "private, no-store, must-revalidate"
    assert (
        '<html lang="en"><head><title>Mini</title><link rel="icon" href="//alice.example/assets/icon.svg">' in page.text
    )
    assert f'data-domain="{DOMAIN}"' in page.text
    told = cozy_data(page.text)
    assert told["token"].count(".") == 2
    assert told == {
        "token": told["token"],
        "domain": DOMAIN,
        "subdomain": "nested",
        "tracking": False,
        "locale": "en",
        "isLoggedIn": True,
        "app": {"editor": "L'Alcove <&>", "name": "Mini", "prefix": "", "slug": "mini", "icon": "icon.svg"},
        "flags": {},
        "capabilities": {
            "file_versioning": True,
            "flat_subdomains": False,
            "can_auth_with_password": True,
            "can_auth_with_magic_links": False,
            "can_auth_with_oidc": False,
        },
    }


async def test_no_other_host_can_be_asked_from_an_app(browser: httpx.AsyncClient) -> None:
    policy = (await browser.get("/")).headers["content-security-policy"]
    lines = dict(line.split(" ", 1) for line in policy.split(";") if line)
    assert lines["default-src"] == "'self' http://alice.example ws://alice.example"
    assert lines["script-src"] == "'self' http://alice.example/assets/ 'wasm-unsafe-eval'"
    assert lines["frame-ancestors"] == "'self'"
    words = {word for value in lines.values() for word in value.split()}
    hosts = {word for word in words if ":" in word and word not in ("data:", "blob:")}
    assert all(DOMAIN in host for host in hosts), hosts


async def test_a_stranger_is_led_to_the_login(door: Front) -> None:
    async with door.client(APP) as client:
        answer = await client.get("/?month=3")
        assert answer.status_code == 302
        wanted = "http%3A%2F%2Fmini.alice.example%2F%3Fmonth%3D3"
        assert answer.headers["location"] == f"http://{DOMAIN}/auth/login?redirect={wanted}"
        assert (await client.get("/app.js")).status_code == 401
        assert (await client.get("/nothing.js")).status_code == 401


async def test_a_stranger_sees_public_pages_without_a_token(door: Front) -> None:
    async with door.client(APP) as client:
        for path in ("/public", "/public/", "/public/index.html"):
            told = cozy_data((await client.get(path)).text)
            assert (told["token"], told["isLoggedIn"]) == ("", False)
        assert (await client.get("/public/style.css")).headers["content-type"] == "text/css; charset=utf-8"


async def test_files_are_kept_as_long_as_their_names_allow(browser: httpx.AsyncClient) -> None:
    hashed = await browser.get("/main.0123456789ab.js")
    assert hashed.headers["cache-control"] == "max-age=31536000, immutable"
    plain = await browser.get("/icon.svg")
    assert plain.headers["cache-control"] == "no-cache"
    again = await browser.get("/icon.svg", headers={"If-None-Match": f'"x", W/{plain.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("accepted", "coding", "content"),
    [
        ("gzip, br", "br", b"brotli of app.js"),
        ("gzip;q=0.5, br;q=0", "gzip", b"gzip of app.js"),
        ("identity", None, b"plain " * 100),
    ],
)
async def test_compressed_twins_go_to_who_takes_them(
    browser: httpx.AsyncClient, accepted: str, coding: str | None, content: bytes
) -> None:
    async with browser.stream("GET", "/app.js", headers={"Accept-Encoding": accepted}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert (answer.headers.get("content-encoding"), raw) == (coding, content)
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_only_reading(browser: httpx.AsyncClient) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = await browser.request(method, "/", headers={"Origin": "http://evil.example"})
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
        assert "access-control-allow-origin" not in answer.headers
    assert (await browser.head("/")).status_code == 200


async def test_another_origin_cannot_read_the_token(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/?refreshToken", headers={"Origin": f"http://other.{DOMAIN}"})
    assert "access-control-allow-origin" not in page.headers
    assert page.headers["cross-origin-resource-policy"] == "same-origin"


async def test_no_route_of_the_instance_is_on_an_apps_host(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/version")).status_code == 404
    assert (await browser.get("/settings/instance")).status_code == 404
    assert (await browser.get("/auth/login")).status_code == 404


ESCAPES = [
    "/../secret", "/%2e%2e/secret", "/..%2fsecret", "/public/../../secret", "/public/%2e%2e%2f%2e%2e%2fsecret",
    "/%00", "/link", "/index.html/../../secret", "//secret", "/app.js%2f..%2f..%2fsecret", "/%2fetc%2fpasswd", "/%ff",
]  # fmt: skip


@pytest.mark.parametrize("path", ESCAPES)
async def test_nothing_outside_the_app_is_served(browser: httpx.AsyncClient, built: Path, path: str) -> None:
    (built / "secret").write_text("not yours")
    (built / "mini" / "link").symlink_to(built / "secret")
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = [(b"host", APP.encode()), (b"cookie", cookie.encode())]
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    transport = browser._transport
    await transport.app({**scope, "headers": headers, "scheme": "http", "root_path": ""}, receive, send)  # type: ignore[attr-defined]
    assert sent[0]["status"] == 404
    assert b"not yours" not in b"".join(bytes(message.get("body", b"")) for message in sent)  # type: ignore[call-overload]


async def test_an_app_that_is_not_there_says_so(door: Front) -> None:
    async with door.client(f"absent.{DOMAIN}", Accept="text/html") as client:
        page = await client.get("/")
    assert page.status_code == 404
    assert "This app is not installed" in page.text
    assert f"style-src http://{DOMAIN}/assets/" in page.headers["content-security-policy"]


async def test_ours_stands_in_for_an_app_of_cozy_that_is_not_there(tmp_path: Path) -> None:
    for slug in ("place", "account", "drive"):
        write_app(tmp_path, slug)
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN, Passphrase="x")
        led = {}
        for slug in ("home", "settings", "drive", "banks"):
            async with entry.client(f"{slug}.{DOMAIN}", Accept="text/html") as client:
                answer = await client.get("/public?a=b")
                led[slug] = answer.headers.get("location", answer.status_code)
        async with entry.client(f"settings.{DOMAIN}", Accept="application/json") as client:
            assert (await client.get("/app.js")).status_code == 404
    assert led == {
        "home": f"http://place.{DOMAIN}/",
        "settings": f"http://account.{DOMAIN}/",
        "drive": 200,
        "banks": 404,
    }


async def test_a_page_built_anew_is_served_at_once(browser: httpx.AsyncClient, built: Path) -> None:
    assert (await browser.get("/")).status_code == 200
    page = built / "mini" / "index.html"
    page.write_text("<p>anew {{.Locale}}</p>")
    os.utime(page, (2e9, 2e9))
    (built / "mini" / "new.js").write_text("new")
    assert (await browser.get("/")).text == "<p>anew en</p>"
    assert (await browser.get("/new.js")).text == "new"


async def test_a_page_with_an_unknown_variable_is_not_half_shown(browser: httpx.AsyncClient, built: Path) -> None:
    (built / "mini" / "index.html").write_text("{{.Nothing}}")
    answer = await browser.get("/")
    assert answer.status_code == 500
    assert "Nothing" in answer.text


async def test_flat_hosts_serve_apps_too(built: Path) -> None:
    async with front(apps=str(built), subdomains="flat") as entry:
        await entry.instance("alice-b.example", Passphrase="x")
        async with entry.client("alice-b-mini.example") as client:
            answer = await client.get("/")
            assert answer.headers["location"].startswith("http://alice-b.example/auth/login?redirect=")
            assert cozy_data((await client.get("/public/")).text)["subdomain"] == "flat"


async def test_an_instance_without_passphrase_begins_at_its_root(built: Path) -> None:
    async with front(apps=str(built)) as entry:
        await entry.instance("new.example")
        async with entry.client("mini.new.example") as client:
            answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (302, "http://new.example/")


async def test_what_apps_share_is_kept_once_for_all(door: Front) -> None:
    async with door.client(DOMAIN, Origin=f"http://mini.{DOMAIN}") as client:
        shared = await client.get("/assets/alcove/frame-BX12_b3-.js")
        assert shared.content == b"shared"
        assert shared.headers["cache-control"] == "max-age=31536000, immutable"
        assert shared.headers["access-control-allow-origin"] == "*"
        assert "vary" not in shared.headers
        assert (await client.get("/assets/alcove/licenses.md")).headers["cache-control"] == "no-cache"
        assert (await client.get("/assets/alcove/nothing.js")).status_code == 404
        assert (await client.get("/assets/alcove/..%2fmini%2fapp.js")).status_code == 404


async def test_a_token_is_fresh_at_every_load(browser: httpx.AsyncClient, door: Front) -> None:
    first = await bearer_of_page(browser, DOMAIN)
    door.clock.pass_time(hours=25)
    old = await browser.get(f"http://{DOMAIN}/settings/instance", headers=first)
    assert old.json() == {"error": "Expired token"}
    fresh = await bearer_of_page(browser, DOMAIN)
    assert (await browser.get(f"http://{DOMAIN}/settings/instance", headers=fresh)).status_code == 200


async def test_a_broken_app_is_left_out_and_the_others_work(tmp_path: Path) -> None:
    write_app(tmp_path, "good")
    write_app(tmp_path, "bad", permissions={"x": {"type": "No Type"}})
    write_app(tmp_path, "odd", slug="even")
    write_app(tmp_path, "worse")
    (tmp_path / "worse" / "manifest.webapp").write_bytes(b"{")
    (write_app(tmp_path, "blank") / "index.html").unlink()
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN)
        async with entry.client(DOMAIN, "io.cozy.apps") as client:
            listed = (await client.get("/apps/")).json()["data"]
    assert [app["id"] for app in listed] == ["io.cozy.apps/good"]


async def test_as_they_are_written_pages_take_their_scripts_from_the_development_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_app(tmp_path)
    page = '<html><head><title>x</title></head><body data-cozy="{{.CozyData}}"><script src="./src/main.tsx"></script>'
    (root / "index.html").write_text(page)
    (root / "static").mkdir()
    (root / "static" / "manifest.webmanifest").write_text("{}")
    monkeypatch.setattr("alcove.apps.wiring.built_folder", lambda *_: tmp_path)
    vite = "http://127.0.0.1:5173"
    async with front(vite=vite) as entry:
        await entry.instance(DOMAIN, Passphrase="correct horse battery")
        async with entry.client(APP) as client:
            assert (await log_in(client, DOMAIN, "correct horse battery")).status_code == 200
            served = await client.get("/")
            assert f'<script src="{vite}/mini/src/main.tsx">' in served.text
            assert served.text.index(f"{vite}/@alcove/refresh") < served.text.index(f"{vite}/@vite/client")
            policy = dict(line.split(" ", 1) for line in served.headers["content-security-policy"].split(";") if line)
            assert vite in policy["script-src"]
            assert "ws://127.0.0.1:5173" in policy["connect-src"]
            assert (await client.get("/manifest.webmanifest")).headers["content-type"] == "application/manifest+json"


def test_an_installed_package_has_no_sources_of_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alcove.apps.service.folders.__file__", "/nowhere/alcove/apps/service/folders.py")
    with pytest.raises(WrongSetting, match="sources"):
        built_folder("", "http://127.0.0.1:5173")


async def test_an_address_that_is_none_leads_a_person_back(browser: httpx.AsyncClient) -> None:
    lost = await browser.get("/nowhere", headers={"Accept": "text/html"})
    assert lost.status_code == 404
    assert "This page does not exist" in lost.text
    assert f'href="http://{DOMAIN}/"' in lost.text
    plain = await browser.get("/nowhere.js")
    assert (plain.status_code, plain.text) == (404, "Asset not found")
