"""OFX 1 (SGML, tags left open) and OFX 2 (XML) by one tolerant reader: Open Financial Exchange 1.6 and 2.3.

No entity is ever defined or fetched: the five of XML and character numbers are all that is replaced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import labels, values
from .charset import check_bytes, decode
from .errors import NotStatement, StatementError, TooLarge, Truncated
from .model import MAX_OPERATIONS, Account, Balance, Operation, Reading, Statement, distinct_references

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from decimal import Decimal

MAX_DEPTH = 40
"""Open tags within each other; the deepest form of the standard has about twelve."""

MAX_ELEMENTS = 1_500_000
"""Elements of one file: an operation has about ten."""

_TAG = re.compile(r"(<!--)|(<!\[CDATA\[)|<([/?!]?)([A-Za-z0-9_.:-]*)([^<>]*)>|<+(?=<)|<")
_ENTITY = re.compile(r"&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(lt|gt|amp|quot|apos|nbsp));")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'", "nbsp": " "}
_HEADER = re.compile(rb"(?:CHARSET|ENCODING)\s*[:=]\s*[\"']?([A-Za-z0-9_-]+)", re.IGNORECASE)

_STATEMENTS = ("STMTRS", "CCSTMTRS", "INVSTMTRS")
_KINDS = {
    "CHECKING": "Checkings",
    "SAVINGS": "Savings",
    "MONEYMRKT": "Savings",
    "CD": "Savings",
    "CREDITLINE": "Loan",
}
_TYPES = {
    "ATM": "cash",
    "CASH": "cash",
    "POS": "credit card",
    "CHECK": "check",
    "XFER": "transfer",
    "DIRECTDEBIT": "direct debit",
    "REPEATPMT": "direct debit",
    "FEE": "financial fee",
    "SRVCHG": "financial fee",
    "DEP": "deposit",
    "DIRECTDEP": "transfer",
}


@dataclass
class Element:
    """A tag with its text, or with the elements inside it."""

    name: str
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def child(self, *path: str) -> Element | None:
        """The first element down that path."""
        found: Element | None = self
        for name in path:
            found = next((child for child in found.children if child.name == name), None) if found else None
        return found

    def value(self, *path: str) -> str:
        """The text down that path; empty when nothing is there."""
        found = self.child(*path)
        return found.text if found else ""

    def every(self, *names: str) -> Iterator[Element]:
        """All elements of these names, however deep, in the order of the file."""
        pending = [self]
        while pending:
            element = pending.pop()
            if element.name in names:
                yield element
            pending += reversed(element.children)


def is_ofx(head: bytes) -> bool:
    """Whether the beginning of a file is OFX."""
    start = head[:4096].replace(b"\x00", b"").upper()
    return b"OFXHEADER" in start or b"<OFX>" in start or b"<?OFX" in start


def read(data: bytes) -> Reading:
    """Read an OFX file; raises a ``StatementError`` when nothing can be taken from it."""
    check_bytes(data)
    declared = [name.decode() for name in _HEADER.findall(data[:2048])]
    text = decode(data, next((name for name in reversed(declared) if name.upper() not in ("NONE", "USASCII")), ""))
    root = parse(text)
    found = list(root.every(*_STATEMENTS))
    if not found:
        found_accounts = list(root.every("ACCTINFO"))
        if found_accounts:
            return Reading("ofx", tuple(_listed(info, root) for info in found_accounts if _account_part(info)))
        raise NotStatement(_why_empty(root))
    problems: list[str] = []
    institution = labels.tidy(root.value("SIGNONMSGSRSV1", "SONRS", "FI", "ORG"))
    statements = tuple(_statement(part, institution, problems) for part in found)
    return Reading("ofx", statements, tuple(problems))


def _why_empty(root: Element) -> str:
    for status in root.every("STATUS"):
        if status.value("SEVERITY") == "ERROR":
            said = labels.tidy(status.value("MESSAGE"))[:200] or f"code {status.value('CODE')[:20]}"
            return f"The bank answered with an error instead of a statement: {said}"
    return "This OFX file holds no statement, only the bank's greeting."


def parse(text: str) -> Element:
    """The tree of an OFX text; open leaves end where the next tag begins, open aggregates where their parent ends."""
    start = re.search(r"<OFX[\s>]", text, re.IGNORECASE)
    if not start:
        raise NotStatement("The file begins like OFX but has no <OFX> part.")
    tree = _Tree()
    at = start.start()
    while tree.root is None:
        found = _TAG.search(text, at)
        if found is None:
            raise Truncated("The file ends in the middle: its closing </OFX> is missing; download it again.")
        tree.text(text[at : found.start()])
        at = _skipped(text, found, tree) if found[1] or found[2] else found.end()
        if found[4] and not found[3]:
            tree.open(found[4].upper(), found[5].endswith("/"))
        elif found[4] and found[3] == "/":
            tree.close(found[4].upper())
        elif not found[0].strip("<"):
            tree.text(found[0], raw=True)
    return tree.root


def _skipped(text: str, found: re.Match[str], tree: _Tree) -> int:
    """Go past a comment, or past a CDATA part whose text is taken as it is."""
    closing = "-->" if found[1] else "]]>"
    end = text.find(closing, found.end())
    if end < 0:
        raise Truncated(f"The file ends in the middle: a part that {closing} should close is open; download it again.")
    if found[2]:
        tree.text(text[found.end() : end], raw=True)
    return end + len(closing)


class _Tree:
    """Builds elements from tags and texts, whichever of them are closed."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._leaf: Element | None = None
        self._parts: list[str] = []
        self._count = 0

    def text(self, text: str, *, raw: bool = False) -> None:
        """Text after a tag belongs to it; text after a closing tag is white space or an accident."""
        if self._leaf is not None and text:
            self._parts.append(text if raw else _ENTITY.sub(_entity, text))

    def open(self, name: str, empty: bool) -> None:
        """A new element, inside the last aggregate."""
        self._settle()
        element = Element(name)
        if self._open:
            self._open[-1].children.append(element)
        self._open.append(element)
        self._leaf = element
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise TooLarge(f"The file has more than {MAX_ELEMENTS} elements: export a shorter period.")
        if len(self._open) > MAX_DEPTH:
            raise TooLarge(f"The tags of this file are nested deeper than {MAX_DEPTH}: this is no bank's OFX.")
        if empty:
            self._settle()
            self._drop(element)

    def close(self, name: str) -> None:
        """End the nearest open element of that name; those still open inside it were empty leaves: siblings."""
        self._settle(keep=name)
        depth = next((i for i in reversed(range(len(self._open))) if self._open[i].name == name), -1)
        if depth < 0:
            return
        while len(self._open) > depth + 1:
            self._drop(self._open[-1])
        closed = self._open.pop()
        if not self._open:
            self.root = closed

    def _settle(self, keep: str = "") -> None:
        leaf, self._leaf = self._leaf, None
        if leaf is None:
            return
        leaf.text = "".join(self._parts).strip()
        self._parts.clear()
        if leaf.text and leaf.name != keep and self._open[-1] is leaf and len(self._open) > 1:
            self._open.pop()

    def _drop(self, element: Element) -> None:
        """Take an element that was never closed off the path, its children becoming its siblings."""
        if self._open[-1] is element and len(self._open) > 1:
            self._open.pop()
            self._open[-1].children += element.children
            element.children = []


