"""A permission document, and what can be asked of it (contract-a section 4)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from alcove.base.ids import new_code
from alcove.identity.model import VERBS, Who, read_set

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.base.http import Rule

PERMISSIONS = "io.cozy.permissions"
KINDS = {"app": "io.cozy.apps", "konn": "io.cozy.konnectors"}
"""The doctype of what holds permissions, by the audience of its tokens."""
HOLDERS = {"app": ("io.cozy.apps", "org.alcove.apps"), "konn": ("io.cozy.konnectors",)}
"""Where their documents lie, under ids of that doctype: those of the apps that come with Alcove lie apart."""
TYPES = {"app": "app", "konn": "konnector", "access": "oauth"}
"""The type of a permission document, by audience; for the others it is the audience itself."""


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission document, or one made up for a caller that has none of its own (then without id and revision)."""

    id: str
    rev: str
    fields: Mapping[str, Any]

    @property
    def type(self) -> str:
        """app, konnector, oauth, cli; share for a link; share-preview and share-interact for a sharing's members."""
        return str(self.fields.get("type", ""))

    @property
    def source(self) -> str:
        """The id of what it belongs to: an app, a connector, a client, a sharing."""
        return str(self.fields.get("source_id", ""))

    @property
    def rules(self) -> list[Rule]:
        """What it allows."""
        return read_set(self.fields.get("permissions") or {})

    @property
    def codes(self) -> Mapping[str, str]:
        """Its long codes, by name."""
        return self.fields.get("codes") or {}

    @property
    def ends(self) -> datetime | None:
        """When it expires."""
        said = self.fields.get("expires_at")
        return datetime.fromisoformat(said) if said else None


@dataclass(frozen=True, slots=True)
class NewLink:
    """What a link is to be: a set of rules as written, the names of its codes, and what protects it."""

    permissions: Mapping[str, Mapping[str, Any]]
    names: Sequence[str]
    tiny: bool = False
    lock: str = ""
    ends: str = ""


@dataclass(frozen=True, slots=True)
class Patch:
    """A change: `rules` by title (None removes), or the names of the `codes` that stay or come, or the other members.

    `lock` and `ends` are None to stay as they are, and empty to be taken away.
    """

    rules: Mapping[str, Mapping[str, Any] | None] | None = None
    codes: Sequence[str] | None = None
    lock: str | None = None
    ends: str | None = None


def id_of(source: str) -> str:
    """The id of the permission document of an app or a connector."""
    return hashlib.sha256(f"{PERMISSIONS}\0{source}".encode()).hexdigest()[:32]


def source_of(who: Who) -> str:
    """What a caller's links belong to."""
    return who.source or (who.subject if who.audience == "access" else "")


def maximal(who: Who) -> bool:
    """Whether a caller may do everything."""
    return any(rule.whole and rule.type == "*" and rule.verbs >= VERBS for rule in who.permissions)


def short_code(*, tiny: bool) -> str:
    """A code to be typed: six digits, only for an hour at the most, or twelve letters and digits."""
    return f"{secrets.randbelow(10**6):06}" if tiny else new_code(12)


def birth(slug: str, made: str, changed: str, domain: str = "") -> dict[str, Any]:
    """The `cozyMetadata` of a permission document (doctypes section 0)."""
    cozy: dict[str, Any] = {"doctypeVersion": "1", "metadataVersion": 1, "createdAt": made, "updatedAt": changed}
    if slug:
        cozy["createdByApp"] = slug
        cozy["updatedByApps"] = [{"slug": slug, "date": changed, **({"instance": domain} if domain else {})}]
    return cozy
