"""`/settings`: what an instance says of itself (contract-a section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.responses import Response

from alcove.base.errors import BadRequest
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import MEDIA_TYPE, answer, resource
from alcove.instances.settings import InstanceSettings, computed
from alcove.instances.store import SETTINGS, SETTINGS_ID

if TYPE_CHECKING:
    from alcove.instances.model import Instance
    from alcove.instances.service import Instances

LIMIT = 1 << 20
"""Bytes of the settings at the most."""
FOR_GUESTS = frozenset({"context", "default_redirection", "locale", "onboarding_finished", "public_name", "tz", "uuid"})
"""Settings that who comes by a link may read: no address, no telephone number."""
_HERE = {"self": "/settings/instance"}


class SettingsRoutes:
    """The settings that any client reads when it starts."""

    def __init__(self, settings: InstanceSettings, instances: Instances) -> None:
        self._settings = settings
        self._instances = instances

    def routes(self) -> list[Route]:
        """The route table of this file."""
        table = (
            ("/settings/instance", self.instance),
            ("/settings/context", self.context),
            ("/settings/capabilities", self.capabilities),
            ("/settings/flags", self.flags),
            ("/settings/warnings", self.warnings),
        )
        reading = [Route("GET", path, handler, Guard.TOKEN, jsonapi_errors) for path, handler in table]
        return [*reading, Route("PUT", "/settings/instance", self.change, Guard.TOKEN, jsonapi_errors)]

    async def instance(self, call: Call) -> Response:
        """The instance's settings, with what its record adds. Any token may read them; a guest's, what is public."""
        instance = cast("Instance", call.instance)
        said, rev = await self._settings.shown(instance)
        if call.caller.audience == "share":
            said = {name: value for name, value in said.items() if name in FOR_GUESTS}
        return answer(resource(SETTINGS, SETTINGS_ID, said, rev=rev, links=_HERE))

    async def change(self, call: Call) -> Response:
        """Replaces the settings; the body names the revision that it replaces. Language and name follow at once."""
        call.caller.allow("PUT", SETTINGS, SETTINGS_ID)
        body = await call.json_object(LIMIT)
        data = body.get("data")
        said = data.get("attributes") if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(said, dict):
            raise BadRequest("JSON input is malformed or is missing mandatory fields")
        meta = data.get("meta")
        rev = str(meta.get("rev") or "") if isinstance(meta, dict) else ""
        trusted = call.caller.audience == "cli"
        instance = cast("Instance", call.instance)
        document, instance = await self._settings.replace(instance, said, rev, trusted=trusted)
        shown = {**document.fields(), **computed(instance)}
        return answer(resource(SETTINGS, SETTINGS_ID, shown, rev=document.rev, links=_HERE))

    async def context(self, call: Call) -> Response:
        """What the operator has set for a group of instances: nothing so far."""
        links = {"self": "/settings/context"}
        return answer(resource(SETTINGS, "io.cozy.settings.context", {}, links=links))

    async def capabilities(self, call: Call) -> Response:
        """What this server can do."""
        said = self._instances.capabilities()
        links = {"self": "/settings/capabilities"}
        return answer(resource(SETTINGS, "io.cozy.settings.capabilities", said, links=links))

    async def flags(self, call: Call) -> Response:
        """The instance's feature flags."""
        said = cast("Instance", call.instance).fields.get("feature_flags", {})
        return answer(resource(SETTINGS, "io.cozy.settings.flags", said, links={"self": "/settings/flags"}))

    async def warnings(self, call: Call) -> Response:
        """404 with an empty list: there is nothing to warn of."""
        return Response(b'{"errors":[]}', 404, media_type=MEDIA_TYPE)