def _entity(found: re.Match[str]) -> str:
    if found[3]:
        return _NAMED[found[3]]
    number = int(found[1]) if found[1] else int(found[2], 16)
    return chr(number) if 32 <= number < 0xD800 or 0xE000 <= number < 0x110000 else " "


def _account_part(part: Element) -> Element | None:
    return next(part.every("BANKACCTFROM", "CCACCTFROM", "INVACCTFROM"), None)


def _account(part: Element, institution: str, label: str = "") -> Account:
    source = _account_part(part)
    if source is None or not source.value("ACCTID"):
        raise NotStatement("A statement of this file does not say which account it is about.")
    kind = {"CCACCTFROM": "credit card", "INVACCTFROM": "Market"}.get(source.name, "")
    number = labels.tidy(source.value("ACCTID"))
    return Account(
        number=number,
        bank=labels.tidy(source.value("BANKID") or source.value("BROKERID")),
        branch=labels.tidy(source.value("BRANCHID")),
        kind=kind or _KINDS.get(source.value("ACCTTYPE").upper(), ""),
        label=label,
        institution=institution,
        currency=part.value("CURDEF").upper()[:3],
    )


def _listed(info: Element, root: Element) -> Statement:
    institution = labels.tidy(root.value("SIGNONMSGSRSV1", "SONRS", "FI", "ORG"))
    return Statement(_account(info, institution, labels.tidy(info.value("DESC"))))


