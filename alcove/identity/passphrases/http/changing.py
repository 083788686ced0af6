"""Setting the first passphrase, and changing it (contract-a section 8)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from starlette.responses import RedirectResponse, Response

from alcove.base.http import Call, Guard, JSONResponse, Route, jsonapi_errors
from alcove.base.jsonapi import answer, resource
from alcove.base.pages import Pages
from alcove.identity.errors import PassphraseRefused
from alcove.identity.http.forms import PAGES, hashed, read_fields, rounds, text_of, way
from alcove.identity.passphrases.http.defining import SETTINGS
from alcove.identity.passphrases.model import ITERATIONS, salt_of
from alcove.identity.passphrases.service import may_register
from alcove.identity.passphrases.vault import keys_of
from alcove.identity.texts import LANGUAGES, first_texts

if TYPE_CHECKING:
    from alcove.identity.doors import Doors
    from alcove.identity.factors.http.twofactor import AppStep
    from alcove.identity.passphrases.http.defining import FirstPassphrase
    from alcove.identity.passphrases.http.proving import Proof
    from alcove.identity.passphrases.service import Passphrases
    from alcove.identity.passphrases.vault import Vault
    from alcove.identity.service import Gate
    from alcove.identity.sessions.http.entrance import Entrance
    from alcove.instances import Instance, Instances, InstanceSettings

CHANGING = "settings/#/profile/password"
"""The app, and the part of its page, that changes the passphrase: where Cozy's is not installed, ours stands in."""
CSP = "default-src 'self';frame-ancestors 'none';base-uri 'none';form-action 'none';img-src 'self' data:;"


