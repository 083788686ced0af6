"""Routes that tell of a person's files as a whole: which are twice, and when each device was last backed up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from alcove.base.clock import rfc3339
from alcove.base.errors import BadRequest, Forbidden, NotFound
from alcove.base.http import Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, answer_list, read, resource
from alcove.files.http.access import allow_some, instance_of
from alcove.files.model import FILES
from alcove.files.service.duplicates import duplicates
from alcove.files.store import BACKUPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alcove.base.clock import Clock
    from alcove.base.http import Call, Handler
    from alcove.documents import Document, Documents, Tx

CLIENTS = "io.cozy.oauth.clients"
LARGEST = 1 << 53


def insight_routes(documents: Documents, clock: Clock) -> list[Route]:
    """The lines of the route table."""
    insight = Insight(documents, clock)
    table: Iterable[tuple[str, str, Handler]] = (
        ("GET", "/files/duplicates", insight.twice),
        ("GET", "/files/backups", insight.backups),
        ("PUT", "/files/backups", insight.backed_up),
        ("DELETE", "/files/backups/:device", insight.forget),
    )
    return [Route(method, path, handler, Guard.TOKEN, jsonapi_errors) for method, path, handler in table]


class Insight:
    """What can be said of all files together."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents = documents
        self._clock = clock

    async def twice(self, call: Call) -> Response:
        """GET /files/duplicates: files of the same bytes, those first that take most space for nothing."""
        call.caller.allow_type("GET", FILES)
        found = await duplicates(self._documents, instance_of(call).key)
        groups = [
            resource(
                f"{FILES}.duplicates", group.ids[0], {"size": str(group.size), "count": group.count, "ids": group.ids}
            )
            for group in found.groups
        ]
        told = {"count": found.count, "wasted": str(found.wasted)}
        return answer(resource(f"{FILES}.duplicates", "all", told), included=groups)

    async def backups(self, call: Call) -> Response:
        """GET /files/backups: when each device last told that all of it is here, the latest first."""
        call.caller.allow_type("GET", BACKUPS)
        found = await self._documents.all(instance_of(call).key, BACKUPS)
        ordered = sorted(found, key=lambda document: str(document.fields().get("at")), reverse=True)
        return answer_list([await self._told(call, document) for document in ordered])

    async def backed_up(self, call: Call) -> Response:
        """PUT /files/backups: a device tells that all of its files are here: `{files, bytes, failed, begun_at}`."""
        device = call.caller.device
        if not device.get("id"):
            raise Forbidden("Only a device that is connected as an OAuth client is backed up")
        allow_some(call, "POST")
        said = (await read(call, 64 << 10))["attributes"]
        counts = {name: _count(said, name) for name in ("files", "bytes", "failed")}
        at = rfc3339(self._clock.now())
        begun = said.get("begun_at")
        body: dict[str, Any] = {
            **counts,
            "device": device["id"],
            "name": device.get("name", ""),
            "kind": device.get("kind", ""),
            "tried_at": at,
            **({"begun_at": begun} if isinstance(begun, str) and len(begun) < 64 else {}),
        }

        async def unit(tx: Tx) -> Document:
            there = await tx.get(BACKUPS, device["id"])
            # One that left something behind is no complete one: the last that was stays told.
            complete = at if not counts["failed"] else (there.fields().get("at") if there else None)
            return await tx.put(BACKUPS, device["id"], {**body, "at": complete}, there.rev if there else "")

        return answer(await self._told(call, await self._documents.work(instance_of(call).key, unit)))

    async def forget(self, call: Call) -> Response:
        """DELETE /files/backups/:device: forgets what a device told."""
        call.caller.allow_type("DELETE", BACKUPS)

        async def unit(tx: Tx) -> None:
            document = await tx.get(BACKUPS, call.params["device"])
            if document is None:
                raise NotFound("No backup of this device is known")
            await tx.delete(BACKUPS, document.id, document.rev)

        await self._documents.work(instance_of(call).key, unit)
        return Response(status_code=204)

    async def _told(self, call: Call, document: Document) -> dict[str, Any]:
        fields = document.fields()
        connected = await self._documents.get(instance_of(call).key, CLIENTS, document.id) is not None
        shown = {key: fields.get(key) for key in ("name", "kind", "at", "tried_at", "begun_at", "files", "failed")}
        shown |= {"bytes": str(fields.get("bytes", 0)), "connected": connected}
        return resource(BACKUPS, document.id, shown, rev=document.rev)


def _count(said: dict[str, Any], name: str) -> int:
    value = said.get(name, 0)
    value = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 17 else value
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise BadRequest(f"data.attributes.{name} must be a whole number")
    return value
