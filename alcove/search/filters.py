"""What a question is narrowed to: a kind of file, days, a folder and all below it, where something came from.

They are typed among the words, in English or French, or given one by one. What a document is or where it lies is said
by *facets*, short texts such as `type:pdf`; the index holds a token for each, which no word can be.

>>> split("facture type:pdf date:2025-03 dans:Impôts")
('facture', Filters(facets=(('type:pdf',), ('in:impots',)), since=739311, until=739341))
"""

from __future__ import annotations

import hashlib
import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from alcove.search.words import fold, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MARK = "§"
"""What a facet's token begins with: no word holds it."""

_TYPED = re.compile(r'(?<!\S)(?P<name>[^\W\d_]{2,8}):(?P<value>"[^"]*"|[^\s"]+)')
_NAMES = {
    **dict.fromkeys(("type",), "type"),
    **dict.fromkeys(("date",), "date"),
    **dict.fromkeys(("after", "since", "apres", "depuis"), "since"),
    **dict.fromkeys(("before", "until", "avant"), "until"),
    **dict.fromkeys(("in", "dans"), "in"),
    **dict.fromkeys(("from", "source", "de"), "from"),
}
_TYPES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("image", "images", "photo", "photos", "picture", "pictures"), ("image",)),
    **dict.fromkeys(("audio", "music", "musique", "son", "sound"), ("audio",)),
    **dict.fromkeys(("video", "videos", "film", "films"), ("video",)),
    **dict.fromkeys(("document", "documents", "doc"), ("text", "pdf", "slide", "spreadsheet")),
    **dict.fromkeys(("text", "texte", "textes"), ("text",)),
    **dict.fromkeys(("spreadsheet", "table", "tableur", "tableau", "tableaux"), ("spreadsheet",)),
    **dict.fromkeys(("slide", "slides", "presentation", "presentations"), ("slide",)),
    **dict.fromkeys(("zip", "archive", "archives"), ("zip",)),
    **dict.fromkeys(("folder", "folders", "dossier", "dossiers", "directory"), ("directory",)),
    **dict.fromkeys(("mail", "mails", "email", "courriel", "courriels", "message"), ("message",)),
}
_SOURCES: Mapping[str, str] = {
    **dict.fromkeys(("connectors", "connecteur", "connecteurs"), "connector"),
    **dict.fromkeys(("devices", "appareil", "appareils"), "device"),
    **dict.fromkeys(("uploads", "envoi", "envois", "envoye", "envoyes"), "upload"),
    **dict.fromkeys(("guests", "invite", "invites"), "guest"),
}
"""What the ways that documents come by are called besides their names."""
_DAY = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?")
_FRENCH_DAY = re.compile(r"(?:(?:(?P<day>\d{1,2})/)?(?P<month>\d{1,2})/)?(?P<year>\d{4})")


@dataclass(frozen=True, slots=True)
class Filters:
    """What must be true beside the words: one facet of each row, and a day between two (ordinals, both included)."""

    facets: tuple[tuple[str, ...], ...] = ()
    since: int | None = None
    until: int | None = None

    def __bool__(self) -> bool:
        return bool(self.facets) or self.since is not None or self.until is not None

    def __and__(self, other: Filters) -> Filters:
        since = [day for day in (self.since, other.since) if day is not None]
        until = [day for day in (self.until, other.until) if day is not None]
        return Filters((*self.facets, *other.facets), max(since, default=None), min(until, default=None))

    @property
    def tokens(self) -> list[list[str]]:
        """The facets as the index holds them."""
        return [[token(facet) for facet in row] for row in self.facets]

    def fits(self, tokens: Sequence[str], day: int) -> bool:
        """Whether a document with these tokens and that day is among them."""
        there = set(tokens)
        return (
            all(there.intersection(row) for row in self.tokens)
            and (self.since is None or day >= self.since)
            and (self.until is None or 0 < day <= self.until)
        )


