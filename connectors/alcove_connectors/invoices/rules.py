"""Reading an invoice nobody described: totals, dates, numbers and names by the words printed beside them.

Each fact comes with a strength between 0 and 1; the confidence of the whole is their weighted sum, so that
a missing number alone does not refuse an invoice, and a total without a label alone does not make one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .care import find_care
from .model import TRUSTED, Care, Facts, Unreadable
from .naming import find_issuer
from .totals import Total, find_taxes, find_total
from .values import DATE, MONTHS, date_of
from .words import (
    CONTRACT,
    CREDIT,
    CUSTOMER,
    DUE,
    IBAN,
    INVOICE_WORDS,
    ISSUED,
    NOT_ISSUED,
    NUMBER,
    ORDERED,
    PERIOD,
    PLAIN_DATE,
    TITLES,
    VALUE,
)

if TYPE_CHECKING:
    from datetime import date

    from .search import Sheet

WEIGHTS = {"total": 0.4, "issued": 0.2, "issuer": 0.25, "number": 0.15}
"""Share of each fact in the confidence."""
WIDEST_GAP = 32
"""Columns between a label and its value in the next part of the row."""
TITLE_LINES = 14
"""Lines at the top where a paper says what it is."""


def read_text(sheet: Sheet) -> Facts:
    """The facts of an invoice by its words.

    Raises `Unreadable`: `no_text`, `quote` and the other papers, `not_an_invoice`, `no_total`, `no_date`, `no_issuer`.
    """
    if len(re.sub(r"\s", "", sheet.whole)) < 20:
        raise Unreadable("no_text", "The document is a picture without text; nothing can be read from it.", keep=True)
    _refuse_other_papers(sheet)
    net, tax, total = find_total(sheet)
    issued, issued_strength = _issued(sheet)
    issuer = find_issuer(sheet)
    number, number_strength = _number(sheet)
    _need(total, issued, issuer.name)
    assert total is not None
    assert issued is not None
    strengths = {
        "total": total.strength,
        "issued": issued_strength,
        "issuer": issuer.strength,
        "number": number_strength,
    }
    start, end = _period(sheet)
    due = _first_day(sheet, DUE)
    value = total.amount.value
    return Facts(
        issuer=issuer.name,
        total=abs(value),
        currency=_currency(sheet),
        issued=issued,
        source="rules",
        confidence=round(sum(WEIGHTS[name] * strength for name, strength in strengths.items()), 3),
        number=number,
        refund=total.back or value < 0 or _is_credit(sheet),
        due=due if due and due >= issued else None,
        start=start,
        end=end,
        net=net,
        tax=tax,
        taxes=find_taxes(sheet, net, tax),
        iban=_iban(sheet),
        contract=_reference(sheet, CONTRACT),
        customer=_reference(sheet, CUSTOMER),
        vat_number=issuer.vat_number,
        siren=issuer.siren,
        care=find_care(sheet) if total.back else Care(),
        doubts=tuple(name for name, strength in strengths.items() if strength < TRUSTED),
    )


def _need(total: Total | None, issued: date | None, issuer: str) -> None:
    if total is None:
        raise Unreadable("no_total", "No total to pay could be found in the document.", keep=True)
    if issued is None:
        raise Unreadable("no_date", "No date of issue could be found in the document.", keep=True)
    if not issuer:
        raise Unreadable("no_issuer", "Who sent the document could not be found in it.", keep=True)


def _titles(sheet: Sheet) -> list[str]:
    """The parts of the first lines in plain letters: a paper says what it is at its top."""
    found = []
    for number in range(min(TITLE_LINES, len(sheet.lines))):
        for at, part in sheet.segments(number):
            found.append(sheet.plain[number][at : at + len(part)])
    return found


def _refuse_other_papers(sheet: Sheet) -> None:
    titles = _titles(sheet)
    named = next((code for code, words in TITLES.items() if any(words.match(title) for title in titles)), "")
    if named and not any(
        re.match(r"(?:votre |your )?(?:facture(?! pro)|invoice|factuur|rechnung)", title) for title in titles
    ):
        sentence = f"The document is not an invoice but calls itself something else ({named.replace('_', ' ')})."
        raise Unreadable(named, sentence, keep=True)
    if not INVOICE_WORDS.search(sheet.whole):
        raise Unreadable("not_an_invoice", "No word in the document makes it an invoice or a receipt.", keep=True)


def _is_credit(sheet: Sheet) -> bool:
    return any(CREDIT.match(title) for title in _titles(sheet))


def _currency(sheet: Sheet) -> str:
    counts: dict[str, int] = {}
    for line in sheet.amounts:
        for one in line:
            if one.currency:
                counts[one.currency] = counts.get(one.currency, 0) + 1
    if counts:
        return max(counts, key=lambda code: counts[code])
    for code, mark in (
        ("EUR", r"€|\beuros?\b|\beur\b"),
        ("USD", r"\$|\busd\b"),
        ("GBP", r"£|\bgbp\b"),
        ("CHF", r"\bchf\b"),
    ):
        if re.search(mark, sheet.whole):
            return code
    return "EUR"


def _issued(sheet: Sheet) -> tuple[date | None, float]:
    labelled = _first_day(sheet, ISSUED)
    if labelled:
        return labelled, 1.0
    ordered = _first_day(sheet, ORDERED)
    if ordered:
        return ordered, 0.85
    for number, match in sheet.labels(PLAIN_DATE):
        found = sheet.day_at(number, match.start(), match.end())
        if found and not NOT_ISSUED.search(sheet.plain[number][: match.start()]):
            return found.value, 0.85
    for number, days in enumerate(sheet.days):
        if days and not NOT_ISSUED.search(sheet.plain[number]):
            return days[0].value, 0.5
    return None, 0.0


def _first_day(sheet: Sheet, label: re.Pattern[str]) -> date | None:
    for number, match in sheet.labels(label):
        found = sheet.day_at(number, match.start(), match.end())
        if found:
            return found.value
    return None


def _period(sheet: Sheet) -> tuple[date | None, date | None]:
    """The first `du 1er au 31 juillet 2026` or `du 01/07/2026 au 31/07/2026`: both ends in one line."""
    for number, match in sheet.labels(PERIOD):
        ends = [day for day in sheet.days[number] if day.left >= match.end() - 1]
        if not ends or ends[0].left > match.end() + 6:
            continue
        end = ends[0].value
        first = next((day.value for day in sheet.days[number] if match.start() <= day.left < match.end()), None)
        first = first or _same_month(match["first"], end)
        if first and first <= end:
            return first, end
    return None, None


def _same_month(words: str, end: date) -> date | None:
    day = re.fullmatch(r"(\d{1,2})(?:er)?(?: ([a-z]+))?", words.strip())
    if not day:
        return None
    month = MONTHS.get(day[2] or "", 0) if day[2] else end.month
    found = DATE.match(f"{day[1]}/{month}/{end.year if month <= end.month else end.year - 1}")
    return date_of(found) if found and month else None


def _number(sheet: Sheet) -> tuple[str, float]:
    for rank, pattern in enumerate(NUMBER):
        for number, match in sheet.labels(pattern):
            value = _value_at(sheet, number, match.start(), match.end())
            if value:
                return value, 1.0 if rank < 3 else 0.7
    return "", 0.0


_VALUE_AT = re.compile(VALUE, re.IGNORECASE)


def _value_at(sheet: Sheet, number: int, left: int, right: int) -> str:
    """The reference right of a label, also across a gap, else below it: at least three signs with a digit, no date."""
    found = _reference_in(sheet, number, right, right + 3)
    if found:
        return found
    if re.search(r"\w", sheet.lines[number][right : right + 2]):
        return ""
    beside = next((at for at, _ in sheet.segments(number) if at >= right), None)
    if beside is not None and beside - right <= WIDEST_GAP and (found := _reference_in(sheet, number, beside, beside)):
        return found
    for below in range(number + 1, min(number + 3, len(sheet.lines))):
        for at, part in sheet.segments(below):
            if at < right + 3 and at + len(part) > left - 3:
                return _reference_in(sheet, below, at, at)
    return ""


def _reference_in(sheet: Sheet, number: int, start: int, latest: int) -> str:
    line = sheet.lines[number]
    match = _VALUE_AT.search(line, start)
    if not match or match.start() > latest:
        return ""
    if any(day.left <= match.start() < day.right for day in sheet.days[number]):
        return ""
    if any(one.left <= match.start() < one.right for one in sheet.amounts[number]):
        return ""
    value = match["value"].strip().lstrip("# ")
    digits = sum(sign.isdigit() for sign in value)
    parts = value.split(" ")
    if digits == len("".join(parts)):
        whole = "".join(parts)
    else:
        whole = value if len(parts[0]) == 1 or not all(part.isdigit() for part in parts[1:]) else parts[0]
    return whole[:60] if len(whole) >= 3 and digits else ""


def _reference(sheet: Sheet, label: re.Pattern[str]) -> str:
    for number, match in sheet.labels(label):
        value = _value_at(sheet, number, match.start(), match.end())
        if value:
            return value
    return ""


def _iban(sheet: Sheet) -> str:
    """The first IBAN whose check digits are right (ISO 7064 mod 97)."""
    for match in IBAN.finditer(sheet.whole):
        bare = match[0].replace(" ", "").upper()
        for length in range(len(bare), 14, -1):
            turned = "".join(str(int(sign, 36)) for sign in bare[4:length] + bare[:4])
            if int(turned) % 97 == 1:
                return bare[:length]
    return ""
