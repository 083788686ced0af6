"""Statements of reimbursement of care: what the care had cost, when, for whom, and in which transfer it was paid."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .model import Care
from .values import clean
from .words import CARE_DAY, CARE_FOR, CARE_GROUP, CARE_PAID

if TYPE_CHECKING:
    from decimal import Decimal

    from .search import Sheet


def find_care(sheet: Sheet) -> Care:
    """The care behind a reimbursement; without its cost or its day there is none, because linking needs both."""
    paid = _amount(sheet, CARE_PAID)
    day = next(
        (found.value for number, match in sheet.labels(CARE_DAY) if (found := sheet.day_at(number, *match.span()))),
        None,
    )
    if paid is None or day is None:
        return Care()
    return Care(paid, day, _amount(sheet, CARE_GROUP), _person(sheet))


def _amount(sheet: Sheet, label: re.Pattern[str]) -> Decimal | None:
    for number, match in sheet.labels(label):
        if found := sheet.amounts_at(number, *match.span()):
            return abs(found[0].value)
    return None


def _person(sheet: Sheet) -> str:
    for number, match in sheet.labels(CARE_FOR):
        return clean(re.split(r" {2,}", sheet.lines[number][match.start(1) : match.end(1)])[0])[:80]
    return ""
