"""The password of a link: the page that asks for it, and what that page posts (contract-a section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response

from alcove.base.http import Call, Guard, JSONResponse, Route
from alcove.base.pages import Pages
from alcove.identity.errors import LinkPasswordWrong, PermissionMissing, TooManyLogins
from alcove.identity.http.forms import PAGES, read_form, visitor_of, way
from alcove.identity.limits import Guesser, network_of
from alcove.identity.permissions.codes import LINKS, cookie_name, unlocking
from alcove.identity.texts import link_texts
from alcove.instances import Allowance

if TYPE_CHECKING:
    from alcove.base.errors import Refusal
    from alcove.identity.limits import Attempts
    from alcove.identity.passphrases.model import SlowHash
    from alcove.identity.permissions.codes import Codes
    from alcove.identity.permissions.service import Permissions
    from alcove.identity.permissions.visits import Visits
    from alcove.identity.service import Gate
    from alcove.instances import Allowances, Instance, Instances

VISITS = 2000
"""How often the page of one link is opened in an hour."""
CSP = (
    "default-src 'none';style-src {home}assets/;img-src {home}assets/;font-src {home}assets/;form-action {home} {page};"
    "frame-ancestors 'none';base-uri 'none';"
)
"""Browsers hold where a form leads on to against its policy as well: `page` is the origin of the page that asked."""


class LinkPages:
    """Asks for the passwords of links."""

    def __init__(
        self,
        gate: Gate,
        permissions: Permissions,
        codes: Codes,
        slow: SlowHash,
        attempts: Attempts,
        allowances: Allowances,
        instances: Instances,
        visits: Visits,
        scheme: str,
    ) -> None:
        self._gate = gate
        self._permissions = permissions
        self._codes = codes
        self._slow = slow
        self._attempts = attempts
        self._allowances = allowances
        self._instances = instances
        self._visits = visits
        self._scheme = scheme
        self._pages = Pages(PAGES)

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [Route("POST", "/auth/share-by-link/password", self.unlock, Guard.PUBLIC)]

    async def ask(self, call: Call, code: str, wanted: str) -> Response | None:
        """The page that asks for the password of a code; None when it has none, or this browser has said it.

        `wanted` is the address that the page leads back to. Each call is a visit of the link; raises `TooOften`.
        """
        instance = cast("Instance", call.instance)
        link = await self._codes.link(instance, code)
        if link is None:
            return None
        await self._allowances.take(instance.key, Allowance(f"visits of the link {link.id}", VISITS))
        lock = str(link.fields.get("password") or "")
        if not lock or self._gate.unlocked(instance, link.id, lock, call.request):
            if call.request.method == "GET" and await self._gate.session(call) is None:  # not the person's own look
                await self._visits.note(instance, link, code, call.request.headers.get("user-agent", ""))
            return None
        return self._page(instance, link.id, wanted, 401)

    async def unlock(self, call: Call) -> Response:
        """Lets a browser use a link for who knows its password; answers JSON, or leads a form back to its page."""
        instance = cast("Instance", call.instance)
        form = await read_form(call)
        ident, wanted = form.get("perm_id", ""), form.get("redirect", "")
        target = way(self._instances, self._scheme, instance, wanted) if wanted else ""
        link = await self._permissions.get(instance, ident)
        if link.type not in LINKS or self._permissions.ended(link):
            raise PermissionMissing
        lock = str(link.fields.get("password") or "")
        if not lock:
            return self._shared(call, instance, self._leads(target, "none"))
        try:
            await self._check(call, instance, ident, lock, form.get("password", ""))
        except (LinkPasswordWrong, TooManyLogins) as refusal:
            return self._shared(call, instance, self._refuse(instance, ident, target, refusal))
        response = self._leads(target, "ok")
        response.set_cookie(
            cookie_name(ident),
            unlocking(instance, ident, lock),
            domain=self._gate.cookie_domain(instance),
            httponly=True,
            secure=self._scheme == "https",
            samesite="lax",
        )
        return self._shared(call, instance, response)

    async def _check(self, call: Call, instance: Instance, ident: str, lock: str, password: str) -> None:
        guesser = Guesser(f"{instance.key} {ident}", network_of(visitor_of(call).address))
        wait = await self._attempts.begin(guesser)
        if wait > 0:
            raise TooManyLogins(wait, instance.locale)
        if not await self._slow.verify(lock, password):
            raise LinkPasswordWrong(link_texts(instance.locale)["wrong"])
        await self._attempts.succeed(guesser)

    def _refuse(self, instance: Instance, ident: str, target: str, refusal: Refusal) -> Response:
        if not target:
            return JSONResponse({"error": refusal.detail}, refusal.status, refusal.headers)
        response = self._page(instance, ident, target, refusal.status, refusal.detail)
        response.headers.update(refusal.headers)
        return response

    @staticmethod
    def _leads(target: str, password: str) -> Response:
        return RedirectResponse(target, 303) if target else JSONResponse({"password": password})

    def _shared(self, call: Call, instance: Instance, response: Response) -> Response:
        """Lets the pages of the person's own apps read the answer: a public page may ask for the password itself."""
        origin = call.request.headers.get("origin", "")
        found = self._instances.by_host(urlsplit(origin).netloc) if origin else None
        if found is not None and found[0].id == instance.id:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers.append("Vary", "Origin")
        return response

    def _page(self, instance: Instance, ident: str, wanted: str, status: int, error: str = "") -> Response:
        home = f"{self._scheme}://{instance.domain}/"
        html = self._pages.render(
            "link.html",
            t=link_texts(instance.locale),
            locale=instance.locale,
            home=home,
            permission=ident,
            redirect=wanted,
            error=error,
        )
        headers = {
            "Content-Security-Policy": CSP.format(home=home, page=f"{self._scheme}://{urlsplit(wanted).netloc}/"),
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",
        }
        return Response(html, status, headers, "text/html")
