"""COPY and MOVE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from alcove.dav.errors import Fixed, MissingAbove, SameResource, Stale
from alcove.dav.http.answers import troubles
from alcove.dav.http.asking import INFINITY
from alcove.dav.model.paths import below, href

if TYPE_CHECKING:
    from alcove.base.http import Call
    from alcove.dav.http.asking import Asked
    from alcove.dav.http.mount import Mount
    from alcove.dav.model.paths import Names
    from alcove.dav.service.tree import Resource


class Moving:
    """What puts a resource somewhere else."""

    def __init__(self, mount: Mount) -> None:
        self._mount = mount

    async def copy(self, call: Call) -> Response:
        """Copies a resource to `Destination`; with `Depth: 0` a folder without what is in it. 201 or 204."""
        asked = await self._mount.writes(call, "POST")
        deep = asked.depth(allowed=("0", INFINITY)) == INFINITY
        source = await self._mount.need(asked, "GET")
        to, above, replaced = await self._target(asked, source, deep=deep)
        locked = asked.locked_inside(to) if replaced is not None else []
        if locked:
            return troubles(asked.view, locked)
        failed = await self._mount.tree.copy(
            asked.view, source, above, to[-1], replaced, deep=deep, modified=asked.dates()[0]
        )
        if failed:
            return troubles(asked.view, failed)
        made = await self._mount.tree.find(asked.view, to, exact=True)
        return self._done(asked, made, to, new=replaced is None)

    async def move(self, call: Call) -> Response:
        """Moves a resource to `Destination`; what stood there is in the trash then. 201 or 204."""
        asked = await self._mount.writes(call, "PATCH")
        asked.depth(allowed=(INFINITY, "0"))
        source = await self._mount.need(asked, "PATCH")
        if not asked.names:
            raise Fixed
        to, above, replaced = await self._target(asked, source, deep=True)
        asked.pass_locks(asked.names, member=True)
        locked = asked.locked_inside(asked.names) + (asked.locked_inside(to) if replaced is not None else [])
        if locked:
            return troubles(asked.view, locked)
        moved = await self._mount.tree.move(asked.view, source, above, to[-1], replaced, asked.dates()[0])
        if asked.held:
            await self._mount.core.locks.forget(asked.view.instance, self._mount.tree.name, asked.names)
        return self._done(asked, moved, to, new=replaced is None)

    async def _target(self, asked: Asked, source: Resource, *, deep: bool) -> tuple[Names, Resource, Resource | None]:
        """Where the request leads: the names, the folder they lie in, and what is there. Raises why it cannot."""
        overwrites, to = asked.overwrites, asked.destination()
        await asked.judge(source)
        if not to or to == asked.names or below(asked.names, to) or (deep and below(to, asked.names)):
            raise SameResource
        above, held = await self._mount.tree.place(asked.view, to)
        if above is None:
            raise MissingAbove
        if held is not None and source.key and held.key == source.key:
            held = None  # the same one, its name composed otherwise
        if held is not None and not overwrites:
            raise Stale("Something is at the destination already")
        asked.pass_locks(to, member=held is None)
        return to, above, held

    def _done(self, asked: Asked, made: Resource | None, to: Names, *, new: bool) -> Response:
        headers = {} if made is None else self._mount.headers(asked, made)
        if new:
            headers["Location"] = href(asked.view.base, to, collection=made is not None and made.collection)
        return Response(None, 201 if new else 204, headers)
