"""Apps: those that come with Alcove, and those installed in each instance."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from typing import TYPE_CHECKING, Any

import orjson

from alcove.apps.errors import NotInstalled, NotReady
from alcove.apps.model import HOME, OURS, STANDS_IN, WEBAPPS, manifest_of
from alcove.apps.model.record import BUILTIN, READY, comes_from_elsewhere
from alcove.apps.service.folders import Folder, ServedApp
from alcove.base.clock import Clock, rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.apps.service.renewing import Renewals
    from alcove.apps.service.shelf import Shelf
    from alcove.apps.store import Installed
    from alcove.base.http import Tenant
    from alcove.documents import Document
    from alcove.instances import Contexts, Instance, Instances, InstanceSettings

log = logging.getLogger("alcove.apps")

REMEMBERED = 500
"""Apps of instances whose lists of files are kept in memory."""


class Apps:
    """What is installed, and where a person goes first."""

    def __init__(
        self,
        installed: Installed,
        shelf: Shelf,
        renewals: Renewals,
        built: Sequence[ServedApp],
        instances: Instances,
        settings: InstanceSettings,
        contexts: Contexts,
        clock: Clock,
        scheme: str,
    ) -> None:
        self._installed = installed
        self._shelf = shelf
        self._renewals = renewals
        self._served: dict[tuple[str, str], tuple[str, ServedApp]] = {}
        self._built = {app.manifest.slug: app for app in built}
        self._instances = instances
        self._settings = settings
        self._contexts = contexts
        self._clock = clock
        self._scheme = scheme

    async def all(self, instance: Instance) -> list[Document]:
        """The installed apps, by slug."""
        return await self._installed.all(instance.key)

    async def find(self, instance: Instance, slug: str) -> Document | None:
        """An installed app, if there is one."""
        return await self._installed.get(instance.key, slug)

    async def get(self, instance: Instance, slug: str) -> Document:
        """An installed app; raises `NotInstalled`."""
        found = await self.find(instance, slug)
        if found is None:
            raise NotInstalled
        return found

    async def served(self, instance: Instance, slug: str) -> ServedApp:
        """The pages and files of an installed app; raises `NotInstalled`, `NotReady`."""
        document = await self.get(instance, slug)
        revision, app = self._served.get((instance.key, slug), ("", None))
        if app is None or revision != document.rev:
            app = await self._opened(instance, slug, document.fields())
            if len(self._served) >= REMEMBERED:
                self._served.clear()
            self._served[instance.key, slug] = (document.rev, app)
        return app

    async def renewed(self, instance: Instance, slug: str) -> ServedApp:
        """The same, after a newer version was taken; raises `NotInstalled`, `NotReady`."""
        await self._renewals.renewed(instance, await self.get(instance, slug))
        return await self.served(instance, slug)

    async def files(self, instance: Instance, document: Document) -> Folder:
        """The files of an installed app; raises `NotInstalled`, `NotReady`."""
        return (await self.served(instance, document.id.rpartition("/")[2])).folder

    async def shown(self, instance: Instance, document: Document) -> Document:
        """An app that somebody asks about, after a newer version was taken; raises `NotInstalled`."""
        return await self._renewals.renewed(instance, document)

    async def _opened(self, instance: Instance, slug: str, fields: Mapping[str, Any]) -> ServedApp:
        if not comes_from_elsewhere(fields):
            built = self._built.get(slug)
            if built is None:
                raise NotInstalled
            return built
        if fields.get("state") not in READY:
            raise NotReady
        code = str(fields["code"])
        folder = await asyncio.to_thread(Folder, self._shelf.place(instance.key, WEBAPPS, slug, code))
        return ServedApp(folder, manifest_of(slug, fields), str(fields.get("version") or ""))

    async def grant(self, tenant: Tenant, slug: str) -> Mapping[str, Any] | None:
        """The permission set of an installed app: identity asks for it by the token's subject."""
        found = await self._installed.get(tenant.key, slug)
        return dict(found.fields().get("permissions") or {}) if found is not None else None

    def url(self, instance: Instance, slug: str, rest: str = "") -> str:
        """Where an app is opened."""
        return f"{self._scheme}://{self._instances.app_host(instance, slug)}/{rest}"

    async def first(self, instance: Instance) -> str | None:
        """Where a person goes after logging in: the app of their choice, or Alcove's own first page; None without."""
        if found := await self._found(instance, await self._settings.beginning(instance)):
            return found
        there = await self._installed.get(instance.key, HOME) is not None
        # An app of Cozy in whose place Alcove's own stands: its address is what clients know.
        return self.url(instance, "home") if there else None

    async def welcome(self, instance: Instance) -> str:
        """Where a person goes who is new here: where their context says, or to the home, whichever that is."""
        told = self._contexts.of(instance).get("onboarded_redirection")
        chosen = await self._settings.beginning(instance)
        return await self._found(instance, told) or await self._found(instance, chosen) or self.url(instance, "home")

    async def _found(self, instance: Instance, way: object) -> str | None:
        """The address of `slug/path#hash`, if that app is installed."""
        slug, _, rest = str(way or "").partition("/")
        there = slug and await self._installed.get(instance.key, slug) is not None
        return self.url(instance, slug, rest) if there else None

    async def instead(self, instance: Instance, slug: str) -> str | None:
        """Where a page of an app that is not installed leads to, if another one stands in for it."""
        other = STANDS_IN.get(slug, "")
        if other and await self._installed.get(instance.key, other) is not None:
            return self.url(instance, other)
        return f"{self._scheme}://{instance.domain}/" if other == HOME else None

    async def install(self, instance: Instance) -> None:
        """Writes the documents of the apps that come with Alcove, where they are not what they should be."""

        def make(old: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
            wanted: dict[str, Mapping[str, Any]] = {}
            for slug, app in self._built.items():
                was = old.get(slug, {})
                if comes_from_elsewhere(was):
                    continue  # the person has another app of that name
                fields = self._document(app, was)
                same = {**fields, "updated_at": was.get("updated_at")} == was
                wanted[slug] = was if same else fields
            return wanted

        await self._installed.replace(instance.key, make)

    async def refresh(self) -> None:
        """Brings every instance to the apps of this installation; reads only those that an update has not reached."""
        mark = self.mark()
        for instance in self._instances.all():
            if instance.fields.get("apps_mark", "") != mark:
                await self.install(instance)
                await self._instances.change(instance, {"apps_mark": mark or None})

    def mark(self) -> str:
        """Changes with any built-in manifest; empty when there is none."""
        if not self._built:
            return ""
        said = orjson.dumps(
            [OURS, *[[slug, app.version, app.manifest.fields] for slug, app in sorted(self._built.items())]]
        )
        return hashlib.sha256(said).hexdigest()[:20]

    def _document(self, app: ServedApp, old: Mapping[str, Any]) -> dict[str, Any]:
        now = rfc3339(self._clock.now())
        return {
            **app.manifest.fields,
            "type": "webapp",
            "slug": app.manifest.slug,
            "source": f"{BUILTIN}{app.manifest.slug}",
            "state": "ready",
            "version": app.version,
            "permissions": app.manifest.permissions,
            "created_at": old.get("created_at") or now,
            "updated_at": now,
        }
