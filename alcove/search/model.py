"""What a document says to who searches, what is asked, and what is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from alcove.documents import Index, Query
from alcove.search.filters import Filters, token
from alcove.search.words import words_of

if TYPE_CHECKING:
    from alcove.search.snippets import Piece

Fields = Mapping[str, Any]
MOST_WORDS = 32
"""Words of one question at the most."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a document says: `title` and `detail` are shown, `words` only find it. `date` (ISO) puts the newest first.

    `shown` is what else a person sees of it in a list: an amount, a kind of file. `facets` are what filters go by
    (`alcove.search.filters`): what it is, where it lies, where it came from.
    """

    title: str
    detail: str = ""
    words: str = ""
    date: str = ""
    shown: Fields = field(default_factory=dict)
    facets: Sequence[str] = ()

    @property
    def title_words(self) -> str:
        """The words of the title, as they are kept."""
        return " ".join(words_of(self.title))

    @property
    def other_words(self) -> str:
        """The words of everything else, as they are kept."""
        return " ".join([*words_of(self.detail), *words_of(self.words)])

    @property
    def tokens(self) -> list[str]:
        """The facets, as the index holds them."""
        return [token(facet) for facet in self.facets]

    @property
    def day(self) -> int:
        """The day of its date as an ordinal; 0 without one."""
        try:
            return date.fromisoformat(self.date[:10]).toordinal()
        except ValueError:
            return 0


Says = Callable[[str, Fields, Fields | None, str], Said | None]
"""(id, fields, fields of the document beside it, language) -> what it says, or None when it is not to be found."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Another document that one names and whose content it says too, as a file says the path of its folder.

    `field` holds the other's id, and is the first of the declared `index`, by which all that name it are found.
    `may_be` says of a document of that doctype whether others can name it at all: for most the look is spared.
    `facet` is what all that lies in it and below it says, where it is a folder.
    """

    doctype: str
    field: str
    index: Index
    may_be: Callable[[Fields], bool]
    facet: Callable[[Fields], str] = lambda _: ""

    def naming(self, ident: str, limit: int, bookmark: str) -> Query:
        """The documents that name this one, a page of them."""
        sort = [(name, False) for name in self.index.fields]  # without it, the index does not serve the query
        return Query({self.field: ident}, sort, limit=limit, bookmark=bookmark, use_index=self.index.name)


class Contents(Protocol):
    """The texts in documents, as the room that knows how to read them keeps them."""

    def mark(self, fields: Fields) -> str:
        """What stands for the content of a document, and changes with it; empty where there is no text."""
        ...

    async def text(self, tenant: str, ident: str, fields: Fields) -> str | None:
        """The text; None while it is not there. Who can read it then does so, and says so by `Search.renew`."""
        ...


@dataclass(frozen=True, slots=True)
class Findable:
    """A doctype that can be found. `version` changes with `says`: the index is then made anew.

    `says` is pure and bears any content: it is called in threads, with whatever was once stored. Documents of the
    doctypes `also` are found with them, by who may read the first one, and told as if they were of it.
    """

    doctype: str
    says: Says
    version: int = 1
    beside: Beside | None = None
    also: tuple[str, ...] = ()
    contents: Contents | None = None

    @property
    def doctypes(self) -> tuple[str, ...]:
        """All that an index has to hear of for it."""
        return (self.doctype, *self.also)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: what was typed, the kinds to look in (none: all), hits of each kind at the most.

    `newest` gives the hits by their day alone. `cursor` goes on where the last answer ended; with `total`, how many
    there are is told too. `filters` are those that were not typed; `folder` is the id of one in which and below which
    to look.
    """

    text: str
    kinds: Sequence[str] = ()
    limit: int = 5
    newest: bool = False
    cursor: int | None = None
    filters: Filters = field(default_factory=Filters)
    folder: str = ""
    total: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that was found, what it says now, and a piece of its text where that was found."""

    kind: str
    doctype: str
    id: str
    said: Said
    snippet: Sequence[Piece] = ()
    marks: Sequence[str] = ()
    """The words of its title and detail that were found, whatever their ending."""


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, kind by kind, those by their title first, then the newest first.

    `more` names the kinds that hold more than was asked for. `complete` is false while the index is still being made.
    `cursor` is where the next answer begins, when one kind was asked for and there are more. `total` is how many there
    are, as far as it was asked for, is counted (`COUNTED`) and may be told.
    """

    hits: list[Hit]
    more: list[str]
    complete: bool
    cursor: int | None = None
    total: int | None = None
