"""A stored link between a bill and an operation, as `org.alcove.money.links` holds it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from alcove.money.linking import Reason
from alcove.money.model import ALCOVE, LINKED, OTHER, PAYMENT, PERSON, REFUSED, TO_CONFIRM, link_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.money.linking import Match
    from alcove.money.model import Bill, Operation

STATES = (LINKED, TO_CONFIRM, REFUSED)
BY_HAND = "by_hand"
"""The kind of the reason that stands for "the person said so"."""
FOUND = "found"
"""The kind of the reason that stands for "another program wrote it on the operation"."""


@dataclass(frozen=True, slots=True)
class Link:
    """One link. `payment` is, for the expense that a refund pays back, the operation that brought the refund."""

    bill: str
    operation: str
    cents: int
    role: str = PAYMENT
    shape: str = "one"
    status: str = LINKED
    decided_by: str = ALCOVE
    probability: float = 1.0
    reasons: tuple[Reason, ...] = ()
    vendor: str = ""
    date: str = ""
    payment: str = ""

    @property
    def id(self) -> str:
        """Always the same for the same pair and role."""
        return link_id(self.bill, self.operation, self.role)

    @property
    def decided(self) -> bool:
        """Whether the person decided it."""
        return self.decided_by == PERSON

    def fields(self) -> dict[str, Any]:
        """The body of its document, without the stamps of time."""
        more = {"payment": self.payment} if self.payment else {}
        return {
            "bill": self.bill,
            "operation": self.operation,
            "cents": self.cents,
            "role": self.role,
            "shape": self.shape,
            "status": self.status,
            "decided_by": self.decided_by,
            "probability": self.probability,
            "reasons": [{"kind": r.kind, "weight": r.weight, "facts": list(r.facts)} for r in self.reasons],
            "vendor": self.vendor,
            "date": self.date,
            **more,
        }

    def decide(self, status: str) -> Link:
        """The same link with the person's word on it."""
        said = tuple(r for r in self.reasons if r.kind != BY_HAND)
        return replace(self, status=status, decided_by=PERSON, reasons=(*said, Reason(BY_HAND, 0.0, (status,))))


def _reason(value: Any) -> Reason | None:
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        return None
    weight, facts = value.get("weight"), value.get("facts")
    return Reason(
        value["kind"],
        float(weight) if isinstance(weight, int | float) else 0.0,
        tuple(str(fact) for fact in facts) if isinstance(facts, list) else (),
    )


def link_from(fields: Mapping[str, Any]) -> Link | None:
    """A link as stored; None for what another program left there and that is none."""
    bill, operation, status = fields.get("bill"), fields.get("operation"), fields.get("status")
    if not isinstance(bill, str) or not isinstance(operation, str) or status not in STATES:
        return None
    cents, probability, listed = fields.get("cents"), fields.get("probability"), fields.get("reasons")
    found = [_reason(value) for value in listed] if isinstance(listed, list) else []
    texts = {name: str(fields.get(name) or "") for name in ("role", "shape", "decided_by", "vendor", "date", "payment")}
    return Link(
        bill=bill,
        operation=operation,
        cents=cents if isinstance(cents, int) else 0,
        role=texts["role"] or PAYMENT,
        shape=texts["shape"] or "one",
        status=status,
        decided_by=texts["decided_by"] or ALCOVE,
        probability=float(probability) if isinstance(probability, int | float) else 0.0,
        reasons=tuple(reason for reason in found if reason),
        vendor=texts["vendor"],
        date=texts["date"],
        payment=texts["payment"],
    )


def _written(day: int) -> str:
    return date.fromordinal(day).isoformat()


def proposed(match: Match, bill: Bill, operation: Operation, payment: str = "") -> Link:
    """The link that a match stands for."""
    return Link(
        bill=match.bill,
        operation=match.operation,
        cents=match.cents,
        role=match.role,
        shape=match.shape,
        status=match.status,
        probability=round(match.probability, 3),
        reasons=tuple(Reason(r.kind, round(r.weight, 2), r.facts) for r in match.reasons),
        vendor=bill.vendor,
        date=_written(operation.day),
        payment=payment,
    )


def found_there(bill: Bill, operation: Operation) -> Link:
    """The link that another program wrote on an operation."""
    return Link(
        bill=bill.id,
        operation=operation.id,
        cents=min(bill.due, abs(operation.cents)),
        decided_by=OTHER,
        reasons=(Reason(FOUND, 0.0),),
        vendor=bill.vendor,
        date=_written(operation.day),
    )


def by_hand(bill: Bill, operation: Operation) -> Link:
    """The link that the person makes."""
    made = Link(bill.id, operation.id, min(bill.due, abs(operation.cents)), vendor=bill.vendor)
    return replace(made, date=_written(operation.day)).decide(LINKED)
