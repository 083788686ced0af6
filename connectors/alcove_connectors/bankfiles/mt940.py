"""MT940 and MT942 statements: SWIFT's fields 20 to 86 as banks really write them (SWIFT User Handbook, category 9).

Own reader rather than the `mt-940` library: it keeps statements of several accounts in one file apart, joins pages,
and says in a sentence what is missing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from . import labels, values
from .charset import decode
from .errors import Contradiction, NotStatement, TooLarge, Truncated
from .model import MAX_OPERATIONS, Account, Balance, Operation, Reading, Statement, distinct_references

if TYPE_CHECKING:
    from decimal import Decimal

_FIELD = re.compile(r"^:(\d{2}[A-Z]?|NS):", re.MULTILINE)
_START = re.compile(rb"(?:^|[\r\n}])\s*:(?:20|25|60[FM]|61|62[FM]):")
_ENVELOPE = re.compile(r"^(?:\{\d:.*?|-\}?.*|\}.*)$", re.MULTILINE)
_LINE = re.compile(
    r"(?P<value>\d{6})(?P<entry>\d{4}|\s{4})?(?P<mark>R[CD]|E[CD]|[CD])(?P<funds>[A-Z])??\s?"
    r"(?P<amount>\d[\d,.]{0,16}|,\d{1,2})(?P<type>[A-Z][A-Z0-9 ]{3})?(?P<rest>.*)",
    re.DOTALL,
)
_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})\s?([\d,.]{1,18})")
_BIC = re.compile(r"(?:^|\{1:F01)([A-Z]{6}[A-Z0-9]{2})(?:[A-Z0-9]{3,4})?(?=\d{10}\}|\s*$)", re.MULTILINE)
_NO_REFERENCE = frozenset({"", "NONREF", "NOREF", "0", "UNKNOWN"})
_GERMAN = re.compile(r"\?(\d{2})")
_SEPA = re.compile(r"(?:EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC)\+")
_CODED = re.compile(r"/(NAME|REMI|EREF|BENM|ORDP|TRTP|IBAN|BIC|CSID|MARF|ISDT|PREF|RTRN|ADDR|ID)/")
_TYPES = {
    "CHK": "check",
    "CHG": "financial fee",
    "COM": "financial fee",
    "DDT": "direct debit",
    "STO": "transfer",
    "TRF": "transfer",
    "CLR": "check",
}


@dataclass
class _Page:
    """The fields of one message, as text."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    bank: str = ""

    def first(self, *tags: str) -> str:
        return next((text for tag, text in self.fields if tag in tags), "")


def is_mt940(head: bytes) -> bool:
    """Whether the beginning of a file is MT940 or MT942."""
    return _START.search(head[:4096]) is not None


def read(data: bytes) -> Reading:
    """Read an MT940 or MT942 file; raises a ``StatementError`` when nothing can be taken from it."""
    text = decode(data).replace("\r\n", "\n").replace("\r", "\n")
    if text.count(":61:") > MAX_OPERATIONS or text.count("\n:") > 10 * MAX_OPERATIONS:
        raise TooLarge(f"The file holds more than {MAX_OPERATIONS} operations: export a shorter period.")
    pages = _pages(text)
    problems: list[str] = []
    statements = [_statement(page, problems) for page in pages]
    if problems and not any(statement.operations for statement in statements):
        raise NotStatement(f"None of the operations of this file can be read. {problems[0]}")
    return Reading("mt940", _joined(statements), tuple(problems))


