"""Finds the apps that do what another one asks for, and remembers who asked whom for a day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from alcove.apps.errors import IntentMissing
from alcove.apps.model import APPS
from alcove.apps.model.intent import Intent, address, places
from alcove.apps.model.record import READY
from alcove.base.clock import Clock, rfc3339
from alcove.base.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.apps.model.intent import Wish
    from alcove.apps.service import Apps
    from alcove.apps.service.registries import Registries
    from alcove.apps.store import Asked
    from alcove.instances import Flags, Instance

KEPT = timedelta(days=1)
"""How long an intent is remembered: it is over when the page that asked is closed."""
PAGES = 10
"""Pages of the registries' lists that are looked through for an app."""
PAGE = "200"


class Intents:
    """What apps ask of one another."""

    def __init__(self, asked: Asked, apps: Apps, registries: Registries, flags: Flags, clock: Clock) -> None:
        self._asked = asked
        self._apps = apps
        self._registries = registries
        self._flags = flags
        self._clock = clock

    async def start(self, instance: Instance, client: str, wish: Wish) -> Intent:
        """Makes a wish known; what could be installed to fulfil it is looked for only when nothing here can."""
        ident, now = new_id(), self._clock.now()
        services = await self._services(instance, ident, wish)
        fields = {
            "action": wish.action,
            "type": wish.type,
            "permissions": list(wish.permissions),
            "client": client,
            "services": services or None,
            "availableApps": None if services else await self._available(instance, wish),
            "created_at": rfc3339(now),
        }
        return await self._asked.put(instance.key, ident, fields, rfc3339(now - KEPT))

    async def get(self, instance: Instance, ident: str) -> Intent:
        """An intent; raises `IntentMissing`."""
        found = await self._asked.get(instance.key, ident)
        if found is None:
            raise IntentMissing
        return found

    async def asker(self, instance: Instance, ident: str, slug: str) -> str:
        """The origin of the page that may show this app for an intent; empty where there is none."""
        found = await self._asked.get(instance.key, ident)
        return await self.origin(instance, found) if found is not None and slug in found.slugs else ""

    async def origin(self, instance: Instance, intent: Intent) -> str:
        """The origin of who asks: of the app, or of the address that its manifest has a flag for."""
        kind, _, slug = intent.client.partition("/")
        if kind != APPS:
            return ""
        app = await self._apps.find(instance, slug)
        named = app.fields().get("client_url_flag") if app is not None else None
        elsewhere = _origin((await self._flags.of(instance)).get(named)) if isinstance(named, str) else ""
        return elsewhere or self._apps.url(instance, slug).rstrip("/")

    async def _services(self, instance: Instance, ident: str, wish: Wish) -> list[dict[str, str]]:
        found = []
        for app in await self._apps.all(instance):
            fields = app.fields()
            if fields.get("state") in READY:
                slug = str(fields.get("slug"))
                origin = self._apps.url(instance, slug).rstrip("/")
                found += [{"slug": slug, "href": address(origin, href, ident)} for href in places(fields, wish)]
        return found

    async def _available(self, instance: Instance, wish: Wish) -> list[dict[str, str]]:
        """The apps of the registries that could fulfil it."""
        query = {"limit": PAGE, "versionsChannel": "stable", "latestChannelVersion": "stable"}
        cursor, found = "", []
        for _ in range(PAGES):
            page = await self._registries.list(instance, {**query, "filter[type]": "webapp"}, cursor)
            found += [told for app in page["data"] if (told := _told(app, wish)) is not None]
            cursor = page["meta"].get("next_cursor", "")
            if not cursor:
                break
        return found


def _told(app: Mapping[str, Any], wish: Wish) -> dict[str, str] | None:
    latest = app.get("latest_version")
    manifest = latest.get("manifest") if isinstance(latest, dict) else None
    if not isinstance(manifest, dict) or not any(places(manifest, wish)):
        return None
    slug = str(app.get("slug"))
    return {"slug": slug, "name": str(manifest.get("name") or slug)}


def _origin(said: object) -> str:
    """The origin of an address of the web; empty for anything else."""
    try:
        parts = urlsplit(said if isinstance(said, str) else "")
        known = (
            parts.scheme in ("http", "https") and parts.hostname and all(sign not in parts.netloc for sign in "@;, ")
        )
        return f"{parts.scheme}://{parts.netloc}" if known else ""
    except ValueError:
        return ""
