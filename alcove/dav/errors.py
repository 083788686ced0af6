"""Why WebDAV refuses. `code` is the precondition or postcondition element that clients look for (RFC 4918 section 16).

Refusal
├── IllegalXML, IllegalHeader, IllegalURL, WrongChecksum 400     ├── Locked, LockConflict 423
├── MissingAbove, NoSuchLock 409                                 ├── BelowFails 207, which a response of its own tells
├── NotForThis, Fixed 405                                            ├── WrongRange 416
├── UnknownBody 415                                              ├── OtherServer 502
├── Stale 412                                                    └── TooManyLocks, TooManyProperties 507
└── TooDeep, UnknownReport, Protected, SameResource 403
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.errors import BadRequest, Conflict, PreconditionFailed, Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence


class IllegalXML(BadRequest):
    """The body is not well-formed XML, has a DTD, or is nested too deeply."""


class IllegalHeader(BadRequest):
    """A header does not follow its grammar."""

    def __init__(self, header: str, why: str) -> None:
        super().__init__(f"{header}: {why}", parameter=header)


class IllegalURL(BadRequest):
    """A path with `.` or `..`, an encoded slash, a NUL, or bytes that are no UTF-8."""

    def __init__(self) -> None:
        super().__init__("The path holds a name that no file can have, or is not UTF-8")


class WrongChecksum(BadRequest):
    """The bytes that came are not those the client hashed: send them again."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"The {kind} of the bytes that came is not the one that was announced")


class MissingAbove(Conflict):
    """The folder that this would be in is not there: make it first."""

    def __init__(self) -> None:
        super().__init__("The folder above is not there")


class NoSuchLock(Conflict):
    """The token is not that of a lock of this resource."""

    def __init__(self) -> None:
        super().__init__("No lock of this token is on this resource", code="lock-token-matches-request-uri")


class Stale(PreconditionFailed):
    """What `If`, `If-Match` and their kin take for granted is not so: read it again."""

    def __init__(self, why: str = "The resource is not as the request takes for granted") -> None:
        super().__init__(why)


class NotForThis(Refusal):
    """This method does not work here."""

    status = 405
    title = "Method Not Allowed"

    def __init__(self, why: str, allow: str = "OPTIONS, PROPFIND") -> None:
        super().__init__(why, headers={"Allow": allow})


class UnknownBody(Refusal):
    """The body is of a kind that means nothing here."""

    status = 415
    title = "Unsupported Media Type"


class Locked(Refusal):
    """Somebody has locked it: `where` are the addresses of the locks. Come back later, or bring the token."""

    status = 423
    title = "Locked"

    def __init__(self, where: Sequence[str] = ()) -> None:
        super().__init__("It is locked, and the request does not bring the token", code="lock-token-submitted")
        self.where = tuple(where)


class LockConflict(Refusal):
    """It cannot be locked: another lock stands in the way at `where`."""

    status = 423
    title = "Locked"

    def __init__(self, where: Sequence[str] = ()) -> None:
        super().__init__("Another lock stands in the way", code="no-conflicting-lock")
        self.where = tuple(where)


class WrongRange(Refusal):
    """`Content-Range` begins behind the end of the file, or speaks of another number of bytes than came."""

    status = 416
    title = "Range Not Satisfiable"


class OtherServer(Refusal):
    """`Destination` is not within what is served here."""

    status = 502
    title = "Bad Gateway"

    def __init__(self) -> None:
        super().__init__("The destination is not in these files")


class _Forbidden(Refusal):
    status = 403
    title = "Forbidden"


class TooDeep(_Forbidden):
    """`Depth: infinity` would tell too much at once: ask folder by folder."""

    def __init__(self) -> None:
        super().__init__("There is too much below: ask with Depth: 1", code="propfind-finite-depth")


class UnknownReport(_Forbidden):
    """No such report is made here (RFC 3253 section 3.6)."""

    def __init__(self) -> None:
        super().__init__("Only oc:filter-files is reported here", code="supported-report")


class Protected(_Forbidden):
    """This property is not for clients to write."""

    def __init__(self) -> None:
        super().__init__("This property cannot be written", code="cannot-modify-protected-property")


class SameResource(_Forbidden):
    """Source and destination are one, or one lies in the other."""

    def __init__(self) -> None:
        super().__init__("Source and destination are one, or lie in each other")


class Fixed(NotForThis):
    """The top of the tree cannot be moved, removed or replaced."""

    def __init__(self) -> None:
        super().__init__("This folder cannot be moved, removed or replaced")


class _Full(Refusal):
    status = 507
    title = "Insufficient Storage"


class TooManyLocks(_Full):
    """There are as many locks as are kept: they end by themselves."""

    def __init__(self) -> None:
        super().__init__("There are too many locks: some must end first")


class TooManyProperties(_Full):
    """A resource keeps only so many properties, and so many bytes of them."""

    def __init__(self) -> None:
        super().__init__("This resource has as many properties as it can keep")
