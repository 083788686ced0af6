"""What a link allows, as the Nextcloud dialect counts it, and as our rules say it."""

from __future__ import annotations

from datetime import UTC, datetime

from alcove.base.errors import BadRequest

READ, UPDATE, CREATE, DELETE = 1, 2, 4, 8
LOOK, CHANGE, DROP = ("GET",), ("GET", "POST", "PUT", "PATCH"), ("POST",)
"""The verbs of a link that shows, one that lets guests change, and one that only takes what they put in."""


def verbs_of(permissions: int, *, folder: bool) -> list[str]:
    """The verbs for a sum of permissions. What only puts in is for folders; guests change all, or nothing.

    >>> verbs_of(1, folder=True), verbs_of(15, folder=True), verbs_of(4, folder=True)
    (['GET'], ['GET', 'POST', 'PUT', 'PATCH'], ['POST'])
    """
    if permissions & READ:
        return list(CHANGE if permissions & (UPDATE | CREATE | DELETE) else LOOK)
    if not folder:
        raise BadRequest("Nothing can be put into a file")
    return list(DROP)


def permissions_of(verbs: list[str], *, folder: bool) -> int:
    """The sum of permissions for the verbs of a link; no verbs are all of them.

    >>> permissions_of(["GET"], folder=False), permissions_of([], folder=True), permissions_of(["POST"], folder=True)
    (1, 15, 4)
    """
    if verbs and "ALL" not in verbs and "GET" not in verbs:
        return CREATE
    if verbs and "ALL" not in verbs and set(verbs) <= {"GET"}:
        return READ
    return READ | UPDATE | CREATE | DELETE if folder else READ | UPDATE


def expiry_of(said: str) -> datetime | None:
    """The end of a day, or of a moment's day; None for no end. Raises `BadRequest`."""
    if not said.strip():
        return None
    try:
        day = datetime.fromisoformat(said.strip()[:10])
    except ValueError:
        raise BadRequest("expireDate must be a day, as 2026-12-31") from None
    return day.replace(hour=23, minute=59, second=59, tzinfo=UTC)