def _statement(part: Element, institution: str, problems: list[str]) -> Statement:
    account = _account(part, institution)
    operations: list[Operation] = []
    for number, entry in enumerate(part.every("STMTTRN"), start=1):
        if len(operations) >= MAX_OPERATIONS:
            raise TooLarge(f"The file holds more than {MAX_OPERATIONS} operations: export a shorter period.")
        try:
            operations.append(_operation(entry, account))
        except ValueError as error:
            problems.append(f"Operation {number} of account {account.number} was left out: {error}.")
    notes = _left_out(part, account) if part.name == "INVSTMTRS" else ()
    if problems and not operations and any(part.every("STMTTRN")):
        raise _unreadable(problems)
    closing = _balance(part, problems)
    account = account if account.currency else _with_currency(account, part)
    return Statement(account, distinct_references(tuple(operations)), None, closing, notes)


def _unreadable(problems: list[str]) -> StatementError:
    return NotStatement(f"None of the operations of this file can be read. {problems[0]}")


def _with_currency(account: Account, part: Element) -> Account:
    symbol = next((element.text for element in part.every("CURSYM") if element.text), "")
    return Account(**{**account.__dict__, "currency": symbol.upper()[:3]})


def _operation(entry: Element, account: Account) -> Operation:
    posted = entry.value("DTPOSTED") or entry.value("DTUSER")
    if not posted:
        raise ValueError("it has no date")
    written = entry.value("TRNAMT")
    if not written:
        raise ValueError("it has no amount")
    label = labels.join(entry.value("NAME") or entry.value("PAYEE", "NAME"), entry.value("MEMO"))
    check = entry.value("CHECKNUM").lstrip("0")
    kind = entry.value("TRNTYPE").upper()
    label = label or (f"Cheque {check}" if check else labels.tidy(kind.title()))
    return Operation(
        day=_day(posted),
        amount=_amount(written),
        label=label,
        currency=entry.value("CURRENCY", "CURSYM").upper()[:3] or account.currency,
        reference=labels.tidy(entry.value("FITID"))[:255],
        value_day=_day(entry.value("DTAVAIL")) if entry.value("DTAVAIL") else None,
        real_day=_day(entry.value("DTUSER")) if entry.value("DTUSER") else None,
        kind=_TYPES.get(kind, "") or labels.kind_of(label),
    )


def _day(text: str) -> date:
    """The local day the bank wrote: its time and zone never move it to another day."""
    digits = text.strip()[:8]
    if len(digits) < 8:
        raise ValueError(f"{text.strip()[:40]!r} is not a date")
    return values.day(digits)


def _amount(text: str) -> Decimal:
    """OFX amounts have no thousands mark, so a lone comma or point is always the decimal mark."""
    marks = [character for character in text if character in ",."]
    return values.amount(text, marks[-1] if marks else "")


def _balance(part: Element, problems: list[str]) -> Balance | None:
    source = part.child("LEDGERBAL") or part.child("AVAILBAL")
    cash = part.child("INVBAL", "AVAILCASH")
    try:
        if source and source.value("BALAMT") and source.value("DTASOF"):
            return Balance(_amount(source.value("BALAMT")), _day(source.value("DTASOF")))
        if cash and cash.text and part.value("DTASOF"):
            return Balance(_amount(cash.text), _day(part.value("DTASOF")))
    except ValueError as error:
        problems.append(f"The balance was left out: {error}.")
    return None


def _left_out(part: Element, account: Account) -> tuple[str, ...]:
    trades = sum(1 for _ in part.every("INVTRAN"))
    positions = sum(1 for _ in part.every("INVPOS"))
    if not trades and not positions:
        return ()
    return (
        f"Account {account.number} is an investment account: its cash operations and cash balance are taken, "
        f"{trades} trades and {positions} positions are left out.",
    )
