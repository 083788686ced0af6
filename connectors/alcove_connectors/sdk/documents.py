"""Documents written once: looked up by what names them, then created or changed in bulk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alcove_connectors.sdk.errors import StackError
from alcove_connectors.sdk.metadata import stamped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove_connectors.sdk.context import Context


@dataclass(slots=True)
class Saved:
    """What became of a batch: the documents in its order, and how many were new, changed or there already."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    known: int = 0

    @property
    def outcome(self) -> str:
        """`new` when anything was added or changed, else `known`: what `ctx.result` wants."""
        return "new" if self.new or self.changed else "known"


def stable_id(doctype: str, *parts: str) -> str:
    """An id made of what a document is, so that the same one can never be stored twice: 32 hexadecimal digits."""
    return hashlib.sha256("\0".join((doctype, *parts)).encode()).hexdigest()[:32]


def create_all(ctx: Context, doctype: str, documents: Sequence[Mapping[str, Any]]) -> Saved:
    """Creates those of the documents whose `_id` is not there yet. The given `_id`s come from `stable_id`."""
    there = ctx.stack.by_ids(doctype, [str(document["_id"]) for document in documents])
    saved = Saved()
    fresh: dict[str, dict[str, Any]] = {}
    for document in documents:
        name = str(document["_id"])
        if name in there or name in fresh:
            saved.known += 1
        else:
            fresh[name] = stamped(ctx, document)
    for result in write(ctx, doctype, list(fresh.values())):
        fresh[result["id"]]["_rev"] = result["rev"]
        saved.new += 1
    saved.known += len(fresh) - saved.new
    saved.documents = [there.get(str(document["_id"])) or fresh[str(document["_id"])] for document in documents]
    return saved


def write(ctx: Context, doctype: str, documents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Writes in bulk; gives the results that were stored. A conflict is no error: another run was first."""
    if not documents:
        return []
    results = ctx.stack.bulk(doctype, documents)
    refused = [result for result in results if result.get("error") not in (None, "conflict")]
    if refused:
        reason = str(refused[0].get("reason") or refused[0]["error"])
        raise StackError(400, reason, f"POST {doctype}/_bulk_docs")
    return [result for result in results if "error" not in result]


def update_or_create(
    ctx: Context,
    doctype: str,
    documents: Sequence[Mapping[str, Any]],
    keys: Sequence[str] = ("vendorId",),
) -> Saved:
    """Stores each document over the one with the same `keys`, whose other fields stay as they are.

    A document without one of the keys raises `KeyError`. Nothing is written when nothing differs.
    """
    saved = Saved()
    for document in documents:
        selector = {key: document[key] for key in keys}
        old = next(ctx.stack.find(doctype, selector, index=keys), None)
        if old is None:
            named = {"_id": stable_id(doctype, *(str(document[key]) for key in keys)), **document}
            saved.documents.append(ctx.stack.create(doctype, stamped(ctx, named)))
            saved.new += 1
        elif all(old.get(name) == value for name, value in document.items()):
            saved.documents.append(old)
            saved.known += 1
        else:
            saved.documents.append(ctx.stack.update(doctype, stamped(ctx, {**old, **document}, old)))
            saved.changed += 1
    return saved
