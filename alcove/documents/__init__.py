"""The documents of every instance: revisions, queries, changes, and who follows them."""

from alcove.base.house import Slot
from alcove.documents.errors import DocumentMissing, DocumentsError, RevisionConflict
from alcove.documents.http.doctypes import Policies
from alcove.documents.http.doctypes import is_valid as is_doctype
from alcove.documents.model import (
    Change,
    Document,
    Documents,
    Follower,
    Followers,
    Found,
    Hooks,
    Index,
    Policy,
    Query,
    Tx,
)
from alcove.documents.moving import CopyDiffers, copy_documents, copy_store
from alcove.documents.salvage import salvaged
from alcove.documents.service import StoredDocuments

INDEXES: Slot[Index] = Slot("indexes", "ordered lists that rooms need, built for every instance")
FOLLOWERS: Slot[Follower] = Slot("followers", "who must hear of every change")
POLICIES: Slot[Policy] = Slot("policies", "what /data may do with a doctype that another room owns")

__all__ = [
    "FOLLOWERS",
    "INDEXES",
    "POLICIES",
    "Change",
    "CopyDiffers",
    "Document",
    "DocumentMissing",
    "Documents",
    "DocumentsError",
    "Follower",
    "Followers",
    "Found",
    "Hooks",
    "Index",
    "Policies",
    "Policy",
    "Query",
    "RevisionConflict",
    "StoredDocuments",
    "Tx",
    "copy_documents",
    "copy_store",
    "is_doctype",
    "salvaged",
]
