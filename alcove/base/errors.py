"""Why a request is refused. Every room's own errors derive from these, and say what the reader can do next.

Refusal                 any answer of 400 and above that somebody meant
├── BadRequest 400      ├── Gone 410                ├── TooManyRequests 429
├── NotFound 404        ├── PreconditionFailed 412  ├── Unavailable 503
├── Conflict 409        ├── TooLarge 413            ├── StorageFull 507
├── Unprocessable 422   └── PlainRefusal            what the contract calls a "plain HTTP error" (contract-a section 1)
                            ├── TokenMissing 401, TokenInvalid 400, TokenExpired 400, Forbidden 403
                            └── NoSuchRoute 404, MethodNotAllowed 405, NoSuchInstance 404
"""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """A request that cannot be done, with the status and the words of the answer.

    `parameter` and `pointer` are JSON:API's `source` members: a query parameter or header, or a place in the body.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad Request"

    def __init__(
        self,
        detail: str = "",
        *,
        title: str | None = None,
        code: str | None = None,
        parameter: str | None = None,
        pointer: str | None = None,
        headers: dict[str, str] | None = None,
        links: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail or type(self).title)
        self.detail = detail
        self.heading = title or type(self).title
        self.code = code
        self.source = {k: v for k, v in (("parameter", parameter), ("pointer", pointer)) if v is not None}
        self.headers = headers or {}
        self.links = links or {}

    def own_body(self) -> dict[str, object] | None:
        """The body of the answer where a family of errors has one of its own (`/data`: CouchDB's)."""
        return None


class BadRequest(Refusal):
    """The request itself is malformed."""


class NotFound(Refusal):
    """What was asked for is not there."""

    status = 404
    title = "Not Found"


class Conflict(Refusal):
    """Something else stands in the way: a newer revision, an existing name."""

    status = 409
    title = "Conflict"


class Gone(Refusal):
    """It was here, and moved away."""

    status = 410
    title = "Gone"


class PreconditionFailed(Refusal):
    """What the request took for granted is not so (a stale `If-Match`, a wrong digest)."""

    status = 412
    title = "Precondition Failed"


class TooLarge(Refusal):
    """The body is larger than allowed, or than the space left."""

    status = 413
    title = "Request Entity Too Large"


class Unprocessable(Refusal):
    """Well formed, but a value is not allowed."""

    status = 422
    title = "Invalid Parameter"


class TooManyRequests(Refusal):
    """Too often in too short a time; the `Retry-After` header says when to come back."""

    status = 429
    title = "Too Many Requests"


class Unavailable(Refusal):
    """Not now: starting, stopping, or a part is away."""

    status = 503
    title = "Service Unavailable"


class StorageFull(Refusal):
    """The disk is full: nothing was changed."""

    status = 507
    title = "Insufficient Storage"


class PlainRefusal(Refusal):
    """Written as text, or as `{"error": message}` for who accepts JSON: contract-a section 1, shape 2."""


class TokenMissing(PlainRefusal):
    """No token in request"""

    status = 401

    def __init__(self) -> None:
        super().__init__("No token in request")


class TokenInvalid(PlainRefusal):
    """A token that nobody here signed, or whose session has ended. Clients match the text."""

    def __init__(self) -> None:
        super().__init__("Invalid JWT token", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


class TokenExpired(PlainRefusal):
    """A token past its time. Clients match the text and refresh it."""

    def __init__(self) -> None:
        how = 'Bearer error="invalid_token" error_description="The access token expired"'
        super().__init__("Expired token", headers={"WWW-Authenticate": how})


class Forbidden(PlainRefusal):
    """The caller is known and may not do this."""

    status = 403

    def __init__(self, message: str = "Forbidden") -> None:
        super().__init__(message)


class NoSuchRoute(PlainRefusal):
    """No route has this path."""

    status = 404

    def __init__(self) -> None:
        super().__init__("Not Found")


class MethodNotAllowed(PlainRefusal):
    """The path is there, not with this method."""

    status = 405

    def __init__(self, allowed: str) -> None:
        super().__init__("Method Not Allowed", headers={"Allow": allowed})


class NoSuchInstance(PlainRefusal):
    """Nobody lives at this host name."""

    status = 404

    def __init__(self) -> None:
        super().__init__("Instance not found")
