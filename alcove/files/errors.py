"""Why a change of the tree is refused. The words and sources are the contract's: sync clients read them (contract-b 2).

Refusal
├── NotFound 404             ├── Conflict 409            ├── Unprocessable 422        ├── PreconditionFailed 412
│   ├── NodeMissing          │   └── NameTaken           │   ├── IllegalName          │   ├── StaleRevision
│   ├── ParentMissing        ├── BadRequest 400          │   ├── IllegalPath          │   ├── ForbiddenMove
│   └── ParentInTrash        │   ├── AlreadyInTrash      │   ├── IllegalType          │   ├── WrongDigest
├── TooLarge 413             │   ├── NotInTrash           │   ├── IllegalTime          │   └── WrongLength
│   └── QuotaReached         │   ├── WrongSecret         │   ├── IllegalDigest        └── StorageFull 507 (base)
└── BlobMissing 500 (blobs)  │   └── NotADirectory       │   └── MetadataExpired, IllegalMetadata, NoPicture, NoPage
"""

from __future__ import annotations

from alcove.base.errors import (
    BadRequest,
    Conflict,
    NotFound,
    PreconditionFailed,
    Refusal,
    TooLarge,
    TooManyRequests,
    Unprocessable,
)


class NodeMissing(NotFound):
    """No file or directory has this id or path."""

    def __init__(self) -> None:
        super().__init__("file does not exist")


class ParentMissing(NotFound):
    """The directory to put something into is not there, or is a file."""

    def __init__(self) -> None:
        super().__init__("Parent directory with given DirID does not exist")


class ParentInTrash(NotFound):
    """The directory to put something into is in the trash: restore it first."""

    def __init__(self) -> None:
        super().__init__("Parent directory is in the trash")


class NameTaken(Conflict):
    """The directory holds something of this name already: choose another name."""

    def __init__(self) -> None:
        super().__init__("file already exists")


class AlreadyInTrash(BadRequest):
    """What is in the trash can be restored or destroyed, not moved or trashed again. The desktop client reads this."""

    def __init__(self) -> None:
        super().__init__("File or directory is already in the trash")


class NotInTrash(BadRequest):
    """Only what is in the trash can be restored."""

    def __init__(self) -> None:
        super().__init__("File or directory is not in the trash")


class RelativePath(BadRequest):
    """A path must begin with a slash."""

    def __init__(self) -> None:
        super().__init__("Path should be absolute")


class WrongSecret(BadRequest):
    """A link that was never made, or is past its ten minutes."""

    def __init__(self) -> None:
        super().__init__("Wrong download token")


class NotADirectory(BadRequest):
    """A file has no contents to list."""

    def __init__(self) -> None:
        super().__init__("This is a file: only a directory has contents")


class IllegalName(Unprocessable):
    """A name that cannot stand in a directory: empty, `.`, `..`, or with a slash, NUL or line break."""

    def __init__(self) -> None:
        super().__init__("Invalid filename: empty or contains an illegal character", parameter="name")


class IllegalPath(Unprocessable):
    """A path deeper than 512 directories."""

    def __init__(self) -> None:
        super().__init__("Invalid path: too many directories in one another", parameter="path")


class IllegalType(Unprocessable):
    """`Type` is neither `file` nor `directory`."""

    def __init__(self) -> None:
        super().__init__("Invalid document type", title="Invalid Attribute", pointer="/data/attributes/type")


class IllegalTime(Unprocessable):
    """A date that is none, or a change before the creation."""

    def __init__(self, parameter: str = "UpdatedAt") -> None:
        super().__init__("Invalid time given", parameter=parameter)


class IllegalDigest(Unprocessable):
    """`Content-MD5` is not the base64 of sixteen bytes."""

    def __init__(self) -> None:
        super().__init__("Given Content-MD5 is invalid", parameter="Content-MD5")


class IllegalMetadata(Unprocessable):
    """Metadata that is no object, is nested too deeply, or is larger than any honest description."""

    def __init__(self) -> None:
        super().__init__("Metadata must be a JSON object, not too deep and not too large", parameter="Metadata")


class MetadataExpired(Unprocessable):
    """`MetadataID` names metadata that was never prepared, or is past its ten minutes."""

    def __init__(self) -> None:
        super().__init__("Invalid or expired MetadataID", parameter="MetadataID")


class StaleRevision(PreconditionFailed):
    """The file changed since the client read it: read it again."""

    def __init__(self) -> None:
        super().__init__("Revision does not match", parameter="If-Match")


class ForbiddenMove(PreconditionFailed):
    """A directory cannot be moved into itself; the root and the trash cannot be moved at all."""

    def __init__(self) -> None:
        super().__init__("Forbidden document move", parameter="dir-id")


class WrongDigest(PreconditionFailed):
    """The bytes that came are not those the client hashed: send them again."""

    def __init__(self) -> None:
        super().__init__("Invalid hash", parameter="Content-MD5")


class WrongLength(PreconditionFailed):
    """Fewer or more bytes came than were announced: send them again."""

    def __init__(self) -> None:
        super().__init__("Content length does not match", parameter="Content-Length")


class QuotaReached(TooLarge):
    """The bytes would not fit into the space this instance has."""

    def __init__(self) -> None:
        super().__init__("The file is too big and exceeds the disk quota")


class UploadMissing(NotFound):
    """No upload in pieces has this address: it ended, was given up, or is past its time. Begin a new one."""

    def __init__(self) -> None:
        super().__init__("This upload is not there any more: begin a new one")


class UploadBusy(Refusal):
    """Another process still receives bytes of this upload: ask again in a moment (tus 1.0 leaves 423 to locks)."""

    status = 423
    title = "Locked"

    def __init__(self) -> None:
        super().__init__("This upload is being received: ask again in a moment", headers={"Retry-After": "2"})


class WrongOffset(Conflict):
    """The bytes do not follow those that are here: ask with HEAD how far the upload is."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"{offset} bytes are here: go on from there", parameter="Upload-Offset")


class WrongPiece(Refusal):
    """The bytes of a piece do not add up to its `Upload-Checksum`: none of them is kept. Send it again (tus 1.0)."""

    status = 460
    title = "Checksum Mismatch"

    def __init__(self) -> None:
        super().__init__("These bytes are not those that were hashed: send them again", parameter="Upload-Checksum")


class TooManyUploads(TooManyRequests):
    """More unfinished uploads than one place may have: finish some of them, or give them up."""

    def __init__(self) -> None:
        super().__init__("Too many uploads are unfinished: finish some of them, or give them up")


class NoPage(Unprocessable):
    """A page that cannot be taken out of a document."""

    def __init__(self, why: str) -> None:
        super().__init__(f"This page cannot be taken out: {why}", parameter="Page")


class NoPicture(Unprocessable):
    """Bytes that cannot be drawn."""

    def __init__(self, why: str) -> None:
        super().__init__(f"This picture cannot be used: {why}")
