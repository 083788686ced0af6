"""CAMT.052, .053 and .054 (ISO 20022 bank to customer reports, all versions): read as a stream, entry by entry."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from . import labels, values
from .charset import check_bytes
from .errors import Misencoded, NotStatement, StatementError, TooLarge, Truncated
from .model import MAX_OPERATIONS, Account, Balance, Operation, Reading, Statement, distinct_references

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from decimal import Decimal
    from xml.etree.ElementTree import Element

MAX_DEPTH = 60
"""Elements within each other; the deepest form of the standard has about twenty."""

_PARTS = ("Stmt", "Rpt", "Ntfctn")
_NAMESPACE = re.compile(rb"urn:iso:std:iso:20022:tech:xsd:camt\.05[234]\.|BkToCstmr(?:Stmt|AcctRpt|DbtCdtNtfctn)")
_FAMILIES = {
    "CCRD": "credit card",
    "MCRD": "credit card",
    "RDDT": "direct debit",
    "IDDT": "direct debit",
    "RCDT": "transfer",
    "ICDT": "transfer",
    "RCHQ": "check",
    "ICHQ": "check",
    "CNTR": "cash",
}
_FEES = frozenset({"CHRG", "FEES", "COMM"})


def is_camt(head: bytes) -> bool:
    """Whether the beginning of a file is a CAMT report."""
    return _NAMESPACE.search(head[:8192].replace(b"\x00", b"")) is not None


def read(data: bytes) -> Reading:
    """Read a CAMT file; raises a ``StatementError`` when nothing can be taken from it."""
    check_bytes(data)
    problems: list[str] = []
    try:
        statements = tuple(_statements(data, problems))
    except DefusedXmlException:
        raise NotStatement("The file declares XML entities, which no bank does: it is refused unread.") from None
    except ParseError as error:
        raise _broken(error) from None
    except (LookupError, ValueError, UnicodeError):
        raise Misencoded("The encoding that this XML file declares is not known: export the file again.") from None
    if not statements:
        raise NotStatement("This CAMT file holds no statement.")
    if problems and not any(statement.operations for statement in statements):
        raise NotStatement(f"None of the operations of this file can be read. {problems[0]}")
    return Reading("camt", statements, tuple(problems))


def _broken(error: ParseError) -> StatementError:
    line, column = error.position
    if error.code in (3, 5, 6):  # expat: no element found, unclosed token, partial character
        return Truncated(f"The file ends in the middle (line {line}): download it again.")
    if error.code in (4, 18, 19):  # expat: invalid token, unknown encoding, incorrect encoding
        return Misencoded(f"The XML is damaged or mis-encoded at line {line}, column {column + 1}: download it again.")
    return NotStatement(f"The XML is damaged at line {line}, column {column + 1}: download it again.")


def _statements(data: bytes, problems: list[str]) -> Iterator[Statement]:
    """Each entry becomes an operation and is forgotten as soon as it is closed, so memory follows the operations."""
    depth = 0
    operations: list[Operation] = []
    number = 0
    for event, element in iterparse(BytesIO(data), events=("start", "end"), forbid_dtd=True):
        if event == "start":
            depth += 1
            if depth > MAX_DEPTH:
                raise TooLarge(f"The elements of this file are nested deeper than {MAX_DEPTH}: this is no bank's CAMT.")
            continue
        depth -= 1
        name = _name(element)
        if name == "Ntry":
            number += 1
            _take(element, number, operations, problems)
            element.clear()
        elif name in _PARTS:
            yield _statement(element, operations, problems)
            element.clear()
            operations, number = [], 0


def _take(entry: Element, number: int, operations: list[Operation], problems: list[str]) -> None:
    try:
        operations += _entry(entry)
    except ValueError as error:
        problems.append(f"Entry {number} was left out: {error}.")
    if len(operations) > MAX_OPERATIONS:
        raise TooLarge(f"The file holds more than {MAX_OPERATIONS} operations: export a shorter period.")


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _child(element: Element | None, *path: str) -> Element | None:
    for name in path:
        element = next((child for child in element if _name(child) == name), None) if element is not None else None
    return element


def _text(element: Element | None, *path: str) -> str:
    found = _child(element, *path)
    return labels.tidy(found.text or "") if found is not None else ""


def _every(element: Element, *path: str) -> list[Element]:
    found = [element]
    for name in path:
        found = [child for parent in found for child in parent if _name(child) == name]
    return found


def _amount(element: Element | None) -> tuple[Decimal, str]:
    written = _child(element, "Amt")
    if written is None or not (written.text or "").strip():
        raise ValueError("it has no amount")
    amount = values.amount(written.text or "", ".")
    direction = _text(element, "CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise ValueError("it does not say whether money came or went")
    return (-amount if direction == "DBIT" else amount), written.get("Ccy", "").upper()[:3]


def _day(element: Element | None) -> date | None:
    written = _text(element, "Dt") or _text(element, "DtTm")
    return values.day(written[:10]) if written else None


def _entry(entry: Element) -> list[Operation]:
    """One operation per entry: what the account's balance moved by. A batch keeps its one amount."""
    if (_text(entry, "Sts", "Cd") or _text(entry, "Sts")) in ("PDNG", "INFO", "FUTR"):
        return []
    amount, currency = _amount(entry)
    value_day = _day(_child(entry, "ValDt"))
    day = _day(_child(entry, "BookgDt")) or value_day
    if day is None:
        raise ValueError("it has no date")
    details = _every(entry, "NtryDtls", "TxDtls")
    label = _label(entry, details, incoming=amount > 0)
    family = _text(entry, "BkTxCd", "Domn", "Fmly", "Cd")
    fee = _text(entry, "BkTxCd", "Domn", "Fmly", "SubFmlyCd") in _FEES
    return [
        Operation(
            day=day,
            amount=amount,
            label=label,
            currency=currency,
            reference=_reference(entry, details),
            value_day=value_day,
            kind="financial fee" if fee else _FAMILIES.get(family, "") or labels.kind_of(label),
        )
    ]


