"""The kinds that can be found, as they were registered, and what their documents say."""

from __future__ import annotations

import logging
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from alcove.search.store import Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alcove.base.house import Registry
    from alcove.documents import Document, Documents
    from alcove.search.model import Fields, Findable, Said

log = logging.getLogger("alcove.search")

VERSION = 2
"""Raised when words are cut in another way: all indexes are made anew then."""
ENGLISH = "en"
"""The language of what is shown while words are cut: the words are the same in each."""


class Kinds:
    """Every kind by name, by doctype and by the number that it has in an index."""

    def __init__(self, findables: Registry[Findable]) -> None:
        self._findables = findables

    def __iter__(self) -> Iterator[tuple[str, Findable]]:
        return self._findables.items()

    @property
    def names(self) -> list[str]:
        """The names, in the order in which they came."""
        return [name for name, _ in self]

    @cached_property
    def doctypes(self) -> frozenset[str]:
        """The doctypes that an index has to hear of."""
        return frozenset(self.numbers) | frozenset(self.dependents)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each doctype."""
        return {doctype: number for number, doctype in enumerate(sorted(d for _, f in self for d in f.doctypes), 1)}

    @cached_property
    def by_doctype(self) -> dict[str, Findable]:
        """What makes each doctype be found."""
        return {doctype: findable for _, findable in self for doctype in findable.doctypes}

    @cached_property
    def dependents(self) -> dict[str, list[Findable]]:
        """By doctype, the kinds whose documents say its content too."""
        named: dict[str, list[Findable]] = defaultdict(list)
        for _, findable in self:
            if findable.beside is not None:
                named[findable.beside.doctype].append(findable)
        return dict(named)

    def lines(self, findable: Findable, document: Document, fields: Fields | None, beside: Fields | None) -> Lines:
        """What a document says, as lines of an index."""
        number, language = self.numbers[document.type], ENGLISH
        said = heard(findable, document.id, fields, beside, language)
        own = heard(findable, document.id, fields, None, language) if beside is not None else said
        line = Line.of(number, document.id, document.seq, said, own)
        mark = findable.contents.mark(fields) if findable.contents is not None and fields is not None else ""
        return Lines(said, line, line.marked(mark) if mark else None)

    def made_for(self) -> str:
        """What an index is made for: it is made anew when this changes."""
        return ",".join([f"{VERSION}", *(f"{name}/{self.by_doctype[name].version}" for name in self.numbers)])


class Lines(NamedTuple):
    """What a document says, as a line without its content, and as one with it where it has some."""

    said: Said | None
    without: Line
    whole: Line | None

    @property
    def digests(self) -> list[bytes]:
        """What the index may hold of it: the mark of the line without the content, then of the other."""
        return [line.digest for line in (self.without, self.whole) if line is not None]


class Neighbours:
    """The documents that others name, each read once."""

    def __init__(self, documents: Documents, tenant: str) -> None:
        self._documents = documents
        self._tenant = tenant
        self._read = dict[tuple[str, str], "Fields | None"]()

    async def of(self, findable: Findable, fields: Fields | None) -> Fields | None:
        """The fields of the document that one names; None for none."""
        beside = findable.beside
        ident = fields.get(beside.field) if beside is not None and fields is not None else None
        if beside is None or not isinstance(ident, str) or not ident:
            return None
        key = (beside.doctype, ident)
        if key not in self._read:
            found = await self._documents.get(self._tenant, *key)
            self._read[key] = found.fields() if found else None
        return self._read[key]


async def content_of(findable: Findable, tenant: str, ident: str, fields: Fields | None) -> str | None:
    """The text in a document, where it has one and that was read already."""
    if findable.contents is None or fields is None or not findable.contents.mark(fields):
        return None
    return await findable.contents.text(tenant, ident, fields)


def heard(
    findable: Findable, ident: str, fields: Fields | None, beside: Fields | None, language: str = ENGLISH
) -> Said | None:
    """What a document says. One that cannot be read is not found, and does not keep others from being found."""
    if fields is None:
        return None
    try:
        return findable.says(ident, fields, beside, language)
    except Exception:
        log.exception("a document of %s could not be read for search", findable.doctype)
        return None
