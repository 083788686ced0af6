"""Why a statement cannot be taken in: each message is one sentence that a person can act upon.

StatementError
  EmptyFile, TooLarge, Truncated, Encrypted, Compressed, Misencoded    the bytes
  NotStatement                                                         the form
  Contradiction                                                        the content
  AskPerson                                                            the content, and a question that settles it
"""

from __future__ import annotations

from dataclasses import dataclass

from alcove_connectors import sdk
from alcove_connectors.sdk import BadInput, InputProblem, NotUnderstood

FRENCH = {
    "date": "Quelle colonne est la date de l’opération ?",
    "amount": "Quelle colonne est le montant de l’opération ?",
    "debit": "Quelle colonne est l’argent sorti ?",
    "label": "Quelle colonne dit ce qu’est l’opération ?",
    "date_order": "Dans les dates de ce fichier, le jour ou le mois est-il écrit en premier ?",
    "account": "De quel compte parle ce fichier ? Il ne le dit pas, et le compte de ce nom a d’autres opérations.",
    "another account": "un autre compte",
    "day/month/year": "jour/mois/année",
    "month/day/year": "mois/jour/année",
}
"""The questions and their fixed choices, by the field and by the choice in English."""


class StatementError(InputProblem):
    """A file from which nothing is taken; ``str(error)`` is the reason shown to the person."""


class EmptyFile(BadInput, StatementError):
    """The file has no content."""


class TooLarge(BadInput, StatementError):
    """The file passes the limits on bytes, lines, depth or operations."""


class Truncated(BadInput, StatementError):
    """The file ends before its form says it may."""


class Encrypted(BadInput, StatementError):
    """The file needs a password."""


class Compressed(BadInput, StatementError):
    """The file is an archive, not a statement."""


class Misencoded(BadInput, StatementError):
    """The bytes are not text in any encoding banks use."""


class NotStatement(NotUnderstood, StatementError):
    """The file is something else, or lacks what makes a statement (an account, operations)."""


class Contradiction(BadInput, StatementError):
    """The file says something else than the place, or than itself, about the same operation."""


@dataclass(frozen=True)
class Question:
    """What a person is asked: ``field`` to settle, the possible ``columns``, some ``rows`` to judge by.

    ``key`` names the layout of the file (its header), so that one answer serves every later file of that layout.
    """

    field: str
    text: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    key: str

    def asked(self, locale: str) -> sdk.Question:
        """The question as the kit puts it, in the person's language."""
        french = locale.startswith("fr")
        text = FRENCH.get(self.field, self.text) if french else self.text
        choices = [(value, FRENCH.get(value, value) if french else value) for value in self.columns]
        return sdk.Question(self.field, text, choices, rows=self.rows, key=self.key, seconds=sdk.OF_A_FILE)


class AskPerson(sdk.Asked, StatementError):
    """The file can be read as soon as the person answers ``asked``."""

    def __init__(self, asked: Question, locale: str = "en") -> None:
        super().__init__(asked.asked(locale))
        self.asked = asked
