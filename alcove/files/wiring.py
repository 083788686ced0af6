"""Registers the room: its service, routes, indexes, policies, first directories, and its upkeep."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from alcove.base.confined import Here
from alcove.documents import FOLLOWERS, INDEXES, POLICIES, Documents, Follower
from alcove.files import store
from alcove.files.finding import findable
from alcove.files.http import routes
from alcove.files.http.access import check
from alcove.files.http.consistency import Consistency
from alcove.files.http.insight import insight_routes
from alcove.files.http.known import known_routes
from alcove.files.http.resuming import upload_routes
from alcove.files.model import FILES
from alcove.files.parts import Parts
from alcove.files.service import INITIAL_FOLDERS, Files, texts
from alcove.files.service.checking import Checking
from alcove.files.service.customs import Customs, wrong_settings
from alcove.files.service.language import translate
from alcove.files.service.links import Links
from alcove.files.service.looking import Looking
from alcove.files.service.marking import NAME as MARKS
from alcove.files.service.marking import Marking
from alcove.files.service.packing import Unpacking
from alcove.files.service.paging import Pages
from alcove.files.service.resuming import Resuming
from alcove.files.service.tags import FolderTags
from alcove.files.service.thumbnails import BATCH, NAME, Thumbnails
from alcove.files.tasks import Drawing, Packing
from alcove.files.upkeep import keep, places_of
from alcove.instances import (
    CHECKS,
    CONTENT,
    HOLDINGS,
    INDEX,
    INTRODUCTIONS,
    PROVISIONERS,
    Check,
    Contexts,
    Instance,
    Instances,
)
from alcove.jobs import HANDLERS
from alcove.realtime import READ_CHECKS, Realtime
from alcove.search import FINDABLES, Search

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.house import House
    from alcove.base.http import Caller, Tenant
    from alcove.files.blobs import Blobs
    from alcove.files.store import Strict

log = logging.getLogger("alcove.files")


def register(house: House) -> None:
    """Provides `Files`."""
    documents, instances, contexts = house.need(Documents), house.need(Instances), house.need(Contexts)
    places = places_of(house.settings, house.clock)
    blobs = places.blobs

    async def chosen(instance: Instance) -> Mapping[str, Any]:
        settings = await documents.get(instance.key, "io.cozy.settings", "io.cozy.settings.instance")
        return settings.fields() if settings else {}

    links = Links(house.clock)
    customs = Customs(chosen, contexts.of)
    _warn(contexts)
    files = Files(
        documents, blobs, house.clock, scheme=house.settings.scheme, customs=customs, integrity=places.integrity
    )
    house.provide(Files, files)
    marks = Marking(documents)
    follower = Follower(MARKS, frozenset((FILES,)), marks.follow, wants=marks.wants)
    house.registry(FOLLOWERS).add(follower.name, follower)
    thumbnails, pages = _looked_into(house, documents, blobs)
    unpacking = Unpacking(files, house.settings.home / "unpacking")
    for name, worker in Packing(files, pages, unpacking, instances).workers().items():
        house.registry(HANDLERS).add(name, worker)
    house.on_start("unpacking", unpacking.start)
    _declare(house)

    async def provision(instance: Instance, options: Mapping[str, str]) -> None:  # noqa: ARG001 - a provisioner's shape
        said = contexts.of(instance)
        await files.provision(instance, [key for key in INITIAL_FOLDERS if said.get(f"init_{key}_folder") is False])

    async def holding(instance: Instance) -> Mapping[str, int]:
        return {"files": await files.count(instance)}

    house.registry(PROVISIONERS).add("files", provision)
    checking = Checking(documents, blobs)
    consistency = Consistency(checking)
    house.registry(CHECKS).add("tree of files", Check(INDEX, checking.tree))
    house.registry(CHECKS).add("bytes of files", Check(CONTENT, checking.content))

    async def introduce(instance: Instance) -> None:
        await translate(files, instance, INITIAL_FOLDERS)

    house.registry(HOLDINGS).add("files", holding)
    house.registry(INTRODUCTIONS).add("files", introduce)

    def frames(instance: Instance) -> str:
        siblings = instance.domain.partition(".")[2] if instances.flat else instance.domain
        return f"{house.settings.scheme}://*.{siblings}"

    # The store that answers rooms answers clients' queries too, in the way that tells them to make an index.
    house.add_routes(
        *routes(files, links, documents, cast("Strict", documents), thumbnails, pages, consistency, frames)
    )

    async def may_hear(tenant: Tenant, caller: Caller, node_id: str) -> None:
        instance = cast("Instance", tenant)
        await check(files, instance, caller, "GET", await files.get(instance, node_id))

    house.registry(READ_CHECKS).add(FILES, may_hear)

    def forget(instance: Instance) -> None:
        files.forget(instance.key)
        links.drop(instance.key)
        consistency.drop(instance.key)

    instances.on_destroyed(forget)
    keep(house, files, _more(house, files, blobs), places)


def _looked_into(house: House, documents: Documents, blobs: Blobs) -> tuple[Thumbnails, Pages]:
    """What is made from bytes when they come: thumbnails, and the texts by which search finds files."""
    looking = Looking(house.need(Here).find, house.settings.home / "drawing")
    thumbnails = house.provide(Thumbnails, Thumbnails(documents, blobs, looking, house.need(Realtime).publish))
    reading = house.provide(texts.Texts, texts.Texts(documents, blobs, looking, house.need(Search).renew))
    drawer = Follower(NAME, frozenset((FILES,)), thumbnails.follow, BATCH, thumbnails.wants)
    reader = Follower(texts.NAME, frozenset((FILES,)), reading.follow, texts.BATCH, reading.wants)
    for name, worker in Drawing(thumbnails).workers().items():
        house.registry(HANDLERS).add(name, worker)
    for follower in (drawer, reader):
        house.registry(FOLLOWERS).add(follower.name, follower)
    house.registry(FINDABLES).add("files", findable(reading))

    async def start() -> None:
        # Stopped before the followers are, one of which may be in the middle of many files.
        house.on_stop("thumbnails", thumbnails.stop)
        house.on_stop("texts", reading.stop)
        await looking.start()

    house.on_start("thumbnails", start)
    return thumbnails, Pages(looking)


def _more(house: House, files: Files, blobs: Blobs) -> Resuming:
    """Uploads in pieces, and entity tags of directories for who keeps a folder in step."""
    tags = house.provide(FolderTags, FolderTags(house.need(Documents)))
    house.need(Instances).on_destroyed(lambda instance: tags.drop(instance.key))
    resuming = Resuming(files, blobs, Parts(house.settings.home), house.clock)
    house.add_routes(
        *known_routes(files), *upload_routes(files, resuming), *insight_routes(house.need(Documents), house.clock)
    )
    return resuming


def _declare(house: House) -> None:
    """What the room says of its documents to lower ones."""
    for index in store.INDEXES:
        house.registry(INDEXES).add(f"{index.type}/{index.name}", index)
    for doctype, policy in store.POLICIES.items():
        house.registry(POLICIES).add(doctype, policy)


def _warn(contexts: Contexts) -> None:
    for name in contexts.names():
        for wrong in wrong_settings(contexts.get(name)):
            log.warning("a setting of a context cannot be used", extra={"context": name, "setting": wrong})
