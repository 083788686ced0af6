"""A node of the tree: a file or a directory, as a document of `io.cozy.files` (contract-b 2.1), and rules about it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.clock import rfc3339
from alcove.files.errors import IllegalDigest, IllegalMetadata, IllegalTime
from alcove.files.model.names import in_trash

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alcove.documents import Document

FILES = "io.cozy.files"
VERSIONS = "io.cozy.files.versions"
ROOT = "io.cozy.files.root-dir"
TRASH = "io.cozy.files.trash-dir"
SHARED_DRIVES = "io.cozy.files.shared-drives-dir"
"""The directory of what others share as drives: made when a client first asks for it."""
FIXED = frozenset((ROOT, TRASH))
"""What cannot be moved, trashed or destroyed."""

TAGS = 1000
"""Tags of one node at the most."""

METADATA_DEPTH = 64
METADATA_BYTES = 1 << 20

_LOCATOR = "internal_vfs_id"
_HIDDEN_HEAD = b'{"internal_vfs_id":"'
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Node:
    """A file or a directory: its id, its revision, and the stored fields.

    The locator of a file's bytes is `internal_vfs_id`: the blob's name, a dot, the SHA-256 of its bytes.
    """

    id: str
    rev: str
    fields: Mapping[str, Any]
    body: bytes = b""

    @property
    def is_dir(self) -> bool:
        """Whether it is a directory."""
        return self.fields.get("type") == "directory"

    @property
    def name(self) -> str:
        """Its name; empty for the root."""
        return str(self.fields.get("name", ""))

    @property
    def dir_id(self) -> str:
        """The id of the directory that it is in; empty for the root."""
        return str(self.fields.get("dir_id", ""))

    @property
    def path(self) -> str:
        """A directory's path. A file has none of its own: see `Files.path`."""
        return str(self.fields["path"])

    @property
    def size(self) -> int:
        """A file's length in bytes; 0 for a directory."""
        return int(self.fields.get("size", 0))

    @property
    def mime(self) -> str:
        """A file's media type."""
        return str(self.fields.get("mime", "application/octet-stream"))

    @property
    def md5sum(self) -> str:
        """The MD5 of a file's bytes, in base64."""
        return str(self.fields.get("md5sum", ""))

    @property
    def trashed(self) -> bool:
        """Whether it is in the trash, itself or with a directory above it."""
        return in_trash(self.path) if self.is_dir else bool(self.fields.get("trashed"))

    @property
    def blob(self) -> str:
        """The name of the blob that holds a file's bytes."""
        return locator_blob(self.fields)

    @property
    def references(self) -> list[dict[str, str]]:
        """The documents that refer to it, as `{type, id}`."""
        return list(self.fields.get("referenced_by") or [])

    def shown(self) -> bytes | None:
        """A file's `attributes` as JSON, if they are a part of what is stored."""
        if not self.body.startswith(_HIDDEN_HEAD) or "referenced_by" in self.fields:
            return None
        end = self.body.index(b'",', len(_HIDDEN_HEAD))
        return b"{" + self.body[end + 2 :]

    def attributes(self) -> orjson.Fragment | dict[str, Any]:
        """The fields that `/files` shows: stored bytes as they are, where nothing has to be taken out of them."""
        if self.is_dir:
            return orjson.Fragment(self.body) if self.body else dict(self.fields)
        shown = self.shown()
        if shown is not None:
            return orjson.Fragment(shown)
        return {k: v for k, v in self.fields.items() if k not in (_LOCATOR, "referenced_by")}


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes the tree, as `cozyMetadata` says it. Without a slug: the person, or a tool of the operator."""

    slug: str = ""
    client: Mapping[str, str] = field(default_factory=dict)
    """For an OAuth client: `{id, kind, name}`; for a program with an app password too, by what the person calls it."""
    link: str = ""
    """For who came by a link, its permission document."""
    guest: str = ""
    """What they say that they are called."""


NOBODY = Author()
APP_PASSWORD = "app password"
"""The kind of a client that is let in by one: it speaks WebDAV or the dialect of Nextcloud."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """When, at which instance's URL and by whom something is changed; without a URL the place is not named."""

    now: datetime
    url: str = ""
    author: Author = NOBODY

    @property
    def at(self) -> str:
        """The moment as the API writes it."""
        return rfc3339(self.now)


def node_from(document: Document) -> Node:
    """The node that a document of `io.cozy.files` is."""
    return Node(document.id, document.rev, document.fields(), document.body)


def stored(fields: Mapping[str, Any]) -> bytes:
    """The body to store: the locator first, so that it can be cut off without decoding; empty fields left out."""
    kept = {k: v for k, v in fields.items() if k != _LOCATOR and not _left_out(k, v)}
    if _LOCATOR in fields:
        kept = {_LOCATOR: fields[_LOCATOR], **kept}
    return orjson.dumps(kept)


