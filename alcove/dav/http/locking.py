"""LOCK and UNLOCK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from alcove.dav.errors import IllegalHeader, IllegalXML, LockConflict, MissingAbove
from alcove.dav.http.asking import INFINITY
from alcove.dav.http.bodies import nothing
from alcove.dav.model.locks import Lock, new_token, seconds_of, standing_against
from alcove.dav.model.xml import HEAD, LIMIT, MEDIA_TYPE, dav, read, written
from alcove.dav.service.live import active
from alcove.dav.service.locks import roots
from alcove.dav.service.tree import Sent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.base.http import Call
    from alcove.dav.http.asking import Asked
    from alcove.dav.http.mount import Mount


class Locking:
    """What keeps others from writing."""

    def __init__(self, mount: Mount) -> None:
        self._mount = mount

    async def lock(self, call: Call) -> Response:
        """Locks a resource, making an empty file where none is (201); without a body a lock lasts on."""
        asked = await self._mount.writes(call, "PUT")
        seconds = seconds_of(asked.header("timeout"))
        body = await call.body(LIMIT)
        if not body.strip():
            return await self._refresh(asked, seconds)
        deep = asked.depth(allowed=("0", INFINITY)) == INFINITY
        exclusive, owner = asked_for(body)
        token, names, base = new_token(), asked.names, asked.view.base
        lock = Lock(token, self._mount.tree.name, names, deep, exclusive, owner, seconds, 0, base)
        new = await self._prepare(asked, lock)
        taken = await self._mount.core.locks.take(asked.view.instance, lock)
        return self._answer([taken], 201 if new else 200, {"Lock-Token": f"<{token}>"})

    async def _prepare(self, asked: Asked, lock: Lock) -> bool:
        """Makes what is to be locked, if it is not there; whether it had to."""
        resource = await self._mount.tree.find(asked.view, asked.names)
        await asked.judge(resource)
        if resource is not None:
            await self._mount.tree.allow(asked.view, "PUT", resource)
            return False
        above, held = await self._mount.tree.place(asked.view, asked.names)
        if above is None:
            raise MissingAbove
        asked.pass_locks(asked.names[:-1])
        against = standing_against(asked.held, lock.names, deep=lock.deep, exclusive=lock.exclusive)
        if against:
            raise LockConflict(roots(against))
        _, new = await self._mount.tree.put(
            asked.view, above, asked.names[-1], held, Sent(nothing(), size=0), sure=True
        )
        return new

    async def _refresh(self, asked: Asked, seconds: int) -> Response:
        await asked.judge(await self._mount.need(asked, "PUT"))
        if not asked.tokens:
            raise IllegalHeader("If", "a lock lasts on for who brings its token, a new one is asked for in the body")
        locks = self._mount.core.locks
        kept = await locks.refresh(asked.view.instance, self._mount.tree.name, asked.names, asked.tokens, seconds)
        return self._answer(kept, 200, {})

    def _answer(self, locks: Sequence[Lock], status: int, headers: dict[str, str]) -> Response:
        told = b"".join(active(lock, self._mount.core.locks.left(lock)) for lock in locks)
        body = HEAD + b'<d:prop xmlns:d="DAV:"><d:lockdiscovery>' + told + b"</d:lockdiscovery></d:prop>"
        return Response(body, status, headers, MEDIA_TYPE)

    async def unlock(self, call: Call) -> Response:
        """Gives a lock back, by its token: 204; 409 when it is none of this resource."""
        asked = await self._mount.writes(call, "PUT")
        said = asked.header("lock-token").strip()
        if not (said.startswith("<") and said.endswith(">")):
            raise IllegalHeader("Lock-Token", "the token must stand in angle brackets")
        await self._mount.need(asked, "PUT")
        await self._mount.core.locks.release(
            asked.view.instance, self._mount.tree.name, asked.names, said[1:-1].strip()
        )
        return Response(status_code=204)


def asked_for(body: bytes) -> tuple[bool, str]:
    """Whether a lock is to be exclusive, and the XML of its owner. Raises `IllegalXML`."""
    root = read(body, dav("lockinfo"))
    scope, kind = root.find(dav("lockscope")), root.find(dav("locktype"))
    if scope is None or len(scope) != 1 or kind is None or kind.find(dav("write")) is None:
        raise IllegalXML("A lock has a scope, exclusive or shared, and the type write")
    if scope[0].tag not in (dav("exclusive"), dav("shared")):
        raise IllegalXML("A lock is exclusive or shared")
    owner = root.find(dav("owner"))
    return scope[0].tag == dav("exclusive"), "" if owner is None else written(owner).decode()
