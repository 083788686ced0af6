"""Puts the Nextcloud dialect into the house: part of the wiring of this room."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from alcove.base.http import Guard
from alcove.dav.http import Mount, routes
from alcove.dav.http.cloud.about import About
from alcove.dav.http.cloud.login import LoginFlows
from alcove.dav.http.cloud.previews import Previews
from alcove.dav.http.cloud.searching import Searches
from alcove.dav.http.cloud.shares import Shares
from alcove.dav.http.cloud.uploads import Assembling
from alcove.dav.service.cloud import trash
from alcove.dav.service.cloud.chunks import Chunks
from alcove.dav.service.cloud.numbers import Numbers
from alcove.dav.service.cloud.properties import PREFIXES, Telling
from alcove.dav.service.cloud.searching import Searching
from alcove.dav.service.cloud.trash import TrashTree
from alcove.dav.service.cloud.uploads import UploadsTree
from alcove.dav.service.cloud.versions import VersionsTree
from alcove.dav.service.live import standard
from alcove.dav.service.tagged import TaggedTree
from alcove.documents import Documents
from alcove.files import FolderTags, Thumbnails
from alcove.identity import AppPasswords, DeviceFlowPages, DeviceFlows, Permissions, SlowHash
from alcove.instances import Instances, InstanceSettings

if TYPE_CHECKING:
    from alcove.base.house import House
    from alcove.dav.service.core import Core

FILES_AT = ("/remote.php/dav/files/:user", "/remote.php/webdav")
TRASH_AT, VERSIONS_AT = "/remote.php/dav/trashbin/:user", "/remote.php/dav/versions/:user"
UPLOADS_AT = "/remote.php/dav/uploads/:user"
DAY = 24 * 3600.0

log = logging.getLogger("alcove.dav")


def register_cloud(house: House, core: Core) -> None:
    """Serves the files in the dialect, and what its clients ask beside them."""
    files, scheme = core.files, house.settings.scheme
    numbers = Numbers(house.need(Documents), files)
    permissions = house.need(Permissions)
    telling = Telling(numbers, files, house.need(InstanceSettings), permissions)
    tree = TaggedTree(files, core.dead, house.need(FolderTags))
    properties = standard(tree, core.locks, files).with_more(telling.properties(), PREFIXES)
    mount = Mount(core, tree, properties, telling.headers)
    for prefix in FILES_AT:
        house.add_routes(*routes(mount, prefix, Guard.DEVICE))
    for other, prefix, more in (
        (TrashTree(tree), TRASH_AT, trash.properties()),
        (VersionsTree(files, numbers), VERSIONS_AT, ()),
    ):
        told = standard(other, core.locks, files).with_more((*telling.properties(), *more), PREFIXES)
        house.add_routes(*routes(Mount(core, other, told), prefix, Guard.DEVICE))
    chunks = _chunks(house)
    uploads = UploadsTree(files, chunks)
    house.add_routes(*routes(Mount(core, uploads, standard(uploads, core.locks, files)), UPLOADS_AT, Guard.DEVICE))
    about = About(files, house.need(InstanceSettings), house.need(AppPasswords), house.settings.cloud_version, scheme)
    logins = LoginFlows(house.need(DeviceFlows), house.need(DeviceFlowPages), scheme)
    previews = Previews(files, house.need(Thumbnails), numbers)
    shares = Shares(files, permissions, house.need(Instances), house.need(SlowHash), house.clock, scheme)
    searches = Searches(mount, Searching(house.need(Documents), tree), FILES_AT)
    for part in (Assembling(mount, chunks), about, logins, previews, shares, searches):
        house.add_routes(*part.routes())


def _chunks(house: House) -> Chunks:
    """Chunks of uploads, which are swept when the server starts and then once a day."""
    chunks = Chunks(house.settings.home)
    house.need(Instances).on_destroyed(lambda instance: chunks.drop(instance.key))
    tasks = set[asyncio.Task[None]]()

    async def sweep() -> None:
        while True:
            try:
                await chunks.sweep()
            except OSError:
                log.exception("chunks that were left alone could not be removed")
            await asyncio.sleep(DAY)

    async def start() -> None:
        tasks.add(asyncio.create_task(sweep()))

    async def stop() -> None:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    house.on_start("sweep of chunks", start)
    house.on_stop("sweep of chunks", stop)
    return chunks
