"""Which operation paid which bill: pure rules on bills and operations."""

from alcove.money.linking.book import Book, Due
from alcove.money.linking.evidence import Known, Reason
from alcove.money.linking.labels import face, key_of, known_merchant, plain, telling, vendor_key
from alcove.money.linking.learning import Profile
from alcove.money.linking.match import Decisions, Match
from alcove.money.linking.nearby import Ground, Near, solve_near
from alcove.money.linking.solver import profiles_of, solve

__all__ = [
    "Book",
    "Decisions",
    "Due",
    "Ground",
    "Known",
    "Match",
    "Near",
    "Profile",
    "Reason",
    "face",
    "key_of",
    "known_merchant",
    "plain",
    "profiles_of",
    "solve",
    "solve_near",
    "telling",
    "vendor_key",
]
