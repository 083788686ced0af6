"""Who listens to which documents, and telling them: in memory, of this process."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

import orjson

from alcove.base.peers import Alone
from alcove.realtime.model import event_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alcove.base.house import Registry
    from alcove.base.peers import Peers
    from alcove.documents import Change, Document

FRAMES_LIMIT = 1_000
"""Frames that may wait for one socket."""
WAITING_LIMIT = 4 << 20
"""Characters that may wait for one socket; one frame may be longer when nothing else waits."""
TOPICS_LIMIT = 1_000
"""Types and ids that one socket may listen to."""


class Listener(Protocol):
    """Somebody who is told."""

    def put(self, frame: str) -> None:
        """Takes a frame; must not block."""
        ...


class Outbox:
    """The frames that wait for one socket. When its reader is too slow it is `lost`: closed, never grown.

    `on_lost` is called when that happens. There is one for each open socket: it is made to weigh little.
    """

    __slots__ = ("_frames", "_most_frames", "_most_waiting", "_on_lost", "_size", "_waiter", "lost")

    def __init__(
        self, on_lost: Callable[[], object] = bool, frames: int = FRAMES_LIMIT, waiting: int = WAITING_LIMIT
    ) -> None:
        self._frames: deque[str] = deque()
        self._size = 0
        self._most_frames = frames
        self._most_waiting = waiting
        self._waiter: asyncio.Future[None] | None = None
        self._on_lost = on_lost
        self.lost = False

    def put(self, frame: str) -> None:
        """Adds a frame, or loses the socket when too much waits already."""
        if self.lost:
            return
        full = len(self._frames) >= self._most_frames or self._size + len(frame) > self._most_waiting
        if self._frames and full:
            self._frames.clear()
            self._size = 0
            self.lost = True
            self._on_lost()
            return
        self._frames.append(frame)
        self._size += len(frame)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def get(self) -> str:
        """The oldest frame, waiting for one. One at a time may wait."""
        while not self._frames:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        frame = self._frames.popleft()
        self._size -= len(frame)
        return frame


WHOLE = ""
"""The id that stands for every document of a type."""


class Realtime:
    """Tells sockets what happens. When nobody listens, an event costs one look-up in a dictionary."""

    def __init__(self, redactions: Registry[frozenset[str]], peers: Peers | None = None) -> None:
        self._redactions = redactions
        self._topics: dict[str, dict[str, dict[Listener, set[str]]]] = {}
        self._peers = peers or Alone()
        self._peers.hear("realtime", self._passed_on)

    def subscribe(self, tenant: str, doctype: str, doc_id: str, outbox: Listener) -> bool:
        """Sends the events of a document to `outbox`, or with an empty id those of a type. False: too many already."""
        if self._count(tenant, outbox) >= TOPICS_LIMIT:
            return False
        listeners = self._topics.setdefault(tenant, {}).setdefault(doctype, {})
        listeners.setdefault(outbox, set()).add(doc_id)
        return True

    def unsubscribe(self, tenant: str, doctype: str, doc_id: str, outbox: Listener) -> None:
        """Takes back a subscription; does nothing when there was none."""
        listeners = self._topics.get(tenant, {}).get(doctype, {})
        if outbox not in listeners:
            return
        listeners[outbox].discard(doc_id)
        if not listeners[outbox]:
            self._forget(tenant, doctype, outbox)

    def leave(self, tenant: str, outbox: Listener) -> None:
        """Takes back everything that a socket listened to."""
        for doctype in [doctype for doctype, listeners in self._topics.get(tenant, {}).items() if outbox in listeners]:
            self._forget(tenant, doctype, outbox)

    def publish(self, tenant: str, event: str, doctype: str, doc_id: str, body: bytes) -> None:
        """Tells of something that is no stored document, or that was not written. `body` is a JSON object.

        Sockets of other processes hear of it too; writes they hear of by themselves.
        """
        self._peers.send("realtime", orjson.dumps([tenant, event, doctype, doc_id, body.decode()]).decode())
        self._deliver(tenant, event, doctype, doc_id, body)

    def _passed_on(self, text: str) -> None:
        tenant, event, doctype, doc_id, body = orjson.loads(text)
        self._deliver(tenant, event, doctype, doc_id, body.encode())

    def _deliver(self, tenant: str, event: str, doctype: str, doc_id: str, body: bytes) -> None:
        outboxes = self._listeners(tenant, doctype, doc_id)
        if outboxes:
            frame = event_frame(event, doctype, doc_id, body)
            for outbox in outboxes:
                outbox.put(frame)

    def hear(self, changes: Sequence[Change]) -> None:
        """Tells of committed writes: the watcher of the documents."""
        for change in changes:
            document = change.document
            if document.design:
                continue  # clients would show it among what they list
            if change.tenant in self._topics and self._listeners(change.tenant, document.type, document.id):
                self._deliver(change.tenant, change.event, document.type, document.id, self._told(change))

    def _told(self, change: Change) -> bytes:
        shown = change.document
        if shown.deleted and change.old is not None:
            shown = _with_body(shown, change.old.body)
        hidden = self._redactions.get(shown.type)
        if hidden:
            shown = _with_body(shown, _without(shown.fields(), hidden))
        return shown.json()

    def _listeners(self, tenant: str, doctype: str, doc_id: str) -> list[Listener]:
        listeners = self._topics.get(tenant, {}).get(doctype)
        if not listeners:
            return []
        return [outbox for outbox, ids in listeners.items() if WHOLE in ids or doc_id in ids]

    def _count(self, tenant: str, outbox: Listener) -> int:
        return sum(len(listeners.get(outbox, ())) for listeners in self._topics.get(tenant, {}).values())

    def _forget(self, tenant: str, doctype: str, outbox: Listener) -> None:
        types = self._topics[tenant]
        del types[doctype][outbox]
        if not types[doctype]:
            del types[doctype]
        if not types:
            del self._topics[tenant]


def _with_body(document: Document, body: bytes) -> Document:
    return type(document)(document.type, document.id, document.rev, body, document.seq, document.deleted)


def _without(fields: Mapping[str, object], hidden: frozenset[str]) -> bytes:
    return orjson.dumps({name: value for name, value in fields.items() if name not in hidden})
