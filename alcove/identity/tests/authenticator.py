"""An authenticator made of software, for tests: it signs what it is told to, right or wrong."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256

from alcove.identity.passkeys.model import as_text

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """Holds one passkey. `origin` is what its browser says of the page, `site` whose passkey it is."""

    def __init__(self, origin: str = "http://alice.example", site: str = "alice.example") -> None:
        self.origin = origin
        self.site = site
        self.count = 0
        self.flags = PRESENT | VERIFIED
        self.user = ""
        self.cross = False
        self.credential_id = os.urandom(32)
        self.key = ec.generate_private_key(ec.SECP256R1())

    def make(self, asked: dict[str, Any], **client: Any) -> dict[str, Any]:
        """A browser's answer to `navigator.credentials.create`."""
        self.user = asked["user"]["id"]
        public = cbor.encode(ES256.from_cryptography_key(self.key.public_key()))  # type: ignore[no-untyped-call]
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + public
        data = self._data(self.flags | ATTESTED) + attested
        statement = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        client_data = self._client("webauthn.create", asked["challenge"], **client)
        return self._said({"clientDataJSON": as_text(client_data), "attestationObject": as_text(statement)})

    def prove(self, asked: dict[str, Any], **client: Any) -> dict[str, Any]:
        """A browser's answer to `navigator.credentials.get`."""
        data, client_data = self._data(self.flags), self._client("webauthn.get", asked["challenge"], **client)
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        response = {"clientDataJSON": as_text(client_data), "authenticatorData": as_text(data)}
        return self._said({**response, "signature": as_text(signature), "userHandle": self.user})

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.site.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, asked: str, **more: Any) -> bytes:
        said = {"type": kind, "challenge": asked, "origin": self.origin, "crossOrigin": self.cross, **more}
        return json.dumps(said).encode()

    def _said(self, response: dict[str, Any]) -> dict[str, Any]:
        ident = as_text(self.credential_id)
        return {"id": ident, "rawId": ident, "type": "public-key", "response": response, "clientExtensionResults": {}}
