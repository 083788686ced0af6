"""`/accounts`: accounts that a provider gives by OAuth (contract-b section 9)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

import orjson
from starlette.responses import RedirectResponse

from alcove.base.errors import Forbidden, Unavailable
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, resource
from alcove.base.outgoing import ACTING
from alcove.connectors.errors import AccountMissing, StateWrong
from alcove.connectors.model import ACCOUNTS
from alcove.instances import Allowance

if TYPE_CHECKING:
    from starlette.responses import Response

    from alcove.apps import Apps
    from alcove.connectors.service.credentials import Credentials
    from alcove.connectors.service.granting import Going, Granting
    from alcove.connectors.store import Shelf
    from alcove.identity import Gate, SessionCodes
    from alcove.instances import Allowances, Instance, Instances

GOING = Allowance("ways to a provider", 200)
REFRESHING = Allowance("refreshes of accounts", 1000)
HOME = "home"
_WORD = re.compile(r"[a-z_]{1,60}")
UNKEPT = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
"""What comes back holds a code: neither browsers nor the next page keep it."""


class AccountsHTTP:
    """The routes."""

    def __init__(
        self,
        granting: Granting,
        credentials: Credentials,
        shelf: Shelf,
        apps: Apps,
        gate: Gate,
        codes: SessionCodes,
        instances: Instances,
        allowances: Allowances,
        scheme: str,
    ) -> None:
        self._granting = granting
        self._credentials = credentials
        self._shelf = shelf
        self._apps = apps
        self._gate = gate
        self._codes = codes
        self._instances = instances
        self._allowances = allowances
        self._scheme = scheme

    def routes(self) -> list[Route]:
        """The route table."""
        return [
            Route("GET", "/accounts/:type/start", self.start, Guard.PUBLIC),
            # A provider may know one address for all instances: then this is asked on a host that is nobody's.
            Route("GET", "/accounts/:type/redirect", self.redirect, Guard.PUBLIC, bare=True),
            Route("POST", "/accounts/:type/:id/refresh", self.refresh, Guard.PUBLIC, jsonapi_errors),
        ]

    async def start(self, call: Call) -> Response:
        """Leads a person who is logged in to the provider of a type of accounts, to let a connector in there."""
        entered = await self._codes.enter(call)
        if entered is not None:
            return entered
        session = await self._gate.session(call)
        if session is None:
            raise Forbidden
        instance = cast("Instance", call.instance)
        await self._allowances.take(instance.key, GOING)
        query = call.request.query_params.multi_items()
        url = await self._granting.start(instance, session.id, call.params["type"], query)
        return RedirectResponse(url, 303, UNKEPT)

    async def redirect(self, call: Call) -> Response:
        """Where a provider leads the person back to: makes the account, and leads on to the app that asked for it."""
        account_type, state = call.params["type"], call.query("state")
        going = self._granting.coming(account_type, state)
        instance = self._instances.by_key(going.tenant)
        if instance is None:
            raise StateWrong
        place = self._instances.by_host(call.request.headers.get("host", ""))
        if place is None:  # the one address for all: the person's own place has the session
            host = f"{self._scheme}://{instance.domain}"
            return RedirectResponse(f"{host}{call.request.url.path}?{call.request.url.query}", 303, UNKEPT)
        if place[0].key != instance.key or place[1]:
            raise StateWrong
        if instance.fields.get("blocked"):
            raise Unavailable("This place is closed for now")
        session = await self._gate.session(Call(call.request, call.params, place[0]))
        if session is None or session.id != going.session:
            raise Forbidden("Log in, and begin again: another browser was led to the provider")
        ACTING.set(instance.key)
        if _WORD.fullmatch(call.query("error")):  # access_denied, mostly
            return self._back(place[0], going, error=call.query("error"))
        account = await self._granting.come(instance, going, state, dict(call.request.query_params))
        return self._back(place[0], going, account=account)

    async def refresh(self, call: Call) -> Response:
        """Has the provider renew the token of an account, which is answered as its connector sees it."""
        instance, ident = cast("Instance", call.instance), call.params["id"]
        # As in the reference, what is not there is 404 before anybody is asked who they are.
        fields = await self._shelf.account(instance.key, ident)
        if fields is None or fields.get("account_type") != call.params["type"]:
            raise AccountMissing
        await self._gate.admit(call, Guard.TOKEN)
        call.caller.allow("GET", ACCOUNTS, ident, fields)
        await self._allowances.take(instance.key, REFRESHING)
        await self._granting.refresh(instance, ident)
        document = await self._shelf.account_document(instance.key, ident)
        body = await self._credentials.shown(instance.key, document, call.caller, call.query("include"))
        links = {"self": f"/data/{ACCOUNTS}/{ident}"}
        return answer(resource(ACCOUNTS, ident, orjson.loads(body), rev=document.rev, links=links))

    def _back(self, instance: Instance, going: Going, **said: str) -> Response:
        query = {**said, **({"state": going.state} if going.state else {})}
        slug = going.slug or HOME
        return RedirectResponse(f"{self._apps.url(instance, slug)}?{urlencode(query)}", 303, UNKEPT)
