"""Tokens: JWTs signed with an instance's own secrets (HS512; contract-a section 2)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.errors import TokenExpired, TokenInvalid
from alcove.identity.model import LIFETIMES, SERVICE_LIFETIME
from alcove.identity.tokens.signing import CLI, GRACE, OAUTH, SESSION, secrets_of

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from joserfc.jwk import OctKey

    from alcove.base.clock import Clock
    from alcove.instances import Instance

SECRETS = {
    "app": SESSION,
    "konn": SESSION,
    "cli": CLI,
    "access": OAUTH,
    "refresh": OAUTH,
    "registration": OAUTH,
    "share": OAUTH,
}
"""Which of an instance's secrets signs an audience."""

AUDIENCES = {"webapp": "app", "konnector": "konn", "access-token": "access", "refresh-token": "refresh"}
"""Other names that operators and older clients use for an audience."""


class Tokens:
    """Makes and verifies tokens."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._keys: dict[str, OctKey] = {}

    def make(
        self,
        instance: Instance,
        audience: str,
        subject: str,
        scope: str = "",
        session: str = "",
        *,
        lasting: timedelta | None = None,
    ) -> str:
        """A new token. `scope` is only kept in tokens whose permissions are not found by their subject.

        `lasting` is how long it is good, where that is not as long as others of its audience.
        """
        from joserfc import jwt  # a third of the time that a server needs to start: loaded with the first token

        claims: dict[str, Any] = {
            "aud": [audience],
            "iss": instance.main,
            "iat": int(self._clock.now().timestamp()),
            "sub": subject,
            "scope": scope,
        }
        if session:
            claims["session_id"] = session
        if lasting is not None:
            # A token says when it was made and not when it ends: it is made earlier, or later.
            claims["iat"] += int(lasting.total_seconds() - self._lifetime(audience, claims))
        present, _ = next(secrets_of(instance, SECRETS[audience]))
        return jwt.encode({"alg": "HS512", "typ": "JWT"}, claims, self._key(present), algorithms=["HS512"])

    def read(self, instance: Instance, token: str) -> tuple[dict[str, Any], float]:
        """The claims, with `aud` as a text, and when they end (seconds since 1970).

        Raises `TokenInvalid`, `TokenExpired`.
        """
        audience = _audience(token)
        claims, retired = self._signed(instance, audience, token)
        try:
            made = float(claims["iat"])
        except (ValueError, KeyError, TypeError):
            raise TokenInvalid from None
        if retired is not None and made > (retired + GRACE).timestamp():
            raise TokenInvalid
        ends = made + self._lifetime(audience, claims)
        if claims.get("iss") not in (instance.main, *instance.before):
            raise TokenInvalid
        if ends < self._clock.now().timestamp():
            raise TokenExpired
        return {**claims, "aud": audience}, ends

    @staticmethod
    def _lifetime(audience: str, claims: dict[str, Any]) -> float:
        return SERVICE_LIFETIME if audience == "app" and not claims.get("session_id") else LIFETIMES[audience]

    def _signed(self, instance: Instance, audience: str, token: str) -> tuple[dict[str, Any], datetime | None]:
        """The claims of a token, and when the secret that signed it was retired; raises `TokenInvalid`."""
        for secret, retired in secrets_of(instance, SECRETS[audience]):
            claims = self._verified(token, secret)
            if claims is not None:
                return claims, retired
        raise TokenInvalid

    def _verified(self, token: str, secret: str) -> dict[str, Any] | None:
        """The claims of a token that this secret signed."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        try:
            return jwt.decode(token, self._key(secret), algorithms=["HS256", "HS384", "HS512"]).claims
        except (JoseError, ValueError, KeyError, TypeError):
            return None

    def _key(self, secret: str) -> OctKey:
        from joserfc.jwk import OctKey

        if not secret:
            raise TokenInvalid
        key = self._keys.get(secret)
        if key is None:
            if len(self._keys) > 1000:
                self._keys.clear()
            key = self._keys[secret] = OctKey.import_key(base64.b64decode(secret))
        return key


def _audience(token: str) -> str:
    """The audience that a token says it is for, before anything of it is believed."""
    try:
        payload = token.split(".")[1]
        said = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["aud"]
        audience = said[0] if isinstance(said, list) else said
    except (ValueError, KeyError, IndexError, TypeError):
        raise TokenInvalid from None
    if audience not in SECRETS:
        raise TokenInvalid
    return str(audience)
