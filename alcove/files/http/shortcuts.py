"""Routes of `/shortcuts`: files of the Windows `.url` format that lead to an address (contract-b section 5)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.responses import Response

from alcove.base.errors import Unprocessable
from alcove.base.jsonapi import read, resource
from alcove.files.errors import NodeMissing
from alcove.files.http.access import allow, author_of, instance_of
from alcove.files.http.shapes import document, file_answer
from alcove.files.model import FILES, ROOT, Node, checked_metadata
from alcove.files.model.kinds import SHORTCUT
from alcove.files.model.names import checked_name
from alcove.files.service.content import Upload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.base.http import Call
    from alcove.files.service import Files

LONGEST = 16 << 10
"""Bytes of a shortcut that are read at the most."""

_URL = re.compile(rb"^URL=([^\r\n]+)", re.MULTILINE | re.IGNORECASE)


class Shortcuts:
    """Addresses kept as files."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def create(self, call: Call) -> Response:
        """POST /shortcuts {name, dir_id, url, metadata}."""
        attributes = (await read(call))["attributes"]
        url = _checked(attributes.get("url"))
        name, dir_id = checked_name(attributes.get("name")), attributes.get("dir_id") or ROOT
        metadata = checked_metadata(attributes.get("metadata") or {})
        if not isinstance(dir_id, str):
            raise Unprocessable("dir_id must be a text", title="Invalid Attribute", pointer="/data/attributes/dir_id")
        name = name if name.lower().endswith(".url") else f"{name}.url"
        fields: dict[str, Any] = {"type": "file", "name": name, "dir_id": dir_id, "mime": SHORTCUT, "class": "shortcut"}
        await allow(self._files, call, "POST", Node("", "", fields))
        instance = instance_of(call)
        what = Upload(name, dir_id, SHORTCUT, metadata=metadata)
        node = await self._files.upload(instance, what, _content(url), author_of(call))
        return file_answer(self._files.thumbnail_keys.of(instance.key), node, status=201)

    async def read(self, call: Call) -> Response:
        """GET /shortcuts/:id: what it says, or for a browser the way to where it leads."""
        instance = instance_of(call)
        node = await self._files.get(instance, call.params["id"])
        await allow(self._files, call, "GET", node)
        if node.fields.get("class") != "shortcut":
            raise NodeMissing
        content = b"".join([part async for part in self._files.open_range(instance, node.blob, 0, LONGEST)])
        found = _URL.search(content)
        url = _checked(found[1].decode("utf-8", "replace").strip() if found else None)
        if "text/html" in call.request.headers.get("accept", ""):
            return Response(None, 303, {"Location": url})
        shown = {
            "_id": "",
            "name": node.name,
            "dir_id": node.dir_id,
            "url": url,
            "metadata": node.fields.get("metadata"),
        }
        return document({"data": resource(f"{FILES}.shortcuts", node.id, shown, rev=node.rev)})


def _checked(url: object) -> str:
    """An address of the web, on one line; raises `Unprocessable`. A script is none: a browser would be led to it."""
    if not isinstance(url, str) or not url:
        raise Unprocessable("No URL", title="Invalid Attribute", pointer="/data/attributes/url")
    try:
        scheme = urlsplit(url).scheme.lower()
    except ValueError:
        scheme = ""
    if scheme not in ("http", "https") or not url.isprintable() or not url.isascii() or len(url) > LONGEST // 2:
        reason = "The URL must be of the web, in ASCII, on one line"
        raise Unprocessable(reason, title="Invalid Attribute", pointer="/data/attributes/url")
    return url


async def _content(url: str) -> AsyncIterator[bytes]:
    yield f"[InternetShortcut]\r\nURL={url}\r\n".encode()
