"""The routes of `/files` and `/shortcuts`, and of what other documents refer to in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.http import Guard, Route, data_errors, jsonapi_errors
from alcove.files.http.changing import Changing
from alcove.files.http.content import Content
from alcove.files.http.downloads import Downloads
from alcove.files.http.reading import Reading
from alcove.files.http.references import References
from alcove.files.http.searching import Searching
from alcove.files.http.shortcuts import Shortcuts
from alcove.files.http.usage import DiskUsage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from alcove.base.http import Handler
    from alcove.documents import Documents
    from alcove.files.service import Files
    from alcove.files.service.links import Links
    from alcove.files.service.thumbnails import Thumbnails
    from alcove.files.store import Strict
    from alcove.instances import Instance

_REFERENCES = "/data/:doctype/:id/relationships/references"
_KEPT_OFF = "/data/:doctype/:id/relationships/not_synchronizing"


def routes(
    files: Files,
    links: Links,
    documents: Documents,
    strict: Strict,
    thumbnails: Thumbnails,
    frames: Callable[[Instance], str],
) -> list[Route]:
    """The lines of the route table. `frames` names the hosts whose pages may show a PDF within."""
    reading, changing, content = Reading(files), Changing(files), Content(files, links)
    downloads, references = Downloads(files, links, thumbnails, frames), References(files)
    searching, shortcuts = Searching(files, documents, strict), Shortcuts(files)
    guarded: Iterable[tuple[str, str, Handler]] = (
        ("POST", "/files/", content.create),
        ("POST", "/files/:id", content.create),
        ("PUT", "/files/:id", content.overwrite),
        ("POST", "/files/:id/copy", content.copy),
        ("POST", "/files/upload/metadata", content.prepare),
        ("POST", "/files/:id/versions", content.describe),
        ("POST", "/files/revert/:id/:version", content.revert),
        ("PATCH", "/files/:id/:version", content.tag_version),
        ("DELETE", "/files/:id/:version", content.destroy_version),
        ("DELETE", "/files/versions", content.destroy_versions),
        ("GET", "/files/metadata", reading.by_path),
        ("GET", "/files/:id", reading.by_id),
        ("GET", "/files/:id/relationships/contents", reading.contents),
        ("GET", "/files/:id/size", reading.size),
        ("GET", "/files/trash", reading.trash),
        ("GET", "/settings/disk-usage", DiskUsage(files).show),
        ("POST", "/files/_find", searching.find),
        ("POST", "/files/_all_docs", searching.by_ids),
        ("GET", "/files/_changes", searching.changes),
        ("POST", "/shortcuts", shortcuts.create),
        ("GET", "/shortcuts/:id", shortcuts.read),
        ("PATCH", "/files/", changing.many),
        ("PATCH", "/files/metadata", changing.by_path),
        ("PATCH", "/files/:id", changing.by_id),
        ("DELETE", "/files/:id", changing.trash),
        ("DELETE", "/files/trash", changing.empty),
        ("POST", "/files/trash/:id", changing.restore),
        ("DELETE", "/files/trash/:id", changing.destroy),
        ("GET", "/files/download", downloads.by_path),
        ("GET", "/files/download/:id", downloads.by_id),
        ("GET", "/files/download/:id/:version", downloads.version),
        ("POST", "/files/downloads", downloads.make_link),
        ("POST", "/files/archive", downloads.make_archive),
        ("POST", "/files/:id/relationships/referenced_by", references.add),
        ("DELETE", "/files/:id/relationships/referenced_by", references.remove),
        ("POST", "/files/:id/relationships/not_synchronized_on", references.keep_off),
        ("DELETE", "/files/:id/relationships/not_synchronized_on", references.let_on),
    )
    # What these give is protected by the secret in their address: a browser follows them without a token.
    secret: Iterable[tuple[str, str, Handler]] = (
        ("GET", "/files/downloads/:secret/:name", downloads.follow_link),
        ("GET", "/files/archive/:secret/:name", downloads.follow_archive),
        ("GET", "/files/:id/thumbnails/:secret/:format", downloads.thumbnail),
    )
    referring: Iterable[tuple[str, str, Handler]] = (
        ("POST", _REFERENCES, references.add_to_document),
        ("DELETE", _REFERENCES, references.remove_from_document),
        ("POST", _KEPT_OFF, references.keep_off_document),
        ("DELETE", _KEPT_OFF, references.let_on_document),
    )
    return [
        *(Route(method, path, handler, Guard.TOKEN, jsonapi_errors) for method, path, handler in guarded),
        *(Route(method, path, handler, Guard.PUBLIC, jsonapi_errors) for method, path, handler in secret),
        *(Route(method, path, handler, Guard.LATE, data_errors) for method, path, handler in referring),
        Route("GET", _REFERENCES, references.of_document, Guard.TOKEN, data_errors),
        Route("GET", _KEPT_OFF, references.kept_off_document, Guard.TOKEN, data_errors),
    ]
