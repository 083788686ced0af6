"""Files and directories of every instance: the tree, its trash and old versions, the bytes."""

from alcove.files.blobs import BlobMissing
from alcove.files.blobs.chosen import copies_in
from alcove.files.errors import (
    AlreadyInTrash,
    IllegalName,
    NameTaken,
    NodeMissing,
    NoPicture,
    ParentInTrash,
    ParentMissing,
    QuotaReached,
    WrongDigest,
    WrongLength,
)
from alcove.files.http.access import author_of, check
from alcove.files.http.downloads import Given, policy, send
from alcove.files.model import FILES, ROOT, TRASH, VERSIONS, Author, Node, locator_blob, parse_date
from alcove.files.model.names import plain_name
from alcove.files.model.thumbnails import wants_thumbnails
from alcove.files.rescue import rescued
from alcove.files.service import Files
from alcove.files.service.adopting import Adopting
from alcove.files.service.content import Upload
from alcove.files.service.scrub import Report, Scrub
from alcove.files.service.tags import FolderTags
from alcove.files.service.thumbnails import Thumbnails
from alcove.files.service.tree import Patch
from alcove.files.store import Listing


def read_date(text: str, parameter: str) -> str:
    """A date that may be left out. Raises `IllegalTime`."""
    return parse_date(text, parameter) if text else ""


__all__ = [
    "FILES",
    "ROOT",
    "TRASH",
    "VERSIONS",
    "Adopting",
    "AlreadyInTrash",
    "Author",
    "BlobMissing",
    "Files",
    "FolderTags",
    "Given",
    "IllegalName",
    "Listing",
    "NameTaken",
    "NoPicture",
    "Node",
    "NodeMissing",
    "ParentInTrash",
    "ParentMissing",
    "Patch",
    "QuotaReached",
    "Report",
    "Scrub",
    "Thumbnails",
    "Upload",
    "WrongDigest",
    "WrongLength",
    "author_of",
    "check",
    "copies_in",
    "locator_blob",
    "plain_name",
    "policy",
    "read_date",
    "rescued",
    "send",
    "wants_thumbnails",
]
