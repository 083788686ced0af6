"""Why a file is not taken in, and why a run cannot begin.

Refusal   ├── IntakeMissing 404     ├── GatheringMissing 404   ├── NoSuchConnector 404
          ├── InputTooLarge 413     ├── IntakeFull 413         ├── BadName 422
          ├── QuestionMissing 404   ├── QuestionSettled 409    ├── AccountMissing 404
          ├── NoSuchProvider 404    ├── ProviderWrong 422      ├── StateWrong 400
          ├── NotLetIn 400          ├── TokensRefused 401      └── ProviderSilent 502
"""

from __future__ import annotations

from alcove.base.errors import BadRequest, Conflict, NotFound, Refusal, TooLarge, Unprocessable


class IntakeMissing(NotFound):
    """A file that was to be gathered is not there: send it again."""

    def __init__(self, intake_id: str) -> None:
        super().__init__(f"There is no file {intake_id[:64]} waiting to be gathered: send it again")


class GatheringMissing(NotFound):
    """No gathering has this id."""

    def __init__(self) -> None:
        super().__init__("There is no such gathering")


class QuestionMissing(NotFound):
    """No question has this id."""

    def __init__(self) -> None:
        super().__init__("There is no such question")


class QuestionSettled(Conflict):
    """The question was answered, or dropped, before."""

    def __init__(self) -> None:
        super().__init__("This question is settled already")


class NoSuchConnector(NotFound):
    """No connector has this slug."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is no connector {slug[:64]}")


class InputTooLarge(TooLarge):
    """One file is larger than a connector can take."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"A file to gather may have {limit} bytes at the most")


class IntakeFull(TooLarge):
    """Too much waits to be gathered: gather it, or take some back."""

    def __init__(self, what: str) -> None:
        super().__init__(f"No more than {what} can wait to be gathered: gather them first, or delete some")


class BadName(Unprocessable):
    """The name of a file says nothing."""

    def __init__(self) -> None:
        super().__init__("The parameter Name must hold the file's name or relative path", parameter="Name")


class AccountMissing(NotFound):
    """No account has this id, or it is of another type."""

    title = "not_found"

    def __init__(self) -> None:
        super().__init__("missing")


class NoSuchProvider(NotFound):
    """The operator knows no provider that gives accounts of this type."""

    def __init__(self, account_type: str) -> None:
        super().__init__(f"This server knows no provider of accounts {account_type[:60]}: its operator sets it up")


class ProviderWrong(Unprocessable):
    """What the operator says of a provider cannot be meant."""

    def __init__(self, why: str) -> None:
        super().__init__(why, pointer="/data/attributes")


class StateWrong(BadRequest):
    """Nobody was led to a provider with this state, or too long ago: begin again."""

    def __init__(self) -> None:
        super().__init__("bad state: begin again, within half an hour", parameter="state")


class NotLetIn(BadRequest):
    """The provider granted nothing."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The provider lets nobody in: {why}")


class TokensRefused(Refusal):
    """The provider gives no new token. Clients match the code: the person must connect the account again."""

    status = 401
    title = "Unauthorized"

    def __init__(self, why: str, *, again: bool = False) -> None:
        code = "oauth_refresh_invalid_token" if again else None
        super().__init__(f"The provider refuses: {why}", code=code)


class ProviderSilent(Refusal):
    """The provider does not answer: try again later."""

    status = 502
    title = "Bad Gateway"
