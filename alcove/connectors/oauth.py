"""Accounts that a provider gives by OAuth 2 (contract-b 9; RFC 6749, RFC 7636): what is asked and told. Pure."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from alcove.connectors.errors import ProviderWrong, TokensRefused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

ACCOUNT_TYPES = "io.cozy.account_types"
"""The doctype of providers, in the server's own store: its id is the account's type, or `context/type`."""
CODE, SECRET = "authorization_code", "secret"
MODES = (CODE, SECRET, f"{CODE}+{SECRET}")
FORM, BASIC, GET = "form", "basic", "get"
OURS = frozenset({"state", "nonce", "slug", "session_code", "id_token", "scope"})
"""Members of the query of `start` that are for this server; all others are the provider's."""
HIDDEN = ("client_secret", "secret")
"""Members of a provider that are sealed, and never told."""
_TEXTS = ("slug", "client_id", "client_secret", "auth_endpoint", "token_endpoint", "token_mode", "redirect_uri")
_KNOWN = frozenset(
    {"grant_mode", "extras", "secret", "skip_redirect_uri_on_authorize", "skip_state_on_token", "pkce", *_TEXTS}
)


@dataclass(frozen=True, slots=True)
class Provider:
    """Who gives accounts of a type: its addresses, and how it knows this server."""

    type: str
    grant_mode: str = CODE
    slug: str = ""
    client_id: str = ""
    client_secret: str = ""
    auth_endpoint: str = ""
    token_endpoint: str = ""
    token_mode: str = FORM
    redirect_uri: str = ""
    """The one address that the provider leads back to, where it knows just one for all instances."""
    extras: Mapping[str, str] = field(default_factory=dict)
    secret: Any = None
    """What the connector itself is told beside the account: a key of an interface."""
    skip_redirect_uri_on_authorize: bool = False
    skip_state_on_token: bool = False
    pkce: bool = True

    @property
    def asks(self) -> bool:
        """Whether people are led to it."""
        return self.grant_mode.startswith(CODE)

    @property
    def shared_secret(self) -> Any:
        """What its connector is told, where the mode says that there is something."""
        return self.secret if SECRET in self.grant_mode.split("+") else None


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a provider answered for a code, or for a refresh token."""

    access: str
    refresh: str
    kind: str
    expires_in: int
    more: Mapping[str, Any]
    """All else that it said."""

    def fields(self, now: datetime, ends: str) -> dict[str, Any]:
        """The members of `oauth` in an account; `ends` is when the access token does, if that is known."""
        told = {"access_token": self.access, "refresh_token": self.refresh, "token_type": self.kind, "expires_at": ends}
        return {name: value for name, value in told.items() if value}


def read_provider(ident: str, fields: Mapping[str, Any]) -> Provider:
    """A provider as the operator says it; raises `ProviderWrong`."""
    unknown = sorted(set(fields) - _KNOWN)
    if unknown:
        raise ProviderWrong(
            f"{unknown[0][:40]!r} is no member of an account type; there are {', '.join(sorted(_KNOWN))}"
        )
    mode, extras = fields.get("grant_mode", CODE), fields.get("extras") or {}
    if mode not in MODES:
        raise ProviderWrong(f"grant_mode is {str(mode)[:40]!r}; {', '.join(MODES)} are known")
    if not isinstance(extras, dict) or not all(isinstance(value, str) for value in extras.values()):
        raise ProviderWrong("extras is an object of texts")
    texts = {name: fields.get(name) or "" for name in _TEXTS}
    for name, value in texts.items():
        if not isinstance(value, str) or len(value) > 2000:
            raise ProviderWrong(f"{name} is a text of 2000 characters at the most")
    made = Provider(
        ident,
        mode,
        texts["slug"],
        texts["client_id"],
        texts["client_secret"],
        texts["auth_endpoint"],
        texts["token_endpoint"],
        texts["token_mode"] or FORM,
        texts["redirect_uri"],
        extras,
        fields.get("secret"),
        fields.get("skip_redirect_uri_on_authorize") is True,
        fields.get("skip_state_on_token") is True,
        fields.get("pkce") is not False,
    )
    if made.token_mode not in (FORM, BASIC, GET):
        raise ProviderWrong(f"token_mode is {made.token_mode[:40]!r}; {FORM}, {BASIC} and {GET} are known")
    needed = [made.auth_endpoint, made.client_id] if made.asks else []
    if not all(needed):
        raise ProviderWrong("people are led to auth_endpoint as client_id: both are needed")
    for address in (made.auth_endpoint, made.token_endpoint, made.redirect_uri):
        if address and urlsplit(address).scheme not in ("http", "https"):
            raise ProviderWrong(f"{address[:60]!r} is no address of the web")
    return made


def start_url(
    provider: Provider, *, back: str, state: str, scope: str, verifier: str, more: Sequence[tuple[str, str]]
) -> str:
    """Where a browser is led to let this server in; `more` is what the page that asked says beside it."""
    said: dict[str, str] = {} if provider.skip_redirect_uri_on_authorize else {"redirect_uri": back}
    if scope:
        said["scope"] = scope
    said |= {"response_type": "code", "client_id": provider.client_id, "state": state}
    if provider.pkce and provider.token_endpoint:
        said |= {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
    parts = urlsplit(provider.auth_endpoint)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    # What is said last counts: nobody who makes a link to here speaks for the server.
    query |= {name: value for name, value in more if name not in OURS} | dict(provider.extras) | said
    return urlunsplit(parts._replace(query=urlencode(query), fragment=""))


def code_form(provider: Provider, *, code: str, back: str, state: str, nonce: str, verifier: str) -> dict[str, str]:
    """What the provider is told to get tokens for a code."""
    said = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
    if not provider.skip_state_on_token:
        said["state"] = state
    if nonce:
        said["nonce"] = nonce
    if provider.pkce:
        said["code_verifier"] = verifier
    return said


def asked(provider: Provider, form: Mapping[str, str]) -> tuple[str, str, dict[str, str], bytes]:
    """How tokens are asked for: method, address, headers and body, as the provider wants to know this server."""
    said, headers = dict(form), {"Accept": "application/json"}
    if provider.token_mode == BASIC:
        pair = f"{quote(provider.client_id, safe='')}:{quote(provider.client_secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        said |= {"client_id": provider.client_id, "client_secret": provider.client_secret}
    body = urlencode(said)
    if provider.token_mode == GET:
        mark = "&" if "?" in provider.token_endpoint else "?"
        return "GET", f"{provider.token_endpoint}{mark}{body}", headers, b""
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return "POST", provider.token_endpoint, headers, body.encode()


def tokens_of(status: int, said: Mapping[str, Any]) -> Tokens:
    """The tokens of an answer; raises `TokensRefused`, which knows whether the person must let this server in again."""
    error = said.get("error")
    if error or not 200 <= status < 300:
        word = error if isinstance(error, str) else ""
        raise TokensRefused(word[:100] or f"status {status}", again=word in ("invalid_grant", "invalid_token"))
    access = said.get("access_token") or said.get("id_token")
    if not isinstance(access, str):
        raise TokensRefused("the answer holds no token")
    more = dict(said)
    for name in ("access_token", "refresh_token", "token_type", "expires_in"):
        more.pop(name, None)
    lasts = said.get("expires_in")
    known = isinstance(lasts, int | float | str) and str(lasts).partition(".")[0].isdecimal() and len(str(lasts)) < 10
    seconds = int(float(lasts)) if known and lasts is not None else 0
    return Tokens(access, _text(said.get("refresh_token")), _text(said.get("token_type")), seconds, more)


def challenge_of(verifier: str) -> str:
    """What the provider is shown of a verifier before it is told the verifier itself (RFC 7636 section 4.2).

    >>> challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
