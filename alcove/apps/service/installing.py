"""Installing, updating and removing what comes from elsewhere (contract-a section 5).

First everything is fetched and written; only then, in one unit of work, the document says so. Whatever stops a server
in between leaves either the app as it was or the new one, never half of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from alcove.apps.errors import AlreadyInstalled, ChangedMeanwhile, ComesAlong, LinkedClient, NotInstalled
from alcove.apps.model import FOLDER, GIT, REGISTRY, WEBAPPS, check_slug, read_source
from alcove.apps.model.record import UPDATED, comes_from_elsewhere, is_certified, precedes, read_record, wanted_more
from alcove.apps.service.folders import Folder
from alcove.apps.service.registries import registries_of
from alcove.apps.service.services import Hung
from alcove.apps.store import Installed
from alcove.base.clock import Clock, rfc3339
from alcove.documents import Document, DocumentMissing, RevisionConflict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.apps.model import Kind, Source
    from alcove.apps.service.package import Package
    from alcove.apps.service.services import Services
    from alcove.apps.service.shelf import Shelf
    from alcove.apps.service.sources import Sources
    from alcove.documents import Documents
    from alcove.identity import Clients
    from alcove.instances import Contexts, Instance
    from alcove.realtime import Realtime


@dataclass(frozen=True, slots=True)
class Step:
    """An installation or an update that was looked at, and of which nothing is written yet."""

    instance: Instance
    slug: str
    fields: dict[str, Any]
    """The document as it shall be, but for its files."""
    package: Package | None
    """The files to keep; None when there is nothing to do but what `fields` says."""
    old: Document | None = None
    hung: Hung = field(default_factory=Hung)
    """The triggers of its services."""

    @property
    def backwards(self) -> bool:
        """Whether it leads to an older version than the present one: a registry may have taken one back."""
        was = self.old.fields() if self.old is not None else {}
        return precedes(self.fields["version"], str(was.get("version") or ""))


class Installer:
    """What can be done with one kind of what is installed."""

    def __init__(
        self,
        kind: Kind,
        installed: Installed,
        shelf: Shelf,
        sources: Sources,
        clients: Clients,
        contexts: Contexts,
        realtime: Realtime,
        services: Services,
        clock: Clock,
    ) -> None:
        self.kind = kind
        self.shelf = shelf
        self._installed = installed
        self._sources = sources
        self._clients = clients
        self._contexts = contexts
        self._realtime = realtime
        self._services = services
        self._clock = clock

    async def all(self, instance: Instance) -> list[Document]:
        """What is installed, by slug."""
        return await self._installed.all(instance.key)

    async def get(self, instance: Instance, slug: str) -> Document:
        """What is installed under a slug; raises `NotInstalled`."""
        found = await self._installed.get(instance.key, slug)
        if found is None:
            raise NotInstalled
        return found

    async def new(
        self, instance: Instance, slug: str, said: str, *, state: str = "ready", parameters: Any = None
    ) -> Step:
        """Looks at what shall be installed; raises `SlugWrong`, `SourceWrong`, `AlreadyInstalled`,
        `SourceUnreachable`, `ManifestRefused`.
        """
        check_slug(slug)
        source = read_source(said)
        if await self._installed.get(instance.key, slug) is not None:
            raise AlreadyInstalled
        package = await self._sources.fetch(self.kind, source, registries_of(self._contexts, instance))
        fields = self._fields(slug, source, package) | {"state": state, "created_at": self._now()}
        if parameters is not None:
            fields["parameters"] = parameters
        return Step(instance, slug, fields, package, hung=self._hung(instance, slug, {}, fields))

    async def newer(self, instance: Instance, slug: str, said: str, *, acked: bool) -> Step:
        """Looks at the version that its source, or another one, has now; raises what `new` does, and `ComesAlong`.

        A version that wants more waits, as `available_version`, until the person has said yes; `pending` tells what.
        """
        old = await self.get(instance, slug)
        was = old.fields()
        if not comes_from_elsewhere(was):
            if said:
                raise ComesAlong(slug)
            return Step(instance, slug, was, None, old)
        source = read_source(said or str(was.get("source") or ""))
        package = await self._sources.fetch(self.kind, source, registries_of(self._contexts, instance))
        fields = self._fields(slug, source, package)
        if source.scheme == REGISTRY and all(fields[name] == was.get(name) for name in ("source", "version")):
            return Step(instance, slug, was, None, old)
        if source.scheme == GIT and (source.text, package.checksum) == (was.get("source"), was.get("checksum")):
            return Step(instance, slug, was, None, old)
        more = {} if acked or self._taken_as_is(instance, slug) else wanted_more(was, fields)
        if self.kind.type == "konnector" and is_certified(more):
            more = {}
        if more:
            waiting = {"available_version": fields["version"], "pending": {"version": fields["version"], **more}}
            return Step(instance, slug, {**was, **waiting}, None, old)
        kept = {name: value for name, value in was.items() if name in ("created_at", "parameters")}
        state = was.get("state", "ready")
        hung = self._hung(instance, slug, was, fields)
        return Step(instance, slug, {**fields, **kept, "state": state}, package, old, hung)

    def before(self, step: Step) -> Document:
        """The document as it is while the files are written: not kept anywhere."""
        state = "installing" if step.old is None else "upgrading"
        body = orjson.dumps({**step.fields, "state": state})
        return Document(self.kind.doctype, self.kind.id_of(step.slug), step.old.rev if step.old else "", body)

    async def finish(self, step: Step) -> Document:
        """Keeps the files, says so. Raises `CodeRefused`, `StorageFull`, `AlreadyInstalled`, `ChangedMeanwhile`."""
        tenant, slug, old = step.instance.key, step.slug, step.old
        if step.package is None:
            return await self._noted(step)
        self._realtime.publish(tenant, "UPDATED", self.kind.doctype, self.kind.id_of(slug), self.before(step).json())
        code, checksum = await self.shelf.keep(tenant, self.kind, slug, step.package)
        fields = {**step.fields, "code": code, "updated_at": self._now()}
        fields["checksum"] = step.package.checksum or checksum
        if read_source(fields["source"]).scheme in (FOLDER, GIT):
            fields["version"] = f"{fields['version']}-{fields['checksum'][:10]}"  # browsers keep icons by it
        try:
            if old is None:
                document = await self._installed.add(tenant, slug, fields, step.hung)
            else:
                document = await self._installed.change(tenant, slug, fields, old.rev, step.hung)
        except BaseException as error:
            await self.shelf.drop(tenant, self.kind, slug, code)
            if isinstance(error, RevisionConflict):
                raise (AlreadyInstalled if old is None else ChangedMeanwhile) from None
            raise
        if old is not None:
            await self.shelf.drop(tenant, self.kind, slug, str(old.fields().get("code") or ""))
        await self.shelf.tidy(tenant, self.kind, slug, code)
        return document

    async def mend(self, instance: Instance) -> int:
        """Makes the triggers of services that have none; how many apps were mended. Raises `ManifestRefused`."""
        count = 0
        for document in await self.all(instance):
            known = await self._services.known(instance.key, document.fields())
            hung = self._hung(instance, str(known.get("slug")), known, known)
            if comes_from_elsewhere(known) and hung.changes:
                await self._installed.change(instance.key, str(known["slug"]), known, document.rev, hung)
                count += 1
        return count

    async def removable(self, instance: Instance, slug: str) -> Document:
        """What shall be removed; raises `NotInstalled`, `ComesAlong`, `LinkedClient`."""
        old = await self.get(instance, slug)
        if not comes_from_elsewhere(old.fields()):
            raise ComesAlong(slug)
        if any(client.linked == slug for client in await self._clients.all(instance)):
            raise LinkedClient
        return old

    async def remove(self, instance: Instance, slug: str, old: Document) -> None:
        """Removes it with its files; raises `NotInstalled` when somebody else did."""
        try:
            hung = self._hung(instance, slug, old.fields(), {})
            await self._installed.remove(instance.key, slug, old.rev, hung)
        except (RevisionConflict, DocumentMissing):
            raise NotInstalled from None
        await self.shelf.drop(instance.key, self.kind, slug, str(old.fields()["code"]))

    async def files(self, instance: Instance, slug: str, code: str) -> Folder:
        """The files that are kept for a document by its `code`."""
        return await asyncio.to_thread(Folder, self.shelf.place(instance.key, self.kind, slug, code))

    async def _noted(self, step: Step) -> Document:
        """The document with what `fields` says, where that is anything new."""
        old = step.old
        assert old is not None, "what is installed has files"
        if step.fields == old.fields():
            return old
        return await self._installed.change(step.instance.key, step.slug, step.fields, old.rev, step.hung)

    def _hung(self, instance: Instance, slug: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Hung:
        """What changes of its triggers; raises `ManifestRefused`. Connectors have accounts in place of services."""
        return self._services.hung(instance.key, slug, old, new) if self.kind is WEBAPPS else Hung()

    def _fields(self, slug: str, source: Source, package: Package) -> dict[str, Any]:
        return {**read_record(self.kind, slug, package.manifest), "source": source.text, "updated_at": self._now()}

    def _taken_as_is(self, instance: Instance, slug: str) -> bool:
        context = self._contexts.of(instance)
        more = context.get("additional_platform_apps")
        known = UPDATED | set(more if isinstance(more, list) else ())
        return slug in known or context.get("permissions_skip_verification") is True

    def _now(self) -> str:
        return rfc3339(self._clock.now())


class Installers:
    """Makes the installer of a kind: here for web apps, in the room above for connectors."""

    def __init__(
        self,
        documents: Documents,
        shelf: Shelf,
        sources: Sources,
        clients: Clients,
        contexts: Contexts,
        realtime: Realtime,
        services: Services,
        clock: Clock,
    ) -> None:
        self._documents = documents
        self._parts = (shelf, sources, clients, contexts, realtime, services, clock)

    def of(self, kind: Kind) -> Installer:
        """The one of a kind."""
        return Installer(kind, Installed(self._documents, kind), *self._parts)
