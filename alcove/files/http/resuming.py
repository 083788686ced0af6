"""Uploads in pieces, by tus 1.0: core, creation, creation with upload, checksum, expiration, termination.

https://tus.io/protocols/resumable-upload. The address of an upload names it, and is worth something only together with
a token of who began it; what they may do is asked anew each time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from alcove.base.clock import rfc3339
from alcove.base.digits import whole
from alcove.base.errors import BadRequest, MethodNotAllowed, PreconditionFailed, Refusal, TooLarge
from alcove.base.http import Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, answer_list, resource
from alcove.files.errors import NodeMissing, UploadMissing
from alcove.files.http.access import allow, allow_some, author_of, instance_of
from alcove.files.http.content import body_of
from alcove.files.model import ROOT, Node, checked_metadata, clean_tags, parse_date
from alcove.files.model.arriving import CHECKSUMS, check_in, hexadecimal, said_in
from alcove.files.model.kinds import kind_of
from alcove.files.model.names import checked_name
from alcove.files.service import MAX_SIZE
from alcove.files.service.content import Upload
from alcove.files.service.resuming import upload_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from alcove.base.http import Call, Handler
    from alcove.files.model.arriving import Arriving
    from alcove.files.service import Files
    from alcove.files.service.resuming import Resuming

UPLOADS = "org.alcove.uploads"
PATH = "/files/uploads"
VERSION = "1.0.0"
PIECE = "application/offset+octet-stream"

_SHOWN = "Location, Tus-Resumable, Tus-Version, Upload-Offset, Upload-Length, Upload-Expires, Alcove-File"
_ALWAYS = {"Tus-Resumable": VERSION, "Cache-Control": "no-store", "Access-Control-Expose-Headers": _SHOWN}


def upload_routes(files: Files, resuming: Resuming) -> list[Route]:
    """The lines of the route table."""
    resumed = Resumed(files, resuming)
    guarded: Iterable[tuple[str, str, Handler]] = (
        ("POST", PATH, resumed.create),
        ("GET", PATH, resumed.list),
        ("GET", f"{PATH}/:upload", resumed.show),
        ("PATCH", f"{PATH}/:upload", resumed.patch),
        ("POST", f"{PATH}/:upload", resumed.override),
        ("DELETE", f"{PATH}/:upload", resumed.remove),
    )
    return [
        Route("OPTIONS", PATH, resumed.options, Guard.PUBLIC, jsonapi_errors),
        *(Route(method, path, handler, Guard.TOKEN, jsonapi_errors) for method, path, handler in guarded),
    ]


class Resumed:
    """The routes of uploads in pieces."""

    def __init__(self, files: Files, resuming: Resuming) -> None:
        self._files = files
        self._resuming = resuming

    async def options(self, call: Call) -> Response:
        """OPTIONS /files/uploads: which version and extensions of tus this is."""
        extensions = "creation,creation-with-upload,checksum,expiration,termination"
        told = {"Tus-Version": VERSION, "Tus-Extension": extensions, "Tus-Max-Size": str(MAX_SIZE)}
        return Response(status_code=204, headers={**_ALWAYS, **told, "Tus-Checksum-Algorithm": ",".join(CHECKSUMS)})

    async def create(self, call: Call) -> Response:
        """POST /files/uploads: begins one, with its first bytes if the request brings some. 201 with its address."""
        return await _dressed(call, self._create)

    async def _create(self, call: Call) -> Response:
        headers, instance = call.request.headers, instance_of(call)
        if headers.get("upload-defer-length"):
            raise BadRequest("Upload-Length must be said at once", parameter="Upload-Length")
        size = _number(headers.get("upload-length", ""), "Upload-Length")
        if size > MAX_SIZE:
            raise TooLarge(f"A file may have {MAX_SIZE} bytes at the most")
        said = said_in(headers.get("upload-metadata", ""))
        what, sha256 = _upload(said, size), hexadecimal(said.get("sha256", ""), 32, "sha256")
        replaced = said.get("file_id", "")
        await allow_upload(self._files, call, what, replaced)
        arriving = await self._resuming.begin(instance, _maker(call), what, sha256, replaced, said.get("rev", ""))
        brings = headers.get("content-type", "") == PIECE
        if not brings and size:
            return _told(arriving, 0, status=201)
        return await self._piece(call, arriving, 0, status=201)

    async def patch(self, call: Call) -> Response:
        """PATCH /files/uploads/:upload: bytes from `Upload-Offset` on; with the last, `Alcove-File` is the file."""
        return await _dressed(call, self._patch)

    async def _patch(self, call: Call) -> Response:
        if call.request.headers.get("content-type", "") != PIECE:
            raise Refused415(f"Content-Type must be {PIECE}")
        offset = _number(call.request.headers.get("upload-offset", ""), "Upload-Offset")
        arriving, _ = await self._need(call)
        return await self._piece(call, arriving, offset)

    async def _piece(self, call: Call, arriving: Arriving, offset: int, status: int = 204) -> Response:
        headers = call.request.headers
        coming = whole(headers.get("content-length", ""), 18) or 0
        if offset + coming > arriving.size:
            raise TooLarge(f"More bytes are coming than the {arriving.size} that were announced")
        name = said_in(headers.get("upload-metadata", "")).get("name", "") if status == 204 else ""
        if name:
            replaced = arriving.file_id if arriving.replaces else ""
            await allow_upload(self._files, call, replace(upload_of(arriving), name=checked_name(name)), replaced)
        there, node = await self._resuming.append(
            instance_of(call),
            arriving.id,
            offset,
            body_of(call),
            check=check_in(headers.get("upload-checksum", "")),
            author=author_of(call),
            name=name,
        )
        return _told(arriving, there, status=status, file_id=node.id if node else "")

    async def show(self, call: Call) -> Response:
        """GET and HEAD /files/uploads/:upload: how far it is (`Upload-Offset`). HEAD ends a piece still on its way."""
        return await _dressed(call, self._show)

    async def _show(self, call: Call) -> Response:
        arriving, offset = await self._need(call)
        if call.request.method == "HEAD":
            arriving, offset = await self._resuming.settled(instance_of(call), arriving.id)
            return _told(arriving, offset, status=200, file_id=arriving.file_id if arriving.done else "")
        return answer(_resource(arriving, offset))

    async def list(self, call: Call) -> Response:
        """GET /files/uploads: the caller's own that are not finished."""
        return await _dressed(call, self._list)

    async def _list(self, call: Call) -> Response:
        allow_some(call, "POST")
        maker = _maker(call)
        mine = [found for found in await self._resuming.all(instance_of(call)) if found[0].maker == maker]
        return answer_list([_resource(arriving, offset) for arriving, offset in mine])

    async def remove(self, call: Call) -> Response:
        """DELETE /files/uploads/:upload: gives it up, with the bytes that came."""
        return await _dressed(call, self._remove)

    async def _remove(self, call: Call) -> Response:
        arriving, _ = await self._need(call)
        await self._resuming.remove(instance_of(call), arriving.id)
        return Response(status_code=204)

    async def override(self, call: Call) -> Response:
        """POST /files/uploads/:upload: PATCH or DELETE, as `X-HTTP-Method-Override` says, for who cannot send these."""
        wanted = call.request.headers.get("x-http-method-override", "").upper()
        if wanted == "PATCH":
            return await self.patch(call)
        if wanted == "DELETE":
            return await self.remove(call)
        raise MethodNotAllowed("HEAD, GET, PATCH, DELETE")

    async def _need(self, call: Call) -> tuple[Arriving, int]:
        """The upload of the address, if the caller began it and may still put it there. Raises `UploadMissing`."""
        arriving, offset = await self._resuming.get(instance_of(call), call.params["upload"])
        if arriving.maker != _maker(call):
            raise UploadMissing
        await allow_upload(self._files, call, upload_of(arriving), arriving.file_id if arriving.replaces else "")
        return arriving, offset


