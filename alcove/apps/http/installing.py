"""`POST`, `PUT` and `DELETE` of `/apps/:slug` and `/konnectors/:slug` (contract-a section 5)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import orjson
from starlette.responses import StreamingResponse

from alcove.apps.errors import ParametersWrong
from alcove.base.errors import Forbidden, Refusal
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer
from alcove.documents import Document

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import Response

    from alcove.apps.service.installing import Installer, Step
    from alcove.instances import Contexts, Instance

log = logging.getLogger("alcove.apps")

STORES = frozenset(("io.cozy.apps/store", "io.cozy.apps/market"))
"""The apps that may install others: Cozy's, and the one that comes with Alcove."""
STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Parted:
    """What hung on something that is removed: whether there was any, and what must be over before it goes itself."""

    any: bool = False
    before: Callable[[], Awaitable[None]] | None = None


Clean = Callable[["Instance", str], Awaitable[Parted]]
"""Removes what hangs on something that is removed."""
BEAT = 10.0
"""Seconds after which a stream says that work goes on."""


class InstallHTTP:
    """The routes that install, update and remove one kind; `shown` is how a document of it is answered."""

    def __init__(
        self,
        installer: Installer,
        contexts: Contexts,
        shown: Callable[[Instance, Document], dict[str, Any]],
        clean: Clean | None = None,
    ) -> None:
        self._installer = installer
        self._contexts = contexts
        self._shown = shown
        self._clean = clean
        self._working = set[asyncio.Task[Document]]()
        self._removing = set[asyncio.Task[None]]()

    def routes(self) -> list[Route]:
        """The route table."""
        path = f"/{self._installer.kind.name}/:slug"
        table = (("POST", self.install), ("PUT", self.update), ("DELETE", self.remove))
        return [Route(method, path, handler, Guard.TOKEN, jsonapi_errors) for method, handler in table]

    async def install(self, call: Call) -> Response:
        """Installs from `Source`; with `Deactivated` it is there and not used yet. 202, or a stream of its states."""
        source = call.query("Source")
        self._allow(call, "POST", source)
        instance = cast("Instance", call.instance)
        state = "installed" if call.query("Deactivated") == "true" else "ready"
        parameters = self._parameters(call, source)
        step = await self._installer.new(instance, call.params["slug"], source, state=state, parameters=parameters)
        return await self._done(call, step)

    async def update(self, call: Call) -> Response:
        """Updates from its source, or from `Source`; `PermissionsAcked` says yes to what it wants more. 202."""
        instance, slug = cast("Instance", call.instance), call.params["slug"]
        call.caller.allow_type("POST", self._installer.kind.doctype)
        said = call.query("Source")
        present = await self._installer.get(instance, slug)
        self._allow(call, "POST", said or str(present.fields().get("source") or ""))
        step = await self._installer.newer(instance, slug, said, acked=call.query("PermissionsAcked") == "true")
        return await self._done(call, step)

    async def remove(self, call: Call) -> Response:
        """Removes it with its files, and answers what was there."""
        self._allow(call, "DELETE", "registry://")
        instance, slug = cast("Instance", call.instance), call.params["slug"]
        old = await self._installer.removable(instance, slug)
        parted = await self._clean(instance, slug) if self._clean is not None else Parted()
        if parted.before is None:
            await self._installer.remove(instance, slug, old)
        else:
            work = asyncio.create_task(self._remove_after(parted.before, instance, slug))
            self._removing.add(work)
            work.add_done_callback(self._removing.discard)
        return answer(self._shown(instance, old), 202 if parted.any else 200)

    async def _remove_after(self, before: Callable[[], Awaitable[None]], instance: Instance, slug: str) -> None:
        """Removes it when it has cleared up; a server that stops meanwhile leaves it, without what hung on it."""
        try:
            await before()
            await self._installer.remove(instance, slug, await self._installer.removable(instance, slug))
        except Refusal as refusal:
            log.info("it was not removed", extra={"slug": slug, "reason": str(refusal)})

    def _allow(self, call: Call, verb: str, source: str) -> None:
        """Raises `Forbidden`: only the command line may take from anywhere; the store, from registries alone."""
        caller = call.caller
        caller.allow_type(verb, self._installer.kind.doctype)
        if caller.audience == "cli":
            return
        if not source.startswith("registry://"):
            raise Forbidden
        if caller.audience == "access":
            caller.allow_type(verb, "*")  # the flagship app
            return
        context = self._contexts.of(cast("Instance", call.instance))
        allowed = caller.source in STORES or context.get("allow_install_via_a_permission") is True
        if caller.audience not in ("app", "konn") or not allowed:
            raise Forbidden

    def _parameters(self, call: Call, source: str) -> dict[str, Any] | None:
        said = call.query("Parameters")
        if not said:
            return None
        try:
            parameters = orjson.loads(said)
        except orjson.JSONDecodeError:
            parameters = None
        if (
            not isinstance(parameters, dict)
            or self._installer.kind.type != "konnector"
            or source.startswith("registry:")
        ):
            raise ParametersWrong
        return parameters

    async def _done(self, call: Call, step: Step) -> Response:
        # A task of its own: who hangs up does not stop it half-way.
        work = asyncio.create_task(self._installer.finish(step))
        self._working.add(work)
        work.add_done_callback(self._working.discard)
        if STREAM not in call.request.headers.get("accept", ""):
            return answer(self._shown(step.instance, await asyncio.shield(work)), 202)
        return StreamingResponse(self._told(step, work), 200, {"Cache-Control": "no-cache", "Content-Type": STREAM})

    async def _told(self, step: Step, work: asyncio.Task[Document]) -> AsyncIterator[bytes]:
        """Its states as frames of a stream, until it is ready or cannot be."""
        if step.package is not None:
            before = self._installer.before(step)
            yield _frame("state", {"data": self._shown(step.instance, before)})
        while not (await asyncio.wait([work], timeout=BEAT))[0]:
            yield b": still working\r\n\r\n"
        try:
            yield _frame("state", {"data": self._shown(step.instance, work.result())})
        except Refusal as refusal:
            yield _frame("error", refusal.detail or refusal.heading)


def _frame(event: str, said: Any) -> bytes:
    return b"event: %s\r\ndata: %s\r\n\r\n" % (event.encode(), orjson.dumps(said))
