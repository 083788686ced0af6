"""The second factor: rules without input or output. Codes of an authenticator app (RFC 6238), and recovery codes."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b32encode
from typing import TYPE_CHECKING

import pyotp

if TYPE_CHECKING:
    from datetime import datetime

BASIC, BY_MAIL, BY_APP = 0, 1, 3
"""How the record of an instance writes its `auth_mode`: the passphrase alone, a mailed code, an authenticator app.

2 is the contract's two_factor_oidc, where the provider asks for a second factor and we do not.
"""
STEP = 30
"""Seconds that a code of an app stands."""
DRIFT = 1
"""Steps that the clock of a telephone may be off."""
RECOVERY_CODES = 10

_RECOVERY = re.compile(r"[A-Z2-7]{16}")


def new_secret() -> str:
    """A secret to share with an authenticator app: 160 bits, as RFC 4226 wants them."""
    return pyotp.random_base32(32)


def address_of(secret: str, domain: str) -> str:
    """What the QR code says: an `otpauth:` address."""
    return pyotp.TOTP(secret).provisioning_uri(name=domain, issuer_name="Alcove")


def picture_of(address: str) -> str:
    """The QR code as a `data:` address, dark on light whatever the page looks like: cameras want it so."""
    import segno  # six megabytes of memory: loaded with the first picture

    return segno.make(address, micro=False).svg_data_uri(scale=5, border=4, dark="#000", light="#fff")


def step_of(secret: str, code: str, now: datetime, used: int) -> int | None:
    """The step of time that a code belongs to, if it is right; each step counts once, so `used` and before do not."""
    codes, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP
    found = None
    for step in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(codes.generate_otp(step), code) and step > used:
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 bits, in four groups that can be typed."""
    texts = (b32encode(secrets.token_bytes(10)).decode() for _ in range(RECOVERY_CODES))
    return ["-".join(text[place : place + 4] for place in range(0, 16, 4)) for text in texts]


def recovery_digest(said: str) -> str:
    """What is kept of a recovery code; empty when what was said is none. They cannot be guessed, so one round does."""
    code = re.sub(r"[\s-]", "", said).upper()
    return hashlib.sha256(b"recovery:" + code.encode()).hexdigest() if _RECOVERY.fullmatch(code) else ""


def digits(said: str) -> str:
    """Six digits as people type them, with or without a space; empty when it is something else.

    >>> digits(" 123 456"), digits("12345")
    ('123456', '')
    """
    code = re.sub(r"\s", "", said)
    return code if re.fullmatch(r"[0-9]{6}", code) else ""


def new_digits() -> str:
    """Six digits to mail."""
    return f"{secrets.randbelow(10**6):06d}"