def _pages(text: str) -> list[_Page]:
    pages: list[_Page] = []
    marks = list(_FIELD.finditer(text))
    for number, mark in enumerate(marks):
        end = marks[number + 1].start() if number + 1 < len(marks) else len(text)
        content = _ENVELOPE.sub("", text[mark.end() : end]).strip("\n \x03\x1a")
        if mark[1] == "20" or not pages:
            above = text[marks[number - 1].end() if number else 0 : mark.start()]
            bic = list(_BIC.finditer(above))
            pages.append(_Page(bank=bic[-1][1] if bic else pages[-1].bank if pages else ""))
        pages[-1].fields.append((mark[1], content))
    pages = [page for page in pages if page.first("25", "60F", "60M", "61", "62F", "62M", "34F")]
    if not pages:
        raise NotStatement("This is a piece of an MT940 statement: it has neither an account nor operations.")
    for page in pages:
        _complete(page)
    return pages


def _complete(page: _Page) -> None:
    if len({text for tag, text in page.fields if tag in ("25", "25P")}) > 1:
        raise Contradiction(
            "One statement of this file names two accounts (field 25): it is damaged; download it again."
        )
    if not page.first("25", "25P"):
        raise NotStatement("This is a piece of an MT940 statement: field 25, the account, is missing.")
    if page.first("60F", "60M") and not page.first("62F", "62M"):
        raise Truncated(
            "The file ends in the middle: a statement has no closing balance (field 62); download it again."
        )
    if not page.first("60F", "60M", "61", "62F", "62M", "34F"):
        raise Truncated("The file ends in the middle: an account is named and nothing follows; download it again.")


def _statement(page: _Page, problems: list[str]) -> Statement:
    account = _account(page)
    operations: list[Operation] = []
    lines = 0
    details: list[str] = []
    pending: tuple[str, list[str]] | None = None
    for tag, text in [*page.fields, ("end", "")]:
        if tag == "86" and pending is not None:
            details.append(text)
            continue
        if pending is not None:
            _take(pending[0], details, account, lines, operations, problems)
        pending, details = None, []
        if tag == "61":
            lines += 1
            pending = (text, details)
    return Statement(
        account,
        tuple(operations),
        _balance(page.first("60F", "60M"), "opening", account, problems),
        _balance(page.first("62F", "62M"), "closing", account, problems),
    )


def _take(
    line: str, details: list[str], account: Account, number: int, taken: list[Operation], problems: list[str]
) -> None:
    try:
        taken.append(_operation(line, details, account))
    except ValueError as error:
        problems.append(f"Operation {number} of account {account.iban or account.number} was left out: {error}.")


def _account(page: _Page) -> Account:
    written = page.first("25", "25P").split("\n")[0].strip()
    currency = ""
    for text in (page.first("60F", "60M"), page.first("62F", "62M")):
        found = _BALANCE.match(text)
        currency = currency or (found[3] if found else "")
    currency = currency or page.first("34F")[:3]
    if re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9 ]{11,40}", written):
        return Account(
            iban=re.sub(r" ?(?:EUR|[A-Z]{3})?$", "", written) if " " in written else written, currency=currency
        )
    bank, _, number = written.rpartition("/")
    bank = bank or page.bank
    if number.upper().endswith(currency) and currency:
        number = number[: -len(currency)]
    return Account(number=number.strip(), bank=bank.strip(), currency=currency)


def _operation(line: str, details: list[str], account: Account) -> Operation:
    found = _LINE.match(line)
    if not found:
        raise ValueError(f"field 61 {line[:30]!r} is not understood")
    value_day = _short_day(found["value"])
    entry = (found["entry"] or "").strip()
    amount = _amount(found["amount"])
    if found["mark"] in ("D", "RC", "ED"):
        amount = -amount
    rest, _, extra = found["rest"].partition("\n")
    customer, _, bank = rest.partition("//")
    told = [_details(text) for text in details]
    label = labels.join(*told) or labels.join(extra, "" if customer.strip() in _NO_REFERENCE else customer)
    kind = (found["type"] or "")[1:]
    bank = bank.strip()
    return Operation(
        day=_entry_day(value_day, entry) if entry else value_day,
        amount=amount,
        label=label or labels.tidy(kind) or "-",
        currency=account.currency,
        reference="" if bank.upper() in _NO_REFERENCE else bank,
        value_day=value_day,
        kind=_TYPES.get(kind, "") or labels.kind_of(label),
    )


