"""`/settings`: what an instance says of itself (contract-a section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import orjson
from starlette.responses import Response

from alcove.base.errors import BadRequest, Forbidden, PlainRefusal
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import MEDIA_TYPE, answer, resource
from alcove.instances.flags import merged
from alcove.instances.moved import moved_warning
from alcove.instances.settings import InstanceSettings, computed
from alcove.instances.store.settings import SETTINGS, SETTINGS_ID
from alcove.instances.terms import terms_warning

if TYPE_CHECKING:
    from alcove.base.clock import Clock
    from alcove.instances.contexts import Contexts
    from alcove.instances.flags import Flags
    from alcove.instances.model import Instance
    from alcove.instances.service import Instances

LIMIT = 1 << 20
"""Bytes of the settings at the most."""
FOR_GUESTS = frozenset({"context", "default_redirection", "locale", "onboarding_finished", "public_name", "tz", "uuid"})
"""Settings that who comes by a link may read: no address, no telephone number."""
FLAGS_ID = "io.cozy.settings.flags"
_HERE = {"self": "/settings/instance"}
_FLAGS = {"self": "/settings/flags"}


class SettingsRoutes:
    """The settings that any client reads when it starts."""

    def __init__(
        self, settings: InstanceSettings, instances: Instances, contexts: Contexts, flags: Flags, clock: Clock
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._instances = instances
        self._contexts = contexts
        self._flags = flags

    def routes(self) -> list[Route]:
        """The route table of this file."""
        table = (
            ("GET", "/settings/instance", self.instance, Guard.TOKEN),
            ("PUT", "/settings/instance", self.change, Guard.LATE),
            ("PUT", "/settings/instance/sign_tos", self.sign, Guard.TOKEN),
            ("GET", "/settings/context", self.context, Guard.LATE),
            ("GET", "/settings/capabilities", self.capabilities, Guard.TOKEN),
            ("GET", "/settings/flags", self.flags, Guard.LATE),
            ("GET", "/settings/warnings", self.warnings, Guard.TOKEN),
        )
        return [Route(method, path, handler, guard, jsonapi_errors) for method, path, handler, guard in table]

    async def instance(self, call: Call) -> Response:
        """The instance's settings, with what its record adds. Any token may read them; a guest's, what is public."""
        instance = cast("Instance", call.instance)
        said, rev = await self._settings.shown(instance)
        notice = self._contexts.of(instance).get("legal_notice_url")
        said |= {"legal_notice_url": notice} if isinstance(notice, str) and notice else {}
        if call.caller.audience == "share":
            said = {name: value for name, value in said.items() if name in FOR_GUESTS}
        return answer(resource(SETTINGS, SETTINGS_ID, said, rev=rev, links=_HERE))

    async def change(self, call: Call) -> Response:
        """Replaces the settings; the body names the revision that it replaces. Language and name follow at once."""
        body = await call.json_object(LIMIT)
        data = body.get("data")
        said = data.get("attributes") if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(said, dict):
            raise BadRequest("JSON input is malformed or is missing mandatory fields")
        meta = data.get("meta")
        rev = str(meta.get("rev") or "") if isinstance(meta, dict) else ""
        await call.identify()
        call.caller.allow("PUT", SETTINGS, SETTINGS_ID)
        trusted = call.caller.audience == "cli"
        instance = cast("Instance", call.instance)
        document, instance = await self._settings.replace(instance, said, rev, trusted=trusted)
        shown = {**document.fields(), **computed(instance)}
        return answer(resource(SETTINGS, SETTINGS_ID, shown, rev=document.rev, links=_HERE))

    async def context(self, call: Call) -> Response:
        """What the operator has set for a group of instances."""
        await _identified(call)
        said = dict(self._contexts.of(cast("Instance", call.instance)))
        if "antivirus" in said:
            said["antivirus"] = {"enabled": False}  # no file is scanned here, whatever a context of elsewhere says
        links = {"self": "/settings/context"}
        return answer(resource(SETTINGS, "io.cozy.settings.context", said, links=links))

    async def capabilities(self, call: Call) -> Response:
        """What this server can do."""
        said = self._instances.capabilities(cast("Instance", call.instance))
        links = {"self": "/settings/capabilities"}
        return answer(resource(SETTINGS, "io.cozy.settings.capabilities", said, links=links))

    async def flags(self, call: Call) -> Response:
        """The instance's feature flags; with `include`, also the layers that they come from."""
        await _identified(call)
        layers = await self._flags.layers(cast("Instance", call.instance))
        said = resource(SETTINGS, FLAGS_ID, merged(layers), links=_FLAGS)
        if not call.query("include"):
            return answer(said)
        sources = [resource(SETTINGS, f"{FLAGS_ID}.{layer.name}", layer.said, links=_FLAGS) for layer in layers]
        return answer(said, included=sources)

    async def warnings(self, call: Call) -> Response:
        """What the person should know, such as terms of service to sign; 404 with an empty list for nothing."""
        instance = cast("Instance", call.instance)
        moved = moved_warning(instance, (await self._settings.read(instance)).get("moved_to"))
        terms = terms_warning(instance, self._contexts, self._clock.now())
        errors = [warning for warning in (moved, terms) if warning is not None]
        status = int(errors[0]["status"]) if errors else 404
        return Response(orjson.dumps({"errors": errors}), status, media_type=MEDIA_TYPE)

    async def sign(self, call: Call) -> Response:
        """The person agrees to the latest terms of service, in a client of theirs."""
        if call.caller.audience not in ("access", "cli"):
            raise Forbidden
        await self._settings.sign(cast("Instance", call.instance))
        return Response(status_code=204)


async def _identified(call: Call) -> None:
    """Asks for a token of whatever right; without a good one these two routes say 403, and not 401 or 400."""
    try:
        await call.identify()
    except PlainRefusal:
        raise Forbidden from None
