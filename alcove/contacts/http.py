"""`/contacts/myself`, and the picture of who lives here: `/settings/avatar`, `/public/avatar`."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, cast

from starlette.responses import Response

from alcove.base.errors import BadRequest, Forbidden, NotFound, TooLarge, Unprocessable
from alcove.base.http import Call, Guard, Route, jsonapi_errors, plain_errors
from alcove.base.jsonapi import answer, resource
from alcove.contacts.drawing import as_png
from alcove.contacts.model import Portrait, as_svg, nobody, portrait

if TYPE_CHECKING:
    from alcove.contacts.service import Avatars
    from alcove.instances import Instance, InstanceSettings

CONTACTS, SETTINGS = "io.cozy.contacts", "io.cozy.settings"
MOST = 20_000_000
"""Bytes of a picture at the most (contract-a section 8)."""
CHOICES = {
    "fallback": ("default", "404", "initials", "anonymous"),
    "format": ("png", "svg"),
    "as": ("unconfirmed",),
    "fx": ("translucent",),
    "q": ("high",),
}
"""What each parameter of a portrait may be (contract-a section 15)."""
SIDE, HIGH = 128, 512
"""Points of a side of a portrait, and with `q=high`."""


class PeopleRoutes:
    """The owner's contact and picture."""

    def __init__(self, avatars: Avatars, settings: InstanceSettings) -> None:
        self._avatars = avatars
        self._settings = settings

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("POST", "/contacts/myself", self.myself, Guard.TOKEN, jsonapi_errors),
            Route("PUT", "/settings/avatar", self.change, Guard.TOKEN, jsonapi_errors),
            Route("DELETE", "/settings/avatar", self.remove, Guard.TOKEN, jsonapi_errors),
            Route("GET", "/public/avatar", self.show, Guard.PUBLIC, plain_errors),
        ]

    async def myself(self, call: Call) -> Response:
        """The contact of who lives here, made anew if it is gone."""
        if not call.caller.rules("GET", CONTACTS):
            raise Forbidden
        contact = await self._settings.myself(cast("Instance", call.instance))
        fields = contact.fields()
        call.caller.allow("GET", CONTACTS, contact.id, fields)
        return answer(resource(CONTACTS, contact.id, fields, rev=contact.rev, links={"self": "/contacts/myself"}))

    async def change(self, call: Call) -> Response:
        """Takes the body as the person's picture."""
        call.caller.allow_type("PUT", SETTINGS)
        if not call.request.headers.get("content-type", "").lower().startswith("image/"):
            raise Unprocessable("A picture is sent with a Content-Type such as image/jpeg", parameter="Content-Type")
        try:
            picture = await call.body(MOST)
        except TooLarge:
            raise TooLarge("Avatar is too big") from None
        await self._avatars.change(cast("Instance", call.instance), picture)
        return Response(status_code=204)

    async def remove(self, call: Call) -> Response:
        """Takes the person's picture away."""
        call.caller.allow_type("PUT", SETTINGS)
        await self._avatars.remove(cast("Instance", call.instance))
        return Response(status_code=204)

    async def show(self, call: Call) -> Response:
        """The person's picture, or what `fallback` says when there is none."""
        wanted = _wanted(call)
        instance = cast("Instance", call.instance)
        own = await self._avatars.get(instance)
        if own is not None:
            return _sent(call, own[0], "image/jpeg", own[1])
        if wanted["fallback"] == "404":
            raise NotFound("Page not found")
        effects = {"unconfirmed": bool(wanted["as"]), "translucent": bool(wanted["fx"])}
        if wanted["fallback"] == "initials":
            name = str((await self._settings.read(instance)).get("public_name") or "")
            drawn = portrait(name or instance.domain.partition(".")[0], **effects)
        else:
            drawn = nobody(**effects)
        return await _drawn(call, drawn, wanted)


def _wanted(call: Call) -> dict[str, str]:
    """The parameters of a portrait; raises `BadRequest`."""
    wanted = {name: call.query(name) for name in CHOICES}
    for name, said in wanted.items():
        if said and said not in CHOICES[name]:
            raise BadRequest(f"{name} can be {' or '.join(CHOICES[name])}", parameter=name)
    return wanted


async def _drawn(call: Call, drawn: Portrait, wanted: dict[str, str]) -> Response:
    if wanted["format"] == "svg":
        content, kind = as_svg(drawn), "image/svg+xml"
    else:
        size = HIGH if wanted["q"] else SIDE
        content, kind = await asyncio.to_thread(as_png, drawn, size), "image/png"
    return _sent(call, content, kind, hashlib.sha256(content).hexdigest()[:20])


def _sent(call: Call, content: bytes, kind: str, version: str) -> Response:
    """The picture, or 304 for who has it: it is asked for on every page, and must not be an old one."""
    headers = {"ETag": f'"{version}"', "Cache-Control": "no-cache"}
    if call.request.headers.get("if-none-match", "") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(content, 200, headers, kind)
