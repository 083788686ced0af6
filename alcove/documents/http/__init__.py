"""The `/data` area: CouchDB's API as the reference offers it (contract-b section 1)."""

from alcove.documents.http.table import routes

__all__ = ["routes"]
