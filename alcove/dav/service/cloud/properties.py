"""The properties of the Nextcloud dialect: numbers, permissions, sizes, checksums, pictures, favourites, owners."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

from alcove.dav.model.numbers import file_id
from alcove.dav.model.xml import text
from alcove.dav.service.properties import Property
from alcove.files import FILES, Patch, wants_thumbnails
from alcove.identity import login_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from alcove.dav.service.cloud.numbers import Numbers
    from alcove.dav.service.tree import Resource, View
    from alcove.files import Files, Node
    from alcove.identity import Permissions
    from alcove.instances import Instance, InstanceSettings

OC, NC, OCS = "http://owncloud.org/ns", "http://nextcloud.org/ns", "http://open-collaboration-services.org/ns"
PREFIXES = {OC: "oc", NC: "nc", OCS: "x1"}
FILE_MAY, FOLDER_MAY = b"RGDNVW", b"RGDNVCK"
"""Shared further, read, deleted, renamed, moved; and written, or filled with files and folders."""


def oc(local: str) -> str:
    """The name of a property of ownCloud, which Nextcloud took over."""
    return f"{{{OC}}}{local}"


def nc(local: str) -> str:
    """The name of a property of Nextcloud."""
    return f"{{{NC}}}{local}"


def place_of(instance: Instance) -> str:
    """What is told of an instance in the ids of its files: letters first, so that the number before it ends."""
    return "oc" + blake2b(instance.id.encode(), digest_size=6).hexdigest()


class Telling:
    """The values that stand on more than a resource."""

    def __init__(self, numbers: Numbers, files: Files, settings: InstanceSettings, permissions: Permissions) -> None:
        self._numbers = numbers
        self._files = files
        self._settings = settings
        self._permissions = permissions

    def properties(self) -> Sequence[Property]:
        """All of them. Few are told to who asks for all: clients of this kind ask for what they know."""
        return (
            Property(oc("id"), self.id),
            Property(oc("fileid"), self.number),
            Property(oc("permissions"), _may),
            Property(oc("size"), _size),
            Property(oc("checksums"), _sums, usual=False),
            Property(oc("favorite"), _favorite, write=self.like),
            Property(oc("owner-id"), _owner, usual=False),
            Property(oc("owner-display-name"), load=self.owners, usual=False),
            Property(oc("share-types"), load=self.shared, usual=False),
            Property(oc("comments-unread"), _none, usual=False),
            Property(oc("data-fingerprint"), _fingerprint, usual=False),
            Property(nc("has-preview"), _pictured, usual=False),
            Property(nc("mount-type"), _nothing, usual=False),
            Property(nc("is-encrypted"), _none, usual=False),
            Property(nc("creation_time"), _seconds("created_at"), usual=False),
            Property(nc("upload_time"), _seconds("created_at"), usual=False),
            Property(f"{{{OCS}}}share-permissions", _shareable, usual=False),
        )

    def headers(self, view: View, resource: Resource) -> Mapping[str, str]:
        """What answers say of a file beside its bytes."""
        if resource.node is None:
            return {}
        number = self._numbers.tell(view.instance.key, resource.node.id)
        told = {"OC-FileId": file_id(number, place_of(view.instance))}
        if resource.etag:
            told["OC-ETag"] = resource.etag
        if not resource.collection:
            told["OC-Checksum"] = f"MD5:{_hex(resource.node.md5sum)}"
        return told

    def id(self, view: View, resource: Resource) -> bytes | None:
        """The number, with the place behind it."""
        if resource.node is None:
            return None
        return file_id(self._numbers.tell(view.instance.key, resource.node.id), place_of(view.instance)).encode()

    def number(self, view: View, resource: Resource) -> bytes | None:
        """The number alone."""
        return None if resource.node is None else b"%d" % self._numbers.tell(view.instance.key, resource.node.id)

    async def owners(self, view: View, resources: Sequence[Resource]) -> Sequence[bytes]:
        """The name of the person who lives here."""
        name = str((await self._settings.read(view.instance)).get("public_name") or login_of(view.instance))
        return [text(name)] * len(resources)

    async def shared(self, view: View, resources: Sequence[Resource]) -> Sequence[bytes]:
        """Which kinds of shares there are: links, or none."""
        named = [(FILES, one.node.id) if one.node is not None else ("", "") for one in resources]
        found = await self._permissions.opened(view.instance, named)
        return [b"<oc:share-type>3</oc:share-type>" if one in found else b"" for one in named]

    async def like(self, view: View, resource: Resource, element: Element | None) -> None:
        """Makes a file a favourite, or takes that back."""
        if resource.node is None:
            return
        liked = element is not None and (element.text or "").strip() not in ("", "0", "false")
        await self._files.change(view.instance, resource.node.id, Patch(favorite=liked), view.author)


def _may(view: View, resource: Resource) -> bytes:  # noqa: ARG001 - the shape of a value
    return FOLDER_MAY if resource.collection else FILE_MAY


def _size(view: View, resource: Resource) -> bytes:  # noqa: ARG001 - the shape of a value
    return b"%d" % resource.size


def _sums(view: View, resource: Resource) -> bytes | None:  # noqa: ARG001 - the shape of a value
    if resource.collection or resource.node is None:
        return None
    sha256 = str(resource.node.fields.get("internal_vfs_id", "")).partition(".")[2]
    said = " ".join([*([f"SHA256:{sha256}"] if sha256 else []), f"MD5:{_hex(resource.node.md5sum)}"])
    return b"<oc:checksum>" + text(said) + b"</oc:checksum>"


def _favorite(view: View, resource: Resource) -> bytes:  # noqa: ARG001 - the shape of a value
    return b"1" if resource.node is not None and liked(resource.node) else b"0"


def liked(node: Node) -> bool:
    """Whether a node is a favourite."""
    cozy = node.fields.get("cozyMetadata")
    return isinstance(cozy, dict) and cozy.get("favorite") is True


def _owner(view: View, resource: Resource) -> bytes:  # noqa: ARG001 - the shape of a value
    return text(login_of(view.instance))


def _pictured(view: View, resource: Resource) -> bytes:  # noqa: ARG001 - the shape of a value
    return b"true" if resource.node is not None and wants_thumbnails(resource.node.fields) else b"false"


def _nothing(view: View, resource: Resource) -> bytes:  # noqa: ARG001 - the shape of a value
    return b""


def _none(view: View, resource: Resource) -> bytes:  # noqa: ARG001 - the shape of a value
    return b"0"


def _fingerprint(view: View, resource: Resource) -> bytes | None:  # noqa: ARG001 - the shape of a value
    # Another one would tell clients that a backup was put back: ours never are without new revisions.
    return b"" if not resource.names else None


def _shareable(view: View, resource: Resource) -> bytes:  # noqa: ARG001 - the shape of a value
    return b"31" if resource.collection else b"19"


def _seconds(field: str) -> Callable[[View, Resource], bytes | None]:
    def value(view: View, resource: Resource) -> bytes | None:  # noqa: ARG001 - the shape of a value
        said = resource.node.fields.get(field) if resource.node is not None else None
        try:
            return b"%d" % int(datetime.fromisoformat(str(said)).timestamp())
        except ValueError:
            return None

    return value


def _hex(digest: str) -> str:
    """A digest as files keep it (base64), as this dialect writes it."""
    try:
        return base64.b64decode(digest).hex()
    except binascii.Error:
        return ""
