"""Puts WebDAV into the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.http import Guard
from alcove.dav import store
from alcove.dav.cloud import register_cloud
from alcove.dav.http import Mount, routes
from alcove.dav.service.core import Core
from alcove.dav.service.dead import FOLLOWER, DeadProperties
from alcove.dav.service.live import standard
from alcove.dav.service.locks import Locks
from alcove.dav.service.tagged import TaggedTree
from alcove.documents import FOLLOWERS, POLICIES, Documents, Follower
from alcove.files import FILES, Files, FolderTags

if TYPE_CHECKING:
    from alcove.base.house import House

PREFIX = "/dav/files"


def register(house: House) -> None:
    """Provides `Core`, on which dialects stand, and serves the files."""
    documents, files = house.need(Documents), house.need(Files)
    locks, dead = Locks(documents, house.clock), DeadProperties(documents)
    core = house.provide(Core, Core(files, locks, dead, house.clock))
    for doctype, policy in store.POLICIES.items():
        house.registry(POLICIES).add(doctype, policy)
    following = Follower(FOLLOWER, frozenset((FILES,)), dead.follow, wants=dead.wants)
    house.registry(FOLLOWERS).add(FOLLOWER, following)
    tree = TaggedTree(files, dead, house.need(FolderTags))
    mount = Mount(core, tree, standard(tree, locks, files))
    house.add_routes(*routes(mount, PREFIX, Guard.DEVICE))
    register_cloud(house, core)
