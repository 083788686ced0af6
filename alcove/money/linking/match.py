"""What linking answers, and what the person has said before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alcove.money.model import LINKED, PAYMENT, TO_CONFIRM

if TYPE_CHECKING:
    from alcove.money.linking.evidence import Reason

SURE = 0.93
"""From this probability on a link is made without asking."""
LIKELY = 0.3
"""From this probability on a link is proposed."""

ONE, COMBINED, INSTALMENTS, REIMBURSEMENT = "one", "combined", "instalments", "reimbursement"
"""One bill by one operation; several bills by one; one bill by several; a refund that came back."""


@dataclass(frozen=True, slots=True)
class Match:
    """A link between a bill and an operation, and why. `cents` is the part of the operation that it stands for."""

    bill: str
    operation: str
    cents: int
    probability: float
    reasons: tuple[Reason, ...]
    shape: str = ONE
    role: str = PAYMENT

    @property
    def status(self) -> str:
        """`linked` without asking, or `to_confirm`."""
        return LINKED if self.probability >= SURE else TO_CONFIRM


@dataclass(frozen=True, slots=True)
class Decisions:
    """Pairs (bill id, operation id) that the person linked, and that the person refused. Never overruled."""

    linked: frozenset[tuple[str, str]] = frozenset()
    refused: frozenset[tuple[str, str]] = frozenset()


NOTHING_SAID = Decisions()
