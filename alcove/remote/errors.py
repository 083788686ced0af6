"""Why nothing is asked of another server for an app.

Refusal
├── NoSuchRequest 404       ├── VariableMissing 400     ├── AnswerUnfit 502
├── DefinitionWrong 422     ├── OtherVerb 405           └── NotAnswered 502
"""

from __future__ import annotations

from alcove.base.errors import BadRequest, MethodNotAllowed, NotFound, Refusal, Unprocessable


class NoSuchRequest(NotFound):
    """The operator of this server has defined no request for this doctype, or no asset of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Nothing is asked of other servers for {name[:100]}: the operator of this one says what may be"
        )


class OtherVerb(MethodNotAllowed):
    """The request of this doctype is made with the other verb."""


class VariableMissing(BadRequest):
    """The request needs a value that was not given, or that cannot stand in its place."""

    def __init__(self, name: str, why: str = "the request needs it") -> None:
        super().__init__(f"The variable {name[:60]} is missing: {why}", parameter=name[:60])


class DefinitionWrong(Unprocessable):
    """A request that the operator defines cannot be understood."""

    def __init__(self, why: str) -> None:
        super().__init__(f"This is no request that can be made: {why}", pointer="/data/attributes/request")


class NotAnswered(Refusal):
    """The other server was not asked, or did not answer."""

    status = 502
    title = "Bad Gateway"


class AnswerUnfit(NotAnswered):
    """The other server answered with something that no app is given."""
