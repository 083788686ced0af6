"""A small built app on disk, and a browser that opens it: for tests of what apps do and may."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from alcove.identity import client_form

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

PAGE = """<!doctype html><html lang="{{ .Locale }}"><head><title>{{.AppName}}</title>{{.ThemeCSS}}{{.Favicon}}</head>
<body><div data-cozy="{{.CozyData}}" data-domain="{{- .Domain -}}"></div></body></html>"""


def write_app(folder: Path, slug: str = "mini", /, **members: Any) -> Path:
    """Writes an app with a private page, a public one, and files with and without hashed names; gives its folder."""
    root = folder / slug
    manifest = {
        "name": "Mini",
        "slug": slug,
        "editor": "L'Alcove <&>",
        "icon": "icon.svg",
        "version": "1.0.0",
        "type": "webapp",
        "locales": {"fr": {"name": "Petite"}},
        "routes": {
            "/": {"folder": "/", "index": "index.html"},
            "/public": {"folder": "/public", "index": "index.html", "public": True},
        },
        "permissions": {"settings": {"type": "io.cozy.settings"}, "sessions": {"type": "io.cozy.sessions"}},
        **members,
    }
    files = {
        "manifest.webapp": orjson.dumps(manifest),
        "index.html": PAGE.encode(),
        "public/index.html": PAGE.encode(),
        "public/style.css": b"body {}",
        "icon.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        "app.js": b"plain " * 100,
        "app.js.br": b"brotli of app.js",
        "app.js.gz": b"gzip of app.js",
        "main.0123456789ab.js": b"hashed",
    }
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


async def log_in(client: httpx.AsyncClient, domain: str, passphrase: str, **more: str) -> httpx.Response:
    """Logs a browser in, as the login page's script does."""
    page = await client.get(f"http://{domain}/auth/login")
    csrf = _inside(page.text, r'name="csrf_token" value="([^"]+)"')
    rounds = int(_inside(page.text, r'data-iterations="(\d+)"'))
    salt = _inside(page.text, r'data-salt="([^"]+)"')
    data = {"passphrase": client_form(passphrase, salt, rounds), "csrf_token": csrf, **more}
    return await client.post(f"http://{domain}/auth/login", data=data, headers={"Accept": "application/json"})


def cozy_data(html: str) -> dict[str, Any]:
    """What clients read from the page of an app, in the way they do it."""
    told: dict[str, Any] = orjson.loads(_inside(html, r'data-cozy="([^"]+)"').replace("&#34;", '"'))
    return told


async def bearer_of_page(client: httpx.AsyncClient, domain: str, slug: str = "mini") -> dict[str, str]:
    """The header that the page of an app sends, with the token that it gets when it asks for a fresh one."""
    page = await client.get(f"http://{slug}.{domain}/?refreshToken")
    return {"Authorization": f"Bearer {cozy_data(page.text)['token']}", "Accept": "application/json"}


def _inside(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    assert found, f"{pattern} is not in {text[:500]}"
    return found[1]
