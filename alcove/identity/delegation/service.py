"""The conversation with a provider (OpenID Connect Core 1.0, Discovery 1.0): what it is asked, and what is believed.

An ID token is believed when it is signed with a key of the provider, by the issuer that the settings name, for us and
for now; in a login, with the nonce of that login. Where no keys are known, the provider is asked who the token is of.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from alcove.base.outgoing import NoReply, Question
from alcove.identity.errors import ProviderFailed, TokenNotBelieved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from joserfc.jwk import Key

    from alcove.base.clock import Clock
    from alcove.base.outgoing import Outgoing, Reply
    from alcove.identity.delegation.providers import Provider

log = logging.getLogger("alcove.identity.delegation")

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""How ID tokens may be signed: with a provider's own key, never with a secret that both know."""
LOGIN = "login"
"""Why a provider is asked, in the journal of what leaves."""
SKEW = 60
"""Seconds that clocks may differ."""
KEPT = 24 * 3600
"""Seconds that a provider's addresses and keys are kept."""
AGAIN = 60
"""Seconds after which they may be asked for anew, when a token names a key that is not among them."""
TROUBLED = 10
"""Seconds in which a provider that did not say where it is asked, or its keys, is not asked again."""
KEYS = 50
"""Keys of a provider that are looked at."""
LENGTH = 16384
"""Characters of a token at the most."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a provider is asked. `keys` is empty when it has none that are known."""

    authorize: str
    token: str
    userinfo: str
    keys: str


@dataclass(frozen=True, slots=True)
class Granted:
    """What a provider gives for a code."""

    access_token: str
    id_token: str


