"""Passkeys as they are kept, and what is said to browsers to make and to use one (Web Authentication Level 3)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.instances import Instance

PASSKEYS = "org.alcove.passkeys"
PATIENCE_MS = 300_000
"""Milliseconds that a person may take to answer the browser."""
ALGORITHMS = (-8, -7, -257)
"""EdDSA, ES256, RS256: what authenticators have."""
NAME_LENGTH = 100
MOST = 50
"""Passkeys of a person at the most."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """One of a person's passkeys."""

    id: str
    rev: str
    fields: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What the person calls it."""
        return str(self.fields["name"])

    @property
    def credential(self) -> bytes:
        """The attested credential data: its id and its public key."""
        return from_text(self.fields["credential"])

    @property
    def count(self) -> int:
        """How often its authenticator says that it signed; 0 where it does not count."""
        return int(self.fields["sign_count"])


def document_id(credential_id: bytes) -> str:
    """The id of the document of a credential: authenticators choose theirs, and these may be long."""
    return hashlib.sha256(credential_id).hexdigest()


def site(instance: Instance) -> str:
    """Whose passkeys these are: the domain without its port. A passkey is of one domain for ever."""
    return instance.main.partition(":")[0]


def handle(instance: Instance) -> bytes:
    """By what authenticators know whose a passkey is: nothing that says who it is (section 14.6.1)."""
    return hashlib.sha256(f"passkeys {instance.id}".encode()).digest()


def creation(instance: Instance, name: str, challenge: str, known: Sequence[Passkey]) -> dict[str, Any]:
    """What a browser is asked for to make one: one that is found without a name, and asks who holds it."""
    return {
        "challenge": challenge,
        "rp": {"id": site(instance), "name": "Alcove"},
        "user": {"id": as_text(handle(instance)), "name": instance.main, "displayName": name or instance.main},
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in ALGORITHMS],
        "timeout": PATIENCE_MS,
        "attestation": "none",
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "excludeCredentials": [
            {"type": "public-key", "id": one.fields["credential_id"], "transports": one.fields["transports"]}
            for one in known
        ],
        "extensions": {"credProps": True},
    }


def asking(instance: Instance, challenge: str) -> dict[str, Any]:
    """What a browser is asked for to prove one, any of the person's."""
    return {
        "challenge": challenge,
        "rpId": site(instance),
        "timeout": PATIENCE_MS,
        "userVerification": "required",
        "allowCredentials": [],
    }


def as_text(content: bytes) -> str:
    """Bytes as browsers say them in JSON: base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def from_text(said: str) -> bytes:
    """The bytes again; raises `ValueError`."""
    try:
        return base64.b64decode(said + "=" * (-len(said) % 4), b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
