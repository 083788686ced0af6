"""Why a notification is refused.

BadRequest 400 ── NotificationWrong
Forbidden 403 ── NotDeclared
"""

from __future__ import annotations

from alcove.base.errors import BadRequest, Forbidden


class NotificationWrong(BadRequest):
    """A member of the notification is missing, or is not what it should be."""

    def __init__(self, name: str, allowed: str) -> None:
        super().__init__(f"{name}: {allowed}", pointer=f"/data/attributes/{name}")


class NotDeclared(Forbidden):
    """Only what a manifest or a client has declared may be sent: the person could read that before."""
