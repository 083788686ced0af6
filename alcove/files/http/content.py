"""Routes that bring bytes: uploads, new directories beside them, overwriting, versions, copies."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from alcove.base.clock import rfc3339
from alcove.base.errors import BadRequest, Unprocessable
from alcove.base.jsonapi import answer, read, resource
from alcove.files.errors import IllegalTime, IllegalType, MetadataExpired, NodeMissing, ParentMissing
from alcove.files.http.access import allow, allow_some, author_of, instance_of, revision_of
from alcove.files.http.shapes import child_resource, document, file_answer, version_resource
from alcove.files.model import FILES, ROOT, Node, checked_metadata, clean_tags, parse_date, parse_md5
from alcove.files.model.kinds import kind_of
from alcove.files.model.names import checked_name
from alcove.files.service.content import CERTIFIED, Upload
from alcove.files.service.links import Links, Prepared

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from alcove.base.http import Call
    from alcove.files.service import Files

_SOURCE = {"SourceAccount": "sourceAccount", "SourceAccountIdentifier": "sourceAccountIdentifier"}


class Content:
    """What uploads and their kin do."""

    def __init__(self, files: Files, links: Links) -> None:
        self._files = files
        self._links = links

    async def create(self, call: Call) -> Response:
        """POST /files/:dir?Type=file|directory."""
        kind = call.query("Type")
        if kind == "file":
            return await self._upload(call)
        if kind == "directory":
            return await self._directory(call)
        raise IllegalType

    async def _upload(self, call: Call) -> Response:
        instance = instance_of(call)
        what = self._said(call, checked_name(call.query("Name")))
        mime, kind = kind_of(what.name, what.content_type)
        fields = {"type": "file", "name": what.name, "dir_id": what.dir_id, "mime": mime, "class": kind}
        await allow(self._files, call, "POST", Node("", "", {"tags": list(what.tags), **fields}))
        node = await self._files.upload(instance, what, body_of(call), author_of(call))
        return file_answer(self._files.thumbnail_keys.of(instance.key), node, status=201)

    async def _directory(self, call: Call) -> Response:
        instance, author = instance_of(call), author_of(call)
        path, dir_id = call.query("Path"), call.params.get("id") or ROOT
        said = _query(call)
        more: dict[str, Any] = {
            **_dates(said, call.request.headers.get("date", "")),
            "tags": clean_tags(said.get("Tags", "").split(",")),
        }
        metadata = self._metadata(call, said)
        more |= {"metadata": metadata} if metadata else {}
        if path:
            allow_some(call, "POST")
            await allow(self._files, call, "POST", await self._files.get(instance, ROOT))
            if call.query("Recursive") == "true":
                node = await self._files.ensure_path(instance, path, author)
            else:
                node = await self._files.create_dir_at(instance, path, author, more)
        else:
            name = checked_name(call.query("Name"))
            fields = {"type": "directory", "name": name, "dir_id": dir_id}
            await allow(self._files, call, "POST", Node("", "", fields))
            node = await self._files.create_dir(instance, name, dir_id, author, more)
        return document({"data": child_resource(self._files.thumbnail_keys.of(instance.key), node)}, 201)

    def _said(self, call: Call, name: str = "") -> Upload:
        """What the query and the headers say of the bytes that follow (contract-b 2.3)."""
        headers, said = call.request.headers, _query(call)
        dates = _dates(said, headers.get("date", ""))
        return Upload(
            name=name,
            dir_id=call.params.get("id") or ROOT,
            content_type=headers.get("content-type", ""),
            size=_length(headers.get("content-length") or said.get("Size", "")),
            md5=parse_md5(headers.get("content-md5", "")),
            created_at=dates.get("created_at", ""),
            updated_at=dates.get("updated_at", ""),
            tags=clean_tags(said.get("Tags", "").split(",")),
            executable=said.get("Executable") == "true",
            encrypted=said.get("Encrypted") == "true",
            metadata=self._metadata(call, said),
            source={key: said[name] for name, key in _SOURCE.items() if said.get(name)},
        )

    def _metadata(self, call: Call, said: Mapping[str, str]) -> dict[str, Any]:
        prepared = said.get("MetadataID")
        if prepared:
            meaning = self._links.read(call.instance.key, prepared)
            if not isinstance(meaning, Prepared):
                raise MetadataExpired
            return dict(meaning.metadata)
        text = said.get("Metadata")
        if not text:
            return {}
        try:
            metadata = orjson.loads(text)
        except orjson.JSONDecodeError:
            metadata = None
        return _certified(call, checked_metadata(metadata))

    async def prepare(self, call: Call) -> Response:
        """POST /files/upload/metadata: what a file that follows will have as metadata."""
        allow_some(call, "POST")
        metadata = _certified(call, checked_metadata((await read(call))["attributes"]))
        ident = self._links.make(call.instance.key, Prepared(metadata))
        return answer(resource(f"{FILES}.metadata", ident, metadata), 201)

    async def overwrite(self, call: Call) -> Response:
        """PUT /files/:id: new bytes."""
        instance = instance_of(call)
        old = await self._files.get(instance, call.params["id"])
        await allow(self._files, call, "PUT", old)
        node = await self._files.overwrite(
            instance, old.id, self._said(call), body_of(call), author_of(call), revision_of(call)
        )
        return await self._file(call, node)

    async def _file(self, call: Call, node: Node, *, blank: list[Any] | None = None) -> Response:
        versions = await self._files.versions(instance_of(call), node.id)
        return file_answer(self._files.thumbnail_keys.of(call.instance.key), node, versions=versions, blank=blank)

    async def copy(self, call: Call) -> Response:
        """POST /files/:id/copy?Name=&DirID="""
        instance = instance_of(call)
        source = await self._files.get(instance, call.params["id"])
        if source.is_dir:
            raise NodeMissing
        await allow(self._files, call, "GET", source)
        target = await self._files.find(instance, call.query("DirID") or source.dir_id)
        if target is None:
            raise ParentMissing
        await allow(self._files, call, "POST", target)
        node = await self._files.copy(instance, source, target.id, call.query("Name"), author_of(call))
        return file_answer(self._files.thumbnail_keys.of(instance.key), node, status=201, blank=[])

    async def describe(self, call: Call) -> Response:
        """POST /files/:id/versions: the same bytes, new metadata."""
        node = await self._files.get(instance_of(call), call.params["id"])
        await allow(self._files, call, "PUT", node)
        data = await read(call)
        tags = clean_tags(call.query("Tags").split(","))
        metadata = _certified(call, checked_metadata(data["attributes"]))
        described = await self._files.describe(instance_of(call), node.id, metadata, tags, author_of(call))
        return await self._file(call, described, blank=[])

    async def revert(self, call: Call) -> Response:
        """POST /files/revert/:id/:version: an old version becomes the content."""
        before = await self._version_file(call, "POST")
        await self._files.revert(instance_of(call), _version_id(call), author_of(call))
        # The reference answers with the file as it was, beside its versions as they are, and clients were made for
        # that: a later conditional change by this revision is refused, never wrong.
        return await self._file(call, before)

    async def tag_version(self, call: Call) -> Response:
        """PATCH /files/:id/:version: its tags."""
        await self._version_file(call, "PATCH")
        tags = (await read(call))["attributes"].get("tags")
        if not isinstance(tags, list):
            raise BadRequest("data.attributes.tags must be a list")
        version = await self._files.tag_version(instance_of(call), _version_id(call), tags)
        return document({"data": version_resource(version)})

    async def destroy_version(self, call: Call) -> Response:
        """DELETE /files/:id/:version."""
        await self._version_file(call, "DELETE")
        await self._files.destroy_version(instance_of(call), _version_id(call))
        return Response(status_code=204)

    async def destroy_versions(self, call: Call) -> Response:
        """DELETE /files/versions: every old version of every file."""
        call.caller.allow_type("DELETE", FILES)
        await self._files.destroy_versions(instance_of(call))
        return Response(status_code=204)

    async def _version_file(self, call: Call, verb: str) -> Node:
        """The file of a version that is there, if the caller may; raises `NodeMissing`, `Forbidden`."""
        node = await self._files.get(instance_of(call), call.params["id"])
        await allow(self._files, call, verb, node)
        await self._files.version(instance_of(call), _version_id(call))
        return node


def _certified(call: Call, metadata: dict[str, Any]) -> dict[str, Any]:
    """Metadata without what certifies a file, unless the caller may say that (contract-b 2.3)."""
    refused = {
        name for name, doctype in CERTIFIED.items() if name in metadata and not call.caller.rules("POST", doctype)
    }
    return {name: value for name, value in metadata.items() if name not in refused} if refused else metadata


def _version_id(call: Call) -> str:
    return f"{call.params['id']}/{call.params['version']}"


def _query(call: Call) -> dict[str, str]:
    """The query string as a plain dictionary: an upload asks for a dozen names."""
    return dict(call.request.query_params.multi_items())


def _length(text: str) -> int | None:
    """The announced length in bytes (`Content-Length`, else `Size`); None when nothing is said."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Unprocessable("Size must be a number of bytes", parameter="Size")
    return int(text)


def _dates(said: Mapping[str, str], header: str) -> dict[str, str]:
    """The dates said: of the query, else of the `Date` header, which stands for both."""
    date = _http_date(header)
    found = {}
    for name, key in (("CreatedAt", "created_at"), ("UpdatedAt", "updated_at")):
        if said.get(name):
            found[key] = parse_date(said[name], name)
        elif date:
            found[key] = date
    if "created_at" in found and "updated_at" not in found:
        found["updated_at"] = found["created_at"]
    return found


def _http_date(text: str) -> str:
    """A `Date` header as the API writes dates; empty when there is none. Raises `IllegalTime`."""
    if not text:
        return ""
    try:
        moment = parsedate_to_datetime(text)
        return rfc3339(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, TypeError, OverflowError):
        raise IllegalTime("Date") from None


async def body_of(call: Call) -> AsyncIterator[bytes]:
    """The bytes of the request, as they come. Who goes away in the middle has sent a body that is too short."""
    try:
        async for part in call.request.stream():
            yield part
    except ClientDisconnect:
        raise BadRequest("The connection ended in the middle of the body") from None
