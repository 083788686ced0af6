"""A plausible household with known truth: its statements and invoices, drawn from a seed."""

from alcove_sample.documents import as_documents
from alcove_sample.export import write
from alcove_sample.household import make
from alcove_sample.invoices import invoices
from alcove_sample.measure import Score, score
from alcove_sample.model import Account, Bill, Household, Link, Operation, Person, Vendor
from alcove_sample.statements import statements

__all__ = [
    "Account",
    "Bill",
    "Household",
    "Link",
    "Operation",
    "Person",
    "Score",
    "Vendor",
    "as_documents",
    "invoices",
    "make",
    "score",
    "statements",
    "write",
]
