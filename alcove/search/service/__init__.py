"""The verbs of search: keeping indexes true, and finding by them."""

from alcove.search.service.finding import COUNTED, Search
from alcove.search.service.keeping import BATCH, FOLLOWER, Keeping
from alcove.search.service.kinds import Kinds

__all__ = ["BATCH", "COUNTED", "FOLLOWER", "Keeping", "Kinds", "Search"]
