"""The index of each instance, made from its documents and made again when it is lost. All queries are here.

An entry's number is made of its kind, its day and the change that wrote it, so that the database gives the newest of a
kind first without looking at the others: the answer to a word that a hundred thousand documents hold takes no longer
than that to a rare one. A span of days is a span of numbers.
"""

from alcove.search.store.model import Indexes, Line, Look, Lost, Match, Where, digest_of
from alcove.search.store.sqlite import FILE, MIGRATIONS, SqliteIndexes

__all__ = ["FILE", "MIGRATIONS", "Indexes", "Line", "Look", "Lost", "Match", "SqliteIndexes", "Where", "digest_of"]
