"""The workers of this room (contract-b section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.base.errors import Refusal
from alcove.files.blobs import BlobMissing
from alcove.files.model import Author
from alcove.files.service.content import Upload
from alcove.files.service.packing import NotAZip, Packed, whole, zipped
from alcove.jobs import NoRetry, Running, Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from alcove.files.model import Node
    from alcove.files.service import Files
    from alcove.files.service.packing import Unpacked, Unpacking
    from alcove.files.service.paging import Pages
    from alcove.files.service.thumbnails import Thumbnails
    from alcove.instances import Instance, Instances

THUMBNAIL, ZIP, UNZIP = "thumbnail", "zip", "unzip"
TOLD = 5
"""Entries that were left out which are named in the error of a job."""


class Drawing:
    """Draws the thumbnails of one file as a job: the operator asks for it, where a picture has none."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        self._thumbnails = thumbnails

    def workers(self) -> dict[str, Worker]:
        """The worker by its name; for the server's own use and the operator's, as in the reference."""
        return {THUMBNAIL: Worker(self.draw, max_attempts=2, timeout_s=60, concurrency=1, reserved=True, hourly=20_000)}

    async def draw(self, running: Running) -> None:
        """The file is named by `file_id`, or is the document of the event; a message that names none is done."""
        message = running.message if isinstance(running.message, dict) else {}
        event = running.event if isinstance(running.event, dict) else {}
        document = event.get("doc")
        told = document.get("_id") if isinstance(document, dict) else None
        if named := message.get("file_id") or told:
            await self._thumbnails.renew(running.tenant, str(named))


class Packing:
    """Packs files into a ZIP that is kept beside them, and unpacks one, as jobs that apps ask for."""

    def __init__(self, files: Files, pages: Pages, unpacking: Unpacking, instances: Instances) -> None:
        self._files = files
        self._pages = pages
        self._unpacking = unpacking
        self._instances = instances

    def workers(self) -> dict[str, Worker]:
        """The workers by their names."""
        return {
            ZIP: Worker(self.zip, max_attempts=2, timeout_s=600, concurrency=1, hourly=100),
            UNZIP: Worker(self.unzip, max_attempts=2, timeout_s=600, concurrency=1),
        }

    async def zip(self, running: Running) -> None:
        """`{files: {path: id or {id, page}}, dir_id, filename}`: packs what has those ids under those paths."""
        instance, said = self._instance(running), _message(running)
        wanted, name = said.get("files"), said.get("filename")
        if not isinstance(wanted, dict) or not wanted or not isinstance(name, str) or not name:
            raise NoRetry("a job of zip names its files, dir_id and filename")
        try:
            folder = await self._directory(instance, said.get("dir_id"))
            entries = [one for path, what in wanted.items() for one in await self._packed(instance, path, what)]
            parts = zipped(self._files, self._pages, instance, _each(entries))
            what = Upload(name, folder.id, content_type="application/zip", numbered=True)
            await self._files.upload(instance, what, parts, Author())
        except (Refusal, BlobMissing) as error:
            raise NoRetry(str(error) or "the bytes of a file are missing") from None

    async def unzip(self, running: Running) -> None:
        """`{zip, destination}`: the ids of an archive, and of the directory that it is unpacked into."""
        instance, said = self._instance(running), _message(running)
        try:
            source = await self._files.get(instance, str(said.get("zip") or ""))
            if source.is_dir:
                raise NotAZip("it is a directory")
            target = await self._directory(instance, said.get("destination"))
            unpacked = await self._unpacking.unpack(instance, source, target, Author())
        except NotAZip as error:
            raise NoRetry(f"the archive cannot be unpacked: {error}") from None
        except (Refusal, BlobMissing) as error:
            raise NoRetry(str(error) or "the bytes of the archive are missing") from None
        if unpacked.refused:
            raise NoRetry(_told(unpacked))

    def _instance(self, running: Running) -> Instance:
        found = self._instances.by_key(running.tenant)
        if found is None:
            raise NoRetry("the place is there no more")
        return found

    async def _directory(self, instance: Instance, ident: Any) -> Node:
        node = await self._files.get(instance, str(ident or ""))
        if not node.is_dir or node.trashed:
            raise NoRetry("what to write into is no directory, or is in the trash")
        return node

    async def _packed(self, instance: Instance, path: str, what: Any) -> list[Packed]:
        page = 0
        if isinstance(what, dict):
            what, page = what.get("id"), what.get("page")
        path = "/".join(part for part in path.split("/") if part not in ("", ".", ".."))
        if not isinstance(what, str) or not isinstance(page, int) or page < 0 or not path:
            raise NoRetry("each file of a job of zip is an id, or an id with a page, under its path")
        node = await self._files.get(instance, what)
        return [Packed(path, node, page)] if page else list(await whole(self._files, instance, node, path))


def _message(running: Running) -> Mapping[str, Any]:
    return running.message if isinstance(running.message, dict) else {}


async def _each(entries: list[Packed]) -> AsyncIterator[Packed]:
    for entry in entries:
        yield entry


def _told(unpacked: Unpacked) -> str:
    """What was left out, in a sentence."""
    count, kept = len(unpacked.refused), unpacked.made + unpacked.known
    more = f", and {count - TOLD} more" if count > TOLD else ""
    return f"{kept} files were unpacked, {count} entries were not: {'; '.join(unpacked.refused[:TOLD])}{more}"
