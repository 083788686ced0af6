"""Bodies of requests to `/data`: JSON objects, and what in them is the document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.errors import BadRequest
from alcove.documents.errors import BadDocument, BadId, TooDeep

if TYPE_CHECKING:
    from alcove.base.http import Call

MEMBERS = frozenset(
    {"_id", "_rev", "_type", "_deleted", "_revisions", "_attachments", "_conflicts", "_deleted_conflicts",
     "_revs_info", "_local_seq"}
)  # fmt: skip
"""Members that CouchDB itself gives a meaning to; they are not part of the stored body."""

DEPTH = 250
"""Levels of nesting of a body."""
_DEEP = f"A body may be nested {DEPTH} levels deep at the most"

_KINDS = {list: "array", str: "string", bool: "bool", int: "number", float: "number"}


def decode(text: bytes | str) -> Any:
    """A JSON value. Raises `orjson.JSONDecodeError`, and `TooDeep` for what could be read but not be written again."""
    value = orjson.loads(text)
    opened = text.count("[") + text.count("{") if isinstance(text, str) else text.count(b"[") + text.count(b"{")
    if opened > DEPTH:
        try:
            orjson.dumps(value)  # the quickest way to know: the writer gives up at 254 levels
        except orjson.JSONEncodeError:
            raise TooDeep(_DEEP) from None
    return value


async def read_object(call: Call) -> dict[str, Any]:
    """The body as a JSON object. Raises `BadRequest` in the words that clients know from the reference."""
    body = await call.body()
    try:
        value = decode(body)
    except orjson.JSONDecodeError:
        raise BadRequest(complaint(body)) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest(
            f"json: cannot unmarshal {_KINDS[type(value)]} into Go value of type map[string]interface {{}}"
        )
    return value


async def read_bare(call: Call, *, rewritten: bool = False) -> dict[str, Any]:
    """The body of a route that the reference passes through; raises `BadDocument` in CouchDB's words.

    `rewritten` says that `content` looks at each part of it, so that the depth of the whole need not be known.
    """
    try:
        value = orjson.loads(await call.body()) if rewritten else decode(await call.body())
    except orjson.JSONDecodeError:
        raise BadDocument("invalid UTF-8 JSON") from None
    if not isinstance(value, dict):
        raise BadDocument("Request body must be a JSON object")
    return value


def content(fields: dict[str, Any]) -> bytes:
    """The body to store: all but the members with a meaning of their own. Raises `BadDocument`."""
    kept = dict[str, Any]()
    for name, value in fields.items():
        if name[:1] != "_":
            kept[name] = value
        elif name not in MEMBERS:
            raise BadDocument(f"Bad special document member: {name}", "doc_validation")
    try:
        return orjson.dumps(kept)
    except orjson.JSONEncodeError:
        raise TooDeep(_DEEP) from None


def text(fields: dict[str, Any], name: str) -> str:
    """A member that is a text, or nothing."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def check_id(doc_id: str) -> None:
    """Raises `BadId` for what is not a document's id but an operation that is not offered."""
    if doc_id[:1] == "_":
        raise BadId(f"Unsuported couchdb operation {doc_id}")


def complaint(body: bytes) -> str:
    """What is wrong with a JSON text, in the words of the reference's parser as far as one character tells them."""
    if not body.strip():
        return "EOF"
    text = body.decode("utf-8", "replace")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return _translate(error, text)
    except RecursionError:
        return "exceeded max depth"
    return "invalid JSON"


_CONTEXTS = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Expecting ':' delimiter": "after object key",
    "Illegal trailing comma before end of object": "looking for beginning of object key string",
    "Illegal trailing comma before end of array": "looking for beginning of value",
    "Invalid control character at": "in string literal",
    "Invalid \\escape": "in string escape code",
    "Invalid \\uXXXX escape": "in \\u hexadecimal character escape",
    "Extra data": "after top-level value",
}


def _translate(error: json.JSONDecodeError, text: str) -> str:
    place = error.pos
    if error.msg.startswith("Unterminated") or place >= len(text):
        return "unexpected EOF"
    if error.msg.startswith("Expecting ',' delimiter"):
        opened = [char for char in text[:place] if char in "{}[]"]
        where = "after array element" if opened and opened[-1] == "[" else "after object key:value pair"
    else:
        where = _CONTEXTS.get(error.msg, "looking for beginning of value")
    return f"invalid character {text[place]!r} {where}"