def _left_out(key: str, value: object) -> bool:
    return value is None or (key in ("tags", "metadata", "referenced_by", "not_synchronized_on") and not value)


def locator(blob: str, sha256: str) -> str:
    """What a file's document says of where its bytes are."""
    return f"{blob}.{sha256}"


def locator_blob(fields: Mapping[str, Any]) -> str:
    """The name of the blob in a document's locator; empty when it has none."""
    return str(fields.get(_LOCATOR, "")).partition(".")[0]


def sha256_of(fields: Mapping[str, Any]) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal; empty when unknown."""
    return str(fields.get(_LOCATOR, "")).partition(".")[2]


def clean_tags(tags: Iterable[object]) -> list[str]:
    """Tags trimmed, each once, in the order they came."""
    said = (tag.strip() for tag in tags if isinstance(tag, str))
    return list(dict.fromkeys(tag for tag in said if tag))[:TAGS]


def checked_metadata(value: object) -> dict[str, Any]:
    """Metadata as it can be stored; raises `IllegalMetadata`."""
    if not isinstance(value, dict):
        raise IllegalMetadata
    level: list[object] = [value]
    for _ in range(METADATA_DEPTH):
        level = [inner for outer in level for inner in _members(outer)]
        if not level:
            break
    else:
        raise IllegalMetadata
    if len(orjson.dumps(value)) > METADATA_BYTES:
        raise IllegalMetadata
    return value


def _members(value: object) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def parse_date(text: object, parameter: str) -> str:
    """A date of RFC 3339, checked, with its fractions kept as they came; raises `IllegalTime`."""
    if moment_of(text) is None:
        raise IllegalTime(parameter)
    return str(text)


def moment_of(text: object) -> datetime | None:
    """The moment that a date of RFC 3339 names, or None when it is none. Finer than a microsecond is cut off."""
    said = _DATE.match(text) if isinstance(text, str) else None
    if said is None:
        return None
    fraction, zone = (said[7] or ".0")[:7], said[8].upper().replace("Z", "+00:00")
    try:
        base = datetime.fromisoformat(f"{said[1]}-{said[2]}-{said[3]}T{said[4]}:{said[5]}:{said[6]}{zone}")
        return base.replace(microsecond=int(fraction[1:].ljust(6, "0"))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def not_before(updated: str, created: str) -> str:
    """The later of two dates: nothing is changed before it is made."""
    if updated == created:
        return updated
    before, after = moment_of(created), moment_of(updated)
    return created if before and after and after < before else updated


def not_after(created: str, updated: str) -> str:
    """The earlier of two dates, where the other is given at all."""
    return updated if updated and not_before(updated, created) != updated else created


def parse_md5(text: str) -> bytes | None:
    """The digest in a `Content-MD5` header (RFC 1864), None when there is none; raises `IllegalDigest`."""
    if not text:
        return None
    try:
        digest = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise IllegalDigest from None
    if not 22 <= len(text) <= 24 or len(digest) != 16:
        raise IllegalDigest
    return digest


def birth(stamp: Stamp, *, uploaded: bool = False) -> dict[str, Any]:
    """The `cozyMetadata` of something new."""
    slug = stamp.author.slug
    made: dict[str, Any] = {"doctypeVersion": "1", "metadataVersion": 1, "createdAt": stamp.at}
    if slug:
        made["createdByApp"] = slug
    if stamp.url:
        made["createdOn"] = stamp.url
    made["updatedAt"] = stamp.at
    if slug:
        made["updatedByApps"] = [{"slug": slug, "date": stamp.at, "instance": stamp.url}]
    return upload_mark(made, stamp) if uploaded else made


def upload_mark(cozy: Mapping[str, Any], stamp: Stamp) -> dict[str, Any]:
    """The `cozyMetadata` of a file whose bytes have just come."""
    marked = {**cozy, "uploadedAt": stamp.at, "uploadedOn": stamp.url}
    author = stamp.author
    said = {"slug": author.slug, "oauthClient": author.client, "link": author.link, "guest": author.guest}
    by = {name: value for name, value in said.items() if value}
    if by:
        marked["uploadedBy"] = by
    return marked


def change_mark(cozy: Mapping[str, Any] | None, stamp: Stamp) -> dict[str, Any]:
    """The `cozyMetadata` of something changed: one line per app that ever changed it (doctypes section 0)."""
    if not cozy:
        return birth(Stamp(stamp.now, author=stamp.author))
    marked = {**cozy, "updatedAt": stamp.at}
    slug = stamp.author.slug
    if slug:
        known = [app for app in marked.get("updatedByApps") or [] if app.get("slug") != slug]
        marked["updatedByApps"] = [*known, {"slug": slug, "date": stamp.at, "instance": stamp.url}]
    return marked
