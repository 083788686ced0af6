"""What a connector is: a class with a slug, a nose for its files, and a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from alcove_connectors.sdk.errors import Asked
from alcove_connectors.sdk.questions import NotAnswered

if TYPE_CHECKING:
    from alcove_connectors.sdk.context import Context, Input
    from alcove_connectors.sdk.questions import Question

QUESTIONS = 10
"""Questions that may be asked about one file."""


class Connector:
    """Derive from it, name it in the manifest's `entrypoint` (`alcove_connectors.invoices.run:Invoices`).

    A connector of files overrides `recognise` and `take`; one that talks to a vendor overrides `run`.
    """

    slug: ClassVar[str]
    """The name of its folder, of its konnector document and of its account type."""

    version: ClassVar[str] = "1.0.0"

    @staticmethod
    def recognise(head: bytes, name: str) -> float:  # noqa: ARG004 - the signature is the contract
        """How sure it is, from 0 (not mine) to 1 (surely mine), that it can take this file.

        `head` holds the first 64 KiB; the content decides, `name` may only help. Must be quick and must not raise.
        """
        return 0.0

    def run(self, ctx: Context) -> None:
        """Does the work. What it raises ends the run: `ConnectorError` with its code, anything else as UNKNOWN_ERROR.

        As it stands it takes the inputs one by one, so that a bad one does not lose the others; those about which
        something must be asked come last.
        """
        asked: list[tuple[Input, Question]] = []
        for item in ctx.inputs:
            ctx.progress(ctx.done, len(ctx.inputs), item.name)
            question = self._attempt(ctx, item)
            if question is not None:
                asked.append((item, question))
        for item, question in asked:
            self._ask_until_taken(ctx, item, question)
        ctx.progress(len(ctx.inputs), len(ctx.inputs))

    def _attempt(self, ctx: Context, item: Input) -> Question | None:
        """Takes one input to its result; or gives what has to be asked first."""
        with ctx.handle(item):
            try:
                self.take(ctx, item)
            except Asked as asked:
                ctx.emit({"type": "end", "input": item.id})
                return asked.question
            if not ctx.is_done(item):
                ctx.result(item, "known")
        return None

    def _ask_until_taken(self, ctx: Context, item: Input, question: Question) -> None:
        """Asks about an input until it is taken. It is tried first when an answer to another may have settled it."""
        asked: Question | None = question if not ctx.answered else self._attempt(ctx, item)
        for _ in range(QUESTIONS):
            if asked is None:
                return
            try:
                ctx.ask_about(item, asked)
            except NotAnswered as error:
                self._leave(ctx, item, asked, error)
                return
            asked = self._attempt(ctx, item)
        if asked is not None:
            ctx.result(item, "error", f"More than {QUESTIONS} questions were asked about this file.")

    @staticmethod
    def _leave(ctx: Context, item: Input, question: Question, error: NotAnswered) -> None:
        if error.why == "dropped":
            ctx.result(item, "not_understood", f"A question about it was left unanswered: {question.text}")
        else:
            ctx.result(item, "asked", question.text, question={**question.json(), "id": error.id})

    def take(self, ctx: Context, item: Input) -> None:
        """Takes one input and tells `ctx.result(...)`; raises `InputProblem` when it cannot."""
        raise NotImplementedError
