"""`/permissions`: what the caller may do, links, and what apps give one another (contract-a section 4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from starlette.responses import Response

from alcove.base.clock import rfc3339
from alcove.base.digits import whole
from alcove.base.errors import BadRequest, Forbidden, TokenExpired, Unprocessable
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import answer, answer_list, read, resource
from alcove.identity.model import WrongScope
from alcove.identity.permissions.model import PERMISSIONS, NewLink, Patch, maximal, source_of
from alcove.identity.permissions.rules import all_within, tidy, verbs_shown
from alcove.identity.permissions.visits import VISITS
from alcove.jobs import BadDuration, read_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.clock import Clock
    from alcove.identity.model import Who
    from alcove.identity.passphrases.model import SlowHash
    from alcove.identity.permissions.model import Permission
    from alcove.identity.permissions.service import Permissions
    from alcove.identity.permissions.visits import Visits
    from alcove.instances import Instance

BODY = 256 << 10
"""Bytes of a set of rules at the most."""
NAMES = 100
"""Codes of one link at the most."""
NAME = 200
"""Characters in the name of a code at the most: it is often a mail address."""
TINY = timedelta(hours=1)
"""A code of six digits lives this long at the most."""
PAGE, PAGE_MOST = 30, 100
REFERENCES = 1000
"""Documents that are asked for at once, at the most."""


class PermissionRoutes:
    """The routes of permission documents."""

    def __init__(self, permissions: Permissions, slow: SlowHash, visits: Visits, clock: Clock) -> None:
        self._permissions = permissions
        self._visits = visits
        self._slow = slow
        self._clock = clock

    def routes(self) -> list[Route]:
        """The route table of this file."""
        table = (
            ("POST", "/permissions", self.create),
            ("GET", "/permissions/self", self.own),
            ("GET", "/permissions/:id", self.show),
            ("PATCH", "/permissions/:id", self.patch),
            ("DELETE", "/permissions/:id", self.revoke),
            ("GET", "/permissions/:id/visits", self.visits),
            ("PATCH", "/permissions/apps/:slug", self.patch_app),
            ("PATCH", "/permissions/konnectors/:slug", self.patch_konnector),
            ("GET", "/permissions/doctype/:doctype/shared-by-link", self.shared),
            ("GET", "/permissions/doctype/:doctype/sharedByLink", self.shared),
        )
        routes = [Route(method, path, handler, Guard.TOKEN, jsonapi_errors) for method, path, handler in table]
        return [*routes, Route("POST", "/permissions/exists", self.exists, Guard.LATE, jsonapi_errors)]

    async def own(self, call: Call) -> Response:
        """What the caller may do."""
        return _answer(await self._permissions.of(call.instance, _who(call)))

    async def show(self, call: Call) -> Response:
        """One permission document: the caller's own, one of the same app's, or any for who may do everything."""
        permission, who = await self._permissions.get(call.instance, call.params["id"]), _who(call)
        kin = not who.document and source_of(who) == permission.source
        if who.document != permission.id and not kin and not maximal(who):
            raise Forbidden
        if self._permissions.ended(permission):
            raise TokenExpired
        return _answer(permission)

    async def create(self, call: Call) -> Response:
        """Makes a link: `codes` names its codes, `ttl` says how long it lives, `tiny=true` asks for codes to type."""
        said = (await read(call, BODY))["attributes"]
        rules = _rules(said)
        if not rules:
            raise Unprocessable("A link needs at least one rule", pointer="/data/attributes/permissions")
        names = list(dict.fromkeys(call.query("codes").split(",")))
        _check_names(names)
        lives = _ttl(call.query("ttl"))
        ends = rfc3339(self._clock.now() + lives) if lives else _moment(said) or ""
        tiny = call.query("tiny") in ("true", "1") and lives is not None and lives <= TINY
        link = NewLink(rules, names, tiny, await self._lock(said) or "", ends)
        made = await self._permissions.create(cast("Instance", call.instance), _who(call), link)
        return _answer(made, codes=True)

    async def patch(self, call: Call) -> Response:
        """Changes the codes of a link, or its rules, or its password and its end."""
        patch = await self._patch(call)
        instance = cast("Instance", call.instance)
        changed = await self._permissions.patch(instance, _who(call), call.params["id"], patch)
        return _answer(changed, codes=True)

    async def patch_app(self, call: Call) -> Response:
        """Gives an app more rights, of those that the caller has."""
        return await self._give(call, "app")

    async def patch_konnector(self, call: Call) -> Response:
        """Gives a connector more rights, of those that the caller has."""
        return await self._give(call, "konn")

    async def _give(self, call: Call, audience: str) -> Response:
        patch = await self._patch(call)
        if patch.rules is None:
            raise BadRequest("Only the permissions of an app can be changed")
        instance, slug = cast("Instance", call.instance), call.params["slug"]
        return _answer(await self._permissions.patch_app(instance, _who(call), audience, slug, patch.rules))

    async def revoke(self, call: Call) -> Response:
        """Takes a link back."""
        await self._permissions.revoke(call.instance, _who(call), call.params["id"])
        await self._visits.forget(call.instance, call.params["id"])
        return Response(status_code=204)

    async def visits(self, call: Call) -> Response:
        """How often a link was opened, and when, by the hour and the kind of browser; for who may change the link."""
        link = await self._permissions.own(call.instance, _who(call), call.params["id"])
        return answer(resource(VISITS, link.id, await self._visits.of(call.instance, link.id)))

    async def shared(self, call: Call) -> Response:
        """The links to documents of a type, with their codes where the caller may do all that these open."""
        doctype, who = call.params["doctype"], _who(call)
        who.allow_type("GET", doctype)
        size = whole(call.query("page[limit]") or str(PAGE), 9)
        if not size:
            raise BadRequest("page[limit] must be a whole number from 1 on", parameter="page[limit]")
        found = [
            link
            for link in await self._permissions.links(call.instance)
            if link.id > call.query("page[cursor]") and any(rule.speaks_of(doctype) for rule in link.rules)
        ]
        page, rest = found[: min(size, PAGE_MOST)], found[min(size, PAGE_MOST) :]
        links = {}
        if rest:
            more = urlencode({"page[limit]": min(size, PAGE_MOST), "page[cursor]": page[-1].id})
            links["next"] = f"/permissions/doctype/{doctype}/shared-by-link?{more}"
        shown = [_resource(link, codes=all_within(link.rules, who.permissions)) for link in page]
        return answer_list(shown, links=links)

    async def exists(self, call: Call) -> Response:
        """What links allow with each of some documents, of those that are shared by one."""
        references = _references(await call.json_object(BODY))
        await call.identify()
        for doctype in {doctype for doctype, _ in references}:
            if not call.caller.rules("GET", doctype):
                raise Forbidden
        found = await self._permissions.opened(call.instance, references)
        data = [
            {"id": ident, "type": doctype, "verbs": verbs_shown(found[doctype, ident])}
            for doctype, ident in dict.fromkeys(references)
            if (doctype, ident) in found
        ]
        return answer_list(data)

    async def _patch(self, call: Call) -> Patch:
        """What a change says; raises `BadRequest`, `Unprocessable`."""
        said = (await read(call, BODY))["attributes"]
        rules, codes = said.get("permissions"), said.get("codes")
        if bool(rules) == bool(codes) and (rules or not {"password", "expires_at"} & set(said)):
            raise BadRequest("The patch doc should have property 'codes' or 'permissions', not both")
        if rules:
            return Patch(rules=_rules(said, removing=True))
        if codes:
            if not isinstance(codes, dict):
                raise Unprocessable("codes must be an object", pointer="/data/attributes/codes")
            _check_names(list(codes))
            return Patch(codes=list(codes))
        return Patch(lock=await self._lock(said), ends=_moment(said))

    async def _lock(self, said: Mapping[str, Any]) -> str | None:
        """The hash of the password that is said; empty for none, None when nothing is said of it."""
        password = said.get("password")
        if password is None or password is True:  # what answers say instead of the hash
            return None
        if not isinstance(password, str) or len(password) > 1024:
            raise Unprocessable("password must be a text", pointer="/data/attributes/password")
        return await self._slow.hash(password) if password else ""


def _who(call: Call) -> Who:
    return cast("Who", call.caller)


def _rules(said: Mapping[str, Any], *, removing: bool = False) -> dict[str, Any]:
    """The set of rules of a body. With `removing`, None stands for a rule without a type: it is to go."""
    permissions = said.get("permissions")
    if not isinstance(permissions, dict):
        raise Unprocessable("permissions must be an object of rules", pointer="/data/attributes/permissions")
    gone = {
        title: None
        for title, rule in permissions.items()
        if removing and isinstance(rule, dict) and rule.get("type") in ("", None)
    }
    try:
        kept = tidy({title: rule for title, rule in permissions.items() if title not in gone})
    except WrongScope as error:
        raise Unprocessable(str(error), pointer="/data/attributes/permissions") from None
    return {title: gone.get(title, kept.get(title)) for title in permissions}


def _check_names(names: list[str]) -> None:
    if len(names) > NAMES or any(len(name) > NAME for name in names):
        raise Unprocessable(f"{NAMES} codes with names of {NAME} characters are allowed", parameter="codes")


def _ttl(text: str) -> timedelta | None:
    try:
        lives = read_duration(text, long=True) if text else None
    except BadDuration:
        lives = timedelta(0)
    if lives is not None and lives <= timedelta(0):
        raise Unprocessable(f"ttl is {text[:40]!r}: a duration such as 30D or 1h is allowed", parameter="ttl")
    return lives


def _moment(said: Mapping[str, Any]) -> str | None:
    """The member `expires_at`: empty for never, None when nothing is said; raises `Unprocessable`."""
    text = said.get("expires_at")
    if text is None or text == "":
        return text
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return rfc3339(moment.astimezone(UTC))
    except (TypeError, ValueError, OverflowError):
        pass
    raise Unprocessable(
        "expires_at must be a moment, such as 2030-01-31T12:00:00Z",
        title="Invalid Attribute",
        pointer="/data/attributes/expires_at",
    )


def _references(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    data = body.get("data")
    if not isinstance(data, list) or len(data) > REFERENCES:
        raise BadRequest(f"data must be a list of {REFERENCES} references at the most")
    found = []
    for one in data:
        if not isinstance(one, dict) or not isinstance(one.get("type"), str) or not isinstance(one.get("id"), str):
            raise BadRequest("Each reference needs a type and an id")
        found.append((one["type"], one["id"]))
    return found


def _resource(permission: Permission, *, codes: bool = False) -> dict[str, Any]:
    """As answers show it: never the hash of a password, and codes only to who may see them."""
    hidden = set() if codes else {"codes", "shortcodes"}
    shown = {name: value for name, value in permission.fields.items() if name not in hidden}
    if shown.get("password"):
        shown["password"] = True
    links = {"self": f"/permissions/{permission.id}"}
    kind, _, sharing = permission.source.partition("/")
    if kind == "io.cozy.sharings":
        links["related"] = f"/sharings/{sharing}"
    return resource(PERMISSIONS, permission.id, shown, rev=permission.rev, links=links)


def _answer(permission: Permission, *, codes: bool = False) -> Response:
    return answer(_resource(permission, codes=codes))
