"""What the sub-domain of an app answers (contract-a section 5, "Serving")."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, unquote

from starlette.responses import RedirectResponse, Response

from alcove.apps.errors import NoSuchFile, NotInstalled, SessionNeeded
from alcove.apps.http.files import send_file
from alcove.apps.http.kept import REPORTS
from alcove.apps.model import Manifest, app_policy, page_values
from alcove.apps.texts import texts
from alcove.base.errors import MethodNotAllowed
from alcove.base.pages import Pages
from alcove.identity import login_url

if TYPE_CHECKING:
    from alcove.apps.http.kept import KeptIn
    from alcove.apps.model import AppRoute
    from alcove.apps.service import Apps
    from alcove.apps.service.folders import ServedApp
    from alcove.apps.service.intents import Intents
    from alcove.apps.service.registries import Registries
    from alcove.base.http import Call
    from alcove.identity import DeviceLimit, Gate, LinkPages, Session, SessionCodes, Tokens
    from alcove.instances import Flags, Instance, Instances, InstanceSettings

PAGES = Path(__file__).parents[1] / "pages"
PAGE = "text/html; charset=utf-8"
STORE, MARKET = "store", "market"
FORMER = frozenset({"collect", "onboarding"})
"""Apps that Cozy once had: their pages lead to the person's first one."""
_SLUG = re.compile(r"[a-z0-9-]{1,63}")
MANAGING = frozenset({"account", "settings"})
"""Apps in which devices are disconnected: they open also when there are too many."""
UNKEPT = "private, no-store, must-revalidate"


