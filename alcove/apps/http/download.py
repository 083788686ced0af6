"""`GET /apps/:slug/download` and of connectors: all files as one archive, for clients that keep them (contract-a 5)."""

from __future__ import annotations

import asyncio
import tarfile
import tempfile
from typing import TYPE_CHECKING, BinaryIO, cast

from starlette.responses import Response, StreamingResponse

from alcove.base.errors import PreconditionFailed
from alcove.base.http import Guard, Route, jsonapi_errors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from alcove.apps.service.folders import Folder
    from alcove.apps.service.installing import Installer
    from alcove.base.http import Call
    from alcove.documents import Document
    from alcove.identity import Gate
    from alcove.instances import Instance

    Files = Callable[[Instance, Document], Awaitable[Folder]]

AT_ONCE = 2
"""Archives that are made at the same time."""
IN_MEMORY = 4 << 20
"""Bytes of an archive that is not put on the disk while it is sent."""
BLOCK = 256 << 10


class DownloadHTTP:
    """The routes of one kind; `files` finds what lies behind a document."""

    def __init__(self, installer: Installer, files: Files, gate: Gate) -> None:
        self._installer = installer
        self._files = files
        self._gate = gate
        self._slots = asyncio.Semaphore(AT_ONCE)

    def routes(self) -> list[Route]:
        """The route table."""
        path = f"/{self._installer.kind.name}/:slug/download"
        # As in the reference, what is not installed is 404 before anybody is asked who they are.
        return [Route("GET", one, self.send, Guard.PUBLIC, jsonapi_errors) for one in (path, f"{path}/:version")]

    async def send(self, call: Call) -> Response:
        """All files as a compressed archive; 412 when another version than the one asked for is installed."""
        instance = cast("Instance", call.instance)
        document = await self._installer.get(instance, call.params["slug"])
        await self._gate.admit(call, Guard.TOKEN)
        call.caller.allow("GET", self._installer.kind.doctype, document.id, document.fields())
        present = str(document.fields().get("version") or "")
        if call.params.get("version", present) != present:
            raise PreconditionFailed(f"The version {present} is installed, and no other can be downloaded")
        folder = await self._files(instance, document)
        async with self._slots:
            archive = await asyncio.to_thread(_packed, folder)
        return StreamingResponse(_read(archive), 200, {"Content-Type": "application/gzip"})


def _packed(folder: Folder) -> BinaryIO:
    """The files of a folder as an archive, in a file that nobody else sees."""
    out = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed when it was sent
    try:
        with tarfile.open(fileobj=out, mode="w:gz", compresslevel=6) as archive:
            for name, path in folder.paths():
                member = tarfile.TarInfo(name)
                with path.open("rb") as file:
                    member.size = file.seek(0, 2)
                    file.seek(0)
                    archive.addfile(member, file)
        out.seek(0)
    except BaseException:
        out.close()
        raise
    return cast("BinaryIO", out)


async def _read(file: BinaryIO) -> AsyncIterator[bytes]:
    try:
        while part := await asyncio.to_thread(file.read, BLOCK):
            yield part
    finally:
        file.close()
