"""An app's page: the variables in it, how they are escaped, and what the page may load (contract-a 0, 1 and 5)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from alcove.apps.errors import PageBroken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.apps.model.manifest import Manifest

_VARIABLE = re.compile(r"(?:\s*\{\{-|\{\{)\s*\.(\w+)\s*(?:-\}\}\s*|\}\})")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"}
_UNSAFE = {ord(char): f"\\u{ord(char):04x}" for char in "<>&'\u2028\u2029"}
SNIPPETS = frozenset({"CozyBar", "CozyClientJS", "CozyFonts", "ThemeCSS", "Favicon", "Warnings"})
"""Variables that are HTML already."""


class Template:
    """A page with plain variables: `{{.Domain}}`, `{{- .CozyData -}}`. Anything else stays as it is."""

    def __init__(self, text: str) -> None:
        self._parts = _VARIABLE.split(text)

    def fill(self, values: Mapping[str, str]) -> str:
        """The page for one reader; raises `PageBroken` for a variable without a value."""
        parts = list(self._parts)
        for place in range(1, len(parts), 2):
            name = parts[place]
            if name not in values:
                raise PageBroken(name)
            parts[place] = values[name] if name in SNIPPETS else escape(values[name])
        return "".join(parts)


def escape(text: str) -> str:
    """The text as it stands between tags and in attributes. A quote is `&#34;`: clients undo exactly this one."""
    return "".join(_ENTITIES.get(char, char) for char in text)


def for_attribute(value: Any) -> str:
    """JSON without the characters that would become other entities than the one that clients undo."""
    return orjson.dumps(value).decode().translate(_UNSAFE)


def page_values(
    manifest: Manifest,
    *,
    token: str,
    domain: str,
    locale: str,
    logged_in: bool,
    flat: bool,
    tracking: bool,
    context: str,
    flags: Mapping[str, Any],
    capabilities: Mapping[str, bool],
) -> dict[str, str]:
    """All variables of a page."""
    fields, subdomain = manifest.fields, "flat" if flat else "nested"
    name, editor = manifest.name(locale), str(fields.get("editor") or "")
    prefix = str(fields.get("name_prefix") or "")
    told = {
        "token": token,
        "domain": domain,
        "subdomain": subdomain,
        "tracking": tracking,
        "locale": locale,
        "isLoggedIn": logged_in,
        "app": {"editor": editor, "name": name, "prefix": prefix, "slug": manifest.slug, "icon": manifest.icon},
        "flags": flags,
        "capabilities": capabilities,
    }
    return {
        "CozyData": for_attribute(told),
        "Token": token,
        "Domain": domain,
        "SubDomain": subdomain,
        "Tracking": "true" if tracking else "false",
        "Locale": locale,
        "ContextName": context,
        "AppSlug": manifest.slug,
        "AppName": name,
        "AppEditor": editor,
        "AppNamePrefix": prefix,
        "IconPath": manifest.icon,
        "Capabilities": for_attribute(capabilities),
        "Flags": for_attribute(flags),
        "DefaultWallpaper": f"//{domain}/assets/images/default-wallpaper.jpg",
        "Favicon": f'<link rel="icon" href="//{domain}/assets/icon.svg">',
        # The bar and the client that apps once took from the server: today each brings its own.
        **dict.fromkeys(SNIPPETS - {"Favicon"}, ""),
    }


def app_policy(scheme: str, domain: str, *, flat: bool, vite: str = "", framed_by: str = "") -> str:
    """The Content-Security-Policy of an app's host: itself and its instance, and no other host in the world.

    Scripts come from the app and from the instance's assets only: what lies elsewhere on the instance may be a file
    that somebody sent. While pages are written, `vite` is where their development server listens.
    `framed_by` is the origin of an app that shows this page to have something done (an intent).
    """
    instance = f"{scheme}://{domain}"
    socket = f"{'wss' if scheme == 'https' else 'ws'}://{domain}"
    development = f" {vite} {vite.replace('http', 'ws', 1)}" if vite else ""
    default = f"'self' {instance} {socket}{development}"
    siblings = domain.partition(".")[2] if flat else domain
    lines = {
        "default-src": default,
        "script-src": f"'self' {instance}/assets/ 'wasm-unsafe-eval'{development}",
        "connect-src": f"{default} blob:",
        "style-src": f"{default} 'unsafe-inline'",
        "font-src": f"{default} data:",
        "img-src": f"{default} data: blob:",
        "media-src": f"{default} data: blob:",
        "frame-src": f"{default} blob: {scheme}://*.{siblings}",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "frame-ancestors": f"'self' {framed_by}".rstrip(),
        "base-uri": "'self'",
        "form-action": instance,
    }
    return "".join(f"{name} {value};" for name, value in lines.items())
