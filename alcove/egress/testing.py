"""A journal for tests of this room and of those above."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.clock import SetClock
from alcove.base.outgoing import SELF
from alcove.documents.testing import memory_documents
from alcove.egress.model import EGRESS
from alcove.egress.service import Journal
from alcove.egress.store import INDEXES, Shelf

if TYPE_CHECKING:
    from typing import Any

    from alcove.base.clock import Clock


class Book:
    """A journal in memory, and what it says."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.documents = memory_documents(INDEXES)
        self.journal = Journal(Shelf(self.documents), self.documents, clock or SetClock())

    async def open(self, *tenants: str) -> Book:
        """Makes the stores of instances; the server's own is there."""
        for tenant in tenants:
            await self.documents.create(tenant)
        return self

    async def lines(self, tenant: str = SELF) -> list[dict[str, Any]]:
        """All lines, the oldest first."""
        return [document.fields() for document in await self.documents.all(tenant, EGRESS)]
