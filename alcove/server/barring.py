"""What a blocked instance answers, and one whose terms of service wait to be signed (contract-a sections 9 and 14)."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from alcove.base.jsonapi import MEDIA_TYPE
from alcove.base.pages import Pages
from alcove.instances import WAITS, terms_waiting, terms_warning
from alcove.server.texts import blocked_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.requests import Request

    from alcove.base.clock import Clock
    from alcove.documents import Change
    from alcove.identity import Gate
    from alcove.instances import Contexts, Instance

OPEN = frozenset({"apps", "assets", "compat", "konnectors", "settings"})
"""First segments of paths that answer on a blocked instance as ever: its pages can say what is the matter."""
READ_BY_PEOPLE = frozenset({"", "auth", "public", ".well-known"})
"""First segments whose answers are pages, for who does not say what they accept."""
MOVING = frozenset({"IMPORTING", "MOVING"})
"""Reasons under which the pages of a move stay open."""
UNPAID = "PAYMENT_FAILED"
CUT = "the instance was blocked"
"""Why a conversation by websocket is cancelled."""
OFFERS = (MEDIA_TYPE, "application/json", "text/html", "text/plain")


class Barrier:
    """Stands before every route of an instance; who calls with a token of the command line passes it."""

    def __init__(self, gate: Gate, contexts: Contexts, clock: Clock, scheme: str) -> None:
        self._gate = gate
        self._contexts = contexts
        self._clock = clock
        self._scheme = scheme
        self._talking: dict[str, set[asyncio.Task[Any]]] = {}
        self._pages = Pages(Path(__file__).parent / "pages")

    @contextlib.contextmanager
    def talking(self, instance: Instance) -> Iterator[None]:
        """Around a conversation by websocket: it is cancelled when the instance is blocked."""
        task = asyncio.current_task()
        assert task is not None, "a conversation is a task"
        self._talking.setdefault(instance.key, set()).add(task)
        try:
            yield
        finally:
            others = self._talking.get(instance.key, set())
            others.discard(task)
            if not others:
                self._talking.pop(instance.key, None)

    def hear(self, changes: Sequence[Change]) -> None:
        """Ends the conversations of instances that were blocked, here or by another process."""
        for change in changes:
            if change.document.type == "instances" and not change.document.deleted:
                fields = change.document.fields()
                if fields.get("blocked") or fields.get("deleting"):
                    for task in self._talking.pop(fields["prefix"], set()):
                        task.cancel(CUT)

    def stops(self, request: Request, instance: Instance, path: str | None) -> Response | None:
        """The answer instead of what was asked for; None lets it pass. `path` is None on the host of an app."""
        blocked = bool(instance.fields.get("blocked"))
        if not blocked and not instance.fields.get("tos_latest"):
            return None
        first = "" if path is None else path.removeprefix("/").partition("/")[0]
        reason = str(instance.fields.get("blocking_reason") or "")
        if path is not None and (first in OPEN or (first == "move" and (reason in MOVING or not blocked))):
            return None
        if self._gate.from_command_line(request, instance):
            return None
        kind = accepted(request.headers.get("accept", ""), "text/html" if first in READ_BY_PEOPLE else MEDIA_TYPE)
        return self._blocked(instance, reason, kind) if blocked else self._unsigned(instance, kind)

    def _blocked(self, instance: Instance, reason: str, kind: str) -> Response:
        status = 402 if reason == UNPAID else 503
        words = blocked_texts(instance.locale)
        why = words.get(reason, reason)
        if kind not in (MEDIA_TYPE, "application/json"):
            return self._page(instance, status, why, words)
        if reason in MOVING:
            return _json({"error": why}, status)
        # The code is the same for every reason, as clients of the reference have it.
        error = {"status": str(status), "title": "Blocked", "code": "UNKNOWN", "detail": why or words["unknown"]}
        return _json([{**error, "source": {}}], status)

    def _page(self, instance: Instance, status: int, why: str, words: dict[str, str]) -> Response:
        here = f"{self._scheme}://{instance.domain}"
        html = self._pages.render(
            "blocked.html",
            t=words,
            locale=instance.locale,
            here=here,
            domain=instance.domain,
            why=why,
            support=str(self._contexts.of(instance).get("support_address") or ""),
        )
        # Named by its address, since an app's host shows the same page.
        sources = f"style-src {here};font-src {here};img-src {here}"
        policy = f"default-src 'none';{sources};frame-ancestors 'none';base-uri 'none';"
        return Response(html, status, {"Content-Security-Policy": policy, "Cache-Control": "no-store"}, "text/html")

    def _unsigned(self, instance: Instance, kind: str) -> Response | None:
        """The way to the terms of service once their day has come: only where somebody is set to have them signed."""
        warning = terms_warning(instance, self._contexts, self._clock.now())
        if warning is None or terms_waiting(instance, self._clock.now()) is not WAITS.TOO_LONG:
            return None
        if kind in (MEDIA_TYPE, "application/json"):
            return _json([warning], 402)
        return Response(status_code=302, headers={"Location": warning["links"]["self"]})


def accepted(accept: str, default: str) -> str:
    """Which of the kinds that we can write a client would rather have; `default` when it does not say.

    >>> accepted("text/html,application/xhtml+xml,*/*;q=0.8", "application/json")
    'text/html'
    """
    best, best_quality, best_width = default, 0.0, 3
    for offer in OFFERS:
        for part in accept.split(","):
            kind, _, more = part.strip().partition(";")
            quality = _quality(more)
            width = {offer: 0, f"{offer.partition('/')[0]}/*": 1, "*/*": 2}.get(kind.strip().lower(), 3)
            if width < 3 and quality and (quality, -width) > (best_quality, -best_width):
                best, best_quality, best_width = offer, quality, width
    return best


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return max(0.0, min(1.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0


def _json(body: Any, status: int) -> Response:
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"}, "application/json")