class PassphraseRoutes:
    """The first-start page, and what changes a passphrase."""

    def __init__(
        self,
        gate: Gate,
        passphrases: Passphrases,
        proof: Proof,
        entrance: Entrance,
        step: AppStep,
        doors: Doors,
        instances: Instances,
        settings: InstanceSettings,
        first: FirstPassphrase,
        vault: Vault,
        scheme: str,
    ) -> None:
        self._gate = gate
        self._passphrases = passphrases
        self._proof = proof
        self._entrance = entrance
        self._step = step
        self._doors = doors
        self._instances = instances
        self._settings = settings
        self._first = first
        self._vault = vault
        self._scheme = scheme
        self._pages = Pages(PAGES)

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("GET", "/auth/passphrase", self.page, Guard.PUBLIC),
            Route("GET", "/.well-known/change-password", self.place, Guard.PUBLIC),
            Route("GET", "/public/prelogin", self.prelogin, Guard.PUBLIC, jsonapi_errors),
            Route("GET", "/settings/passphrase", self.parameters, Guard.TOKEN, jsonapi_errors),
            Route("POST", "/settings/passphrase", self.define, Guard.PUBLIC, jsonapi_errors),
            Route("PUT", "/settings/passphrase", self.change, Guard.TOKEN, jsonapi_errors),
            Route("POST", "/settings/passphrase/check", self.check, Guard.TOKEN, jsonapi_errors),
        ]

    async def page(self, call: Call) -> Response:
        """The first start: name, language and passphrase, for who has the one-time secret of a new instance."""
        instance = cast("Instance", call.instance)
        token = call.query("registerToken")
        if not may_register(instance, token):
            return RedirectResponse(f"{self._scheme}://{instance.domain}/", 303)
        locale = _language(call.request.headers.get("accept-language", ""), instance.locale)
        html = self._pages.render(
            "first.html",
            t=first_texts(locale),
            texts={language: dict(first_texts(language)) for language in LANGUAGES},
            languages=LANGUAGES,
            locale=locale,
            domain=instance.domain,
            token=token,
            salt=salt_of(instance.salted),
            iterations=ITERATIONS,
        )
        # The address holds a secret: it goes to no other page, and stays in no cache.
        headers = {"Content-Security-Policy": CSP, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return Response(html, 200, headers, "text/html")

    async def place(self, call: Call) -> Response:
        """Leads password managers, and the people they ask, to where the passphrase is changed."""
        target = way(self._instances, self._scheme, cast("Instance", call.instance), CHANGING)
        return RedirectResponse(target, 302)

    async def prelogin(self, call: Call) -> Response:
        """What a client needs to show its own login form (contract-a section 15); 412 before the first passphrase."""
        instance = cast("Instance", call.instance)
        if not instance.fields.get("password_defined"):
            return JSONResponse({"error": "the instance has not been onboarded"}, 412)
        name = (await self._settings.read(instance)).get("public_name") or instance.domain.partition(".")[0]
        oidc, links = self._doors.providers.of(instance) is not None, self._doors.links.offered(instance)
        said = {"Kdf": 0, "KdfIterations": self._passphrases.iterations(instance), "OIDC": oidc}
        return JSONResponse(
            {
                **said,
                "FranceConnect": False,
                "magic_link": links,
                "locale": instance.locale,
                "name": name,
            }
        )

    async def parameters(self, call: Call) -> Response:
        """What a client needs to hash the passphrase."""
        call.caller.allow_type("GET", SETTINGS)
        instance = cast("Instance", call.instance)
        said = {"salt": salt_of(instance.salted), "kdf": 0, "iterations": self._passphrases.iterations(instance)}
        links = {"self": "/settings/passphrase"}
        return answer(resource(SETTINGS, f"{SETTINGS}.passphrase", said, links=links))

    async def define(self, call: Call) -> Response:
        """Sets the first passphrase, with the name and the language if they are said; opens a session."""
        instance = cast("Instance", call.instance)
        fields = await read_fields(call)
        target = way(self._instances, self._scheme, instance, text_of(fields, "redirection"))
        defined = await self._first.define(instance, fields)
        html = "text/html" in call.request.headers.get("accept", "")
        response = RedirectResponse(target, 303) if html else JSONResponse({"redirect": target})
        return await self._entrance.open(call, defined, response, long_run=True)

    async def change(self, call: Call) -> Response:
        """Changes the passphrase for who knows the present one; ends all sessions, and opens one for this browser.

        Where a second factor is asked for, a first call answers 200 and the token that goes with the code.
        """
        call.caller.allow_type("PUT", SETTINGS)
        instance = cast("Instance", call.instance)
        fields = await call.json_object(64 << 10)
        form, iterations, keys = hashed(fields, "new_passphrase"), rounds(fields), keys_of(fields)
        undefined = not instance.fields.get("password_defined")
        forced = fields.get("force") is True and (call.caller.audience == "cli" or undefined)
        if not forced:
            await self._prove(call, instance, text_of(fields, "current_passphrase"))
            token, passcode = text_of(fields, "two_factor_token"), text_of(fields, "two_factor_passcode")
            asked = await self._step.asks(call, instance, token, passcode)
            if asked is not None:
                return asked
        session = await self._gate.session(call)
        changed = await self._passphrases.change(instance, form, iterations)
        await self._vault.renewed(changed, keys, iterations)
        response = Response(status_code=204)
        if session is None:
            return response
        return await self._entrance.open(call, changed, response, long_run=session.long_run)

    async def check(self, call: Call) -> Response:
        """204 when the passphrase is right, 403 when it is not."""
        call.caller.allow_type("PUT", SETTINGS)
        fields = await call.json_object(64 << 10)
        await self._prove(call, cast("Instance", call.instance), text_of(fields, "passphrase"))
        return Response(status_code=204)

    async def _prove(self, call: Call, instance: Instance, form: str) -> None:
        """Raises `PassphraseRefused` unless the form fits; guesses are slowed down as at the login page."""
        if not await self._proof.holds(call, instance, form, call.caller.session):
            raise PassphraseRefused


def _language(accepted: str, otherwise: str) -> str:
    """The first language of `Accept-Language` that the pages speak."""
    for part in accepted.split(",")[:20]:
        said = re.split(r"[-_;]", part.strip().lower())[0]
        if said in LANGUAGES:
            return said
    return otherwise if otherwise in LANGUAGES else "en"
