"""A client: a program or a device that a person connects to their place (contract-a section 3; RFC 7591)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from alcove.identity.errors import MetadataWrong

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

CLIENTS = "io.cozy.oauth.clients"
LINKED = "registry://"
"""How the `software_id` of a client begins that speaks for an app of the person: it may do what the app may."""
DESKTOP = "cozy-labs/cozy-desktop"
"""How the `software_id` of Cozy's own sync program ends."""
SECRETS = frozenset({"client_secret", "registration_access_token", "notification_device_token"})
"""Members that nobody but the client itself ever sees."""

TEXTS = (
    "client_kind", "client_name", "client_uri", "logo_uri", "policy_uri", "software_id", "software_version",
    "notification_device_token",
)  # fmt: skip
"""Members that a client says of itself, as texts."""
LENGTH = 2000
"""Characters of such a text at the most; a name has `NAME` at the most."""
NAME = 200
ADDRESSES = 20
"""Addresses that a client may lead back to."""
PLATFORMS = frozenset({"", "firebase", "apns", "huawei", "ios", "android"})
UNSAFE = frozenset({"javascript", "data", "vbscript", "blob", "file", "about", "view-source"})
"""Schemes that lead to no program: a browser would run or show what stands in the address itself."""

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
_UNSEEN_IN_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of what follows: a name is shown to the person who decides."""
_UNSEEN = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True)
class Client:
    """A client as it is stored."""

    id: str
    rev: str
    fields: Mapping[str, Any]

    @property
    def name(self) -> str:
        """How the person knows it; no two clients of a place have the same."""
        return str(self.fields.get("client_name", ""))

    @property
    def kind(self) -> str:
        """desktop, mobile, browser, sharing...; empty for a program that is no device."""
        return str(self.fields.get("client_kind") or "")

    @property
    def secret(self) -> str:
        """What it proves itself with."""
        return str(self.fields["client_secret"])

    @property
    def pending(self) -> bool:
        """Whether the person has never let it in."""
        return bool(self.fields.get("pending"))

    @property
    def flagship(self) -> bool:
        """Whether the person has certified it: it may ask for everything."""
        return bool(self.fields.get("flagship"))

    @property
    def linked(self) -> str:
        """The slug of the app that it speaks for; empty for none."""
        return linked_slug(str(self.fields.get("software_id", "")))

    @property
    def heard(self) -> str:
        """When it was heard of last; empty when it never was."""
        return max(str(self.fields.get(name) or "") for name in ("last_refreshed_at", "synchronized_at"))

    @property
    def device(self) -> Mapping[str, str]:
        """What documents say of the client that wrote them: `{id, kind, name, slug}` (contract-b section 2.1)."""
        known = "cozy-desktop" if str(self.fields.get("software_id", "")).endswith(DESKTOP) else ""
        slug = self.linked or known or ("cozy-flagship" if self.flagship else "")
        return {"id": self.id, "kind": self.kind, "name": self.name, "slug": slug}

    def shown(self, hidden: Container[str] = ()) -> dict[str, Any]:
        """Its members but some; the id, as registration names it, is for the caller to add."""
        return {name: value for name, value in self.fields.items() if name not in hidden}


def linked_slug(software_id: str) -> str:
    """The slug in the `software_id` of a client that speaks for an app.

    >>> linked_slug("registry://drive/stable"), linked_slug("github.com/example/sync")
    ('drive', '')
    """
    return software_id.removeprefix(LINKED).partition("/")[0] if software_id.startswith(LINKED) else ""


def read_metadata(said: Mapping[str, Any], hosts: Container[str]) -> dict[str, Any]:
    """What a client says of itself, checked; raises `MetadataWrong`. `hosts` are those of the place itself.

    Members that mean nothing here are left out, as RFC 7591 section 2 has it.
    """
    told: dict[str, Any] = {"redirect_uris": _addresses(said.get("redirect_uris"), hosts)}
    for name in TEXTS:
        value = said.get(name)
        if value is None or value == "":
            continue
        most = NAME if name == "client_name" else LENGTH
        if not isinstance(value, str) or len(value) > most:
            raise MetadataWrong("invalid_client_metadata", f"{name} must be a text of {most} characters at the most")
        if _UNSEEN_IN_TEXT.search(value):
            raise MetadataWrong("invalid_client_metadata", f"{name} holds a character that nobody sees")
        told[name] = value
    for name in ("client_name", "software_id"):
        if not str(told.get(name, "")).strip():
            raise MetadataWrong("invalid_client_metadata", f"{name} is mandatory")
    platform = str(said.get("notification_platform") or "").lower()
    if platform not in PLATFORMS:
        allowed = ", ".join(sorted(PLATFORMS - {""}))
        raise MetadataWrong("invalid_client_metadata", f"notification_platform can be {allowed}")
    notifications = said.get("notifications")
    if notifications is not None and not isinstance(notifications, dict):
        raise MetadataWrong("invalid_client_metadata", "notifications must be an object")
    more = {"notification_platform": platform, "notifications": notifications}
    return {**told, **{name: value for name, value in more.items() if value}}


def _addresses(said: Any, hosts: Container[str]) -> list[str]:
    if not isinstance(said, list) or not any(said):
        raise MetadataWrong("invalid_redirect_uri", "redirect_uris is mandatory")
    if len(said) > ADDRESSES:
        raise MetadataWrong("invalid_redirect_uri", f"redirect_uris may hold {ADDRESSES} addresses at the most")
    for address in said:
        if not isinstance(address, str) or len(address) > LENGTH or not _leads_back(address, hosts):
            raise MetadataWrong("invalid_redirect_uri", f"{str(address)[:LENGTH]} is invalid")
    return list(said)


def _leads_back(address: str, hosts: Container[str]) -> bool:
    """Whether it is an absolute address without a fragment, of a program and not of the place itself."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    scheme = parts.scheme.lower()
    if "#" in address or _UNSEEN.search(address) or not _SCHEME.fullmatch(scheme) or scheme in UNSAFE:
        return False
    return parts.netloc.lower() not in hosts and (bool(parts.netloc) or scheme not in ("http", "https"))


def free_name(wanted: str, taken: Container[str]) -> str:
    """The name, or the next of `name-2`, `name-3`... that no other client has.

    >>> free_name("Desk", {"Desk", "Desk-2"}), free_name("Desk", {"Desktop"})
    ('Desk-3', 'Desk')
    """
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    return name
