"""What is answered: refusals with their precondition elements, multistatus for what concerns many, streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from alcove.base.errors import Refusal, TokenExpired, TokenInvalid, TokenMissing
from alcove.dav.errors import LockConflict, Locked
from alcove.dav.model.paths import href
from alcove.dav.model.xml import HEAD, MEDIA_TYPE, text
from alcove.files import IllegalName, NameTaken, ParentInTrash, ParentMissing, QuotaReached, WrongDigest, WrongLength

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from starlette.types import Receive, Scope, Send

    from alcove.dav.service.tree import Trouble, View

REALM = 'Basic realm="Alcove", charset="UTF-8"'
_STATUS: dict[type[Refusal], int] = {
    TokenInvalid: 401,
    TokenExpired: 401,
    ParentMissing: 409,
    ParentInTrash: 409,
    NameTaken: 409,
    IllegalName: 400,
    WrongLength: 400,
    WrongDigest: 400,
    QuotaReached: 507,
}
"""What WebDAV's clients expect, where the contract of `/files` has another status."""
_CODES: dict[type[Refusal], str] = {QuotaReached: "quota-not-exceeded"}


def status_of(refusal: Refusal) -> int:
    """The status of a refusal in WebDAV."""
    return _STATUS.get(type(refusal), refusal.status)


def _error(refusal: Refusal) -> bytes:
    code = refusal.code or _CODES.get(type(refusal), "")
    if not code:
        return b""
    where = refusal.where if isinstance(refusal, Locked | LockConflict) else ()
    inner = b"".join(b"<d:href>%s</d:href>" % text(address) for address in where)
    return b"<d:%s>%s</d:%s>" % (code.encode(), inner, code.encode()) if inner else b"<d:%s/>" % code.encode()


def dav_errors(refusal: Refusal, accept: str) -> Response:  # noqa: ARG001 - one signature for all families
    """A refusal as XML: the precondition that failed, and words for who reads them. 401 asks for a password."""
    status, headers = status_of(refusal), dict(refusal.headers)
    if status == TokenMissing.status:
        headers["WWW-Authenticate"] = REALM
    words = text(refusal.detail or refusal.heading)
    said = b"<d:responsedescription>%s</d:responsedescription>" % words
    body = HEAD + b'<d:error xmlns:d="DAV:">%s%s</d:error>' % (_error(refusal), said)
    return Response(body, status, headers, MEDIA_TYPE)


def line_of(status: int) -> bytes:
    """A status line, as it stands in XML."""
    from http import HTTPStatus

    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()


def troubles(view: View, found: Iterable[Trouble]) -> Response:
    """The answer when a request failed for some of many: each with its status."""
    parts = [HEAD, b'<d:multistatus xmlns:d="DAV:">']
    for trouble in found:
        where = href(view.base, trouble.names, collection=trouble.collection).encode()
        error = _error(trouble.refusal)
        parts += (b"<d:response><d:href>", where, b"</d:href><d:status>", line_of(status_of(trouble.refusal)))
        parts.append(b"</d:status>")
        if error:
            parts.append(b"<d:error>%s</d:error>" % error)
        words = text(trouble.refusal.detail or trouble.refusal.heading)
        parts.append(b"<d:responsedescription>%s</d:responsedescription></d:response>" % words)
    parts.append(b"</d:multistatus>")
    return Response(b"".join(parts), 207, media_type=MEDIA_TYPE)


class Multistatus(Response):
    """A multistatus that is sent as it is written: however long it gets, little of it is in memory."""

    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        super().__init__(None, 207, {"content-type": MEDIA_TYPE})
        del self.headers["content-length"]
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the answer."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for part in self._parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
