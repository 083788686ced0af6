"""Nodes as JSON:API writes them (contract-b 2.4).

Where a node has no references the reference server answers null, but an empty list after it has copied the document in
memory (trash, restore, copy): `blank` is what stands there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
from starlette.responses import Response

from alcove.base.jsonapi import MEDIA_TYPE, resource
from alcove.files.model import FILES, ROOT, VERSIONS, Node
from alcove.files.model.kinds import PICTURED
from alcove.files.model.thumbnails import SIZES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alcove.documents import Document
    from alcove.files.store import Listing

    Secret = Callable[[str], str]
    """Gives the secret that stands in the addresses of a file's thumbnails."""

Blank = list[Any] | None


def _links(secret: Secret, node: Node) -> dict[str, str]:
    own = f"/files/{node.id}"
    links = {"self": own}
    if node.fields.get("class") in PICTURED:
        key = secret(node.id)
        links |= {size: f"{own}/thumbnails/{key}/{size}" for size in SIZES}
    return links


def _references(node: Node, blank: Blank) -> dict[str, Any]:
    return {
        "links": {"self": f"/files/{node.id}/relationships/references"},
        "data": node.fields.get("referenced_by") or blank,
    }


def file_resource(
    secret: Secret, node: Node, *, versions: Sequence[Document] = (), blank: Blank = None, linked: bool = True
) -> dict[str, Any]:
    """A file."""
    relationships: dict[str, Any] = {
        "parent": {"links": {"related": f"/files/{node.dir_id}"}, "data": {"id": node.dir_id, "type": FILES}},
        "referenced_by": _references(node, blank),
    }
    if versions:
        relationships["old_versions"] = {"data": [{"id": v.id, "type": VERSIONS} for v in versions]}
    links = _links(secret, node) if linked else None
    return resource(FILES, node.id, node.attributes(), rev=node.rev, links=links, relationships=relationships)


def version_resource(version: Document) -> dict[str, Any]:
    """An old version of a file."""
    fields = {k: v for k, v in version.fields().items() if k != "internal_vfs_id"}
    return resource(VERSIONS, version.id, fields, rev=version.rev)


def _template(kind: str) -> bytes:
    """What `file_resource` makes of any file of a class without references, with places for what differs."""
    places = {name: f"%({name})b" for name in ("id", "rev", "dir", "secret")}
    node = Node(places["id"], places["rev"], {"class": kind, "dir_id": places["dir"]})
    shape = file_resource(lambda _id: places["secret"], node)
    shape["attributes"] = "%(attributes)b"
    return orjson.dumps(shape).replace(b'"%(attributes)b"', b"%(attributes)b")


def _plain_file(secret: Secret, node: Node) -> orjson.Fragment | None:
    """The commonest file of a list, put together from the bytes that are stored; None for any other.

    A page holds a thousand of them: as objects they would take longer to build than to read from the disk.
    """
    attributes, dir_id = node.shown(), node.dir_id
    if attributes is None or not _PLAIN.fullmatch(node.id) or not _PLAIN.fullmatch(dir_id):
        return None
    filled = {b"id": node.id.encode(), b"rev": node.rev.encode(), b"dir": dir_id.encode(), b"attributes": attributes}
    if node.fields.get("class") not in PICTURED:
        return orjson.Fragment(_OTHER % filled)
    filled[b"secret"] = secret(node.id).encode()
    return orjson.Fragment(_PICTURE % filled)


def child_resource(secret: Secret, node: Node, *, blank: Blank = None) -> dict[str, Any] | orjson.Fragment:
    """A node as it stands in a list: a directory says nothing of its parent or contents there."""
    if not node.is_dir:
        return (_plain_file(secret, node) if blank is None else None) or file_resource(secret, node, blank=blank)
    relationships = {"referenced_by": _references(node, blank)}
    links = {"self": f"/files/{node.id}"}
    return resource(FILES, node.id, node.attributes(), rev=node.rev, links=links, relationships=relationships)


def next_link(path: str, cursor: str, limit: int) -> dict[str, str]:
    """The link to the next page, if there is one."""
    if not cursor:
        return {}
    return {"next": f"{path}?page[cursor]={quote(cursor, safe='')}&page[limit]={limit}"}


def directory_answer(secret: Secret, node: Node, listing: Listing, limit: int, *, blank: Blank = None) -> Response:
    """A directory with a page of what it holds."""
    own = f"/files/{node.id}"
    onward = next_link(own, listing.cursor, limit)
    parent: dict[str, Any] = {"data": None}
    if node.id != ROOT:
        parent = {"links": {"self": f"/files/{node.dir_id}"}, "data": {"id": node.dir_id, "type": FILES}}
    relationships = {
        "parent": parent,
        "contents": {
            "meta": {"count": listing.count},
            "links": {"self": f"{own}/relationships/contents", **onward},
            "data": [{"id": child.id, "type": FILES} for child in listing.nodes],
        },
        "not_synchronized_on": {
            "links": {"self": f"{own}/relationships/not_synchronized_on"},
            "data": node.fields.get("not_synchronized_on") or blank,
        },
        "referenced_by": _references(node, blank),
    }
    data = resource(FILES, node.id, node.attributes(), rev=node.rev, links={"self": own}, relationships=relationships)
    body: dict[str, Any] = {"data": data, "links": onward}
    if listing.nodes:
        body["included"] = [child_resource(secret, child) for child in listing.nodes]
    return document(body)


def file_answer(
    secret: Secret,
    node: Node,
    *,
    versions: Sequence[Document] = (),
    status: int = 200,
    blank: Blank = None,
    links: Mapping[str, str] | None = None,
) -> Response:
    """A file with its old versions; `links`, where given, stand in place of its own."""
    data = file_resource(secret, node, versions=versions, blank=blank, linked=links is None)
    body: dict[str, Any] = {"data": data}
    if links:
        body["links"] = links
    if versions:
        body["included"] = [version_resource(version) for version in versions]
    return document(body, status)


def list_answer(secret: Secret, listing: Listing, links: Mapping[str, str]) -> Response:
    """A page of a directory as a plain list."""
    data = [child_resource(secret, node) for node in listing.nodes]
    return document({"data": data, "links": links, "meta": {"count": listing.count}})


def document(body: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON:API answer."""
    return Response(orjson.dumps(body), status, None, MEDIA_TYPE)


_PLAIN = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
"""Ids that stand in JSON and in an address as they are."""
_OTHER, _PICTURE = _template(""), _template(PICTURED[0])
