"""PROPPATCH."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from starlette.responses import Response

from alcove.base.errors import Refusal
from alcove.dav.errors import IllegalXML, Protected
from alcove.dav.http.answers import line_of, status_of
from alcove.dav.model.xml import HEAD, LIMIT, MEDIA_TYPE, dav, languages, read, text, written
from alcove.dav.service.properties import in_dav

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.http import Call
    from alcove.dav.http.asking import Asked
    from alcove.dav.http.mount import Mount
    from alcove.dav.service.tree import Resource

FAILED_BESIDE = 424
Asking = dict[str, tuple[Element, str] | None]
"""What is to become of properties, by name: an element with the language in scope, or None to remove it."""


class Patching:
    """What clients write down about a resource."""

    def __init__(self, mount: Mount) -> None:
        self._mount = mount

    async def proppatch(self, call: Call) -> Response:
        """Sets and removes properties, all or none of them: 207 with what became of each."""
        asked = await self._mount.writes(call, "PATCH")
        asking = asked_for(await call.body(LIMIT))
        resource = await self._mount.need(asked, "PATCH")
        await asked.judge(resource)
        asked.pass_locks(asked.names)
        status = await self._change(asked, resource, asking)
        return Response(self._told(asked, resource, status), 207, media_type=MEDIA_TYPE)

    async def _change(self, asked: Asked, resource: Resource, asking: Asking) -> Mapping[str, int]:
        """Writes what is asked for; the status of each property."""
        refused = {name for name in asking if self._is_protected(name, resource)}
        if refused:
            return {name: Protected.status if name in refused else FAILED_BESIDE for name in asking}
        live = {name: one for name in asking if (one := self._mount.properties.get(name)) is not None}
        for name, one in live.items():
            assert one.write is not None
            said = asking[name]
            try:
                await one.write(asked.view, resource, None if said is None else said[0])
            except Refusal as refusal:
                status = status_of(refusal)
                return {other: status if other == name else FAILED_BESIDE for other in asking}
        dead = {name: said for name, said in asking.items() if name not in live}
        setting = {name: written(*said).decode() for name, said in dead.items() if said is not None}
        if dead:
            removing = [name for name, said in dead.items() if said is None]
            await self._mount.core.dead.change(asked.view.instance, resource.key, setting, removing)
        return dict.fromkeys(asking, 200)

    def _is_protected(self, name: str, resource: Resource) -> bool:
        one = self._mount.properties.get(name)
        if one is not None:
            return one.write is None
        return (in_dav(name) and name != dav("displayname")) or not resource.key

    def _told(self, asked: Asked, resource: Resource, status: Mapping[str, int]) -> bytes:
        tags = self._mount.properties.tags
        parts = [HEAD, tags.root("multistatus"), b"<d:response><d:href>"]
        parts += (text(asked.view.href(resource)), b"</d:href>")
        for code in sorted(set(status.values())):
            names = b"".join(tags.empty(name) for name, said in status.items() if said == code)
            parts += (b"<d:propstat><d:prop>", names, b"</d:prop><d:status>", line_of(code), b"</d:status>")
            if code == Protected.status:
                parts.append(b"<d:error><d:cannot-modify-protected-property/></d:error>")
            parts.append(b"</d:propstat>")
        parts.append(b"</d:response></d:multistatus>")
        return b"".join(parts)


def asked_for(body: bytes) -> Asking:
    """What a body asks for, the last word on each property. Raises `IllegalXML`."""
    root, found = read(body, dav("propertyupdate")), Asking()
    for step, lang in languages(root):
        if step.tag not in (dav("set"), dav("remove")):
            continue
        for prop, inner in languages(step, lang):
            if prop.tag != dav("prop"):
                continue
            for element, scope in languages(prop, inner):
                found.pop(element.tag, None)
                found[element.tag] = (element, scope) if step.tag == dav("set") else None
    if not found:
        raise IllegalXML("The body sets and removes no property")
    return found
