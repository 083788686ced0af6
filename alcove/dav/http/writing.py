"""Methods that make and remove: PUT (with `Content-Range` too), MKCOL, DELETE."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.responses import Response

from alcove.base.digits import whole
from alcove.dav.errors import Fixed, IllegalHeader, MissingAbove, NotForThis, UnknownBody, WrongRange
from alcove.dav.http.answers import troubles
from alcove.dav.http.asking import INFINITY
from alcove.dav.http.bodies import body_of, summed, sums_in
from alcove.dav.service.tree import Sent
from alcove.files import NameTaken

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.base.http import Call
    from alcove.dav.http.asking import Asked
    from alcove.dav.http.mount import Mount
    from alcove.dav.service.tree import Resource

_RANGE = re.compile(r"bytes[ =](\d{1,18})-(\d{1,18})/(\d{1,18}|\*)$", re.ASCII)


class Writing:
    """What makes and removes."""

    def __init__(self, mount: Mount) -> None:
        self._mount = mount

    async def put(self, call: Call) -> Response:
        """The bytes of a file, new or not; with `Content-Range` a part of them. 201 when there was none, else 204."""
        asked = await self._mount.writes(call, "PUT")
        if not asked.names:
            raise NotForThis("A folder has no bytes")
        above, held = await self._mount.tree.place(asked.view, asked.names)
        sure = await asked.judge(held)
        if above is None:
            raise MissingAbove
        if held is not None and held.collection:
            raise NotForThis("A folder has no bytes")
        asked.pass_locks(asked.names, member=held is None)
        sent, ranged = self._sent(asked, held)
        resource, new = await self._mount.tree.put(asked.view, above, asked.names[-1], held, sent, sure=sure or ranged)
        return Response(None, 201 if new else 204, self._mount.headers(asked, resource))

    def _sent(self, asked: Asked, held: Resource | None) -> tuple[Sent, bool]:
        """What the request sends; whether it is a part, put into the bytes that are there."""
        said = asked.call.request.headers
        size = whole(said.get("content-length", ""), 18)
        modified, created = asked.dates()
        mime = said.get("content-type", "")
        mime = "" if mime.startswith("application/x-www-form-urlencoded") else mime  # said by who knows nothing
        parts = summed(body_of(asked.call), sums_in(said))
        header = said.get("content-range", "")
        if not header:
            # Some announce it beside a chunked body.
            size = whole(said.get("x-expected-entity-length", ""), 18) if size is None else size
            return Sent(parts, mime, size, None, modified, created), False
        start, length = _part(header, size, 0 if held is None else held.size)
        total = max(start + length, 0 if held is None else held.size)
        mime = mime if held is None else held.mime
        return Sent(self._spliced(asked, held, parts, start, length), mime, total, None, modified, created), True

    async def _spliced(
        self, asked: Asked, held: Resource | None, parts: AsyncIterator[bytes], start: int, length: int
    ) -> AsyncIterator[bytes]:
        """The bytes that are there, with others in the place from `start` on."""
        tree, view, came = self._mount.tree, asked.view, 0
        if held is not None and start:
            async for part in tree.read(view, held, 0, start):
                yield part
        async for part in parts:
            came += len(part)
            yield part
        if came != length:
            raise WrongRange(f"Content-Range announces {length} bytes, {came} came")
        end = start + length
        if held is not None and end < held.size:
            async for part in tree.read(view, held, end, held.size - end):
                yield part

    async def mkcol(self, call: Call) -> Response:
        """Makes a folder: 201; 405 where something is, 409 where the folder above is missing."""
        asked = await self._mount.writes(call, "POST")
        if await call.body(1 << 20):
            raise UnknownBody("MKCOL takes no body here")
        if not asked.names:
            raise NotForThis("This folder is there already")
        above, held = await self._mount.tree.place(asked.view, asked.names)
        await asked.judge(held)
        if held is not None:
            raise NotForThis("Something of this name is there already")
        if above is None:
            raise MissingAbove
        asked.pass_locks(asked.names, member=True)
        try:
            made = await self._mount.tree.make(asked.view, above, asked.names[-1], asked.dates()[0])
        except NameTaken:  # somebody was quicker
            raise NotForThis("Something of this name is there already") from None
        return Response(None, 201, self._mount.headers(asked, made))

    async def delete(self, call: Call) -> Response:
        """Puts a resource into the trash, with all below it; 207 names what is locked in it, and nothing is done."""
        asked = await self._mount.writes(call, "PATCH")
        resource = await self._mount.need(asked, "PATCH")
        if not asked.names:
            raise Fixed
        if resource.collection:
            asked.depth(allowed=(INFINITY,))
        await asked.judge(resource)
        asked.pass_locks(asked.names, member=True)
        locked = asked.locked_inside(asked.names)
        if locked:
            return troubles(asked.view, locked)
        await self._mount.tree.remove(asked.view, resource)
        if asked.held:
            await self._mount.core.locks.forget(asked.view.instance, self._mount.tree.name, asked.names)
        return Response(status_code=204)


def _part(header: str, sent: int | None, held: int) -> tuple[int, int]:
    """Where a part begins in a file that has `held` bytes, and how long it is. Raises `IllegalHeader`, `WrongRange`."""
    said = _RANGE.match(header.strip())
    if said is None or int(said[2]) < int(said[1]):
        raise IllegalHeader("Content-Range", "it must be `bytes FIRST-LAST/LENGTH`, or * for the length")
    start, length = int(said[1]), int(said[2]) - int(said[1]) + 1
    if sent is not None and sent != length:
        raise WrongRange(f"Content-Range announces {length} bytes, Content-Length {sent}")
    if start > held:
        raise WrongRange(f"The file has {held} bytes: there would be a hole before this part")
    if said[3] != "*" and int(said[3]) < start + length:
        raise WrongRange("The part would end behind the length that is announced")
    return start, length