class Delegation:
    """Asks providers, and remembers their addresses and keys for a day."""

    def __init__(self, outgoing: Outgoing, clock: Clock) -> None:
        self._outgoing = outgoing
        self._clock = clock
        self._read: dict[str, tuple[float, Mapping[str, Any]]] = {}
        self._failed: dict[str, tuple[float, str]] = {}
        self._reading: dict[str, asyncio.Lock] = {}

    async def places(self, provider: Provider) -> Places:
        """Where the provider is asked: as it is set, the rest as it says itself; raises `ProviderFailed`."""
        fixed = Places(provider.authorize_url, provider.token_url, provider.userinfo_url, provider.id_token_jwk_url)
        if fixed.authorize and fixed.token and fixed.userinfo and (fixed.keys or not provider.issuer):
            return fixed
        place = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        said = await self._document(place)
        if said.get("issuer") != provider.issuer:
            self._read.pop(place, None)  # whoever runs it may mend that at any moment
            raise ProviderFailed(f"{provider.issuer} says that it is {str(said.get('issuer'))[:200]!r}")
        found = Places(
            fixed.authorize or _text(said, "authorization_endpoint"),
            fixed.token or _text(said, "token_endpoint"),
            fixed.userinfo or _text(said, "userinfo_endpoint"),
            fixed.keys or _text(said, "jwks_uri"),
        )
        if not (found.authorize and found.token and (found.userinfo or found.keys)):
            self._read.pop(place, None)
            raise ProviderFailed(f"{provider.issuer} does not say where it is asked")
        return found

    async def address(self, provider: Provider, asked: Mapping[str, str]) -> str:
        """Where a browser begins to log in; raises `ProviderFailed`."""
        place = (await self.places(provider)).authorize
        said = {
            "response_type": "code",
            "scope": provider.scope,
            "client_id": provider.client_id,
            "redirect_uri": provider.redirect_uri,
            **asked,
        }
        return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(said)}"

    async def exchange(self, provider: Provider, code: str, verifier: str) -> Granted:
        """What a code stands for; raises `ProviderFailed`."""
        secret = f"{quote(provider.client_id, safe='')}:{quote(provider.client_secret, safe='')}"
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": provider.redirect_uri,
            "code_verifier": verifier,
        }
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            "Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}",
        }
        place = (await self.places(provider)).token
        said = await self._answer(Question(place, LOGIN, "POST", headers, urlencode(form).encode()))
        return Granted(_text(said, "access_token"), _text(said, "id_token"))

    async def claims(self, provider: Provider, granted: Granted, nonce: str) -> Mapping[str, Any]:
        """What the provider says of who logged in; raises `ProviderFailed`, `TokenNotBelieved`."""
        places, signed = await self.places(provider), dict[str, Any]()
        if places.keys:
            signed = dict(await self.identified(provider, granted.id_token))
            if not hmac.compare_digest(_text(signed, "nonce").encode(), nonce.encode()):
                raise TokenNotBelieved("its nonce is not the one of this login")
            if signed.get("azp", provider.client_id) != provider.client_id:
                raise TokenNotBelieved("it was given to somebody else")
        if not places.userinfo:
            return signed
        told = await self.userinfo(provider, granted.access_token)
        if signed and told.get("sub") != signed.get("sub"):
            raise TokenNotBelieved("userinfo is about somebody else")
        return {**told, **signed}

    async def userinfo(self, provider: Provider, access_token: str) -> Mapping[str, Any]:
        """What the provider says of who a token is of; raises `ProviderFailed`, `TokenNotBelieved`."""
        place = (await self.places(provider)).userinfo
        if not place or not access_token or not _plain(access_token):
            raise TokenNotBelieved("it is not one of this provider")
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        reply = await self._ask(Question(place, LOGIN, headers=headers))
        if reply.status in (400, 401, 403):
            raise TokenNotBelieved(f"the provider answers {reply.status}")
        return _object(reply, place)

    async def identified(self, provider: Provider, token: str) -> Mapping[str, Any]:
        """The claims of an ID token; raises `ProviderFailed`, `TokenNotBelieved`."""
        claims = await self.signed(provider, token)
        if "exp" not in claims or "events" in claims:
            raise TokenNotBelieved("it is no ID token")
        return claims

    async def signed(self, provider: Provider, token: str) -> Mapping[str, Any]:
        """The claims of a token that the provider signed for us; raises `ProviderFailed`, `TokenNotBelieved`."""
        place = (await self.places(provider)).keys
        if not place:
            raise TokenNotBelieved("no keys of this provider are known")
        claims = _verified(token, await self._keys(place))
        if claims is None:
            claims = _verified(token, await self._keys(place, younger=AGAIN))
        if claims is None:
            raise TokenNotBelieved("none of the provider's keys signed it")
        self._check(provider, claims)
        return claims

    def _check(self, provider: Provider, claims: Mapping[str, Any]) -> None:
        """Core 1.0 section 3.1.3.7, without what is about the signature."""
        now, audience = self._clock.now().timestamp(), claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != provider.issuer:
            raise TokenNotBelieved("another issuer signed it")
        if provider.client_id not in audiences:
            raise TokenNotBelieved("it is for somebody else")
        if not _number(claims.get("iat")) or claims["iat"] > now + SKEW:
            raise TokenNotBelieved("it does not say when it was made, or in the future")
        if "exp" in claims and not (_number(claims["exp"]) and claims["exp"] > now - SKEW):
            raise TokenNotBelieved("it is past its time")

    async def _keys(self, place: str, younger: float = KEPT) -> Sequence[Key]:
        from joserfc.errors import JoseError
        from joserfc.jwk import import_key

        said = (await self._document(place, younger)).get("keys")
        found: list[Key] = []
        for one in (said if isinstance(said, list) else [])[:KEYS]:
            try:
                if isinstance(one, dict) and one.get("kty") != "oct" and one.get("use", "sig") == "sig":
                    found.append(import_key(one))
            except (JoseError, ValueError, TypeError, KeyError):  # a kind of key that we do not know
                continue
        return found

    async def _document(self, place: str, younger: float = KEPT) -> Mapping[str, Any]:
        """A document of the provider that is not older than so many seconds; raises `ProviderFailed`.

        Many logins wait for one answer. Where none came they are told so at once, for a moment, instead of waiting for
        one try after another.
        """
        async with self._reading.setdefault(place, asyncio.Lock()):
            now = self._clock.now().timestamp()
            known, failed = self._read.get(place), self._failed.get(place)
            if failed is not None and now - failed[0] < TROUBLED:
                raise ProviderFailed(failed[1])
            if known is None or now - known[0] >= younger:
                try:
                    known = self._read[place] = now, await self._answer(Question(place, LOGIN))
                except ProviderFailed as error:
                    self._failed[place] = now, error.why
                    raise
            return known[1]

    async def _answer(self, question: Question) -> Mapping[str, Any]:
        return _object(await self._ask(question), question.url)

    async def _ask(self, question: Question) -> Reply:
        try:
            return await self._outgoing.ask(question)
        except NoReply as error:
            raise ProviderFailed(str(error)) from None


def _object(reply: Reply, place: str) -> Mapping[str, Any]:
    if reply.status != 200:
        raise ProviderFailed(f"{place} answered {reply.status}")
    try:
        return reply.json()
    except NoReply as error:
        raise ProviderFailed(f"{place}: {error}") from None


def _verified(token: str, keys: Sequence[Key]) -> dict[str, Any] | None:
    """The claims of a token that one of the keys signed; None for none."""
    from joserfc import jwt
    from joserfc.errors import JoseError

    if not token or len(token) > LENGTH:
        return None
    for key in keys:
        try:
            decoded = jwt.decode(token, key, algorithms=ALGORITHMS)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if decoded.header.get("kid", key.kid) == key.kid or key.kid is None:
            return decoded.claims
    return None


def _plain(token: str) -> bool:
    return token.isascii() and token.isprintable() and " " not in token and len(token) <= LENGTH


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""
