"""The live properties of files and folders (RFC 4918 section 15, RFC 4331), and those that clients of old ask for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from alcove.base.errors import BadRequest
from alcove.dav.model.dates import from_http, from_seconds, http_date, whole_seconds
from alcove.dav.model.locks import Lock, covering
from alcove.dav.model.paths import href
from alcove.dav.model.xml import dav, text
from alcove.dav.service.properties import Properties, Property

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from xml.etree.ElementTree import Element

    from alcove.dav.service.locks import Locks
    from alcove.dav.service.tree import Resource, Tree, View
    from alcove.files import Files

MICROSOFT = "urn:schemas-microsoft-com:"
COLLECTION = b"<d:collection/>"
_SCOPES = ("exclusive", "shared")
SUPPORTED = b"".join(
    f"<d:lockentry><d:lockscope><d:{scope}/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockentry>".encode()
    for scope in _SCOPES
)


def _type(view: View, resource: Resource) -> bytes:  # noqa: ARG001 - the shape of a value
    return COLLECTION if resource.collection else b""


def _length(view: View, resource: Resource) -> bytes | None:  # noqa: ARG001 - the shape of a value
    return None if resource.collection else b"%d" % resource.size


def _mime(view: View, resource: Resource) -> bytes | None:  # noqa: ARG001 - the shape of a value
    return _escaped(resource.mime) if resource.mime else None


@lru_cache(1024)
def _escaped(content: str) -> bytes:
    return text(content)


def _etag(view: View, resource: Resource) -> bytes | None:  # noqa: ARG001 - the shape of a value
    return text(resource.etag) if resource.etag else None


def _modified(view: View, resource: Resource) -> bytes | None:  # noqa: ARG001 - the shape of a value
    return http_date(resource.modified).encode() or None


def _created(view: View, resource: Resource) -> bytes | None:  # noqa: ARG001 - the shape of a value
    return text(whole_seconds(resource.created)) or None


def _name(view: View, resource: Resource) -> bytes | None:
    return text(resource.names[-1] if resource.names else view.instance.domain)


def _supported(view: View, resource: Resource) -> bytes:  # noqa: ARG001 - the shape of a value
    return SUPPORTED


def active(lock: Lock, seconds: int) -> bytes:
    """The `activelock` element of a lock that lasts so long yet."""
    scope = _SCOPES[0 if lock.exclusive else 1]
    return (
        f"<d:activelock><d:locktype><d:write/></d:locktype><d:lockscope><d:{scope}/></d:lockscope>"
        f"<d:depth>{'infinity' if lock.deep else '0'}</d:depth>{lock.owner}<d:timeout>Second-{seconds}</d:timeout>"
        f"<d:locktoken><d:href>{lock.token}</d:href></d:locktoken>"
        f"<d:lockroot><d:href>{href(lock.base, lock.names, collection=False)}</d:href></d:lockroot></d:activelock>"
    ).encode()


class LockProperties:
    """`lockdiscovery` of the resources of a tree."""

    def __init__(self, tree: Tree, locks: Locks) -> None:
        self._tree = tree
        self._locks = locks

    async def load(self, view: View, resources: Sequence[Resource]) -> Sequence[bytes]:
        """The locks on each."""
        held = await self._locks.of(view.instance, self._tree.name)
        if not held:
            return [b""] * len(resources)
        return [
            b"".join(active(lock, self._locks.left(lock)) for lock in covering(held, one.names)) for one in resources
        ]


class Quota:
    """Space left and taken, on folders (RFC 4331). Without a quota nothing is said of what is left."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def used(self, view: View, resources: Sequence[Resource]) -> Sequence[bytes | None]:
        """Bytes taken in the whole place."""
        if not any(one.collection for one in resources):
            return [None] * len(resources)
        taken = b"%d" % sum(await self._files.usage(view.instance))
        return [taken if one.collection else None for one in resources]

    async def available(self, view: View, resources: Sequence[Resource]) -> Sequence[bytes | None]:
        """Bytes that still fit."""
        space = await self._files.space(view.instance) if any(one.collection for one in resources) else None
        left = None if space is None else b"%d" % space
        return [left if one.collection else None for one in resources]


def standard(tree: Tree, locks: Locks, files: Files) -> Properties:
    """What every mount tells."""
    quota = Quota(files)

    def dated(read: Callable[[str], str]) -> Callable[[View, Resource, Element | None], Awaitable[None]]:
        async def write(view: View, resource: Resource, element: Element | None) -> None:
            modified = read((element.text or "").strip()) if element is not None else ""
            if not modified:
                raise BadRequest("This is no date that is understood here")
            await tree.touch(view, resource, modified)

        return write

    return Properties(
        (
            Property(dav("resourcetype"), _type),
            Property(dav("getcontentlength"), _length),
            Property(dav("getcontenttype"), _mime),
            Property(dav("getlastmodified"), _modified),
            Property(dav("getetag"), _etag),
            Property(dav("creationdate"), _created),
            Property(dav("displayname"), _name),
            Property(dav("supportedlock"), _supported),
            Property(dav("lockdiscovery"), load=LockProperties(tree, locks).load),
            Property(dav("quota-used-bytes"), load=quota.used, usual=False),
            Property(dav("quota-available-bytes"), load=quota.available, usual=False),
            # What clients write to set the date of a file that they have sent: rclone, and Windows.
            Property(dav("lastmodified"), write=dated(from_seconds), usual=False),
            Property(f"{{{MICROSOFT}}}Win32LastModifiedTime", _modified, write=dated(from_http), usual=False),
        ),
        {MICROSOFT: "z"},
    )