def _reference(entry: Element, details: list[Element]) -> str:
    own = _text(entry, "AcctSvcrRef")
    if not own and len(details) == 1:
        own = _text(details[0], "Refs", "AcctSvcrRef")
    return "" if own.upper() in ("NONREF", "NOTPROVIDED", "NOREF") else own[:255]


def _label(entry: Element, details: list[Element], *, incoming: bool) -> str:
    if len(details) == 1:
        told = labels.join(_party(details[0], incoming), _remittance(details[0]))
        return told or _text(details[0], "AddtlTxInf") or _own_words(entry)
    names = list(dict.fromkeys(name for name in (_party(detail, incoming) for detail in details) if name))
    batch = f"{len(details)} payments: {', '.join(names[:3])}" if details else ""
    return _text(entry, "AddtlNtryInf") or batch.rstrip(": ") or _own_words(entry)


def _own_words(entry: Element) -> str:
    words = _text(entry, "AddtlNtryInf") or _text(entry, "BkTxCd", "Prtry", "Cd") or _text(entry, "NtryRef")
    return words or "-"


def _party(detail: Element, incoming: bool) -> str:
    sides = ("Dbtr", "UltmtDbtr") if incoming else ("Cdtr", "UltmtCdtr")
    for side in sides:
        name = _text(detail, "RltdPties", side, "Nm") or _text(detail, "RltdPties", side, "Pty", "Nm")
        if name:
            return name
    return ""


def _remittance(detail: Element) -> str:
    free = " ".join(labels.tidy(line.text or "") for line in _every(detail, "RmtInf", "Ustrd"))
    return free.strip() or _text(detail, "RmtInf", "Strd", "CdtrRefInf", "Ref") or _text(detail, "AddtlTxInf")


def _statement(part: Element, operations: list[Operation], problems: list[str]) -> Statement:
    account = _account(part, operations)
    balances = _balances(part, problems)
    filled = tuple(op if op.currency else replace(op, currency=account.currency) for op in operations)
    closing = balances.get("CLBD") or balances.get("ITBD") or balances.get("CLAV") or balances.get("ITAV")
    opening = balances.get("OPBD") or balances.get("PRCD")
    return Statement(account, distinct_references(filled), opening if balances.get("CLBD") else None, closing)


def _account(part: Element, operations: list[Operation]) -> Account:
    source = _child(part, "Acct")
    iban = _text(source, "Id", "IBAN").replace(" ", "")
    number = _text(source, "Id", "Othr", "Id") or _text(source, "Id", "PrtryAcct", "Id")
    if not iban and not number:
        raise NotStatement("A statement of this file does not say which account it is about.")
    balance = _child(part, "Bal", "Amt")
    currency = _text(source, "Ccy") or (balance.get("Ccy", "") if balance is not None else "")
    bank = _child(source, "Svcr", "FinInstnId")
    return Account(
        number=number,
        iban=iban,
        bank=_text(bank, "BIC") or _text(bank, "BICFI"),
        kind="credit card" if _text(source, "Tp", "Cd") == "CARD" else "",
        label=_text(source, "Nm"),
        institution=_text(bank, "Nm"),
        currency=currency[:3].upper() or next((op.currency for op in operations if op.currency), ""),
    )


def _balances(part: Element, problems: list[str]) -> dict[str, Balance]:
    found: dict[str, Balance] = {}
    for balance in _every(part, "Bal"):
        code = _text(balance, "Tp", "CdOrPrtry", "Cd")
        try:
            amount, _ = _amount(balance)
            day = _day(_child(balance, "Dt"))
        except ValueError as error:
            problems.append(f"A balance was left out: {error}.")
            continue
        if day is None:
            continue
        # Statements in pages carry an opening and a closing balance per page: the first and the last count.
        if code not in found or code.startswith("CL"):
            found[code] = Balance(amount, day)
    return found
