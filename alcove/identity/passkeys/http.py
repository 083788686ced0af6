"""Passkeys: the page that makes one, what the login page asks, and the list for the app Account."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from starlette.responses import Response

from alcove.base.errors import BadRequest, Unprocessable
from alcove.base.http import Call, Guard, JSONResponse, Route, jsonapi_errors
from alcove.base.jsonapi import answer, answer_list, resource
from alcove.base.pages import Pages
from alcove.identity.errors import PasskeyRefused, PassphraseRefused
from alcove.identity.http.forms import FORM_LIMIT, PAGES, check_origin, way
from alcove.identity.passkeys.model import NAME_LENGTH, PASSKEYS
from alcove.identity.passphrases.model import salt_of
from alcove.identity.sessions.browsers import browser_of
from alcove.identity.texts import passkey_texts

if TYPE_CHECKING:
    from alcove.identity.passkeys.model import Passkey
    from alcove.identity.passkeys.service import Passkeys
    from alcove.identity.passphrases.http.proving import Proof
    from alcove.identity.passphrases.service import Passphrases
    from alcove.identity.sessions.http.entrance import Entrance
    from alcove.instances import Instance, Instances, InstanceSettings

log = logging.getLogger("alcove.identity.passkeys")

LISTED = "account/#passkeys"
"""The app, and the part of its page, that lists them."""
CSP = "default-src 'self';frame-ancestors 'none';base-uri 'none';form-action 'none';img-src 'self' data:;"


class PasskeyRoutes:
    """Makes, proves, lists, names and removes passkeys.

    They are made on a page of the instance itself: a passkey is of that domain, and where the hosts of apps stand
    beside it no app could make one. An app cannot prove one either: its origin is another.
    """

    def __init__(
        self,
        passkeys: Passkeys,
        passphrases: Passphrases,
        proof: Proof,
        entrance: Entrance,
        instances: Instances,
        settings: InstanceSettings,
        scheme: str,
    ) -> None:
        self._passkeys = passkeys
        self._passphrases = passphrases
        self._proof = proof
        self._entrance = entrance
        self._instances = instances
        self._settings = settings
        self._scheme = scheme
        self._pages = Pages(PAGES)

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("GET", "/auth/passkeys", self.page, Guard.SESSION),
            Route("POST", "/auth/passkeys", self.add, Guard.SESSION),
            Route("POST", "/auth/passkeys/offer", self.offer, Guard.SESSION),
            Route("POST", "/auth/passkeys/challenge", self.challenge, Guard.PUBLIC),
            Route("POST", "/auth/passkeys/login", self.login, Guard.PUBLIC),
            Route("GET", "/settings/passkeys", self.list, Guard.TOKEN, jsonapi_errors),
            Route("PATCH", "/settings/passkeys/:id", self.rename, Guard.TOKEN, jsonapi_errors),
            Route("DELETE", "/settings/passkeys/:id", self.remove, Guard.TOKEN, jsonapi_errors),
        ]

    async def page(self, call: Call) -> Response:
        """The page that makes a passkey, for who is logged in and knows the passphrase."""
        instance = cast("Instance", call.instance)
        html = self._pages.render(
            "passkey.html",
            t=passkey_texts(instance.locale),
            locale=instance.locale,
            domain=instance.domain,
            salt=salt_of(instance.salted),
            iterations=self._passphrases.iterations(instance),
            ready=bool(instance.fields.get("password_defined")),
            back=way(self._instances, self._scheme, instance, LISTED),
        )
        headers = {"Content-Security-Policy": CSP, "Cache-Control": "no-store"}
        return Response(html, 200, headers, "text/html")

    async def offer(self, call: Call) -> Response:
        """What a browser is asked for to make a passkey, once the passphrase was said again."""
        check_origin(call)
        instance = cast("Instance", call.instance)
        body = await call.json_object(FORM_LIMIT)
        passphrase = body.get("passphrase")
        if not isinstance(passphrase, str) or not passphrase:
            raise BadRequest("passphrase is missing")
        if not await self._proof.holds(call, instance, passphrase, call.caller.session):
            raise PassphraseRefused
        name = str((await self._settings.read(instance)).get("public_name") or "")
        offered = await self._passkeys.offer(instance, call.caller.session, name)
        return JSONResponse(offered, headers={"Cache-Control": "no-store"})

    async def add(self, call: Call) -> Response:
        """Keeps the passkey that the browser has made."""
        check_origin(call)
        instance = cast("Instance", call.instance)
        slip, credential = await _said(call)
        browser, system = browser_of(call.request.headers.get("user-agent", ""))
        name = ", ".join(part for part in (browser, system) if part) or passkey_texts(instance.locale)["unnamed"]
        try:
            made = await self._passkeys.add(instance, call.caller.session, slip, credential, name)
        except PasskeyRefused as refusal:
            log.warning("%s", refusal.why, extra={"domain": instance.main})
            raise Unprocessable("This passkey cannot be kept") from None
        return JSONResponse({"id": made.id, "name": made.name}, 201)

    async def challenge(self, call: Call) -> Response:
        """What the login page asks a browser for. Nothing in it tells whether there is a passkey."""
        asked = self._passkeys.ask(cast("Instance", call.instance))
        return JSONResponse(asked, headers={"Cache-Control": "no-store"})

    async def login(self, call: Call) -> Response:
        """Opens a session for who proves a passkey: both factors at once."""
        instance = cast("Instance", call.instance)
        body = await call.json_object(FORM_LIMIT)
        wanted = body.get("redirect")
        target = way(self._instances, self._scheme, instance, wanted if isinstance(wanted, str) else "")
        slip, credential = _parts(body)
        try:
            await self._passkeys.prove(instance, slip, credential)
        except PasskeyRefused as refusal:
            log.warning("%s", refusal.why, extra={"domain": instance.main})
            raise
        return await self._entrance.enter(call, instance, target, long_run=body.get("long_run") is True)

    async def list(self, call: Call) -> Response:
        """The person's passkeys, without what they are made of."""
        call.caller.allow_type("GET", PASSKEYS)
        found = await self._passkeys.all(cast("Instance", call.instance))
        return answer_list([_shown(one) for one in found])

    async def rename(self, call: Call) -> Response:
        """Gives a passkey another name."""
        call.caller.allow("PATCH", PASSKEYS, call.params["id"])
        data = (await call.json_object(FORM_LIMIT)).get("data")
        attributes = data.get("attributes") if isinstance(data, dict) else None
        name = attributes.get("name") if isinstance(attributes, dict) else None
        if not isinstance(name, str) or not 0 < len(name.strip()) <= NAME_LENGTH:
            raise Unprocessable(f"name has from 1 to {NAME_LENGTH} characters", pointer="/data/attributes/name")
        named = await self._passkeys.rename(cast("Instance", call.instance), call.params["id"], name.strip())
        return answer(_shown(named))

    async def remove(self, call: Call) -> Response:
        """Removes a passkey: 204, also when it was removed already."""
        call.caller.allow("DELETE", PASSKEYS, call.params["id"])
        await self._passkeys.remove(cast("Instance", call.instance), call.params["id"])
        return Response(status_code=204)


async def _said(call: Call) -> tuple[str, dict[str, Any]]:
    return _parts(await call.json_object(FORM_LIMIT))


def _parts(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The slip and the browser's answer; raises `BadRequest`."""
    slip, credential = body.get("slip"), body.get("credential")
    if not isinstance(slip, str) or not isinstance(credential, dict):
        raise BadRequest("slip and credential are missing")
    return slip, credential


def _shown(passkey: Passkey) -> dict[str, Any]:
    names = ("name", "created_at", "last_used_at", "synchronized")
    said = {name: passkey.fields[name] for name in names if name in passkey.fields}
    return resource(PASSKEYS, passkey.id, said, rev=passkey.rev)
