"""Bytes that are here already: which ones, and files made of them without sending them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.base.errors import BadRequest, Refusal
from alcove.base.http import Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer_list, read, resource
from alcove.files.http.access import allow_some, author_of, check, instance_of
from alcove.files.http.resuming import PATH, UPLOADS, allow_upload
from alcove.files.model import ROOT, Node, parse_date
from alcove.files.model.arriving import hexadecimal
from alcove.files.model.names import checked_name
from alcove.files.service.content import Upload
from alcove.files.service.resuming import base64_of

if TYPE_CHECKING:
    from starlette.responses import Response

    from alcove.base.http import Call
    from alcove.files.service import Files

ASKED = 1000
"""Files of one question about digests at the most."""


def known_routes(files: Files) -> list[Route]:
    """The lines of the route table."""
    known = Known(files)
    return [
        Route("POST", f"{PATH}/known", known.known, Guard.TOKEN, jsonapi_errors),
        Route("POST", f"{PATH}/same", known.same, Guard.TOKEN, jsonapi_errors),
    ]


class Known:
    """The routes about bytes that need not be sent. Who may not read them is told nothing of them."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def known(self, call: Call) -> Response:
        """POST /files/uploads/known: which contents are here or elsewhere already, as far as one may read."""
        allow_some(call, "GET")
        said = (await read(call))["attributes"]
        dir_id, asked = said.get("dir_id") or ROOT, said.get("files")
        if not isinstance(dir_id, str) or not isinstance(asked, list) or len(asked) > ASKED:
            raise BadRequest(f"data.attributes.files must be a list of at most {ASKED}, dir_id a text")
        found = []
        for line in asked:
            if not isinstance(line, dict) or not isinstance(line.get("size"), int):
                raise BadRequest("Each of data.attributes.files must be an object with md5sum and size")
            md5sum = base64_of(hexadecimal(str(line.get("md5sum", "")), 16, "md5sum") or "00" * 16)
            here, elsewhere = None, None
            for node in await self._readable(call, md5sum, line["size"]):
                here = node.id if here is None and node.dir_id == dir_id else here
                elsewhere = node.id if elsewhere is None and node.dir_id != dir_id else elsewhere
            found.append(resource(UPLOADS + ".known", md5sum, {"here": here, "elsewhere": elsewhere}))
        return answer_list(found)

    async def same(self, call: Call) -> Response:
        """POST /files/uploads/same: a file of bytes that are here under another name, as if they were sent.

        `name` and `dir_id` make one, `file_id` (and `rev`) gives them to one that is there: names that are taken,
        versions and the quota are as for any upload. Where no file that the caller may read has these bytes the list is
        empty: then they are to be sent.
        """
        instance, said = instance_of(call), (await read(call))["attributes"]
        what, replaced, rev = _asked(said), _text(said, "file_id"), _text(said, "rev")
        await allow_upload(self._files, call, what, replaced)
        found = await self._readable(call, base64_of((what.md5 or b"").hex()), what.size or 0)
        if not found:
            return answer_list([])
        bytes_of, author = self._files.read(instance, found[0]), author_of(call)
        if replaced:
            node = await self._files.overwrite(instance, replaced, what, bytes_of, author, rev)
        else:
            node = await self._files.upload(instance, what, bytes_of, author)
        return answer_list([resource(f"{UPLOADS}.same", node.id, {"name": node.name, "dir_id": node.dir_id})])

    async def _readable(self, call: Call, md5sum: str, size: int) -> list[Node]:
        """The living files of that content that the caller may read."""
        found = list[Node]()
        for node in await self._files.same(instance_of(call), md5sum, size):
            try:
                await check(self._files, instance_of(call), call.caller, "GET", node)
            except Refusal:
                continue
            found.append(node)
        return found


def _asked(said: dict[str, Any]) -> Upload:
    size = said.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise BadRequest("data.attributes.size must be a number of bytes")
    md5sum = hexadecimal(_text(said, "md5sum"), 16, "md5sum")
    if not md5sum:
        raise BadRequest("data.attributes.md5sum must be said", parameter="md5sum")
    dates = {name: parse_date(_text(said, name), name) for name in ("created_at", "updated_at") if said.get(name)}
    return Upload(
        name="" if said.get("file_id") else checked_name(_text(said, "name")),
        dir_id=_text(said, "dir_id") or ROOT,
        content_type=_text(said, "type"),
        size=size,
        md5=bytes.fromhex(md5sum),
        created_at=dates.get("created_at", ""),
        updated_at=dates.get("updated_at", dates.get("created_at", "")),
    )


def _text(said: dict[str, Any], name: str) -> str:
    text = said.get(name) or ""
    if not isinstance(text, str):
        raise BadRequest(f"data.attributes.{name} must be a text", parameter=name)
    return text
