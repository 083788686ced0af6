"""The methods of WebDAV over a tree, as routes under a prefix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.http import Guard, Route
from alcove.dav.http.answers import dav_errors
from alcove.dav.http.locking import Locking
from alcove.dav.http.mount import Mount
from alcove.dav.http.moving import Moving
from alcove.dav.http.patching import Patching
from alcove.dav.http.reading import Reading
from alcove.dav.http.writing import Writing

if TYPE_CHECKING:
    from alcove.base.http import Errors, Handler

__all__ = ["Mount", "routes"]


def routes(mount: Mount, prefix: str, guard: Guard, errors: Errors = dav_errors) -> list[Route]:
    """The lines of the route table for a tree under a prefix, which may have `:names` in it."""
    reading, writing, moving = Reading(mount), Writing(mount), Moving(mount)
    locking, patching = Locking(mount), Patching(mount)
    handlers: dict[str, Handler] = {
        "PROPFIND": reading.propfind,
        "GET": reading.get,
        "PUT": writing.put,
        "MKCOL": writing.mkcol,
        "DELETE": writing.delete,
        "COPY": moving.copy,
        "MOVE": moving.move,
        "LOCK": locking.lock,
        "UNLOCK": locking.unlock,
        "PROPPATCH": patching.proppatch,
    }
    table = [(method, handler, guard) for method, handler in handlers.items()]
    table.append(("OPTIONS", reading.options, Guard.PUBLIC))
    return [
        Route(method, path, handler, guarded, errors, shared=False)
        for path in (prefix, f"{prefix}/*path")
        for method, handler, guarded in table
    ]
