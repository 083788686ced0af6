"""What `/data` may do with a doctype (contract-b sections 1.1 and 1.2)."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from alcove.base.errors import Forbidden
from alcove.documents.model import Policy

if TYPE_CHECKING:
    from alcove.base.house import Registry

_CLOSED = """
    instances io.cozy.account_types io.cozy.konnectors.maintenance io.cozy.remote.secrets io.cozy.sessions
    io.cozy.permissions io.cozy.intents io.cozy.oauth.clients io.cozy.oauth.access_codes io.cozy.files.archives
    io.cozy.sharings io.cozy.shared io.cozy.accounts.soft_deleted io.cozy.certified.carbon_copy
    io.cozy.certified.electronic_safe io.cozy.files.sizes io.cozy.triggers.state io.cozy.sharings.answer
    io.cozy.sharings.moved io.cozy.support com.bitwarden.profiles io.cozy.office.url io.cozy.notes.url
    io.cozy.apps.open io.cozy.auth.confirmations io.cozy.jobs.events io.cozy.sharings.initial_sync
    io.cozy.notes.events io.cozy.notes.telepointers io.cozy.files.thumbnails io.cozy.apps.logs
"""
_READ_ONLY = """
    io.cozy.jobs io.cozy.triggers io.cozy.apps io.cozy.konnectors io.cozy.files io.cozy.files.versions
    io.cozy.notifications io.cozy.remote.requests io.cozy.sessions.logins io.cozy.notes.steps io.cozy.notes.images
    com.bitwarden.contacts
"""
_RESERVED = {
    **dict.fromkeys(_CLOSED.split(), Policy(readable=False, writable=False)),
    **dict.fromkeys(_READ_ONLY.split(), Policy(writable=False)),
}
_FREE = Policy()

LENGTH = 200
"""Characters of a doctype's name at the most."""


@lru_cache(maxsize=1024)
def is_valid(doctype: str) -> bool:
    """Whether it can be the name of a doctype: lowercase letters, digits, dots and underscores; no dot at an end."""
    if not 0 < len(doctype) <= LENGTH or doctype[0] == "." or doctype[-1] == "." or ".." in doctype:
        return False
    return all(char in "._" or char.isdigit() or unicodedata.category(char) == "Ll" for char in doctype)


class Policies:
    """The reserved doctypes, and what other rooms say of theirs (the room's word counts)."""

    def __init__(self, registry: Registry[Policy]) -> None:
        self._registry = registry

    def of(self, doctype: str) -> Policy:
        """The policy of a doctype; without one it is free, whoever made it up."""
        return self._registry.get(doctype) or _RESERVED.get(doctype, _FREE)

    def readable(self, doctype: str) -> bool:
        """Whether `/data` may read documents of this type, and others be told what they say."""
        return self.of(doctype).readable

    def writable(self, doctype: str) -> bool:
        """Whether `/data` may write documents of this type."""
        return is_valid(doctype) and self.of(doctype).writable

    def check_id(self, doctype: str, doc_id: str) -> None:
        """Raises `Forbidden` for a document that `/data` does not write, though it writes others of its type."""
        if doc_id in self.of(doctype).held:
            raise Forbidden(f"reserved document {doc_id} unwritable")

    def check(self, doctype: str, *, write: bool = False) -> None:
        """Raises `Forbidden` in the words that clients match."""
        if not is_valid(doctype):
            raise Forbidden(f"{doctype} is not a valid doctype name")
        policy = self.of(doctype)
        if write and not policy.writable:
            raise Forbidden(f"reserved doctype {doctype} unwritable")
        if not write and not policy.readable:
            raise Forbidden(f"reserved doctype {doctype} unreadable")