class Refused415(Refusal):
    """A piece whose media type is not the one of tus."""

    status = 415
    title = "Unsupported Media Type"


async def allow_upload(files: Files, call: Call, what: Upload, replaced: str) -> None:
    """As for an upload in one piece: POST on what is about to be made, or PUT on what is replaced."""
    if replaced:
        node = await files.get(instance_of(call), replaced)
        if node.is_dir:
            raise NodeMissing
        await allow(files, call, "PUT", node)
        return
    mime, kind = kind_of(what.name, what.content_type)
    fields = {"type": "file", "name": what.name, "dir_id": what.dir_id, "mime": mime, "class": kind}
    await allow(files, call, "POST", Node("", "", {"tags": list(what.tags), **fields}))


async def _dressed(call: Call, handler: Callable[[Call], Awaitable[Response]]) -> Response:
    """The answer of a handler with the headers that every answer of tus has, refusals too."""
    try:
        spoken = call.request.headers.get("tus-resumable")
        if spoken != VERSION and not (spoken is None and call.request.method == "GET"):
            raise PreconditionFailed(f"Tus-Resumable must be {VERSION}", headers={"Tus-Version": VERSION})
        response = await handler(call)
    except Refusal as refusal:
        refusal.headers = {**refusal.headers, **_ALWAYS}
        raise
    response.headers.update(_ALWAYS)
    return response


