"""What is put into an index, and what is asked of one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from alcove.search.asking import stems_in, words_in
from alcove.search.filters import Filters
from alcove.search.words import stems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.search.asking import Question
    from alcove.search.model import Said

CHANGE = 32
DAY = 54
"""The lowest bits of an entry's number are the change's, then come the day's, then the kind's."""


class Lost(Exception):
    """The index is broken, of another make or of another store: it has to be made anew."""


class Line(NamedTuple):
    """What one document says now, cut into words. `digest` changes with them; without one it is not to be found.

    `near` is what documents beside it say, which not everybody who may read it may know. `stems` are of all its words.
    One that is `whole` may have a content: it is put where contents are looked for too.
    """

    kind: int
    id: str
    seq: int
    title: str = ""
    text: str = ""
    near: str = ""
    content: str = ""
    day: int = 0
    digest: bytes = b""
    stems: frozenset[tuple[str, str]] = frozenset()
    whole: bool = False

    @classmethod
    def of(cls, kind: int, ident: str, seq: int, said: Said | None, own: Said | None, mark: str = "") -> Line:
        """The line of a document without its content, for which `mark` stands.

        `said` is with the document beside it and `own` without; None takes it out.
        """
        if said is None or own is None:
            return cls(kind, ident, seq)
        text = _words(own)
        whole = text if said is own else _words(said)
        near = whole if whole != text else ""
        title, day = said.title_words, said.day
        return cls(kind, ident, seq, title, text, near, "", day, digest_of(title, text, near, day, mark))

    def marked(self, mark: str) -> Line:
        """The same for a document with a content, for which `mark` stands. One that takes it out stays as it is."""
        if not self.digest:
            return self
        return self._replace(digest=digest_of(self.title, self.text, self.near, self.day, mark))

    def holding(self, written: str, content: str | None, *, whole: bool) -> Line:
        """The same with its content, and the stems of all words. `written` is what it says itself, as it is shown."""
        pairs = stems(written)
        if not content:
            return self._replace(stems=frozenset(pairs), whole=whole)
        return self._replace(
            content=" ".join(words_in(content)), stems=frozenset(pairs | stems_in(content)), whole=whole
        )

    @property
    def number(self) -> int:
        """The number that it gets, if nothing has that yet."""
        return (self.kind << DAY) | (self.day << CHANGE) | (self.seq & (1 << CHANGE) - 1)


class Where(Enum):
    """In what words are looked for. Each holds those before it."""

    TITLES = "titles"
    NAMES = "names"
    """All that a document says but its content."""
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Look:
    """One look into an index: what answers `asked` (None: everything).

    Without `near`, words of documents beside the ones that are found do not count. In contents no beginnings of one or
    two letters are looked for: nearly every text holds such a word.
    """

    asked: Question | None
    filters: Filters = field(default_factory=Filters)
    where: Where = Where.ALL
    near: bool = True

    def span(self, kind: int, before: int | None) -> tuple[int, int]:
        """The lowest and the highest number that an entry may have."""
        low, high = kind << DAY, ((kind + 1) << DAY) - 1
        if self.filters.since is not None:
            low |= max(0, self.filters.since) << CHANGE
        elif self.filters.until is not None:
            low |= 1 << CHANGE  # what has no day lies on none
        if self.filters.until is not None:
            high = min(high, (kind << DAY | (self.filters.until + 1) << CHANGE) - 1)
        return low, high if before is None else min(high, before - 1)


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that fits: its number, to go on from, the document's id, and the mark of what it said.

    One that is not `sure` has all the words, though perhaps not next to each other as they were asked for.
    """

    number: int
    id: str
    digest: bytes
    sure: bool = True


class Indexes(Protocol):
    """The indexes of all instances. What is not readable raises `Lost`."""

    async def prepare(self, tenant: str) -> int:
        """Makes the index where there is none; the number of the last change in it. Raises `Lost`."""
        ...

    async def digest(self, tenant: str, kind: int, ident: str) -> bytes | None:
        """The mark of what a document said when it was last put in; None when it is not there."""
        ...

    async def write(self, tenant: str, lines: Sequence[Line], reached: int | None) -> None:
        """Makes lines true, and that all is in it up to `reached` (None: as before); durable when it returns."""
        ...

    async def matches(self, tenant: str, kind: int, look: Look, limit: int, before: int | None = None) -> list[Match]:
        """The newest entries of a kind that fit, older than the number `before`."""
        ...

    async def related(self, tenant: str, stems: Sequence[str]) -> dict[str, list[str]]:
        """The words that are there with these stems."""
        ...

    async def drop(self, tenant: str) -> None:
        """Removes an index; does nothing when there is none."""
        ...

    async def tenants(self) -> list[str]:
        """Whose indexes are there."""
        ...

    async def close(self) -> None:
        """Lets go of all files."""
        ...


def digest_of(title: str, text: str, near: str, day: int, mark: str) -> bytes:
    """The mark of what a document says."""
    return hashlib.blake2b(f"{title}\0{text}\0{near}\0{day}\0{mark}".encode(), digest_size=12).digest()


def _words(said: Said) -> str:
    return " ".join([said.other_words, *said.tokens]).strip()
