"""Making a file of chunks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from starlette.responses import Response

from alcove.base.digits import whole
from alcove.base.errors import BadRequest, NotFound
from alcove.base.http import Call, Guard, Route
from alcove.dav.errors import IllegalHeader, MissingAbove, NotForThis
from alcove.dav.http.answers import dav_errors
from alcove.dav.http.asking import Asked
from alcove.dav.http.bodies import summed, sums_in
from alcove.dav.model.conditions import read_if, tokens_in
from alcove.dav.model.paths import destination_of
from alcove.dav.service.cloud.uploads import TARGET
from alcove.dav.service.tree import Sent, View
from alcove.files import author_of

if TYPE_CHECKING:
    from alcove.dav.http.mount import Mount
    from alcove.dav.service.cloud.chunks import Chunk, Chunks
    from alcove.instances import Instance

DESTINATIONS = (re.compile(r"/remote\.php/dav/files/[^/]+"), re.compile(r"/remote\.php/webdav"))


class Assembling:
    """`MOVE /remote.php/dav/uploads/USER/UPLOAD/.file`: the chunks, in the order of their numbers, are the file."""

    def __init__(self, mount: Mount, chunks: Chunks) -> None:
        self._mount = mount
        self._chunks = chunks

    def routes(self) -> list[Route]:
        """The route table of this file."""
        path = f"/remote.php/dav/uploads/:user/:upload/{TARGET}"
        return [Route("MOVE", path, self.move, Guard.DEVICE, dav_errors, shared=False)]

    async def move(self, call: Call) -> Response:
        """Makes the file at `Destination`: 201 when there was none, else 204."""
        upload, asked = call.params["upload"], await self._asked(call)
        chunks = await self._chunks.all(call.instance.key, upload)
        if chunks is None:
            raise NotFound("This upload was not begun, or it was given up")
        size = sum(one.size for one in chunks)
        said = whole(asked.header("oc-total-length"), 18)
        if said is not None and said != size:
            raise BadRequest(f"{said} bytes were announced, {size} are here")
        above, held = await self._mount.tree.place(asked.view, asked.names)
        sure = await asked.judge(held)
        if above is None:
            raise MissingAbove
        if held is not None and held.collection:
            raise NotForThis("A folder has no bytes")
        asked.pass_locks(asked.names, member=held is None)
        sent = self._sent(asked, upload, chunks, size)
        resource, new = await self._mount.tree.put(asked.view, above, asked.names[-1], held, sent, sure=sure)
        await self._chunks.remove(call.instance.key, upload)
        return Response(None, 201 if new else 204, self._mount.headers(asked, resource))

    def _sent(self, asked: Asked, upload: str, chunks: list[Chunk], size: int) -> Sent:
        modified, created = asked.dates()
        parts = self._chunks.read(asked.view.instance.key, upload, chunks)
        parts = summed(parts, sums_in(asked.call.request.headers))
        return Sent(parts, "", size, None, modified, created)

    async def _asked(self, call: Call) -> Asked:
        """What is asked of the tree of files: its conditions and locks are those of the destination."""
        said = call.request.headers.get("destination", "")
        instance = cast("Instance", call.instance)
        base = base_of(said)
        view = View(instance, call.caller, author_of(call), base)
        self._mount.tree.admit(view, "POST")
        names = destination_of(said, base, call.request.headers.get("host", ""))
        if not names:
            raise NotForThis("A folder has no bytes")
        asked = Asked(call, self._mount.tree, view, names)
        asked.held = await self._mount.core.locks.of(instance, self._mount.tree.name)
        clauses = call.request.headers.get("if")
        if clauses is not None:
            asked.clauses = read_if(clauses)
            asked.tokens = tokens_in(asked.clauses)
        return asked


def base_of(destination: str) -> str:
    """The address of the tree that a destination lies in; raises `IllegalHeader`."""
    try:
        path = urlsplit(destination.strip()).path
    except ValueError:
        path = ""
    for pattern in DESTINATIONS:
        found = pattern.match(path)
        if found is not None:
            return found[0]
    raise IllegalHeader("Destination", "it is missing, or not among the files")
