"""Answers questions from the indexes, and from the documents as they are now."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from alcove.base.errors import Forbidden, NotFound, Refusal, Unavailable
from alcove.search.asking import question, words_in
from alcove.search.filters import Filters, split
from alcove.search.model import Found, Hit
from alcove.search.service.kinds import Neighbours, content_of, heard
from alcove.search.snippets import marks, snippet
from alcove.search.store import Look, Lost, Where

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from alcove.base.house import Registry
    from alcove.base.http import Caller, Tenant
    from alcove.documents import Document, Documents
    from alcove.realtime import ReadCheck
    from alcove.search.asking import Question
    from alcove.search.model import Asked, Fields, Findable
    from alcove.search.service.keeping import Keeping
    from alcove.search.service.kinds import Kinds
    from alcove.search.store import Indexes, Match

LOOKED = 2000
"""Entries of one kind that are looked at for a caller who may read some of its documents only."""
PAGE = 200
"""Entries that are looked at in one go, when the first few were not enough."""
COUNTED = 1000
"""Hits that are counted at the most: one more says that there are more."""
READ = 50
"""Hits of one answer whose texts are opened for a piece of them."""


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

    async def renew(self, tenant: str, doctype: str, ident: str) -> None:
        """The content of a document can be read now: it is found by it when this returns."""
        await self._keeping.renew(tenant, doctype, ident)

    async def find(self, tenant: Tenant, caller: Caller, asked: Asked) -> Found:
        """What answers a question, of what the caller may read. Raises `Forbidden` when that is no kind at all."""
        kinds = [(name, findable) for name, findable in self._kinds if not asked.kinds or name in asked.kinds]
        kinds = [(name, findable) for name, findable in kinds if caller.rules("GET", findable.doctype)]
        if not kinds:
            raise Forbidden
        text, typed = split(asked.text)
        asked = replace(asked, filters=typed & asked.filters)
        meant = question(text)
        if meant is None and not asked.filters and not asked.folder:
            return Found([], [], complete=True)
        complete = await self._keeping.ready(tenant.key)
        hits, more = list[Hit](), list[str]()
        cursor, total = None, None
        try:
            wide = meant and meant.widened(await self._indexes.related(tenant.key, sorted(meant.stems)))
            for name, findable in kinds:
                reader = _Reader(tenant, caller, name, findable, meant, wide)
                found = await self._of_kind(reader, asked)
                hits += [hit for _, hit in found[: asked.limit]]
                if len(found) > asked.limit:
                    more.append(name)
                    cursor = found[asked.limit - 1][0] if len(kinds) == 1 else None
                if asked.total and reader.freely and len(kinds) == 1:
                    total = await self._total(reader, asked)
            hits = await self._with_snippets(tenant, hits, wide)
        except Lost as error:
            self._keeping.lost(tenant.key, error)
            complete = False
        except (NotFound, Unavailable):
            complete = False  # it is being made at this moment
        return Found(hits, more, complete, cursor, total)

    async def _of_kind(self, reader: _Reader, asked: Asked) -> list[tuple[int, Hit]]:
        """The best ones, each with where to go on after it, and one more if there is.

        Those that say what was asked for as it was typed come before those that say it with other endings; of each,
        those whose title says it come first, then those that say it anywhere but in their text; of these, the newest.
        """
        filters = await self._narrowed(reader, asked)
        found = set[tuple[str, str]]()
        hits = list[tuple[int, Hit]]()
        neighbours = Neighbours(self._documents, reader.tenant.key)
        told = 0 if asked.newest else asked.cursor or 0
        for look in _looks(reader, filters, newest=asked.newest) if filters is not None else ():
            async for doctype, match in self._candidates(reader, look, asked):
                if (doctype, match.id) in found:
                    continue
                if reader.freely and len(found) < told:  # an answer before told it: it is not read again
                    found.add((doctype, match.id))
                    continue
                hit = await self._hit(reader, neighbours, doctype, match, look)
                if hit is not None:
                    found.add((doctype, match.id))
                if hit is not None and len(found) > told:
                    hits.append((match.number if asked.newest else len(found), hit))
                if len(hits) > asked.limit:
                    return hits
        return hits

    async def _total(self, reader: _Reader, asked: Asked) -> int:
        """How many entries fit, up to one more than are counted. Nothing of them is read: a few may be a moment old."""
        filters, found = await self._narrowed(reader, asked), set[tuple[str, str]]()
        looks = _looks(reader, filters, newest=False) if filters is not None else []
        for look in looks[-2:]:  # the widest: what the others find, these find too
            for doctype in reader.findable.doctypes:
                number = self._kinds.numbers[doctype]
                matches = await self._indexes.matches(reader.tenant.key, number, look, COUNTED + 1)
                found.update((doctype, match.id) for match in matches)
        return min(len(found), COUNTED + 1)

    async def _narrowed(self, reader: _Reader, asked: Asked) -> Filters | None:
        """The filters of a question with its folder among them; None when nothing can be found in it.

        Who may read some documents only is told nothing of a folder that they may not read, not even by what is found.
        """
        folder = ""
        if asked.folder:
            beside = reader.findable.beside
            found = await self._documents.get(reader.tenant.key, beside.doctype, asked.folder) if beside else None
            fields = found.fields() if found else {}
            if beside is None or found is None or not await self._may_read(reader, asked.folder, fields):
                return None
            folder = beside.facet(fields)
            if not folder:
                return None
        elsewhere = any(facet.startswith("in:") for row in asked.filters.facets for facet in row)
        if elsewhere and not reader.freely:
            return None
        return asked.filters & Filters(((folder,),)) if folder else asked.filters

    async def _candidates(self, reader: _Reader, look: Look, asked: Asked) -> AsyncIterator[tuple[str, Match]]:
        for doctype in reader.findable.doctypes:
            async for match in self._candidates_of(reader, doctype, look, asked):
                yield doctype, match

    async def _candidates_of(self, reader: _Reader, doctype: str, look: Look, asked: Asked) -> AsyncIterator[Match]:
        number = self._kinds.numbers[doctype]
        before, looked = asked.cursor if asked.newest else None, 0
        further = not asked.newest and bool(asked.cursor)
        size = asked.limit + 1 if reader.freely and not further else PAGE
        while looked < LOOKED:
            page = await self._indexes.matches(reader.tenant.key, number, look, size, before)
            for match in page:
                yield match
            if len(page) < size:
                return
            before, looked, size = page[-1].number, looked + size, PAGE

    async def _hit(self, reader: _Reader, neighbours: Neighbours, doctype: str, match: Match, look: Look) -> Hit | None:
        """The document as it is now: the index may be a moment behind, and never shows what is not there any more."""
        findable, locale = reader.findable, reader.tenant.locale
        document = await self._documents.get(reader.tenant.key, doctype, match.id)
        if document is None:
            return None
        fields = document.fields()
        if not reader.freely and not await self._may_read(reader, match.id, fields):
            return None
        beside = await neighbours.of(findable, fields)
        # Who may read some documents only is told nothing of those beside them.
        said = heard(findable, match.id, fields, beside if reader.freely else None, locale)
        if said is None or not await self._holds(reader, document, fields, beside, match, look):
            return None
        return Hit(reader.kind, findable.doctype, match.id, said)

    async def _holds(
        self, reader: _Reader, document: Document, fields: Fields, beside: Fields | None, match: Match, look: Look
    ) -> bool:
        """Whether a document says what is looked for: it does when it says what the index holds of it."""
        lines = self._kinds.lines(reader.findable, document, fields, beside)
        if match.sure and match.digest in lines.digests:
            return True
        line = lines.without
        text, near = line.text.split(), line.near.split()
        if not look.filters.fits([*text, *near], line.day):
            return False
        columns = [line.title.split()]
        if look.where is not Where.TITLES:
            columns += [text, *([near] if look.near else [])]
        if look.asked is None or look.asked.fits(*columns):
            return True
        if look.where is not Where.ALL:
            return False
        content = await content_of(reader.findable, reader.tenant.key, document.id, fields)
        if not content:
            return False
        whole = await asyncio.to_thread(words_in, content)
        return await asyncio.to_thread(look.asked.fits, *columns, whole)

    async def _may_read(self, reader: _Reader, ident: str, fields: Fields) -> bool:
        check = self._checks.get(reader.findable.doctype)
        with suppress(Refusal):
            if check is None:
                reader.caller.allow("GET", reader.findable.doctype, ident, fields)
            else:
                await check(reader.tenant, reader.caller, ident)
            return True
        return False

    async def _with_snippets(self, tenant: Tenant, hits: Sequence[Hit], asked: Question | None) -> list[Hit]:
        """The hits, those with a text by a piece of it that holds what was asked for, and with the words found."""
        if asked is None:
            return list(hits)
        shown, read = list[Hit](), 0
        for hit in hits:
            findable = self._kinds.by_doctype[hit.doctype]
            content = None
            if findable.contents is not None and read < READ:
                document = await self._documents.get(tenant.key, hit.doctype, hit.id)
                fields = document.fields() if document else None
                content = await content_of(findable, tenant.key, hit.id, fields)
                read += content is not None
            piece = await asyncio.to_thread(snippet, content, asked) if content else None
            shown.append(replace(hit, snippet=piece or (), marks=marks(f"{hit.said.title} {hit.said.detail}", asked)))
        return shown


def _looks(reader: _Reader, filters: Filters, *, newest: bool) -> list[Look]:
    """How to look, one after the other. What is asked for newest first is looked for in one go."""
    whole = Where.ALL if reader.findable.contents is not None else Where.NAMES
    if reader.meant is None or reader.wide is None or newest:
        # In one go, and so where beginnings of a letter or two can be looked for at all.
        where = Where.NAMES if reader.wide is not None and reader.wide.brief else whole
        return [Look(reader.wide, filters, where, reader.freely)]
    looks = list[Look]()
    for asked in dict.fromkeys((reader.meant, reader.wide)):
        looks += [Look(asked, filters, where, reader.freely) for where in (Where.TITLES, Where.NAMES)]
        if whole is Where.ALL:
            looks.append(Look(asked.closed() if asked.brief else asked, filters, whole, reader.freely))
    return looks


@dataclass(slots=True)
class _Reader:
    """Who asks what of one kind, and whether all documents of that kind are open to them.

    `meant` is what was asked as it was typed, `wide` with words of other endings too; None when only filters were.
    """

    tenant: Tenant
    caller: Caller
    kind: str
    findable: Findable
    meant: Question | None
    wide: Question | None
    freely: bool = field(init=False)

    def __post_init__(self) -> None:
        self.freely = any(rule.whole for rule in self.caller.rules("GET", self.findable.doctype))
