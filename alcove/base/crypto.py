"""Secrets at rest: sealing with the server's own key."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from pathlib import Path


class SealBroken(Exception):
    """The sealed bytes were made with another key, or changed since."""


class Sealer:
    """Seals small secrets (AES-256-GCM, random nonce) with a key that lies in the data folder, readable by its owner.

    Whoever copies a database alone cannot read them; whoever has the whole data folder can.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._digests = hmac.digest(key, b"digests", "sha512")

    @classmethod
    def from_file(cls, path: Path) -> Sealer:
        """The sealer of a data folder; makes its key when there is none."""
        try:
            return cls(path.read_bytes())
        except FileNotFoundError:
            key = secrets.token_bytes(32)
            write_private(path, key)
            return cls(key)

    def seal(self, clear: bytes, purpose: str) -> bytes:
        """The sealed bytes; they open only for the same purpose."""
        nonce = secrets.token_bytes(12)
        return nonce + self._cipher.encrypt(nonce, clear, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """The clear bytes; raises `SealBroken`."""
        try:
            return self._cipher.decrypt(sealed[:12], sealed[12:], purpose.encode())
        except (InvalidTag, ValueError):
            raise SealBroken(f"the sealed {purpose} cannot be opened with this server's key") from None

    def digest(self, clear: bytes, purpose: str) -> str:
        """The keyed digest of a secret that nobody can guess: 64 hexadecimal digits, different for each purpose.

        Fast on purpose: it is for secrets that this server drew, never for words that people choose.
        """
        return hashlib.blake2b(purpose.encode() + b"\0" + clear, key=self._digests, digest_size=32).hexdigest()


def write_private(path: Path, content: bytes) -> None:
    """Writes a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
