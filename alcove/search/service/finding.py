"""Answers questions from the indexes, and from the documents as they are now."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alcove.base.errors import Forbidden, NotFound, Refusal, Unavailable
from alcove.search.model import Found, Hit
from alcove.search.service.kinds import Neighbours, heard
from alcove.search.store import Lost, title_only
from alcove.search.words import question

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.base.house import Registry
    from alcove.base.http import Caller, Tenant
    from alcove.documents import Documents
    from alcove.realtime import ReadCheck
    from alcove.search.model import Asked, Fields, Findable
    from alcove.search.service.keeping import Keeping
    from alcove.search.service.kinds import Kinds
    from alcove.search.store import Indexes, Match
    from alcove.search.words import Question

LOOKED = 2000
"""Entries of one kind that are looked at for a caller who may read some of its documents only."""
PAGE = 200
"""Entries that are looked at in one go, when the first few were not enough."""


class Search:
    """Finds documents by what they say."""

    def __init__(
        self,
        documents: Documents,
        indexes: Indexes,
        keeping: Keeping,
        kinds: Kinds,
        checks: Registry[ReadCheck],
    ) -> None:
        self._documents = documents
        self._indexes = indexes
        self._keeping = keeping
        self._kinds = kinds
        self._checks = checks

    @property
    def kinds(self) -> list[str]:
        """The names of all kinds."""
        return self._kinds.names

    async def find(self, tenant: Tenant, caller: Caller, asked: Asked) -> Found:
        """What answers a question, of what the caller may read. Raises `Forbidden` when that is no kind at all."""
        kinds = [(name, findable) for name, findable in self._kinds if not asked.kinds or name in asked.kinds]
        kinds = [(name, findable) for name, findable in kinds if caller.rules("GET", findable.doctype)]
        if not kinds:
            raise Forbidden
        meant = question(asked.text)
        if meant is None:
            return Found([], [], complete=True)
        complete = await self._keeping.ready(tenant.key)
        hits, more = list[Hit](), list[str]()
        cursor: int | None = None
        try:
            for name, findable in kinds:
                found = await self._of_kind(_Reader(tenant, caller, name, findable, meant), asked)
                hits += [hit for _, hit in found[: asked.limit]]
                if len(found) > asked.limit:
                    more.append(name)
                    cursor = found[asked.limit - 1][0] if asked.newest else None
        except Lost as error:
            self._keeping.lost(tenant.key, error)
            complete = False
        except (NotFound, Unavailable):
            complete = False  # it is being made at this moment
        return Found(hits, more, complete, cursor)

    async def _of_kind(self, reader: _Reader, asked: Asked) -> list[tuple[int, Hit]]:
        """The best ones and their numbers, and one more if there is: by their title first, then the newest first."""
        found = dict[tuple[str, str], Hit | None]()
        hits = list[tuple[int, Hit]]()
        neighbours = Neighbours(self._documents, reader.tenant.key)
        whole = reader.meant.expression()
        for expression in (whole,) if asked.newest else (title_only(whole), whole):
            async for doctype, match in self._candidates(reader, expression, asked):
                if (doctype, match.id) in found:
                    continue
                hit = found[doctype, match.id] = await self._hit(reader, neighbours, doctype, match.id)
                if hit is not None:
                    hits.append((match.number, hit))
                if len(hits) > asked.limit:
                    return hits
        return hits

    async def _candidates(self, reader: _Reader, expression: str, asked: Asked) -> AsyncIterator[tuple[str, Match]]:
        for doctype in reader.findable.doctypes:
            async for found in self._candidates_of(reader, doctype, expression, asked):
                yield found

    async def _candidates_of(
        self, reader: _Reader, doctype: str, expression: str, asked: Asked
    ) -> AsyncIterator[tuple[str, Match]]:
        number = self._kinds.numbers[doctype]
        size, before, looked = asked.limit + 1 if reader.freely else PAGE, asked.cursor, 0
        while looked < LOOKED:
            page = await self._indexes.matches(reader.tenant.key, number, expression, size, before)
            for match in page:
                yield doctype, match
            if len(page) < size:
                return
            before, looked, size = page[-1].number, looked + size, PAGE

    async def _hit(self, reader: _Reader, neighbours: Neighbours, doctype: str, ident: str) -> Hit | None:
        """The document as it is now: the index may be a moment behind, and never shows what is not there any more."""
        findable = reader.findable
        document = await self._documents.get(reader.tenant.key, doctype, ident)
        if document is None:
            return None
        fields, beside = document.fields(), None
        # Who may read some documents only is told nothing of those beside them, not even by what is found.
        if reader.freely:
            beside = await neighbours.of(findable, fields)
        elif not await self._may_read(reader, ident, fields):
            return None
        said = heard(findable, ident, fields, beside, reader.tenant.locale)
        if said is None or not reader.meant.fits(f"{said.title_words} {said.other_words}".split()):
            return None
        return Hit(reader.kind, findable.doctype, ident, said)

    async def _may_read(self, reader: _Reader, ident: str, fields: Fields) -> bool:
        check = self._checks.get(reader.findable.doctype)
        with suppress(Refusal):
            if check is None:
                reader.caller.allow("GET", reader.findable.doctype, ident, fields)
            else:
                await check(reader.tenant, reader.caller, ident)
            return True
        return False


@dataclass(slots=True)
class _Reader:
    """Who asks what of one kind, and whether all documents of that kind are open to them."""

    tenant: Tenant
    caller: Caller
    kind: str
    findable: Findable
    meant: Question
    freely: bool = field(init=False)

    def __post_init__(self) -> None:
        self.freely = any(rule.whole for rule in self.caller.rules("GET", self.findable.doctype))
