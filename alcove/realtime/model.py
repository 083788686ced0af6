"""What goes over a realtime socket: frames of a client, events and errors of the server (contract-b section 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

PROTOCOL = "io.cozy.websocket"
"""The subprotocol that clients ask for."""

FRAME_LIMIT = 1024
"""Bytes of a client's frame at the most."""

SESSIONS = "io.cozy.sessions"
PERMISSIONS = "io.cozy.permissions"
CLIENTS = "io.cozy.oauth.clients"
PASSPHRASE = ("io.cozy.settings", "io.cozy.settings.passphrase")
INSTANCE_SETTINGS = "io.cozy.settings.instance"
FILES = "io.cozy.files"
OF_FILES = frozenset({"io.cozy.files.thumbnails", "io.cozy.notes.events"})
"""Events about a file: whoever may read the file may hear them."""
FOR_ALL = frozenset({"io.cozy.sharings.initial_sync", "io.cozy.auth.confirmations"})
"""Events that need no permission: their id is a secret between the one who waits and the one who tells."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A client's frame. AUTH has a `token`; the others have a type, and an id or an empty one for the whole type."""

    method: str
    token: str = ""
    type: str = ""
    id: str = ""

    @property
    def verb(self) -> str:
        """The method as it is compared: upper case (clients write it as they like)."""
        return self.method.upper()

    def source(self) -> dict[str, Any]:
        """How an error repeats the frame."""
        if self.verb == "AUTH":
            return {"method": self.method, "payload": self.token}
        return {"method": self.method, "payload": {"type": self.type, "id": self.id}}


def read_ask(frame: str | bytes) -> Ask | None:
    """The client's frame, or None when it is not one: no JSON object, no method, a payload of another shape."""
    try:
        said = orjson.loads(frame)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("method"), str):
        return None
    method, payload = said["method"], said.get("payload")
    if isinstance(payload, str):
        return Ask(method, token=payload)
    if payload is None:
        return Ask(method)
    if not isinstance(payload, dict):
        return None
    doctype, doc_id = payload.get("type") or "", payload.get("id") or ""
    if not isinstance(doctype, str) or not isinstance(doc_id, str):
        return None
    return Ask(method, type=doctype, id=doc_id)


def permission_for(doctype: str, doc_id: str) -> tuple[str, str] | None:
    """The type and id whose GET permission lets hear these events; None when no permission is needed."""
    if doctype in FOR_ALL:
        return None
    if doctype in OF_FILES:
        return FILES, doc_id
    if (doctype, doc_id) == PASSPHRASE:
        return doctype, INSTANCE_SETTINGS
    return doctype, doc_id


def event_frame(event: str, doctype: str, doc_id: str, doc: bytes) -> str:
    """The frame of an event; `doc` is JSON and passed through."""
    payload = {"type": doctype, "id": doc_id, "doc": orjson.Fragment(doc)}
    return orjson.dumps({"event": event, "payload": payload}).decode()


def error_frame(status: str, code: str, title: str, ask: Ask | None) -> str:
    """The frame of an error; `ask` is the frame that it is about."""
    payload = {"status": status, "code": code, "title": title, "source": ask.source() if ask else {}}
    return orjson.dumps({"event": "error", "payload": payload}).decode()


def with_id(doc: bytes, doc_id: str) -> bytes:
    """A JSON object with this `_id` in front; one that it brought along is dropped."""
    fields = orjson.loads(doc)
    return orjson.dumps({"_id": doc_id, **{name: value for name, value in fields.items() if name != "_id"}})
