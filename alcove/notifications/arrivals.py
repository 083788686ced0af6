"""The person is told when somebody put files into what they shared by a link: once in a while, not for each file."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from alcove.files import FILES
from alcove.notifications.model import Rule, Said
from alcove.notifications.texts import arrival_words
from alcove.notifications.turning import STACK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.base.clock import Clock
    from alcove.documents import Change
    from alcove.files import Files
    from alcove.instances import Instances
    from alcove.notifications.service import Notifications

FOLLOWER = "notifications.arrivals"
HEARD = frozenset({FILES})
CATEGORY = "link-arrivals"
CALM = timedelta(hours=1)
"""How long nothing more is told of what comes by the same link."""
_MARKS = (b'"uploadedBy"', b'"link"')


class ArrivalWatch:
    """Follows the files that guests bring."""

    def __init__(self, notifications: Notifications, files: Files, instances: Instances, clock: Clock) -> None:
        self._notifications = notifications
        self._files = files
        self._instances = instances
        self._clock = clock

    def wants(self, _tenant: str, changes: Sequence[Change]) -> bool:
        """Whether a commit brought something of a guest."""
        return any(_brought(change) for change in changes)

    async def follow(self, tenant: str, changes: Sequence[Change]) -> None:
        """Tells of the first file that came by each link, unless of that link something was told lately."""
        first: dict[str, Mapping[str, Any]] = {}
        for change in changes:
            if link := _brought(change):
                first.setdefault(link, change.document.fields())
        instance = self._instances.by_key(tenant)
        if instance is None:
            return
        for link, fields in first.items():
            last = await self._notifications.last(instance, STACK, CATEGORY, link)
            if last and self._clock.now() - datetime.fromisoformat(str(last["created_at"])) < CALM:
                continue
            folder = await self._files.find(instance, str(fields.get("dir_id")))
            guest = str(fields["cozyMetadata"]["uploadedBy"].get("guest") or "")
            title, message = arrival_words(instance.locale, guest, folder.name if folder else "", str(fields["name"]))
            leads = {"data": {"redirectLink": f"files/?folder={fields.get('dir_id')}"}}
            said = {"category": CATEGORY, "category_id": link, "title": title, "message": message, **leads}
            await self._notifications.announce(instance, STACK, Rule(), Said(said, None))


def _brought(change: Change) -> str:
    """The link by which a change brought bytes; empty where it brought none, or not by a link."""
    if change.document.deleted or not all(mark in change.document.body for mark in _MARKS):
        return ""
    link, at = _upload(change.document.fields())
    old = change.old.fields() if change.old is not None and not change.old.deleted else {}
    return link if link and (link, at) != _upload(old) else ""


def _upload(fields: Mapping[str, Any]) -> tuple[str, str]:
    """By which link a file's bytes came, and when."""
    cozy = fields.get("cozyMetadata")
    by = cozy.get("uploadedBy") if isinstance(cozy, dict) else None
    link = by.get("link") if isinstance(by, dict) else None
    return (link, str(cozy.get("uploadedAt"))) if isinstance(cozy, dict) and isinstance(link, str) else ("", "")
