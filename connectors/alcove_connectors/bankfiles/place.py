"""What the person's place holds already: its bank accounts, and which of them a statement is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from alcove_connectors.sdk import Stack, account_doc_id
from alcove_connectors.sdk.bank import BANK_ACCOUNTS, OPERATIONS

from . import identity, mapping
from .errors import AskPerson, Question

if TYPE_CHECKING:
    from .model import Account, Operation, Statement
    from .reconcile import Held
    from .table import Ask

MARGIN = timedelta(days=15)
"""How far around a statement's days the account's operations are looked at."""

_ENOUGH = 3
_CENT = Decimal("0.0001")
NEW_ACCOUNT = "another account"


@dataclass(frozen=True)
class Target:
    """The account that a statement goes to: its stable name, and its stored document when there is one."""

    vendor_id: str
    account: Account
    document: dict[str, Any] | None

    @property
    def ours(self) -> bool:
        """Whether the document is (or will be) one of this connector's, whose balance it keeps."""
        return self.document is None or self.document["_id"] == account_doc_id(self.vendor_id)


class Place:
    """The person's accounts and operations, asked for by key: never all operations at once."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def accounts(self) -> list[dict[str, Any]]:
        """The stored bank accounts that have a stable name, oldest name first."""
        found = self._stack.find(BANK_ACCOUNTS, {"vendorId": {"$gt": None}}, index=("vendorId",))
        return sorted(
            (document for document in found if document.get("vendorId")), key=lambda doc: str(doc["vendorId"])
        )

    def operations(self, account_id: str, days: tuple[date, date]) -> list[dict[str, Any]]:
        """The stored operations of an account around those days."""
        first, last = days[0] - MARGIN, days[1] + MARGIN
        span = {"$gte": first.isoformat(), "$lt": (last + timedelta(days=1)).isoformat()}
        return list(self._stack.find(OPERATIONS, {"account": account_id, "date": span}, index=("account", "date")))

    def target(self, statement: Statement, name: str, ask: Ask) -> Target:
        """Which account a statement of the file ``name`` is about; asks when the file names none and it is unclear."""
        known = self.accounts()
        account = statement.account
        if not account.named:
            account = replace(account, number=identity.number_in_name(name))
        if account.named:
            return _named(account, known)
        return self._unnamed(statement, name, known, ask)

    def _unnamed(self, statement: Statement, name: str, known: list[dict[str, Any]], ask: Ask) -> Target:
        """By what the accounts hold of the same operations, else by what is constant in the file's name."""
        account = statement.account
        shares = {doc["vendorId"]: self._overlap(doc, statement.operations) for doc in known if _fits(doc, account)}
        ranked = sorted(((share, vendor) for vendor, (share, _) in shares.items() if share >= 0.5), reverse=True)
        if ranked and (len(ranked) == 1 or ranked[0][0] > ranked[1][0]):
            return _target(ranked[0][1], account, known)
        words = account.label or identity.stem(name)
        vendor_id = ":".join(filter(None, ("file", account.institution, identity.stem(words), account.currency)))
        alien = vendor_id in shares and shares[vendor_id][1]
        if not alien:
            return _target(vendor_id, replace(account, label=account.label or words.title()), known)
        return self._asked(account, vendor_id, known, statement, name, ask)

    def _overlap(self, document: dict[str, Any], operations: Sequence[Operation]) -> tuple[float, bool]:
        """Share of the operations that the account holds too, of those in days it covers; and whether it is another's.

        An account that covers many of the statement's days and shares no operation with it must be another one.
        """
        if not operations:
            return 0.0, False
        there = held_of(self.operations(document["_id"], _days(operations)))
        if not there:
            return 0.0, False
        first, last = min(entry.day for entry in there), max(entry.day for entry in there)
        inside = Counter((op.day, op.amount.quantize(_CENT)) for op in operations if first <= op.day <= last)
        shared = sum((inside & Counter((entry.day, entry.amount) for entry in there)).values())
        total = sum(inside.values())
        return (shared / total if shared >= _ENOUGH else 0.0), shared == 0 and total >= _ENOUGH

    def _asked(
        self, account: Account, vendor_id: str, known: list[dict[str, Any]], statement: Statement, name: str, ask: Ask
    ) -> Target:
        choices = {_choice(doc): str(doc["vendorId"]) for doc in known if _fits(doc, account)}
        text = "Which account is this file about? It does not say, and the account of this name holds other operations."
        rows = tuple((str(op.day), op.label[:60], str(op.amount)) for op in statement.operations[:3])
        answer = ask(Question("account", text, (*choices, NEW_ACCOUNT), rows, f"account {name}"))
        if answer in choices:
            return _target(choices[answer], account, known)
        if answer in choices.values():
            return _target(answer, account, known)
        words = answer if answer != NEW_ACCOUNT else name
        return _target(f"{vendor_id}:{words}", replace(account, label=words), known)


def _named(account: Account, known: list[dict[str, Any]]) -> Target:
    vendor_id = identity.vendor_id(account)
    by_name = {str(doc["vendorId"]): doc for doc in known}
    for name in (vendor_id, f"{vendor_id}:{account.currency}"):
        if name in by_name and _fits(by_name[name], account):
            return _target(name, account, known)
    found = identity.best(account, [(name, mapping.known_account(doc)) for name, doc in by_name.items()])
    if not found and vendor_id in by_name:  # the same number in another currency
        found = f"{vendor_id}:{account.currency}"
    return _target(found or vendor_id, account, known)


def _target(vendor_id: str, account: Account, known: list[dict[str, Any]]) -> Target:
    return Target(vendor_id, account, next((doc for doc in known if doc["vendorId"] == vendor_id), None))


def _fits(document: dict[str, Any], account: Account) -> bool:
    there = document.get("currency")
    return not there or not account.currency or there == account.currency


def _choice(document: dict[str, Any]) -> str:
    number = str(document.get("number") or document.get("iban") or "")
    return f"{document.get('label')} {number}".strip()


def _days(operations: Sequence[Operation]) -> tuple[date, date]:
    days = [operation.day for operation in operations]
    return min(days), max(days)


def held_of(documents: Sequence[dict[str, Any]]) -> list[Held]:
    """Stored operations as they are compared."""
    return [entry for entry in map(mapping.held, documents) if entry is not None]


Answer = Callable[[str, str], str]
"""Gives what the person answered for a layout and a field; empty when nothing."""


def asking(answer: Answer, locale: str = "en") -> Ask:
    """A way to ask that looks for the person's answer first, and else ends the file with the question."""

    def ask(question: Question) -> str:
        said = answer(question.key, question.field)
        if not said:
            raise AskPerson(question, locale)
        return said

    return ask
