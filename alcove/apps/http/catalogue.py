"""`/apps`: what is installed (contract-a section 5), and the files that all apps share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from starlette.responses import RedirectResponse, Response

from alcove.apps.errors import NoSuchFile
from alcove.apps.http.files import send_file
from alcove.apps.http.listing import answer_installed
from alcove.apps.model import APPS
from alcove.apps.model.record import HIDDEN, READY
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, resource

if TYPE_CHECKING:
    from alcove.apps.http.serving import AppPages
    from alcove.apps.service import Apps
    from alcove.apps.service.folders import Folder
    from alcove.documents import Document
    from alcove.identity import Gate, Sessions
    from alcove.instances import Instance, Instances


class Catalogue:
    """The routes of this room."""

    def __init__(
        self,
        apps: Apps,
        pages: AppPages,
        gate: Gate,
        sessions: Sessions,
        instances: Instances,
        shared: Folder,
        scheme: str,
    ) -> None:
        self._apps = apps
        self._pages = pages
        self._gate = gate
        self._sessions = sessions
        self._instances = instances
        self._shared = shared
        self._scheme = scheme

    def routes(self) -> list[Route]:
        """The route table of this file."""
        # As in the reference, an app that is not installed is 404 before anybody is asked who they are: whether there
        # is one can be seen from its host anyway.
        return [
            Route("GET", "/apps/", self.list, Guard.TOKEN, jsonapi_errors),
            Route("GET", "/apps/:slug", self.show, Guard.PUBLIC, jsonapi_errors),
            Route("GET", "/apps/:slug/icon", self.icon, Guard.PUBLIC, jsonapi_errors),
            Route("GET", "/apps/:slug/icon/:version", self.icon, Guard.PUBLIC, jsonapi_errors),
            Route("GET", "/apps/:slug/open", self.open, Guard.TOKEN, jsonapi_errors),
            Route("GET", "/settings/onboarded", self.onboarded, Guard.PUBLIC),
            Route("GET", "/assets/alcove/*path", self.shared, Guard.PUBLIC, bare=True),
        ]

    async def list(self, call: Call) -> Response:
        """The installed apps, a page of 100 unless `limit` says otherwise; `start_key` is the id to begin with."""
        call.caller.allow_type("GET", APPS)
        found = await self._apps.all(cast("Instance", call.instance))
        return answer_installed(call, found, self._scheme, self.shown)

    async def show(self, call: Call) -> Response:
        """One installed app, brought to its newest version first."""
        instance = cast("Instance", call.instance)
        document = await self._apps.get(instance, call.params["slug"])
        await self._gate.admit(call, Guard.TOKEN)
        call.caller.allow("GET", APPS, document.id, document.fields())
        return answer(self.shown(instance, await self._apps.shown(instance, document)))

    async def icon(self, call: Call) -> Response:
        """An app's icon, for a token or a logged-in browser; under a version it may be kept for ever."""
        app = await self._apps.served(cast("Instance", call.instance), call.params["slug"])
        await self._gate.admit(call, Guard.EITHER)
        call.caller.allow_type("GET", APPS)
        asset = app.folder.get(app.manifest.icon)
        if asset is None:
            raise NoSuchFile
        return await send_file(call.request, asset, forever="version" in call.params)

    async def open(self, call: Call) -> Response:
        """All that a native client needs to show an app's page by itself; only for tokens that open everything."""
        call.caller.allow_type("GET", "*")
        instance = cast("Instance", call.instance)
        app = await self._apps.served(instance, call.params["slug"])
        session, value = await self._sessions.open(instance, long_run=False)
        said = await self._pages.values(instance, app.manifest, session)
        said["Cookie"] = self._gate.cookie(instance, value)
        del said["CozyData"], said["ContextName"]
        links = {"self": f"/apps/{app.manifest.slug}/open"}
        return answer(resource("io.cozy.apps.open", app.manifest.slug, said, links=links))

    async def onboarded(self, call: Call) -> Response:
        """Leads to the person's first app, or to the login."""
        instance = cast("Instance", call.instance)
        if await self._gate.session(call) is None:
            return RedirectResponse(f"{self._scheme}://{instance.domain}/auth/login", 303)
        return RedirectResponse(await self._apps.welcome(instance), 303)

    async def shared(self, call: Call) -> Response:
        """A file of the folder that all apps share, for any of their origins.

        `*` and not the origin that asks: a browser then keeps one copy for all apps.
        """
        asset = self._shared.get(unquote(call.params["path"]))
        if asset is None:
            raise NoSuchFile
        response = await send_file(call.request, asset)
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    def shown(self, instance: Instance, document: Document) -> dict[str, Any]:
        """An installed app as it is answered."""
        fields = {name: value for name, value in document.fields().items() if name not in HIDDEN}
        slug = str(fields.get("slug"))
        links = {"self": f"/apps/{slug}", "icon": f"/apps/{slug}/icon/{fields.get('version')}"}
        if fields.get("state") in READY:
            links["related"] = self._apps.url(instance, slug)
        return resource(APPS, document.id, fields, rev=document.rev, links=links)
