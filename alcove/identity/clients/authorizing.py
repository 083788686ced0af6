"""What a client asks for when it sends a person to `/auth/authorize` (contract-a section 3; RFC 6749, RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from alcove.base.errors import TokenInvalid
from alcove.identity.clients.service import APP, EVERYTHING, same
from alcove.identity.errors import AuthorizeWrong
from alcove.identity.model import WrongScope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.base.http import Rule
    from alcove.identity.clients.model import Client
    from alcove.identity.clients.service import Clients
    from alcove.instances import Instance

LOGIN = "login"
"""The scope of a client that only asks who is there: it opens nothing."""

_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters, checked, with the client that they name."""

    client: Client
    address: str
    state: str
    scope: str
    challenge: str
    uncertain: bool
    """Whether the client asks for everything and was not certified yet."""

    @property
    def silent(self) -> bool:
        """Whether the person need not be asked: nothing is opened, or it was agreed to at the first start."""
        return self.scope == LOGIN or bool(self.client.fields.get("created_at_onboarding"))

    def back(self, **said: str) -> str:
        """The client's address with these parameters and its state, and an empty fragment: it keeps nothing of ours."""
        base, _, query = self.address.partition("?")
        told = {**said, "state": self.state}
        kept = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in told]
        return f"{base}?{urlencode([*kept, *told.items()])}#"

    @property
    def place(self) -> str:
        """Where the person is led back to, as a person reads it: a host, or the scheme of a program."""
        parts = urlsplit(self.address)
        return parts.hostname or f"{parts.scheme}:"

    @property
    def source(self) -> str:
        """The same as a source of a Content-Security-Policy: browsers hold where a form leads on to against it."""
        parts = urlsplit(self.address)
        if parts.scheme in ("http", "https") and _HOST.fullmatch(parts.netloc):
            return f"{parts.scheme}://{parts.netloc}"
        return f"{parts.scheme}:"


async def read_asked(clients: Clients, instance: Instance, said: Mapping[str, str]) -> Asked:
    """What these parameters ask for; raises `AuthorizeWrong`. Nobody is led anywhere before all of it is right."""
    state, ident, address = (said.get(name, "") for name in ("state", "client_id", "redirect_uri"))
    challenge, method = said.get("code_challenge", ""), said.get("code_challenge_method", "")
    for name, value in (("state", state), ("client_id", ident), ("redirect_uri", address)):
        if not value:
            raise AuthorizeWrong(f"No {name} parameter")
    if said.get("response_type") != "code":
        raise AuthorizeWrong("Invalid response type")
    if (challenge and method != "S256") or (challenge and not _CHALLENGE.fullmatch(challenge)):
        raise AuthorizeWrong("Invalid challenge code method")
    if method == "S256" and not challenge:
        raise AuthorizeWrong("No challenge code")
    client = await clients.find(instance, ident)
    if client is None:
        raise AuthorizeWrong("No registered client")
    if address not in client.fields["redirect_uris"]:
        raise AuthorizeWrong("Incorrect redirect_uri")
    scope = _scope(client, said.get("scope", "").strip(), challenge)
    uncertain = scope == EVERYTHING and not clients.certified(instance, client)
    return Asked(client, address, state, scope, challenge, uncertain)


def _scope(client: Client, scope: str, challenge: str) -> str:
    if scope == EVERYTHING and not challenge:
        raise AuthorizeWrong("No challenge code")
    if scope == EVERYTHING:
        return scope
    if client.linked:
        return f"{APP}{client.linked}"
    if not scope or (scope == LOGIN and not client.fields.get("allow_login_scope")):
        raise AuthorizeWrong("No scope parameter")
    return scope


async def rules_of(clients: Clients, instance: Instance, asked: Asked) -> Sequence[Rule]:
    """What a scope opens; raises `AuthorizeWrong`. It may ask a registry: only for who is logged in."""
    try:
        return await clients.rules(instance, asked.client, asked.scope, offered=True)
    except (WrongScope, TokenInvalid):
        raise AuthorizeWrong("Invalid scope") from None


def meets(challenge: str, verifier: str) -> bool:
    """Whether a code's challenge was made from this verifier (RFC 7636 section 4.6).

    >>> meets("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    True
    """
    digest = hashlib.sha256(verifier.encode()).digest()
    return same(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)
