"""Finding the node of a number: those that were told lately are known, the others are looked for."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from alcove.dav.model.numbers import number_of
from alcove.files import FILES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alcove.documents import Document, Documents
    from alcove.files import Files, Node
    from alcove.instances import Instance

KEPT = 20_000
"""Numbers that are remembered."""


class Numbers:
    """From numbers to nodes. A number is told by what a client has seen, so it is one of those told lately, or old."""

    def __init__(self, documents: Documents, files: Files) -> None:
        self._documents = documents
        self._files = files
        self._known: OrderedDict[tuple[str, int], str] = OrderedDict()

    def tell(self, tenant: str, node_id: str) -> int:
        """The number of a node, remembered."""
        number = number_of(node_id)
        self._known[tenant, number] = node_id
        self._known.move_to_end((tenant, number))
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return number

    async def node(self, instance: Instance, number: int) -> Node | None:
        """The node of a number, or None."""
        known = self._known.get((instance.key, number))
        if known is None:

            def look(documents: Iterable[Document]) -> str:
                return next((one.id for one in documents if number_of(one.id) == number), "")

            known, _ = await self._documents.survey(instance.key, FILES, look)
        if not known:
            return None
        self.tell(instance.key, known)
        return await self._files.find(instance, known)
