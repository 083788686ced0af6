"""Logging in with another provider (contract-a section 3): there, and back again.

The way back leads over one address for all instances, `/oidc/redirect`, which finds the instance by the state. What a
login needs at its end lies sealed in a cookie of the browser that began it, so that nobody can end a login in the
browser of another; the code is worth nothing without its PKCE verifier, which lies there too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from alcove.base.http import Call, Guard, JSONResponse, Route, plain_errors
from alcove.base.ids import new_code
from alcove.base.pages import Pages
from alcove.identity.delegation.providers import lives_here
from alcove.identity.errors import DelegationRefused, LoginExpired, NoProvider, TokenNotBelieved
from alcove.identity.http.forms import PAGES, read_form, way
from alcove.identity.passphrases.http.confirming import check_state
from alcove.identity.sessions.http.login import FORGOTTEN_CSP
from alcove.identity.texts import delegation_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.identity.clients.service import Clients
    from alcove.identity.delegation.providers import Provider, Providers
    from alcove.identity.delegation.service import Delegation
    from alcove.identity.passphrases.http.confirming import Confirming
    from alcove.identity.sessions.http.entrance import Entrance
    from alcove.identity.sessions.service import Sessions
    from alcove.identity.tokens.slips import Slips
    from alcove.instances import Instance, Instances

log = logging.getLogger("alcove.identity.oidc")

PATIENCE = timedelta(minutes=15)
"""How long a person may be away at the provider (contract-a section 2)."""
EVENT = "http://schemas.openid.net/event/backchannel-logout"
REDIRECT_LENGTH = 2000
"""Characters of the page that a login leads back to: it travels in a cookie."""


class DelegationRoutes:
    """`/oidc`."""

    def __init__(
        self,
        providers: Providers,
        delegation: Delegation,
        slips: Slips,
        entrance: Entrance,
        confirming: Confirming,
        sessions: Sessions,
        clients: Clients,
        instances: Instances,
        scheme: str,
    ) -> None:
        self._providers = providers
        self._delegation = delegation
        self._slips = slips
        self._entrance = entrance
        self._confirming = confirming
        self._sessions = sessions
        self._clients = clients
        self._instances = instances
        self._scheme = scheme
        self._pages = Pages(PAGES)

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("GET", "/oidc/start", self.start, Guard.PUBLIC),
            Route("GET", "/oidc/redirect", self.back, Guard.PUBLIC, bare=True),
            Route("GET", "/oidc/login", self.login, Guard.PUBLIC),
            Route("POST", "/oidc/logout", self.logout, Guard.PUBLIC, bare=True),
            Route("POST", "/oidc/:context/logout", self.logout, Guard.PUBLIC, bare=True),
        ]

    async def start(self, call: Call) -> Response:
        """Leads a browser to the provider."""
        instance = cast("Instance", call.instance)
        try:
            return await self._start(call, instance)
        except DelegationRefused as refusal:
            return self._explain(call, instance.locale, refusal)

    async def _start(self, call: Call, instance: Instance) -> Response:
        provider = self._provider(instance)
        wanted = call.query("redirect")[:REDIRECT_LENGTH]
        target = way(self._instances, self._scheme, instance, wanted)
        name, nonce, verifier = new_code(), new_code(), new_code() + new_code()
        state = self._slips.write("oidc state", {"domain": instance.domain, "name": name}, PATIENCE)
        confirm = call.query("confirm_state")
        if confirm:
            check_state(confirm)
        kept = {"instance": instance.id, "name": name, "nonce": nonce, "verifier": verifier, "target": target}
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {"state": state, "nonce": nonce, "code_challenge": digest, "code_challenge_method": "S256"}
        if confirm:
            asked["prompt"] = "login"  # who is logged in there already has confirmed nothing
        if hint := instance.fields.get("oidc_id"):
            asked["login_hint"] = hint
        response = RedirectResponse(await self._delegation.address(provider, asked), 303)
        response.headers["Cache-Control"] = "no-store"
        response.set_cookie(
            _cookie(name),
            self._slips.write("oidc login", {**kept, "confirm": confirm}, PATIENCE),
            max_age=int(PATIENCE.total_seconds()),
            path="/oidc",
            httponly=True,
            secure=self._scheme == "https",
            samesite="lax",
        )
        return response

    async def back(self, call: Call) -> Response:
        """Leads a browser that comes from the provider to its instance, on which alone it has its cookies."""
        state = self._slips.read("oidc state", call.query("state"))
        if state is None:
            return self._explain(call, "", LoginExpired())
        said = {name: call.query(name) for name in ("code", "state", "error") if call.query(name)}
        response = RedirectResponse(f"{self._scheme}://{state['domain']}/oidc/login?{urlencode(said)}", 303)
        response.headers["Cache-Control"] = "no-store"
        return response

    async def login(self, call: Call) -> Response:
        """Opens a session for who the provider says lives here, or confirms that it is them."""
        instance = cast("Instance", call.instance)
        try:
            return await self._login(call, instance)
        except DelegationRefused as refusal:
            return self._explain(call, instance.locale, refusal)

    async def _login(self, call: Call, instance: Instance) -> Response:
        provider = self._provider(instance)
        state = self._slips.read("oidc state", call.query("state")) or {}
        name = str(state.get("name", ""))
        kept = self._slips.read("oidc login", call.request.cookies.get(_cookie(name), "")) or {}
        if not name or not hmac.compare_digest(str(kept.get("name", "")), name) or kept["instance"] != instance.id:
            raise LoginExpired
        if call.query("error") or not call.query("code"):
            raise TokenNotBelieved(f"the provider says {call.query('error')[:100]!r}")
        granted = await self._delegation.exchange(provider, call.query("code"), kept["verifier"])
        claims = await self._delegation.claims(provider, granted, kept["nonce"])
        if not lives_here(provider, instance, claims):
            raise TokenNotBelieved("it is about somebody who does not live here")
        if not await self._slips.spend("oidc login", name):
            raise LoginExpired
        if kept["confirm"]:
            response = await self._confirming.proved(call, instance, kept["confirm"], kept["target"])
        else:
            more = _standing_on(provider, claims)
            response = await self._entrance.proved(call, instance, kept["target"], long_run=False, more=more)
        response.delete_cookie(_cookie(name), path="/oidc")
        response.headers["Cache-Control"] = "no-store"
        return response

    async def logout(self, call: Call) -> Response:
        """Ends the sessions and the clients that stand on one that ended at the provider.

        OpenID Connect Back-Channel Logout 1.0.
        """
        token = (await read_form(call)).get("logout_token", "")
        if not token:
            return JSONResponse({"error": "missing logout_token"}, 400)
        failed: DelegationRefused = TokenNotBelieved("no provider is known")
        for provider in self._providers:
            if call.params.get("context", provider.context) != provider.context:
                continue
            try:
                claims = _checked_logout(await self._delegation.signed(provider, token))
            except DelegationRefused as refusal:
                failed = refusal
                continue
            await self._end(provider, claims)
            return Response(headers={"Cache-Control": "no-store"})
        log.warning("a logout was not believed: %s", failed.why)
        return JSONResponse({"error": "invalid logout token", "error_description": failed.why}, 400)

    async def _end(self, provider: Provider, claims: Mapping[str, Any]) -> None:
        """Looks where the token says; where it names a session alone, in each instance of the provider's context."""
        theirs = [one for one in self._instances.all() if self._providers.of(one) == provider]
        named = [one for one in theirs if lives_here(provider, one, claims)]
        sid = str(claims.get("sid") or "")
        for instance in named or (theirs if sid else ()):
            await self._sessions.end_delegated(instance, provider.context, sid)
            await self._clients.revoke_delegated(instance, sid)

    def _provider(self, instance: Instance) -> Provider:
        provider = self._providers.of(instance)
        if provider is None:
            raise NoProvider
        return provider

    def _explain(self, call: Call, locale: str, refusal: DelegationRefused) -> Response:
        """The refusal in the words of a person, for who reads pages."""
        if refusal.why:
            log.warning("a login with a provider failed: %s", refusal.why)
        accept = call.request.headers.get("accept", "")
        if "text/html" not in accept:
            return plain_errors(refusal, accept)
        words = delegation_texts(locale or call.request.headers.get("accept-language", ""))
        html = self._pages.render("delegation.html", t=words, why=words[type(refusal).__name__], home=bool(locale))
        headers = {"Content-Security-Policy": FORGOTTEN_CSP, "Cache-Control": "no-store"}
        return Response(html, refusal.status, headers, "text/html")


def _standing_on(provider: Provider, claims: Mapping[str, Any]) -> dict[str, str]:
    sid = claims.get("sid")
    return {"oidc_provider_key": provider.context, **({"sid": sid[:200]} if isinstance(sid, str) and sid else {})}


def _checked_logout(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """Back-Channel Logout 1.0 section 2.6; raises `TokenNotBelieved`."""
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict) or "nonce" in claims:
        raise TokenNotBelieved("it is no logout token")
    if not claims.get("jti") or not (claims.get("sid") or claims.get("sub")):
        raise TokenNotBelieved("it does not say whose session ended")
    return claims


def _cookie(name: str) -> str:
    """The cookie of one login: two tabs may begin one each."""
    return f"alcove_oidc_{name[:8]}"
