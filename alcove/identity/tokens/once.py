"""Codes that open something once, for a while: what they stand for is kept, the code itself is not."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from alcove.base.clock import rfc3339
from alcove.base.ids import new_code
from alcove.documents import Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.clock import Clock
    from alcove.base.http import Tenant
    from alcove.documents import Documents, Tx

ACCESS_CODES = "io.cozy.oauth.access_codes"
"""Codes that a client exchanges for its tokens."""
SESSION_CODES = "org.alcove.sessions.codes"
"""Codes that open a session in a browser."""


class OnceCodes:
    """Codes of one kind: documents of a type of their own, of which `/data` opens none.

    A code is 32 letters and digits. The id of its document is its digest, so that nobody who reads or hears of the
    document can use it, and a look-up tells nothing of codes that are nearly right.
    """

    def __init__(self, documents: Documents, clock: Clock, doctype: str, lasting: timedelta) -> None:
        self._documents = documents
        self._clock = clock
        self._doctype = doctype
        self._lasting = lasting

    async def make(self, tenant: Tenant, fields: Mapping[str, Any], code: str = "") -> str:
        """A new code for what `fields` say; those of the kind that are past their time are forgotten on the way.

        `code` is one that was made before, and is good from now on.
        """
        code = code or new_code()
        body = {**fields, "issued_at": rfc3339(self._clock.now())}

        async def unit(tx: Tx) -> None:
            for old in await tx.find(self._doctype, Query({"issued_at": {"$gt": ""}})):
                if self._over(old.fields()):
                    await tx.delete(self._doctype, old.id, old.rev)
            await tx.put(self._doctype, _digest(code), body)

        await self._documents.work(tenant.key, unit)
        return code

    async def take(self, tenant: Tenant, code: str) -> Mapping[str, Any] | None:
        """What a code stands for; from then on nothing. None when it is wrong, was used, or is past its time."""

        async def unit(tx: Tx) -> Mapping[str, Any] | None:
            document = await tx.get(self._doctype, _digest(code))
            if document is None:
                return None
            await tx.delete(self._doctype, document.id, document.rev)
            return document.fields()

        found = await self._documents.work(tenant.key, unit)
        return None if found is None or self._over(found) else found

    def _over(self, fields: Mapping[str, Any]) -> bool:
        return datetime.fromisoformat(fields["issued_at"]) + self._lasting <= self._clock.now()


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
