"""Facts as JSON and back, for the way between the process that reads and the run that stores."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

from .model import Care, Facts, Tax


def packed(facts: Facts) -> dict[str, Any]:
    """The facts in JSON's few types: numbers and dates as texts."""
    values: dict[str, Any] = {}
    for field in fields(facts):
        value = getattr(facts, field.name)
        if isinstance(value, (Decimal, date)):
            value = str(value)
        elif field.name == "taxes":
            value = [
                [None if part is None else str(part) for part in (tax.rate, tax.basis, tax.amount)] for tax in value
            ]
        elif isinstance(value, Care):
            value = [None if part is None else str(part) for part in (value.cost, value.day, value.group, value.person)]
        values[field.name] = value
    return values


def unpacked(values: dict[str, Any]) -> Facts:
    """The facts again."""
    money = ("total", "net", "tax", "payable")
    days = ("issued", "due", "start", "end")
    found = dict(values)
    found |= {name: Decimal(values[name]) for name in money if values[name] is not None}
    found |= {name: date.fromisoformat(values[name]) for name in days if values[name] is not None}
    found["taxes"] = tuple(Tax(*(None if part is None else Decimal(part) for part in tax)) for tax in values["taxes"])
    cost, day, group, person = values["care"]
    found["care"] = Care(
        None if cost is None else Decimal(cost),
        None if day is None else date.fromisoformat(day),
        None if group is None else Decimal(group),
        person,
    )
    found["doubts"] = tuple(values["doubts"])
    return Facts(**found)