def _told(arriving: Arriving, offset: int, *, status: int, file_id: str = "") -> Response:
    headers = {"Upload-Offset": str(offset), "Upload-Length": str(arriving.size)}
    if status == 201:
        headers["Location"] = f"{PATH}/{arriving.id}"
    if file_id:
        headers["Alcove-File"] = file_id
    else:
        headers["Upload-Expires"] = format_datetime(datetime.fromtimestamp(arriving.ends_at, UTC), usegmt=True)
    return Response(status_code=status, headers=headers)


def _resource(arriving: Arriving, offset: int) -> dict[str, Any]:
    attributes = {
        "name": arriving.name,
        "dir_id": arriving.dir_id,
        "size": str(arriving.size),
        "offset": str(offset),
        "updated_at": arriving.updated_at,
        "begun_at": rfc3339(datetime.fromtimestamp(arriving.begun_at, UTC)),
        "expires_at": rfc3339(datetime.fromtimestamp(arriving.ends_at, UTC)),
        "file": arriving.file_id if arriving.done else None,
    }
    return resource(UPLOADS, arriving.id, attributes, links={"self": f"{PATH}/{arriving.id}"})


def _maker(call: Call) -> str:
    caller = call.caller
    return "/".join((caller.audience, caller.subject, caller.document))


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadRequest(f"{name} must be a number of bytes", parameter=name)
    return int(text)


def _upload(said: dict[str, str], size: int) -> Upload:
    """What `Upload-Metadata` says of a file. `filename` and `filetype` are what most clients of tus call them."""
    created = parse_date(said["created_at"], "created_at") if said.get("created_at") else ""
    updated = parse_date(said["updated_at"], "updated_at") if said.get("updated_at") else ""
    name = said.get("name") or said.get("filename") or ""
    try:
        metadata = orjson.loads(said.get("metadata") or "{}")
    except orjson.JSONDecodeError:
        metadata = None
    md5 = hexadecimal(said.get("md5sum", ""), 16, "md5sum")
    return Upload(
        name=name if said.get("file_id") else checked_name(name),
        dir_id=said.get("dir_id") or ROOT,
        content_type=said.get("type") or said.get("filetype") or "",
        size=size,
        md5=bytes.fromhex(md5) if md5 else None,
        created_at=created,
        updated_at=updated or created,
        tags=clean_tags(said.get("tags", "").split(",")),
        executable=said.get("executable") == "true",
        metadata=checked_metadata(metadata),
        numbered=said.get("taken") == "number",
    )
