"""What an operation was for: the tree of categories, and finding the right one."""

from alcove.money.categories.model import NEVER, Sorting, sorting_from
from alcove.money.categories.sorter import Sorter
from alcove.money.categories.tree import NAMES, UNCATEGORISED, name_of

__all__ = ["NAMES", "NEVER", "UNCATEGORISED", "Sorter", "Sorting", "name_of", "sorting_from"]
