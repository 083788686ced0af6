"""Finding anything by a few words: a full-text index of what documents say, beside the documents."""

from alcove.base.house import Slot
from alcove.search.filters import below, came_from, in_folder, sources
from alcove.search.model import Asked, Beside, Contents, Findable, Found, Hit, Said
from alcove.search.service import Search
from alcove.search.words import amount_words, fold, words_of

FINDABLES: Slot[Findable] = Slot("findables", "what the documents of a doctype say to who searches")

__all__ = [
    "FINDABLES",
    "Asked",
    "Beside",
    "Contents",
    "Findable",
    "Found",
    "Hit",
    "Said",
    "Search",
    "amount_words",
    "below",
    "came_from",
    "fold",
    "in_folder",
    "sources",
    "words_of",
]
