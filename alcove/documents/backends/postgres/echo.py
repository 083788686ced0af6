"""What one process wrote, as the others read it: whole changes, with what was there before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from alcove.documents.model import Change, Document

if TYPE_CHECKING:
    from collections.abc import Sequence


def written(changes: Sequence[Change]) -> str:
    """Changes as text."""
    return orjson.dumps([_plain(change) for change in changes]).decode()


def read(tenant: str, text: str) -> list[Change]:
    """Changes from text."""
    return [_change(tenant, plain) for plain in orjson.loads(text)]


def _plain(change: Change) -> list[Any]:
    document, old = change.document, change.old
    before = None if old is None else [old.rev, old.seq, old.body.decode()]
    return [change.seq, document.type, document.id, document.rev, document.deleted, document.body.decode(), before]


def _change(tenant: str, plain: list[Any]) -> Change:
    seq, doctype, doc_id, rev, deleted, body, before = plain
    document = Document(doctype, doc_id, rev, body.encode(), seq, deleted)
    old = None if before is None else Document(doctype, doc_id, before[0], before[2].encode(), before[1])
    return Change(tenant, seq, document, old)