@lru_cache(maxsize=4096)
def token(facet: str) -> str:
    """A facet as the index holds it. Remembered: most documents share a few kinds, folders and sources.

    >>> token("type:pdf")
    '§b87c08cfc71a'
    """
    return MARK + hashlib.blake2s(facet.encode(errors="replace"), digest_size=6).hexdigest()


def split(typed: str) -> tuple[str, Filters]:
    """What was typed without its filters, and these. What only looks like one stays among the words."""
    filters = Filters()
    rest, place = list[str](), 0
    for found in _TYPED.finditer(typed):
        known = _NAMES.get(fold(found["name"]))
        made = one(known, found["value"].strip('"')) if known else None
        if made is not None:
            filters &= made
            rest.append(typed[place : found.start()])
            place = found.end()
    words = [*(part.strip() for part in rest), typed[place:]]
    return " ".join(part for part in words if part.strip()).lstrip() if rest else typed, filters


def one(name: str, value: str) -> Filters | None:
    """One filter (`type`, `date`, `since`, `until`, `in`, `from`) from its value; None when that says nothing."""
    if name in ("date", "since", "until"):
        days = days_of(value)
        if days is None:
            return None
        first, last = days
        return Filters(since=first if name != "until" else None, until=last if name != "since" else None)
    words = words_of(value)
    if not words:
        return None
    if name == "type":
        meant = [_TYPES.get(" ".join(words_of(part)), (" ".join(words_of(part)),)) for part in value.split(",")]
        return Filters((tuple(f"type:{kind}" for kinds in meant for kind in kinds if kind),))
    if name == "in":
        return Filters(tuple((in_folder(part),) for part in value.split("/") if words_of(part)))
    parts = [" ".join(words_of(part)) for part in value.split(",")]
    return Filters((tuple(came_from(_SOURCES.get(part, part)) for part in parts if part),))


def in_folder(name: str) -> str:
    """The facet of all that lies below a folder of that name."""
    return f"in:{' '.join(words_of(name))}"


def below(path: str) -> str:
    """The facet of all that lies below the folder of that path."""
    return f"below:{path}"


def came_from(source: str) -> str:
    """The facet of all that an app or connector brought, or that came by a way: `connector`, `device`..."""
    return f"from:{' '.join(words_of(source))}"


def sources(fields: Mapping[str, Any]) -> list[str]:
    """The facets of what brought a document, as its `cozyMetadata` says: apps and connectors (contract-b 1.7)."""
    cozy = fields.get("cozyMetadata")
    if not isinstance(cozy, dict):
        return []
    by = cozy.get("uploadedBy")
    slugs = [cozy.get("createdByApp"), by.get("slug") if isinstance(by, dict) else None]
    return list(dict.fromkeys(came_from(slug) for slug in slugs if isinstance(slug, str) and words_of(slug)))


def days_of(value: str) -> tuple[int | None, int | None] | None:
    """The first and the last day of a year, a month, a day, or of two with `..` between them; None for none of these.

    >>> [date.fromordinal(day).isoformat() for day in days_of("03/2025..2026")]
    ['2025-03-01', '2026-12-31']
    """
    first, between, last = value.partition("..")
    one, other = _span(first), _span(last)
    if not between:
        return one
    if (first and one is None) or (last and other is None) or not (first or last):
        return None
    return one[0] if one else None, other[1] if other else None


def _span(value: str) -> tuple[int, int] | None:
    found = _DAY.fullmatch(value) or _FRENCH_DAY.fullmatch(value)
    if found is None:
        return None
    year, month, day = (int(found[name]) if found[name] else None for name in ("year", "month", "day"))
    try:
        begin = date(year or 0, month or 1, day or 1)
        end = begin if day else date(begin.year, month or 12, monthrange(begin.year, month or 12)[1])
    except ValueError:
        return None
    return begin.toordinal(), end.toordinal()
