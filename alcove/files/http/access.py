"""Who may do what with which node (contract-b 2.10), and what a call says of who is asking."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast
from unicodedata import category
from urllib.parse import unquote

from alcove.base.errors import BadRequest, Forbidden
from alcove.files.errors import NodeMissing
from alcove.files.model import FILES, Author, Node

if TYPE_CHECKING:
    from alcove.base.http import Call, Caller, Rule
    from alcove.files.service import Files
    from alcove.instances import Instance

_OWN_ONLY = ("mime", "class")
"""Selectors that speak of a file and never of a directory above it."""

GUEST = "Alcove-Guest"
"""The header in which who came by a link says what they are called, percent-encoded."""
LONGEST_GUEST = 60
"""Characters of that at the most."""
PAGE = 30
_CURSOR = re.compile(r"[A-Za-z0-9_-]{0,9000}=*", re.ASCII)


def instance_of(call: Call) -> Instance:
    """The instance of a call, with its whole record."""
    return cast("Instance", call.instance)


def author_of(call: Call) -> Author:
    """Who is asking, as `cozyMetadata` is to say it."""
    caller = call.caller
    if caller.audience in ("app", "konn"):
        return Author(caller.subject)
    if caller.audience in ("access", "device"):
        said = {name: caller.device.get(name, "") for name in ("id", "kind", "name")}
        return Author(caller.device.get("slug", ""), {name: value for name, value in said.items() if value})
    if caller.document:
        return Author(link=caller.document, guest=_guest(call.request.headers.get(GUEST, "")))
    return Author()


def _guest(said: str) -> str:
    """What a guest says that they are called: shown to the person as it is, so without signs that are not seen."""
    try:
        name = unquote(said, errors="strict")
    except UnicodeDecodeError:
        raise BadRequest(f"{GUEST} must be a name in UTF-8, percent-encoded", parameter=GUEST) from None
    name = " ".join("".join(sign for sign in name if sign.isspace() or category(sign)[0] != "C").split())
    if len(name) > LONGEST_GUEST:
        raise BadRequest(f"{GUEST} may have {LONGEST_GUEST} characters at the most", parameter=GUEST)
    return name


async def allow(files: Files, call: Call, verb: str, node: Node) -> None:
    """Raises `Forbidden` unless a rule covers the node: its type, its id, one above it, or a value it has."""
    await check(files, instance_of(call), call.caller, verb, node)


async def check(files: Files, instance: Instance, caller: Caller, verb: str, node: Node) -> None:
    """`allow`, for who asks on another way than a request: a socket."""
    rules = caller.rules(verb, FILES)
    if any(rule.whole for rule in rules):
        return
    here: Node | None = node
    seen = set[str]()
    while rules and here is not None and here.id not in seen:
        if any(_matches(rule, here, own=here is node) for rule in rules):
            return
        seen.add(here.id)
        here = await files.find(instance, here.dir_id) if here.dir_id else None
    raise Forbidden


def allow_some(call: Call, verb: str) -> None:
    """Raises `Forbidden` when no rule at all speaks of files: nothing is looked up for such a caller."""
    if not call.caller.rules(verb, FILES):
        raise Forbidden


async def at_path(files: Files, call: Call, verb: str, path: str) -> Node:
    """The node at a path, if the caller may; raises `NodeMissing`, `Forbidden`.

    An id cannot be guessed, a name can: a guest, and who has no right to files, learn nothing of what is not there.
    """
    try:
        node = await files.by_path(instance_of(call), path)
    except NodeMissing:
        if call.caller.document or not call.caller.rules(verb, FILES):
            raise Forbidden from None
        raise
    await allow(files, call, verb, node)
    return node


def _matches(rule: Rule, node: Node, *, own: bool) -> bool:
    if rule.selector in ("", "id", "_id"):
        return bool(node.id) and node.id in rule.values  # what is about to be made has no id yet
    if rule.selector in _OWN_ONLY and not own:
        return False
    if rule.selector == "referenced_by":
        return any(f"{r.get('type')}/{r.get('id')}" in rule.values for r in node.references)
    value = node.fields.get(rule.selector)
    if isinstance(value, list):
        return any(str(item) in rule.values for item in value)
    if isinstance(value, bool):
        return str(value).lower() in rule.values
    return value is not None and str(value) in rule.values


def page_of(call: Call) -> tuple[int, int, str]:
    """Limit, skip and cursor of a list; raises `BadRequest`."""
    cursor = call.query("page[cursor]")
    if not _CURSOR.fullmatch(cursor):
        raise BadRequest("page[cursor] must be what a link to a next page holds", parameter="page[cursor]")
    return _number(call, "page[limit]", PAGE, 1), _number(call, "page[skip]", 0, 0), cursor


def _number(call: Call, name: str, default: int, least: int) -> int:
    text = call.query(name)
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < least:
        raise BadRequest(f"{name} must be a whole number from {least} on", parameter=name)
    return int(text)


def revision_of(call: Call) -> str:
    """The revision that the caller takes for the present one: `If-Match`, or `rev` in the query."""
    return call.request.headers.get("if-match", "").strip().strip('"') or call.query("rev")
