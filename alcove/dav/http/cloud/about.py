"""What clients of the Nextcloud dialect ask first: which server this is, what it can do, and who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from starlette.responses import Response

from alcove.base.errors import Forbidden, NotFound
from alcove.base.http import Call, Guard, JSONResponse, Route
from alcove.dav.http.cloud.answering import ocs_routes, share_of
from alcove.identity import login_of, logins_of

if TYPE_CHECKING:
    from alcove.files import Files
    from alcove.identity import AppPasswords
    from alcove.instances import Instance, InstanceSettings

PRODUCT, COLOUR = "Alcove", "#1d6b5f"


class About:
    """Says little: every capability that is named is one that works."""

    def __init__(
        self, files: Files, settings: InstanceSettings, passwords: AppPasswords, version: str, scheme: str
    ) -> None:
        self._files = files
        self._settings = settings
        self._passwords = passwords
        self._version = version
        self._scheme = scheme

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("GET", "/status.php", self.status, Guard.PUBLIC, shared=False),
            Route("GET", "/index.php/204", self.nothing, Guard.PUBLIC, shared=False),
            *ocs_routes("GET", "/cloud/capabilities", self.capabilities, Guard.PUBLIC),
            *ocs_routes("GET", "/cloud/user", self.user),
            *ocs_routes("GET", "/cloud/users/:user", self.other),
            *ocs_routes("GET", "/core/getapppassword", self.password),
            *ocs_routes("DELETE", "/core/apppassword", self.leave),
            *ocs_routes("GET", "/*path", self.unknown),
        ]

    async def status(self, call: Call) -> Response:
        """Which server this is, for who looks for one."""
        said = {
            "installed": True,
            "maintenance": False,
            "needsDbUpgrade": False,
            "version": f"{self._version}.1",
            "versionstring": self._version,
            "edition": "",
            "productname": PRODUCT,
            "extendedSupport": False,
        }
        return JSONResponse(said)

    async def nothing(self, call: Call) -> Response:
        """Whether the server answers at all."""
        return Response(status_code=204)

    async def capabilities(self, call: Call) -> dict[str, Any]:
        """What works here."""
        major, minor, micro = (int(part) for part in self._version.split("."))
        version = {"major": major, "minor": minor, "micro": micro, "string": self._version}
        return {
            "version": {**version, "edition": "", "extendedSupport": False},
            "capabilities": {
                "core": {"pollinterval": 60, "webdav-root": "remote.php/webdav"},
                "dav": {"chunking": "1.0"},
                "files": {"bigfilechunking": True, "undelete": True, "versioning": True, "blacklisted_files": []},
                "checksums": {"supportedTypes": ["SHA256", "SHA1", "MD5"], "preferredUploadType": "MD5"},
                "files_sharing": _SHARING,
                "theming": self._theming(cast("Instance", call.instance)),
            },
        }

    def _theming(self, instance: Instance) -> dict[str, Any]:
        here = f"{self._scheme}://{instance.domain}"
        return {
            "name": PRODUCT,
            "url": here,
            "slogan": "",
            "color": COLOUR,
            "color-text": "#ffffff",
            "color-element": COLOUR,
            "logo": f"{here}/assets/icon.svg",
            "background": COLOUR,
            "background-plain": True,
            "background-default": True,
        }

    async def user(self, call: Call) -> dict[str, Any]:
        """Who lives here, and how much room there is."""
        instance = cast("Instance", call.instance)
        if not call.caller.rules("GET", "io.cozy.files"):
            raise Forbidden
        said, login = await self._settings.read(instance), login_of(instance)
        name = str(said.get("public_name") or login)
        return {
            "enabled": True,
            "id": login,
            "email": str(said.get("email") or ""),
            "displayname": name,
            "display-name": name,
            "language": instance.locale,
            "locale": instance.locale,
            "groups": [],
            "backend": PRODUCT,
            "quota": await self._quota(instance),
        }

    async def _quota(self, instance: Instance) -> dict[str, Any]:
        used, left = sum(await self._files.usage(instance)), await self._files.space(instance)
        if left is None:  # -3: as much as the disk has
            return {"free": -3, "used": used, "total": -3, "relative": 0, "quota": -3}
        total = used + left
        return {"free": left, "used": used, "total": total, "relative": share_of(used, total), "quota": total}

    async def other(self, call: Call) -> dict[str, Any]:
        """The person by name: nobody else lives here."""
        instance = cast("Instance", call.instance)
        if call.params["user"].strip().lower() not in logins_of(instance, await self._settings.read(instance)):
            raise NotFound("There is no such user")
        return await self.user(call)

    async def password(self, call: Call) -> None:
        """For who came with the password of a person: nobody does, so there is nothing to give."""
        raise Forbidden

    async def leave(self, call: Call) -> list[Any]:
        """A device gives its app password back."""
        if call.caller.audience != "device":
            raise Forbidden
        await self._passwords.remove(cast("Instance", call.instance), call.caller.subject)
        return []

    async def unknown(self, call: Call) -> None:
        """What is not offered here: said in the envelope that clients read."""
        raise NotFound("This is not offered here")


_SHARING: dict[str, Any] = {
    "api_enabled": True,
    "default_permissions": 1,
    "public": {
        "enabled": True,
        "password": {"enforced": False, "askForOptionalPassword": False},
        "expire_date": {"enabled": False},
        "multiple_links": True,
        "upload": True,
        "upload_files_drop": True,
        "send_mail": False,
    },
    "user": {"send_mail": False, "expire_date": {"enabled": False}},
    "resharing": False,
    "group_sharing": False,
    "federation": {"outgoing": False, "incoming": False, "expire_date": {"enabled": False}},
    "sharebymail": {"enabled": False},
}
"""Links with a password, an end and what may be done; nothing is shared with others by name."""