class AppPages:
    """Serves pages and files of installed apps, each on its own host."""

    def __init__(
        self,
        apps: Apps,
        gate: Gate,
        tokens: Tokens,
        instances: Instances,
        settings: InstanceSettings,
        flags: Flags,
        intents: Intents,
        registries: Registries,
        links: LinkPages,
        session_codes: SessionCodes,
        limit: DeviceLimit,
        kept_in: KeptIn,
        scheme: str,
        vite: str = "",
    ) -> None:
        self._apps = apps
        self._gate = gate
        self._intents = intents
        self._registries = registries
        self._links = links
        self._session_codes = session_codes
        self._limit = limit
        self._kept_in = kept_in
        self._tokens = tokens
        self._instances = instances
        self._settings = settings
        self._flags = flags
        self._scheme = scheme
        self._vite = vite
        self._pages = Pages(PAGES)

    async def serve(self, call: Call, slug: str, path: str) -> Response:
        """A page or file of that app; the login for who must log in first. It takes one kind of report (`KeptIn`)."""
        if call.request.method == "POST" and path == REPORTS:
            return await self._report(call, slug)
        if call.request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed("GET, HEAD")
        instance = cast("Instance", call.instance)
        try:
            app = await self._apps.served(instance, slug)
        except NotInstalled:
            instead = await self._instead(call, instance, slug) if _page_wanted(call) or not path.strip("/") else None
            if instead is not None:
                return instead
            return self._missing(instance, call, "Application is not installed")
        if not instance.fields.get("onboarding_finished"):
            return RedirectResponse(f"{self._scheme}://{instance.domain}/", 302)
        try:
            response = await self._serve(call, instance, app, path)
        except NoSuchFile as refusal:
            return self._missing(instance, call, refusal.detail, "lost_")
        asker = await self._intents.asker(instance, call.query("intent"), slug) if call.query("intent") else ""
        policy = app_policy(self._scheme, instance.domain, flat=self._instances.flat, vite=self._vite, framed_by=asker)
        response.headers.setdefault("Content-Security-Policy", f"{policy}report-uri {REPORTS};")
        return response

    async def _report(self, call: Call, slug: str) -> Response:
        instance = cast("Instance", call.instance)
        await self._apps.served(instance, slug)
        return await self._kept_in.take(call, instance, slug)

    async def _instead(self, call: Call, instance: Instance, slug: str) -> Response | None:
        """Where a page of an app that is not installed leads to: to what stands in for it, or to the store.

        A registry is asked only for the person: strangers would have it asked for any word.
        """
        if found := await self._apps.instead(instance, slug):
            return RedirectResponse(found, 302)
        if slug in FORMER and (first := await self._apps.first(instance)):
            return RedirectResponse(first, 301)
        if not _SLUG.fullmatch(slug) or await self._gate.session(call) is None:
            return None
        if (shop := await self._shop(instance, slug)) and await self._registries.first(instance, [slug]) is not None:
            return RedirectResponse(shop, 307)
        return None

    async def _shop(self, instance: Instance, slug: str) -> str:
        """The page from which an app can be had: of Cozy's store where it is installed, else of ours; else none."""
        if await self._apps.find(instance, STORE) is not None:
            return self._apps.url(instance, STORE, f"#/discover/{slug}")
        if await self._apps.find(instance, MARKET) is not None:
            return self._apps.url(instance, MARKET, f"?app={slug}")
        return ""

    async def _serve(self, call: Call, instance: Instance, app: ServedApp, path: str) -> Response:
        segments = tuple(unquote(part) for part in path.split("/") if part)
        found = app.manifest.find(segments)
        if found is None:
            raise NoSuchFile
        route, name = found
        entered = None if name else await self._session_codes.enter(call)
        if entered is not None:
            return entered
        session = await self._gate.session(call)
        if session is None and not route.public:
            if name:
                raise SessionNeeded
            return RedirectResponse(login_url(self._scheme, instance, self._asked(call, instance, app)), 302)
        if not name and not route.public and app.manifest.slug not in MANAGING and await self._limit.exceeded(instance):
            return self._too_many_devices(call, instance, app)
        if not name:
            if session is not None:
                app = await self._apps.renewed(instance, app.manifest.slug)
                route, _ = app.manifest.find(segments) or found
            code = call.query("sharecode")
            asked = await self._links.ask(call, code, self._asked(call, instance, app)) if code else None
            return asked or await self._page(instance, app, route, session, code)
        asset = app.folder.get(name)
        if asset is None:
            raise NoSuchFile
        return await send_file(call.request, asset)

    def _too_many_devices(self, call: Call, instance: Instance, app: ServedApp) -> Response:
        back = quote(self._asked(call, instance, app), safe="")
        return RedirectResponse(
            f"{self._scheme}://{instance.domain}/settings/clients/limit-exceeded?redirect={back}", 303
        )

    def _asked(self, call: Call, instance: Instance, app: ServedApp) -> str:
        url = self._apps.url(instance, app.manifest.slug, call.request.url.path.lstrip("/"))
        return f"{url}?{call.request.url.query}" if call.request.url.query else url

    async def _page(
        self, instance: Instance, app: ServedApp, route: AppRoute, session: Session | None, code: str
    ) -> Response:
        template = app.folder.page(f"{route.folder}/{route.index}".lstrip("/"))
        if template is None:
            raise NoSuchFile
        html = template.fill(await self.values(instance, app.manifest, session, code))
        # Nothing but a page of this very origin may read it: it holds the token. Its address may hold a code.
        headers = {
            "Cache-Control": UNKEPT,
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "same-origin",
        }
        return Response(html, 200, headers, PAGE)

    async def values(
        self, instance: Instance, manifest: Manifest, session: Session | None, code: str = ""
    ) -> dict[str, str]:
        """The variables of an app's pages. The token is good as long as the session lives; a stranger gets none.

        Who comes by a link, be it the person, gets its `code` as the token: the page shows what the link opens.
        """
        token = code or (self._tokens.make(instance, "app", manifest.slug, session=session.id) if session else "")
        settings = await self._settings.read(instance)
        return page_values(
            manifest,
            token=token,
            domain=instance.domain,
            locale=instance.locale,
            logged_in=session is not None,
            flat=self._instances.flat,
            tracking=settings.get("tracking") == "true",
            context=str(instance.fields.get("context") or ""),
            flags=await self._flags.of(instance),
            capabilities=self._instances.capabilities(instance),
        )

    def _missing(self, instance: Instance, call: Call, plain: str, kind: str = "") -> Response:
        """For a person a page that leads back, for all others the contract's words."""
        if not _page_wanted(call):
            return Response(plain, 404, media_type="text/plain")
        said = texts(instance.locale)
        home = f"{self._scheme}://{instance.domain}/"
        html = self._pages.render(
            "missing.html",
            t=said,
            title=said[f"{kind}title"],
            what=said[f"{kind}what"],
            locale=instance.locale,
            home=home,
        )
        own = ";".join(f"{part}-src {home}assets/" for part in ("style", "img", "font"))
        policy = f"default-src 'none';{own};frame-ancestors 'none';"
        return Response(html, 404, {"Content-Security-Policy": policy}, PAGE)


def _page_wanted(call: Call) -> bool:
    return "text/html" in call.request.headers.get("accept", "")
