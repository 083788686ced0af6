"""Who opened a link, and when: by the hour, with what kind of browser. No address of anybody is kept."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from alcove.base.clock import rfc3339
from alcove.identity.sessions.browsers import browser_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.clock import Clock
    from alcove.base.http import Tenant
    from alcove.documents import Documents, Tx
    from alcove.identity.permissions.model import Permission

VISITS = "org.alcove.links.visits"
KEPT = 200
"""Lines of one link that are kept: the latest."""


class Visits:
    """Documents of the ids of their links: `{total, visits: [{at, browser, system, code, count}]}`, the latest last."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents = documents
        self._clock = clock

    async def note(self, tenant: Tenant, link: Permission, code: str, agent: str) -> None:
        """Notes that somebody opened a link by one of its codes. Of what comes in one hour alike, one line counts."""
        browser, system = browser_of(agent)
        at = rfc3339(self._clock.now().replace(minute=0, second=0, microsecond=0))
        line = {"at": at, "browser": browser, "system": system, "code": name_of(link, code)}

        async def unit(tx: Tx) -> None:
            there = await tx.get(VISITS, link.id)
            fields = there.fields() if there else {}
            visits = list(fields.get("visits") or [])
            same = next((one for one in visits if {**one, "count": 0} == {**line, "count": 0}), None)
            rest = [one for one in visits if one is not same]
            visits = [*rest, {**line, "count": (same["count"] if same else 0) + 1}][-KEPT:]
            body = {"total": int(fields.get("total") or 0) + 1, "visits": visits}
            await tx.put(VISITS, link.id, body, there.rev if there else "")

        await self._documents.work(tenant.key, unit)

    async def of(self, tenant: Tenant, ident: str) -> Mapping[str, Any]:
        """What is known of a link: how often it was opened, and the latest lines."""
        document = await self._documents.get(tenant.key, VISITS, ident)
        fields = document.fields() if document else {}
        return {"total": fields.get("total", 0), "visits": fields.get("visits", [])}

    async def forget(self, tenant: Tenant, ident: str) -> None:
        """Forgets a link that was taken back."""

        async def unit(tx: Tx) -> None:
            document = await tx.get(VISITS, ident)
            if document is not None:
                await tx.delete(VISITS, ident, document.rev)

        await self._documents.work(tenant.key, unit)


def name_of(link: Permission, code: str) -> str:
    """The name of the code that was used: people give each guest one of their own."""
    said = code.removesuffix(".").encode()
    for codes in (link.codes, link.fields.get("shortcodes") or {}):
        for name, known in codes.items():
            if hmac.compare_digest(str(known).encode(), said):
                return str(name)
    return ""
