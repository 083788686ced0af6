"""`/konnectors`: which are installed (contract-a section 5), and making one run by itself."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any, cast

from alcove.apps import HIDDEN, Folder, NoSuchFile, answer_installed, comes_along, send_file
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, resource
from alcove.connectors.errors import NoSuchConnector
from alcove.connectors.frequency import timetable
from alcove.connectors.model import KONNECTORS, TRIGGERS
from alcove.jobs import trigger_resource

if TYPE_CHECKING:
    from starlette.responses import Response

    from alcove.apps import Installer, Renewals
    from alcove.connectors.service.konnectors import Konnectors
    from alcove.documents import Document
    from alcove.identity import Gate
    from alcove.instances import Instance
    from alcove.jobs import Jobs, Triggers


class Catalogue:
    """The routes about installed connectors."""

    def __init__(
        self,
        installer: Installer,
        renewals: Renewals,
        konnectors: Konnectors,
        triggers: Triggers,
        jobs: Jobs,
        gate: Gate,
        scheme: str,
    ) -> None:
        self._installer = installer
        self._renewals = renewals
        self._konnectors = konnectors
        self._triggers = triggers
        self._jobs = jobs
        self._gate = gate
        self._scheme = scheme
        self._chance = random.SystemRandom()

    def routes(self) -> list[Route]:
        """The route table."""
        # As in the reference, what is not installed is 404 before anybody is asked who they are.
        return [
            Route("GET", "/konnectors/", self.list, Guard.TOKEN, jsonapi_errors),
            Route("GET", "/connectors/", self.list_ours, Guard.TOKEN, jsonapi_errors),
            Route("GET", "/konnectors/:slug", self.show, Guard.PUBLIC, jsonapi_errors),
            Route("GET", "/konnectors/:slug/icon", self.icon, Guard.PUBLIC, jsonapi_errors),
            Route("GET", "/konnectors/:slug/icon/:version", self.icon, Guard.PUBLIC, jsonapi_errors),
            Route("POST", "/konnectors/:slug/trigger", self.trigger, Guard.PUBLIC, jsonapi_errors),
        ]

    async def list(self, call: Call) -> Response:
        """The connectors that somebody installed, 100 unless `limit` says otherwise; `start_key` is where to begin."""
        return await self._listed(call, ours=False)

    async def list_ours(self, call: Call) -> Response:
        """The connectors that come with Alcove, in pages as `/konnectors/`: clients of Cozy do not look for them."""
        return await self._listed(call, ours=True)

    async def _listed(self, call: Call, *, ours: bool) -> Response:
        call.caller.allow_type("GET", KONNECTORS)
        found = await self._installer.all(cast("Instance", call.instance))
        meant = [document for document in found if comes_along(document) is ours]
        return answer_installed(call, meant, self._scheme, self.shown)

    async def show(self, call: Call) -> Response:
        """One installed connector, brought to its newest version first."""
        instance = cast("Instance", call.instance)
        document = await self._installer.get(instance, call.params["slug"])
        await self._gate.admit(call, Guard.TOKEN)
        call.caller.allow("GET", KONNECTORS, document.id, document.fields())
        return answer(self.shown(instance, await self._renewals.renewed(instance, document)))

    async def icon(self, call: Call) -> Response:
        """A connector's icon, for a token or a logged-in browser; under a version it may be kept for ever."""
        instance, slug = cast("Instance", call.instance), call.params["slug"]
        document = await self._installer.get(instance, slug)
        await self._gate.admit(call, Guard.EITHER)
        call.caller.allow_type("GET", KONNECTORS)
        folder = await self.files(instance, document)
        asset = folder.get(str(document.fields().get("icon") or "icon.svg").strip("/"))
        if asset is None:
            raise NoSuchFile
        return await send_file(call.request, asset, forever="version" in call.params)

    async def trigger(self, call: Call) -> Response:
        """Lets a connector run for the account `AccountID` as often as its manifest says; with `ExecNow` also now."""
        instance, slug = cast("Instance", call.instance), call.params["slug"]
        manifest = (await self._installer.get(instance, slug)).fields()
        await self._gate.admit(call, Guard.TOKEN)
        call.caller.allow("POST", TRIGGERS, "", {"worker": "konnector"})
        message: dict[str, Any] = {"account": call.query("AccountID"), "konnector": slug}
        if manifest.get("folders"):
            message["folder_to_save"] = "yes"
        said = {
            "type": "@cron",
            "worker": "konnector",
            "arguments": timetable(manifest, self._chance),
            "message": message,
        }
        by = "" if call.caller.audience == "cli" else call.caller.subject
        made = await self._triggers.create(instance.key, said, by=by)
        if call.query("ExecNow") == "true":
            await self._jobs.check_rate(instance.key, "konnector")
            await self._triggers.launch(instance.key, made.id)
        return answer(trigger_resource(made), 201)

    def shown(self, instance: Instance, document: Document) -> dict[str, Any]:
        """An installed connector as it is answered."""
        fields = {name: value for name, value in document.fields().items() if name not in HIDDEN}
        slug = str(fields.get("slug"))
        links = {
            "self": f"/konnectors/{slug}",
            "icon": f"/konnectors/{slug}/icon/{fields.get('version')}",
            "permissions": f"/permissions/konnectors/{slug}",
        }
        return resource(KONNECTORS, document.id, fields, rev=document.rev, links=links)

    async def files(self, instance: Instance, document: Document) -> Folder:
        """The files of an installed connector; raises `NoSuchFile` where it is gone from this installation."""
        slug, code = document.id.rpartition("/")[2], str(document.fields().get("code") or "")
        if code:
            return await self._installer.files(instance, slug, code)
        try:
            return await asyncio.to_thread(Folder, self._konnectors.get(slug).folder)
        except NoSuchConnector:
            raise NoSuchFile from None