def _short_day(text: str) -> date:
    """YYMMDD; a day that its month does not have is its last (30 February: interest in months of 30 days)."""
    year, month, number = int(text[:2]), int(text[2:4]), int(text[4:])
    year += 1900 if year >= 70 else 2000
    if not (1 <= month <= 12 and 1 <= number <= 31):
        raise ValueError(f"{text!r} is not a date")
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(number, last))


def _entry_day(value_day: date, entry: str) -> date:
    """MMDD of the year nearest to the value day."""
    days = []
    for year in (value_day.year - 1, value_day.year, value_day.year + 1):
        days.append(_short_day(f"{year % 100:02}{entry}"))
    return min(days, key=lambda day: abs(day - value_day))


def _amount(text: str) -> Decimal:
    return values.amount(text.rstrip(",."), "," if "," in text else ".")


def _balance(text: str, which: str, account: Account, problems: list[str]) -> Balance | None:
    if not text:
        return None
    found = _BALANCE.match(text.replace("\n", ""))
    try:
        if not found:
            raise ValueError(f"{text[:30]!r} is not understood")
        amount = _amount(found[4])
        return Balance(-amount if found[1] == "D" else amount, _short_day(found[2]))
    except ValueError as error:
        problems.append(f"The {which} balance of account {account.iban or account.number} was left out: {error}.")
        return None


def _details(text: str) -> str:
    """Field 86: German sub-fields, codes between slashes, or plain words."""
    if _GERMAN.search(text):
        return _german(text.replace("\n", ""))
    wide = [line for line in text.split("\n")[:-1] if len(line) >= 64]
    flat = text.replace("\n", "" if wide and len(wide) == text.count("\n") else " ")
    if _CODED.search(flat):
        parts = _CODED.split(flat)
        said = dict(zip(parts[1::2], parts[2::2], strict=True))
        name, remittance = said.get("NAME", ""), said.get("REMI", "").strip("/")
        return labels.join(name.strip("/"), remittance) or labels.tidy(flat)
    return labels.tidy(flat)


def _german(text: str) -> str:
    parts = _GERMAN.split(text)
    said: dict[str, str] = {}
    for code, content in zip(parts[1::2], parts[2::2], strict=True):
        said[code] = said.get(code, "") + content
    name = "".join(said.get(code, "") for code in ("32", "33"))
    purpose = "".join(said.get(f"{code}", "") for code in (*range(20, 30), *range(60, 64)))
    if "SVWZ+" in purpose:
        purpose = _SEPA.split(purpose.partition("SVWZ+")[2])[0]
    return labels.join(said.get("00", ""), name, purpose)


def _joined(statements: list[Statement]) -> tuple[Statement, ...]:
    """One statement per account: pages and days follow each other; the same page twice counts once."""
    together: dict[tuple[str, str], list[Statement]] = {}
    seen: set[Statement] = set()
    for statement in statements:
        parts = together.setdefault((statement.account.iban or statement.account.number, statement.account.bank), [])
        if statement not in seen or not parts:
            parts.append(statement)
        seen.add(statement)
    return tuple(_one(parts) for parts in together.values())


def _one(parts: list[Statement]) -> Statement:
    operations = tuple(operation for part in parts for operation in part.operations)
    account = replace(parts[0].account, currency=next((p.account.currency for p in parts if p.account.currency), ""))
    operations = tuple(
        operation if operation.currency else replace(operation, currency=account.currency) for operation in operations
    )
    closings = [part.closing for part in parts if part.closing]
    newest = max(reversed(closings), key=lambda balance: balance.day) if closings else None
    if len(parts) == 1:
        return replace(parts[0], operations=distinct_references(operations))
    notes = tuple(note for part in parts for note in Reading("mt940", (part,)).remarks)
    return Statement(account, distinct_references(operations), None, newest, notes)
