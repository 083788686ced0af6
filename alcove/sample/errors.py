"""Why there is no sample person.

Refusal ── SampleMissing 404, SampleNotReady 409, SampleInSample 403, SamplesOff 403,
            SampleImpossible 503, TooManySamples 429
Unmade (Exception): the making ended without a sample person; the message says why
"""

from __future__ import annotations

from alcove.base.errors import Conflict, NotFound, Refusal, TooManyRequests, Unavailable


class SampleMissing(NotFound):
    """Nobody has asked for a sample person here."""

    def __init__(self) -> None:
        super().__init__("There is no sample person: make one first")


class SampleNotReady(Conflict):
    """The sample person is being made, or could not be made."""

    def __init__(self) -> None:
        super().__init__("The sample person is not ready")


class SampleInSample(Refusal):
    """A sample person makes no further ones."""

    status = 403
    title = "Forbidden"

    def __init__(self) -> None:
        super().__init__("This is a sample person already")


class SamplesOff(Refusal):
    """Who runs this server does not offer sample persons."""

    status = 403
    title = "Forbidden"

    def __init__(self) -> None:
        super().__init__("This server offers no sample persons (ALCOVE_SAMPLES)")


class SampleImpossible(Unavailable):
    """Connectors cannot run on this machine, and the sample person is read by them."""


class TooManySamples(TooManyRequests):
    """Who makes and removes sample persons again and again keeps the connectors from everybody else's files."""

    def __init__(self, hourly: int, headers: dict[str, str]) -> None:
        super().__init__(f"No more than {hourly} sample persons can be made in an hour", headers=headers)


class Unmade(Exception):
    """The making ended without a sample person; `why` is the page's word for it, the message the technical one."""

    def __init__(self, why: str, reason: str) -> None:
        super().__init__(reason)
        self.why = why
