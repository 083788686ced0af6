"""`GET /files/_changes`: the change feed that sync clients read, a page at a time (contract-b 2.8)."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.errors import BadRequest
from alcove.base.http import JSONResponse
from alcove.files.http.access import instance_of
from alcove.files.model import FILES, TRASH, node_from

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from alcove.base.http import Call
    from alcove.documents import Change, Documents
    from alcove.files.model import Node
    from alcove.files.service import Files

MOST = 10_000
"""Changes of a page at the most, and what `pending` says at the most."""
NEAR = 200
"""Changes that are written on the event loop; more are written in a thread."""
CLIENTS = "io.cozy.oauth.clients"

_FLAGS = ("include_docs", "include_file_path", "skip_deleted", "skip_trashed")
_PARAMETERS = {"since", "limit", "fields", *_FLAGS}


@dataclass(frozen=True, slots=True)
class Ask:
    """What a client wants of the feed."""

    since: int
    limit: int
    docs: bool
    flags: frozenset[str]
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of changes with what has to be known to write it."""

    tenant: str
    changes: Sequence[Change]
    nodes: Mapping[str, Node]
    """Those that are there, where something of them is needed."""
    paths: Mapping[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    """The ids of what this client is not to have."""


class Feed:
    """The feed: only for who may read the whole doctype."""

    def __init__(self, files: Files, documents: Documents) -> None:
        self._files = files
        self._documents = documents

    async def changes(self, call: Call) -> Response:
        """GET /files/_changes: what sync clients read, a page at a time."""
        call.caller.allow_type("GET", FILES)
        ask, tenant = _ask(call.request.query_params), call.instance.key
        changes = await self._documents.changes(tenant, ask.since, ask.limit, frozenset((FILES,)))
        last, pending = changes[-1].seq if changes else ask.since, 0
        if len(changes) == ask.limit:
            pending = await self._documents.count_changes(tenant, last, FILES, MOST)
        found = await self._found(call, ask, changes)
        results = lines(found, ask) if len(changes) <= NEAR else await asyncio.to_thread(lines, found, ask)
        head = b'{"last_seq":"%b","pending":%d,"results":[' % (sequence(tenant, last).encode(), pending)
        return JSONResponse(head + results + b"]}")

    async def _found(self, call: Call, ask: Ask, changes: Sequence[Change]) -> Found:
        instance, tops = instance_of(call), await self._kept_off(call)
        nodes: dict[str, Node] = {}
        if ask.docs or tops:
            nodes = {c.document.id: node_from(c.document) for c in changes if not c.document.deleted}
        wanted = bool(tops) or "include_file_path" in ask.flags
        paths = await self._files.paths(instance, nodes.values()) if wanted else {}
        hidden = frozenset(node_id for node_id, path in paths.items() if tops and f"{path}/".startswith(tops))
        return Found(instance.key, changes, nodes, paths if "include_file_path" in ask.flags else {}, hidden)

    async def _kept_off(self, call: Call) -> tuple[str, ...]:
        """The paths of the directories that the sync client keeps off: what is there is gone, for it (contract-b 3)."""
        if call.caller.audience != "access":
            return ()
        client, instance = call.caller.subject, instance_of(call)
        kept = await self._files.referring(instance, CLIENTS, client, member="not_synchronized_on")
        return tuple(f"{node.path}/" for node in kept if node.is_dir)


def lines(found: Found, ask: Ask) -> bytes:
    """The results of a page, joined by commas. Touches nothing but what it is given: it may run in a thread."""
    return b",".join(line for change in found.changes if (line := _line(found, ask, change)))


def _line(found: Found, ask: Ask, change: Change) -> bytes:
    """One result; empty for what is left out."""
    stored = change.document
    deleted = stored.deleted or stored.id in found.hidden
    if stored.id.startswith("_design/") or (deleted and "skip_deleted" in ask.flags):
        return b""
    node = None if deleted else found.nodes.get(stored.id)
    if "skip_trashed" in ask.flags and node is not None and (node.id == TRASH or node.trashed):
        return b""
    shown = b"null"
    if ask.docs and deleted:
        shown = orjson.dumps({"_id": stored.id, "_rev": stored.rev, "_deleted": True})
    elif ask.docs:
        own = node is None or node.is_dir  # a directory has its path in itself
        shown = _document(stored.json(), ask.fields, "" if own else found.paths.get(stored.id, ""))
    return b'{"id":%b,"seq":"%b","doc":%b,"changes":[{"rev":"%b"}]%b}' % (
        orjson.dumps(stored.id),
        sequence(found.tenant, change.seq).encode(),
        shown,
        stored.rev.encode(),
        b',"deleted":true' if deleted else b"",
    )


def _document(body: bytes, fields: frozenset[str], path: str) -> bytes:
    """The document of a line: as it is stored, or some fields of it, with the file's path if one is given."""
    if path:
        body = b'%b,"path":%b}' % (body[:-1], orjson.dumps(path))
    if not fields:
        return body
    return orjson.dumps({name: value for name, value in orjson.loads(body).items() if name in fields})


def sequence(tenant: str, seq: int) -> str:
    """A place in the feed as clients get it: opaque, but its number comes first."""
    return f"{seq}-g{hashlib.blake2s(f'{tenant}/{seq}'.encode(), digest_size=16).hexdigest()}"


def _ask(said: Mapping[str, Any]) -> Ask:
    for name in said:
        if name not in _PARAMETERS:
            raise BadRequest(f"Unsupported query parameter '{name}'")
    flags = frozenset(name for name in _FLAGS if name in said)  # their presence counts, whatever they say
    docs = said.get("include_docs") == "true"
    if not docs and flags & {"include_file_path", "skip_trashed"}:
        raise BadRequest("Invalid options: include_docs should be set to true")
    fields = {name for name in said.get("fields", "").split(",") if name}
    if fields and "include_file_path" in flags:
        fields.add("path")
    return Ask(_since(said.get("since", "")), _limit(said.get("limit", "")), docs, flags, frozenset(fields))


def _since(text: str) -> int:
    number = text.partition("-")[0] or "0"
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise BadRequest("since must be a sequence of this feed", parameter="since")
    return int(number)


def _limit(text: str) -> int:
    if not text:
        return MOST
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) == 0:
        raise BadRequest("limit must be a whole number from 1 on", parameter="limit")
    return min(int(text), MOST)
