"""The routes of `/files` and `/shortcuts`, and of what other documents refer to in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.http import Guard, Route, data_errors, jsonapi_errors
from alcove.files.http.archive import Archives
from alcove.files.http.changing import Changing
from alcove.files.http.content import Content
from alcove.files.http.downloads import Downloads
from alcove.files.http.feed import Feed
from alcove.files.http.reading import Reading
from alcove.files.http.references import References
from alcove.files.http.refusing import by_body, by_id, by_id_alone, by_list, by_path, by_type, refusing
from alcove.files.http.searching import Searching
from alcove.files.http.shortcuts import Shortcuts
from alcove.files.http.usage import DiskUsage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from alcove.base.http import Handler
    from alcove.documents import Documents
    from alcove.files.http.consistency import Consistency
    from alcove.files.http.refusing import Look
    from alcove.files.service import Files
    from alcove.files.service.links import Links
    from alcove.files.service.paging import Pages
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
    pages: Pages,
    consistency: Consistency,
    frames: Callable[[Instance], str],
) -> list[Route]:
    """The lines of the route table. `frames` names the hosts whose pages may show a PDF within."""
    reading, changing, content = Reading(files), Changing(files), Content(files, links)
    downloads, archives = Downloads(files, links, thumbnails, pages, frames), Archives(files, links, pages)
    references = References(files)
    searching, shortcuts = Searching(files, strict), Shortcuts(files)
    guarded: Iterable[tuple[str, str, Handler]] = (
        ("POST", "/files/upload/metadata", content.prepare),
        ("DELETE", "/files/versions", content.destroy_versions),
        ("GET", "/files/trash", reading.trash),
        ("GET", "/settings/disk-usage", DiskUsage(files).show),
        ("POST", "/files/_find", searching.find),
        ("POST", "/files/_all_docs", searching.by_ids),
        ("GET", "/files/_changes", Feed(files, documents).changes),
        ("DELETE", "/files/trash", changing.empty),
        ("POST", "/files/shared-drives", changing.shared_drives),
        ("GET", "/files/fsck", consistency.content),
        ("POST", "/files/downloads", downloads.make_link),
    )
    # What is wrong with the request by itself is told before who sends it is asked for.
    looked_at: Iterable[tuple[str, str, Look, Handler]] = (
        ("POST", "/files/", by_type, content.create),
        ("POST", "/files/:id", by_type, content.create),
        ("PUT", "/files/:id", by_id, content.overwrite),
        ("POST", "/files/:id/copy", by_id, content.copy),
        ("POST", "/files/:id/versions", by_id, content.describe),
        ("POST", "/files/revert/:id/:version", by_id, content.revert),
        ("PATCH", "/files/:id/:version", by_id, content.tag_version),
        ("DELETE", "/files/:id/:version", by_id, content.destroy_version),
        ("GET", "/files/metadata", by_path, reading.by_path),
        ("GET", "/files/:id", by_id_alone, reading.by_id),
        ("GET", "/files/:id/relationships/contents", by_id, reading.contents),
        ("GET", "/files/:id/size", by_id, reading.size),
        ("POST", "/shortcuts", by_body, shortcuts.create),
        ("GET", "/shortcuts/:id", by_id, shortcuts.read),
        ("PATCH", "/files/", by_list, changing.many),
        ("PATCH", "/files/metadata", by_path, changing.by_path),
        ("PATCH", "/files/:id", by_body, changing.by_id),
        ("DELETE", "/files/:id", by_id, changing.trash),
        ("POST", "/files/trash/:id", by_id, changing.restore),
        ("DELETE", "/files/trash/:id", by_id, changing.destroy),
        ("GET", "/files/download", by_path, downloads.by_path),
        ("GET", "/files/download/:id", by_id, downloads.by_id),
        ("GET", "/files/download/:id/:version", by_id, downloads.version),
        ("POST", "/files/archive", by_body, archives.make),
        ("POST", "/files/:id/relationships/referenced_by", by_id, references.add),
        ("DELETE", "/files/:id/relationships/referenced_by", by_id, references.remove),
        ("POST", "/files/:id/relationships/not_synchronized_on", by_id, references.keep_off),
        ("DELETE", "/files/:id/relationships/not_synchronized_on", by_id, references.let_on),
    )
    # What these give is protected by the secret in their address: a browser follows them without a token.
    secret: Iterable[tuple[str, str, Handler]] = (
        ("GET", "/files/downloads/:secret/:name", downloads.follow_link),
        ("GET", "/files/archive/:secret/:name", archives.follow),
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
        *(
            Route(method, path, refusing(look, handler), Guard.LATE, jsonapi_errors)
            for method, path, look, handler in looked_at
        ),
        *(Route(method, path, handler, Guard.PUBLIC, jsonapi_errors) for method, path, handler in secret),
        *(Route(method, path, handler, Guard.LATE, data_errors) for method, path, handler in referring),
        Route("GET", _REFERENCES, references.of_document, Guard.TOKEN, data_errors),
        Route("GET", _KEPT_OFF, references.kept_off_document, Guard.TOKEN, data_errors),
    ]
