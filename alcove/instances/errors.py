"""Why an instance cannot be made or found.

Refusal ── InstanceExists 409, RecordChanged 409, InstanceMissing 404, IllegalDomain 422, WrongParameter 422,
           WrongTerms 400, TooOften 429
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from alcove.base.errors import BadRequest, Conflict, NotFound, TooManyRequests, Unprocessable

if TYPE_CHECKING:
    from datetime import timedelta


class InstanceExists(Conflict):
    """The domain, or one of the aliases, is taken."""


class RecordChanged(Conflict):
    """The instance is not what it was: somebody else was quicker."""

    def __init__(self) -> None:
        super().__init__("This was done already; read it again")


class InstanceMissing(NotFound):
    """No instance has this domain."""


class IllegalDomain(Unprocessable):
    """A domain that cannot be one."""

    def __init__(self, domain: str, why: str) -> None:
        super().__init__(f"{domain!r} cannot be the domain of an instance: {why}", parameter="domain")


class WrongParameter(Unprocessable):
    """A value that the operator's parameter cannot have."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}", parameter=name)


class WrongTerms(BadRequest):
    """A version of terms of service that is none."""

    def __init__(self, name: str) -> None:
        wanted = "1.0.0-20300101 is one, or 20300101; the latest one needs its day"
        super().__init__(f"Bad format for TOS version: {wanted}", parameter=name)


class TooOften(TooManyRequests):
    """What an instance may do so often in a period is used up; `Retry-After` says in how many seconds it may again."""

    def __init__(self, what: str, count: int, period: timedelta, seconds: float) -> None:
        most = f"{count} in {period.total_seconds() / 3600:g} hours at the most"
        super().__init__(f"{what}: {most}; try again later", headers={"Retry-After": str(math.ceil(seconds))})
