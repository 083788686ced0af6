"""Why a document is refused, in CouchDB's words.

DocumentsError
├── RevisionConflict 409            ├── BadQuery 400                     ├── BadDocument 400
├── DocumentMissing 404             │   ├── NoIndex (no_index)           ├── BadId 400 (bad_id)
│   └── NoDoctype (no database)     │   └── NoSortIndex                  ├── DoctypeExists 412 (file_exists)
└── NotJson 415 (bad_content_type)  └── TooDeep 400
"""

from __future__ import annotations

from alcove.base.errors import Refusal


class DocumentsError(Refusal):
    """Written as `{"ok": false, "status": "409", "error": name, "reason": reason}` under `/data` (contract-b 1.3)."""

    name = "unknown_error"

    def __init__(self, reason: str, name: str = "") -> None:
        self.name = name or type(self).name
        self.reason = reason
        super().__init__(reason, title=self.name)

    def bare(self) -> dict[str, str]:
        """CouchDB's own body, on the routes that the reference passes through."""
        return {"error": self.name, "reason": self.reason}

    def own_body(self) -> dict[str, object]:
        """The body on the other routes of `/data`."""
        return {"ok": False, "status": str(self.status), **self.bare()}


class RevisionConflict(DocumentsError):
    """Somebody else changed the document: read it again, then repeat the change."""

    status = 409
    name = "conflict"

    def __init__(self, reason: str = "Document update conflict.") -> None:
        super().__init__(reason)


class DocumentMissing(DocumentsError):
    """The document is not there: `missing`, or `deleted` when it once was."""

    status = 404
    name = "not_found"

    def __init__(self, reason: str = "missing") -> None:
        super().__init__(reason)


class NoDoctype(DocumentMissing):
    """Nothing of this type was ever written here."""

    def __init__(self, reason: str = "Database does not exist.") -> None:
        super().__init__(reason)


class DoctypeExists(DocumentsError):
    """The type is there already."""

    status = 412
    name = "file_exists"

    def __init__(self) -> None:
        super().__init__("The database could not be created, the file already exists.")


class BadId(DocumentsError):
    """An id that no document may have."""

    name = "bad_id"


class BadDocument(DocumentsError):
    """What was sent cannot be a document, or its revision is not one."""

    name = "bad_request"


class BadQuery(DocumentsError):
    """A query that cannot be understood: `name` says what is wrong with it, as CouchDB names it."""

    name = "bad_request"


class TooDeep(BadQuery):
    """A body or a selector nested deeper than anything honest."""


class NoIndex(BadQuery):
    """No index serves the selector. Clients create one when they read this, and ask again."""

    name = "no_index"

    def __init__(self) -> None:
        super().__init__("no matching index found, create an index")


class NoSortIndex(BadQuery):
    """No index serves the sort."""

    name = "no_usable_index"

    def __init__(self) -> None:
        super().__init__("No index exists for this sort, try indexing by the sort fields.")


class NotJson(DocumentsError):
    """A body without `Content-Type: application/json`."""

    status = 415
    name = "bad_content_type"

    def __init__(self) -> None:
        super().__init__("Content-Type must be application/json")
