"""Pictures of files, from the thumbnails that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

from alcove.base.digits import whole
from alcove.base.errors import NotFound
from alcove.base.http import Call, Guard, Route
from alcove.dav.http.cloud.answering import names_of_path
from alcove.dav.model.numbers import number_in
from alcove.files import FILES, Given, check, wants_thumbnails
from alcove.files import send as send_bytes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import Response

    from alcove.dav.service.cloud.numbers import Numbers
    from alcove.files import Files, Node, Thumbnails
    from alcove.instances import Instance

WIDTHS = (("tiny", 96), ("small", 640), ("medium", 1280), ("large", 1920))


class Previews:
    """By path or by number, in the size of the thumbnails that comes next."""

    def __init__(self, files: Files, thumbnails: Thumbnails, numbers: Numbers) -> None:
        self._files = files
        self._thumbnails = thumbnails
        self._numbers = numbers

    def routes(self) -> list[Route]:
        """The route table of this file."""
        paths = {
            "/core/preview": self.preview,
            "/core/preview.png": self.preview,
            "/apps/files/api/v1/thumbnail/:x/:y/*path": self.thumbnail,
        }
        return [
            # Under this name alone: `/apps` is the contract's, and pages of other origins ask there.
            Route("GET", f"/index.php{path}", handler, Guard.DEVICE, shared=False)
            for path, handler in paths.items()
        ]

    async def preview(self, call: Call) -> Response:
        """`?file=/path` or `?fileId=number`, with `x` and `y`; 404 where there is no picture, or not yet."""
        instance, number = cast("Instance", call.instance), number_in(call.query("fileId"))
        if number is not None:
            node = await self._numbers.node(instance, number)
        else:
            node = await self._files.at(instance, "/" + "/".join(names_of_path(call.query("file"))))
        return await self._picture(call, node, call.query("x", "32"), call.query("y", "32"))

    async def thumbnail(self, call: Call) -> Response:
        """A picture of the file of a path, of a width and a height."""
        instance, path = cast("Instance", call.instance), unquote(call.params["path"])
        node = await self._files.at(instance, "/" + "/".join(names_of_path(path)))
        return await self._picture(call, node, call.params["x"], call.params["y"])

    async def _picture(self, call: Call, node: Node | None, x: str, y: str) -> Response:
        instance = cast("Instance", call.instance)
        if node is None or not call.caller.rules("GET", FILES):
            raise NotFound("There is no such file")
        await check(self._files, instance, call.caller, "GET", node)
        if not wants_thumbnails(node.fields):
            raise NotFound("There is no picture of this file")
        drawn = await self._thumbnails.of(instance.key, node)
        size = size_of(max(whole(x, 6) or 32, whole(y, 6) or 32))
        if drawn is None or size not in drawn.sizes:
            if drawn is None or not drawn.settled:
                self._thumbnails.ask(instance.key, node)
            raise NotFound("There is no picture of this file, or not yet")
        place, length = drawn.sizes[size]

        def read(start: int, count: int) -> AsyncIterator[bytes]:
            return self._thumbnails.open(instance.key, node, drawn.start + place + start, count)

        headers = {"cache-control": "private, max-age=3600", "content-security-policy": "default-src 'none'; sandbox"}
        return await send_bytes(call, Given("image/jpeg", length, read, {"etag": f'"{node.md5sum}-{size}"'}, headers))


def size_of(points: int) -> str:
    """The thumbnail that is at least so wide, else the largest.

    >>> size_of(32), size_of(100), size_of(5000)
    ('tiny', 'small', 'large')
    """
    return next((name for name, width in WIDTHS if width >= points), WIDTHS[-1][0])
