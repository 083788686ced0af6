"""`manifest.webapp` (contract-a section 5): who an app is, what it asks for, and which paths it answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from alcove.apps.errors import ManifestWrong
from alcove.identity import WrongScope, read_set

if TYPE_CHECKING:
    from collections.abc import Mapping

APPS = "io.cozy.apps"
OURS = "org.alcove.apps"
"""The documents of the apps that come with Alcove: `/data/io.cozy.apps` lists what somebody has installed."""
MANIFEST = "manifest.webapp"
HOME = "place"
"""The slug of Alcove's own first page. None of Alcove's apps takes a slug of Cozy's: both can be installed."""
STANDS_IN = {"home": HOME, "settings": "account", "drive": "files", "banks": "money", "store": "market"}
"""Which of Alcove's apps does the work of one of Cozy's, that links and clients may lead to."""
LIMIT = 2 << 20
"""Bytes of a manifest at the most."""

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class AppRoute:
    """A prefix of an app's paths: the folder that its files lie in, its page, and whether strangers may see it."""

    segments: tuple[str, ...]
    folder: str
    index: str
    public: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that was checked. `fields` is all of it, unknown members too."""

    slug: str
    version: str
    icon: str
    permissions: Mapping[str, Any]
    routes: tuple[AppRoute, ...]
    fields: Mapping[str, Any]

    def name(self, locale: str) -> str:
        """The app's name in a language."""
        locales = self.fields.get("locales")
        own = locales.get(locale) if isinstance(locales, dict) else None
        said = own.get("name") if isinstance(own, dict) else None
        return str(said or self.fields.get("name") or self.slug)

    def find(self, segments: tuple[str, ...]) -> tuple[AppRoute, str] | None:
        """The route of a path, the one with the longest prefix; and the name of its file in the app's folder.

        The name is empty for the route's own page.
        """
        for route in self.routes:
            depth = len(route.segments)
            if segments[:depth] == route.segments:
                rest = "/".join(segments[depth:]).strip("/")
                if rest in ("", route.index):
                    return route, ""
                return route, f"{route.folder}/{rest}".lstrip("/")
        return None


def read_manifest(content: bytes, slug: str) -> Manifest:
    """Checks the manifest of an app that comes with Alcove; raises `ManifestWrong`."""
    fields = decode_manifest(content, slug)
    if fields.get("slug", slug) != slug or not _SLUG.fullmatch(slug):
        raise ManifestWrong(f"{slug}: the slug must be the folder's name, of small letters, digits and hyphens")
    if fields.get("type", "webapp") != "webapp":
        raise ManifestWrong(f"{slug}: its type is {fields['type']!r}, and only a webapp has pages")
    return manifest_of(slug, fields)


def decode_manifest(content: bytes, slug: str) -> dict[str, Any]:
    """The members of a manifest; raises `ManifestWrong` for what is no JSON object or too large."""
    if len(content) > LIMIT:
        raise ManifestWrong(f"{slug}: its manifest is larger than {LIMIT} bytes")
    try:
        fields = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise ManifestWrong(f"{slug}: its manifest is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise ManifestWrong(f"{slug}: its manifest is not a JSON object")
    return fields


def manifest_of(slug: str, fields: Mapping[str, Any]) -> Manifest:
    """The manifest with these members; raises `ManifestWrong` for permissions and routes that cannot be read."""
    permissions = fields.get("permissions") or {}
    try:
        read_set(permissions)
    except (WrongScope, AttributeError) as error:
        raise ManifestWrong(f"{slug}: its permissions cannot be read: {error}") from None
    version, icon = str(fields.get("version") or "0.0.0"), str(fields.get("icon") or "icon.svg")
    return Manifest(slug, version, icon.strip("/"), permissions, _routes(slug, fields.get("routes")), fields)


def _routes(slug: str, said: Any) -> tuple[AppRoute, ...]:
    """The routes, those with the longest prefix first; without any, one private page."""
    if not said:
        return (AppRoute((), "", "index.html", False),)
    if not isinstance(said, dict) or not all(isinstance(route, dict) for route in said.values()):
        raise ManifestWrong(f"{slug}: its routes must be an object of objects")
    routes = [
        AppRoute(
            tuple(part for part in path.split("/") if part),
            str(route.get("folder") or "").strip("/"),
            str(route.get("index") or "index.html").strip("/"),
            route.get("public") is True,
        )
        for path, route in said.items()
    ]
    return tuple(sorted(routes, key=lambda route: -len(route.segments)))
