"""App passwords: the list for the app Account, where they are made and removed, and what a new device is to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from starlette.responses import Response

from alcove.base.errors import Unprocessable
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, answer_list, resource
from alcove.identity.app_passwords.model import APP_PASSWORDS, NAME_LENGTH, SCOPES, login_of
from alcove.identity.errors import PassphraseRefused
from alcove.identity.factors.model import picture_of
from alcove.identity.http.forms import FORM_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.identity.app_passwords.model import AppPassword
    from alcove.identity.app_passwords.service import AppPasswords
    from alcove.identity.passphrases.http.proving import Proof
    from alcove.instances import Instance

HERE = "/settings/app_passwords"
CONNECTION = "io.cozy.settings.connection"
"""The id of what a new device is told."""


class AppPasswordRoutes:
    """Lists, makes and removes app passwords.

    An app makes one only with the passphrase: it opens the person's files to whoever holds it, for ever. A person who
    lets a program in that asks by itself says so on a page of the instance, where no app can (`DeviceFlowPages`).
    """

    def __init__(self, passwords: AppPasswords, proof: Proof, scheme: str) -> None:
        self._passwords = passwords
        self._proof = proof
        self._scheme = scheme

    def routes(self) -> list[Route]:
        """The route table of this file."""
        table = (
            ("GET", HERE, self.list),
            ("POST", HERE, self.make),
            ("DELETE", f"{HERE}/:id", self.remove),
            ("GET", "/settings/connection", self.connection),
        )
        return [Route(method, path, handler, Guard.TOKEN, jsonapi_errors) for method, path, handler in table]

    async def list(self, call: Call) -> Response:
        """The person's app passwords, without their secrets."""
        call.caller.allow_type("GET", APP_PASSWORDS)
        found = await self._passwords.all(cast("Instance", call.instance))
        return answer_list([_shown(one) for one in found])

    async def make(self, call: Call) -> Response:
        """Makes one of `{name, scopes?, passphrase}`, the passphrase as a client hashed it; tells its secret, once."""
        call.caller.allow_type("POST", APP_PASSWORDS)
        instance, fields = cast("Instance", call.instance), await call.json_object(FORM_LIMIT)
        name, scopes = device_named(fields.get("name")), _scopes(fields.get("scopes", ["files"]))
        form = fields.get("passphrase")
        if not isinstance(form, str) or not await self._proof.holds(call, instance, form, call.caller.session):
            raise PassphraseRefused
        made, secret = await self._passwords.make(instance, name, scopes)
        server, login = f"{self._scheme}://{instance.domain}", login_of(instance)
        told = {"password": secret, "login": login, "picture": picture_of(scanned(server, login, secret))}
        response = answer(_shown(made, told), 201)
        response.headers["Cache-Control"] = "no-store"
        return response

    async def remove(self, call: Call) -> Response:
        """Removes one, and its device is let in no more: 204, also when it was removed already."""
        call.caller.allow("DELETE", APP_PASSWORDS, call.params["id"])
        await self._passwords.remove(cast("Instance", call.instance), call.params["id"])
        return Response(status_code=204)

    async def connection(self, call: Call) -> Response:
        """Where devices find this place: the address, the user name, the address for WebDAV; as a picture, too."""
        call.caller.allow("GET", "io.cozy.settings", CONNECTION)
        instance = cast("Instance", call.instance)
        server, login = f"{self._scheme}://{instance.domain}", login_of(instance)
        said = {
            "server": server,
            "login": login,
            "webdav": f"{server}/dav/files/",
            "picture": picture_of(f"{server}/"),
        }
        return answer(resource("io.cozy.settings", CONNECTION, said, links={"self": "/settings/connection"}))


def scanned(server: str, login: str, secret: str) -> str:
    """What the apps that speak the Nextcloud dialect read from a picture, or from the address that ends a login."""
    return f"nc://login/server:{server}&user:{quote(login, safe='')}&password:{secret}"


def device_named(said: Any) -> str:
    """The name of a device; raises `Unprocessable`."""
    if not isinstance(said, str) or not 0 < len(said.strip()) <= NAME_LENGTH:
        raise Unprocessable(f"name has from 1 to {NAME_LENGTH} characters", pointer="/name")
    return said.strip()


def _scopes(said: Any) -> list[str]:
    if not isinstance(said, list) or not said or not all(isinstance(one, str) and one in SCOPES for one in said):
        raise Unprocessable(f"scopes is a list of: {', '.join(SCOPES)}", pointer="/scopes")
    return sorted(set(said))


def _shown(password: AppPassword, told: Mapping[str, str] | None = None) -> dict[str, Any]:
    names = ("name", "scopes", "created_at", "last_used_at")
    said = {name: password.fields[name] for name in names if name in password.fields}
    return resource(APP_PASSWORDS, password.id, {**said, **(told or {})}, rev=password.rev)
