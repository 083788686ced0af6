"""What the registries of an instance say (contract-a section 11): the first that knows an app wins, lists merge."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import orjson

from alcove.base.house import Slot
from alcove.base.outgoing import NoReply, Outgoing, Question, Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from alcove.base.clock import Clock
    from alcove.instances import Contexts, Instance

    Closed = Callable[[], Awaitable[Mapping[str, Mapping[str, Any]]]]

log = logging.getLogger("alcove.apps")

CLOSED: Slot[Closed] = Slot("closed", "what is out of service on this server: options by slug")

PATIENCE = 5.0
"""Seconds that a registry may take."""
LIMIT = 8 << 20
"""Bytes of an answer at the most."""
KEPT = 300.0
"""Seconds that an answer is kept in memory; one that failed, a fifth of that."""
REMEMBERED = 200
SMALL = 512 << 10
"""Bytes of an answer that is kept."""
ENDED = "-"
"""The part of a cursor of a registry that has told everything."""


def registries_of(contexts: Contexts, instance: Instance) -> list[str]:
    """The addresses of an instance's registries, in their order: those of its context."""
    said = contexts.of(instance).get("registries")
    return [one.rstrip("/") for one in said if isinstance(one, str)] if isinstance(said, list) else []


class Registries:
    """Asks registries, through the door out."""

    def __init__(self, outgoing: Outgoing, contexts: Contexts, clock: Clock) -> None:
        self._outgoing = outgoing
        self._contexts = contexts
        self._clock = clock
        self._kept: dict[str, tuple[float, Reply | None]] = {}

    async def first(self, instance: Instance, segments: Sequence[str]) -> Reply | None:
        """The answer of the first registry that has something at a path below `/registry/`; None when none has."""
        path = "/".join(quote(segment, safe="") for segment in segments)
        for registry in registries_of(self._contexts, instance):
            reply = await self._ask(f"{registry}/registry/{path}")
            if reply is not None:
                return reply
        return None

    async def list(self, instance: Instance, query: Mapping[str, str], cursor: str) -> dict[str, Any]:
        """A page of all apps, by slug; an app of an earlier registry hides those of its name in later ones."""
        registries = registries_of(self._contexts, instance)
        parts = cursor.split("|") if cursor else [""] * len(registries)
        pages = await asyncio.gather(
            *(self._page(one, query, part) for one, part in zip(registries, parts, strict=False))
        )
        found: dict[str, Any] = {}
        for data, _ in pages:
            for app in data:
                found.setdefault(str(app.get("slug")), app)
        following = [part for _, part in pages]
        meta: dict[str, Any] = {"count": len(found)}
        if any(part != ENDED for part in following):
            meta["next_cursor"] = "|".join(following)
        return {"data": [found[slug] for slug in sorted(found)], "meta": meta}

    async def maintenance(self, instance: Instance) -> Sequence[Any]:
        """What is out of service, as the registries say."""
        found: dict[str, Any] = {}
        for registry in registries_of(self._contexts, instance):
            reply = await self._ask(f"{registry}/registry/maintenance")
            for app in _objects(reply):
                found.setdefault(str(app.get("slug")), app)
        return list(found.values())

    async def _page(self, registry: str, query: Mapping[str, str], part: str) -> tuple[Sequence[dict[str, Any]], str]:
        """The apps of one registry, and where the next page begins."""
        if part == ENDED:
            return [], ENDED
        asked = {**query, **({"cursor": part} if part else {})}
        reply = await self._ask(f"{registry}/registry?{urlencode(asked)}")
        try:
            said = reply.json() if reply is not None else {}
        except NoReply:
            said = {}
        meta = said.get("meta")
        following = meta.get("next_cursor") if isinstance(meta, dict) else None
        data = said.get("data")
        return [app for app in (data if isinstance(data, list) else ()) if isinstance(app, dict)], str(
            following or ENDED
        )

    async def _ask(self, url: str) -> Reply | None:
        now = self._clock.now().timestamp()
        ends, reply = self._kept.get(url, (0.0, None))
        if now < ends:
            return reply
        try:
            reply = await self._outgoing.ask(Question(url, "registry", limit=LIMIT, patience=PATIENCE))
        except NoReply as error:
            log.info("a registry does not answer", extra={"reason": str(error)})
            reply = None
        if reply is not None and reply.status != 200:
            reply = None
        if len(self._kept) >= REMEMBERED:
            self._kept.clear()
        if reply is None or len(reply.body) <= SMALL:
            self._kept[url] = (now + (KEPT if reply is not None else KEPT / 5), reply)
        return reply


def _objects(reply: Reply | None) -> Sequence[dict[str, Any]]:
    try:
        said = orjson.loads(reply.body) if reply is not None else []
    except orjson.JSONDecodeError:
        said = []
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
