"""Accounts by OAuth: leading a person to the provider, taking what comes back, refreshing it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import secrets
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.clock import Clock, rfc3339
from alcove.base.crypto import SealBroken, Sealer
from alcove.base.outgoing import NoReply, Outgoing, Question
from alcove.connectors.errors import (
    AccountMissing,
    NoSuchProvider,
    NotLetIn,
    ProviderSilent,
    ProviderWrong,
    StateWrong,
    TokensRefused,
)
from alcove.connectors.oauth import asked, code_form, start_url, tokens_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from alcove.connectors.oauth import Provider, Tokens
    from alcove.connectors.providers import Providers
    from alcove.connectors.service.credentials import Credentials
    from alcove.connectors.store import Shelf
    from alcove.instances import Instance

PURPOSE = "account"
"""Why a server is asked, in the journal of what leaves."""
PATIENCE = 15.0
"""Seconds that a provider may take."""
LIVES = timedelta(minutes=30)
"""How long a person may take at the provider."""
SEAL = "account by oauth"
_STATE_MOST = 4000
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Going:
    """A person on the way to a provider and back: sealed, it is the `state` that comes back."""

    tenant: str
    type: str
    session: str
    """The session that began: whoever comes back must be the one who went."""
    verifier: str
    until: float
    state: str = ""
    nonce: str = ""
    slug: str = ""

    @property
    def account(self) -> str:
        """The id of the account that this way leads to: who comes back twice gets it once."""
        return hashlib.sha256(f"{self.tenant}\0{self.type}\0{self.verifier}".encode()).hexdigest()[:32]


class Granting:
    """What providers grant to people's connectors."""

    def __init__(
        self,
        providers: Providers,
        shelf: Shelf,
        credentials: Credentials,
        outgoing: Outgoing,
        sealer: Sealer,
        scheme: str,
        clock: Clock,
    ) -> None:
        self._providers = providers
        self._shelf = shelf
        self._credentials = credentials
        self._outgoing = outgoing
        self._sealer = sealer
        self._scheme = scheme
        self._clock = clock
        self._turns: dict[tuple[str, str], asyncio.Lock] = {}

    async def start(self, instance: Instance, session: str, account_type: str, query: Sequence[tuple[str, str]]) -> str:
        """Where the person is led; raises `NoSuchProvider`, `ProviderWrong` for an app that cannot be led back to."""
        provider = await self._providers.of(instance, account_type)
        if not provider.asks:
            raise NoSuchProvider(account_type)
        said = {name: value[:500] for name, value in query}
        if said.get("slug") and not _SLUG.fullmatch(said["slug"]):
            raise ProviderWrong("slug is the name of the app to lead back to")
        until = (self._clock.now() + LIVES).timestamp()
        told = {name: said.get(name, "") for name in ("state", "nonce", "slug")}
        going = Going(instance.key, account_type, session, secrets.token_urlsafe(48), until, **told)
        return start_url(
            provider,
            back=self._back(instance, provider),
            state=self._sealed(going),
            scope=said.get("scope", ""),
            verifier=going.verifier,
            more=query,
        )

    def coming(self, account_type: str, state: str) -> Going:
        """Who comes back from a provider; raises `StateWrong`."""
        try:
            sealed = base64.urlsafe_b64decode(f"{state[:_STATE_MOST]}{'=' * (-len(state) % 4)}")
            going = Going(**orjson.loads(self._sealer.open(sealed, SEAL)))
        except (SealBroken, ValueError, TypeError):
            raise StateWrong from None
        if going.type != account_type or going.until < self._clock.now().timestamp():
            raise StateWrong
        return going

    async def come(self, instance: Instance, going: Going, state: str, query: Mapping[str, str]) -> str:
        """Makes the account of what the provider granted; its id. Raises `NotLetIn`, `ProviderSilent`."""
        if await self._shelf.account(instance.key, going.account) is not None:
            return going.account  # the page was asked for again, and a code is good once
        provider = await self._providers.of(instance, going.type)
        fields: dict[str, Any] = {"account_type": going.type}
        if not provider.token_endpoint:
            # The connector asks for tokens by itself, with what came back.
            told = {name: value for name, value in query.items() if name != "state"}
            known = {"client_id": provider.client_id, "client_secret": provider.client_secret}
            fields["oauth"] = {**known, "query": told}
        else:
            if not query.get("code"):
                raise NotLetIn(query.get("error", "")[:100] or "no code")
            back = self._back(instance, provider)
            form = code_form(
                provider, code=query["code"], back=back, state=state, nonce=going.nonce, verifier=going.verifier
            )
            try:
                tokens = await self._tokens(provider, form)
            except TokensRefused as error:
                raise NotLetIn(str(error)) from None
            fields["oauth"] = self._granted(tokens)
            if tokens.more:
                fields["oauth_callback_results"] = tokens.more
        made = self._credentials.born(instance.key, fields, going.slug or going.type)
        await self._shelf.put_account(instance.key, going.account, made)
        return going.account

    async def refresh(self, instance: Instance, ident: str) -> None:
        """Has a fresh access token put into an account; raises `AccountMissing`, `TokensRefused`, `ProviderSilent`.

        Where there is no refresh token, the connector is told how this server is known, and asks by itself.
        """
        async with self._turn(instance.key, ident):
            fields = await self._shelf.account(instance.key, ident)
            if fields is None:
                raise AccountMissing
            clear = self._credentials.opened(instance.key, fields)
            oauth = clear.get("oauth")
            provider = await self._providers.of(instance, str(fields.get("account_type")))
            if not isinstance(oauth, dict):
                raise TokensRefused("this account was not given by its provider")
            if not oauth.get("refresh_token") or not provider.token_endpoint:
                told = {"client_id": provider.client_id, "client_secret": provider.client_secret}
            else:
                form = {"grant_type": "refresh_token", "refresh_token": str(oauth["refresh_token"])}
                try:
                    told = self._granted(await self._tokens(provider, form))
                except TokensRefused:
                    now = await self._shelf.account(instance.key, ident)
                    if now is not None and now.get("oauth") != fields.get("oauth"):
                        return  # another process was faster: what it was given is there
                    raise
            sealed = self._credentials.sealed(
                instance.key, {"account_type": fields.get("account_type"), "oauth": {**oauth, **told}}
            )
            await self._shelf.change_account(instance.key, ident, {"oauth": sealed["oauth"]})

    async def _tokens(self, provider: Provider, form: Mapping[str, str]) -> Tokens:
        method, url, headers, body = asked(provider, form)
        try:
            question = Question(url, PURPOSE, method, headers, body, patience=PATIENCE)
            reply = await self._outgoing.ask(question)
            said = reply.json() if reply.status < 500 else {}
        except NoReply as error:
            raise ProviderSilent(str(error)) from None
        if reply.status >= 500:
            raise ProviderSilent(f"the provider answers {reply.status}")
        return tokens_of(reply.status, said)

    def _granted(self, tokens: Tokens) -> dict[str, Any]:
        now = self._clock.now()
        ends = rfc3339(now + timedelta(seconds=tokens.expires_in)) if tokens.expires_in else ""
        return tokens.fields(now, ends)

    def _back(self, instance: Instance, provider: Provider) -> str:
        return provider.redirect_uri or f"{self._scheme}://{instance.domain}/accounts/{provider.type}/redirect"

    def _sealed(self, going: Going) -> str:
        sealed = self._sealer.seal(orjson.dumps(asdict(going)), SEAL)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    @asynccontextmanager
    async def _turn(self, tenant: str, ident: str) -> AsyncIterator[None]:
        """One refresh of an account after the other: a refresh token is often good just once."""
        lock = self._turns.setdefault((tenant, ident), asyncio.Lock())
        try:
            async with lock:
                yield
        finally:
            if not lock.locked():
                self._turns.pop((tenant, ident), None)
