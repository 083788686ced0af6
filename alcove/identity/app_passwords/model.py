"""App passwords as they are kept: one for each device or program that speaks WebDAV, the Nextcloud dialect...

A secret of 123 bits that this server draws: no one guesses it, so a fast keyed digest of it is enough at rest.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from alcove.base.http import Rule
from alcove.identity.model import VERBS
from alcove.identity.sessions.browsers import AGENT_LENGTH, browser_of
from alcove.instances import names_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.instances import Instance

APP_PASSWORDS = "org.alcove.app_passwords"
NAME_LENGTH = 100
MOST = 200
"""App passwords of a person at the most."""
COARSE = timedelta(hours=1)
"""How exactly it is noted when one was used last: what a device does by the minute is nobody's business."""
SCOPES: Mapping[str, Sequence[Rule]] = {"files": (Rule("io.cozy.files", VERBS), Rule("io.cozy.files.versions", VERBS))}
"""What an app password may open, by the names that it is made with."""
GROUPS, LETTERS = 5, 5
"""The secret is written in so many groups of so many letters and digits."""

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another on paper
_BETWEEN = re.compile(r"[\s-]+")
_PROGRAMS = (
    (re.compile(r"\bNextcloud-android\b", re.I), "Nextcloud", "Android"),
    (re.compile(r"\bNextcloud-iOS\b", re.I), "Nextcloud", "iOS"),
    (re.compile(r"\bownCloud-?android\b|\bownCloud \(Android", re.I), "ownCloud", "Android"),
    (re.compile(r"\bownCloudApp\b|\bownCloud-?iOS\b", re.I), "ownCloud", "iOS"),
    (re.compile(r"\bDAVx5\b", re.I), "DAVx⁵", "Android"),
    (re.compile(r"\bmirall/.*ownCloud", re.I), "ownCloud", ""),
    (re.compile(r"\bmirall/", re.I), "Nextcloud", ""),
)


@dataclass(frozen=True, slots=True)
class AppPassword:
    """One of a person's app passwords, without its secret. The id is the keyed digest of that."""

    id: str
    rev: str
    fields: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What the person calls the device."""
        return str(self.fields["name"])

    @property
    def rules(self) -> list[Rule]:
        """What it opens. A scope that this server does not know any more opens nothing."""
        return [rule for scope in self.fields["scopes"] for rule in SCOPES.get(scope, ())]

    def stale(self, now: datetime) -> bool:
        """Whether its last use is to be noted anew."""
        said = self.fields.get("last_used_at")
        return said is None or now - datetime.fromisoformat(said) >= COARSE


def new_secret() -> str:
    """A new secret, in groups that can be read from a screen and typed on a phone."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(LETTERS)) for _ in range(GROUPS))


def plain(secret: str) -> str:
    """A secret as it is compared, however it was typed.

    >>> plain(" ABCDE fghij-kmnpq ")
    'abcdefghijkmnpq'
    """
    return _BETWEEN.sub("", secret).lower()


def login_of(instance: Instance) -> str:
    """The user name that is told to devices: the first label of the domain.

    It stands in addresses (`/remote.php/dav/files/me/`), and is chosen so that nothing in it has to be escaped.
    """
    host = instance.main.partition(":")[0]
    label = host.partition(".")[0]
    return host if label.isdigit() else label  # an address has no label that would say anything


def logins_of(instance: Instance, settings: Mapping[str, Any]) -> frozenset[str]:
    """Every user name that means the person who lives here, in lower case; the host has said already who that is."""
    domains = {domain.lower() for domain in (*names_of(instance), instance.domain)}
    hosts = {domain.partition(":")[0] for domain in domains}
    said = {str(settings.get(name) or "").strip().lower() for name in ("public_name", "email")}
    return frozenset(domains | hosts | {host.partition(".")[0] for host in hosts} | said) - {""}


def device_name(agent: str) -> str:
    """What a device is called until the person names it: by its user agent.

    >>> device_name("Mozilla/5.0 (Linux) mirall/3.7.3 (Nextcloud, debian)")
    'Nextcloud, Linux'
    """
    kept = agent[:AGENT_LENGTH]
    browser, system = browser_of(kept)
    for pattern, program, phone in _PROGRAMS:
        if pattern.search(kept):
            return ", ".join(part for part in (program, phone or system) if part)
    known = ", ".join(part for part in (browser, system) if part)
    return known or "".join(letter for letter in kept if letter.isprintable()).strip()[:NAME_LENGTH]
