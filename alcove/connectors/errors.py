"""Why a file is not taken in, and why a run cannot begin.

Refusal   ├── IntakeMissing 404     ├── GatheringMissing 404   ├── NoSuchConnector 404
          ├── InputTooLarge 413     ├── IntakeFull 413         ├── BadName 422
          ├── QuestionMissing 404   └── QuestionSettled 409
"""

from __future__ import annotations

from alcove.base.errors import Conflict, NotFound, TooLarge, Unprocessable


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
