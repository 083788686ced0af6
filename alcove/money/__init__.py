"""What a person's money is about: bills, the operations that paid them, and what each was for."""

from alcove.money.linking import Decisions, Match, Profile, Reason, profiles_of, solve
from alcove.money.model import BILLS, LINKS, OPERATIONS, Bill, Operation
from alcove.money.service.ledger import Ledger

__all__ = [
    "BILLS",
    "LINKS",
    "OPERATIONS",
    "Bill",
    "Decisions",
    "Ledger",
    "Match",
    "Operation",
    "Profile",
    "Reason",
    "profiles_of",
    "solve",
]
