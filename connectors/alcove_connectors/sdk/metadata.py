"""`cozyMetadata` as Cozy writes it (doctypes section 0), and dates as its documents hold them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove_connectors.sdk.context import Context


def iso(moment: date | datetime | str) -> str:
    """A moment as JavaScript writes it, in UTC with milliseconds; texts are taken as they are.

    >>> iso(date(2026, 1, 2))
    '2026-01-02T00:00:00.000Z'
    """
    if isinstance(moment, str):
        return moment
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def stamped(ctx: Context, document: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The document with its `cozyMetadata`: made for a new one, brought up to date from `before` for a known one."""
    now = iso(ctx.now())
    mark = {"slug": ctx.slug, "date": now, "version": ctx.version}
    old = dict((before or {}).get("cozyMetadata") or {})
    if not old:
        old = {
            "doctypeVersion": 1,
            "metadataVersion": 1,
            "createdAt": now,
            "createdByApp": ctx.slug,
            "createdByAppVersion": ctx.version,
            "sourceAccount": ctx.account_id,
            "sourceAccountIdentifier": ctx.account_identifier,
        }
    others = [entry for entry in old.get("updatedByApps") or [] if entry.get("slug") != ctx.slug]
    return {**document, "cozyMetadata": {**old, "updatedAt": now, "updatedByApps": [*others, mark]}}
