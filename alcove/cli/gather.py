"""`alcove gather`: hands files over to the server, which sorts out what they are."""

from __future__ import annotations

import json
import signal
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from alcove_client import Place, Refused
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from alcove.base.config import read_settings
from alcove.cli.given import find_files
from alcove.cli.running import pick, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from alcove.cli.given import Given

SCOPE = (
    "org.alcove.intake org.alcove.gatherings org.alcove.questions io.cozy.files io.cozy.bills io.cozy.bank.accounts "
    "io.cozy.bank.operations org.alcove.money.links"
)
PAUSE = 0.2
"""Seconds between two looks at a gathering."""

INTERRUPTED = 130
"""The exit code of a command that was ended by Ctrl-C, as shells have it."""

COUNTED = ("accounts", "operations", "bills", "linked")


@dataclass(slots=True)
class Outcome:
    """What came of a gathering, as the summary tells it."""

    files: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    new: dict[str, int] = field(default_factory=dict)
    known: int = 0
    unread: int | None = None
    """Files that were left unread because the person stopped the gathering."""
    errors: list[dict[str, str]] = field(default_factory=list)
    notes: list[dict[str, str]] = field(default_factory=list)
    """What is worth saying of files that were read: a balance that does not add up, trades left out."""

    def as_json(self) -> str:
        """The machine's summary: what the place holds now, and each file that was not taken."""
        said = {"files": self.files, **{name: self.counts.get(name, 0) for name in COUNTED}}
        return json.dumps({**said, "errors": self.errors}, ensure_ascii=False)


def hand_over(place: Place, files: Sequence[Given], sent: dict[str, str], progress: Progress) -> list[dict[str, str]]:
    """Sends the files; puts their names by intake id into `sent`, and answers the errors of those that were not."""
    errors = list[dict[str, str]]()
    total = sum(file.size for file in files)
    bar = progress.add_task("Handing over", total=total)
    for file in files:
        reason = file.reason
        if not reason:
            try:
                sent[place.intake(file.path, file.name, lambda size: progress.advance(bar, size))] = file.name
            except Refused as error:
                reason = error.reason
            except OSError as error:
                reason = error.strerror or str(error)
        if reason:
            errors.append({"file": file.name, "reason": reason})
    progress.update(bar, completed=total)
    return errors


def hand_over_or_stop(place: Place, files: Sequence[Given], outcome: Outcome, progress: Progress) -> dict[str, str]:
    """As `hand_over`; Ctrl-C takes back what was sent, so that nothing waits there to be read."""
    sent: dict[str, str] = {}
    try:
        outcome.errors = hand_over(place, files, sent, progress)
    except KeyboardInterrupt:
        outcome.unread = len(files)
        for ident in sent:
            with suppress(Refused):  # gone already, which is what it shall be
                place.take_back(ident)
        return {}
    return sent


@contextmanager
def held_back() -> Iterator[None]:
    """Ctrl-C waits for the end: who begins something must come to know its id, or it could never be stopped."""
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if asked:
            signal.raise_signal(signal.SIGINT)


def follow(place: Place, ident: str, progress: Progress, *, attended: bool) -> dict[str, Any]:
    """Waits for the end of a gathering, showing how it goes and asking what it asks; answers its last state."""
    bar = progress.add_task("Sorting out", total=None)
    while True:
        said = place.gathering(ident)
        if attended:
            _answer_questions(place, ident, progress)
        progress.update(bar, total=said.get("total") or None, completed=said.get("done", 0), description=_doing(said))
        if said["state"] in ("done", "errored", "stopped"):
            return said
        time.sleep(PAUSE)


def follow_or_stop(place: Place, begin: Callable[[], str], progress: Progress, *, attended: bool) -> dict[str, Any]:
    """As `follow` what `begin` begins; Ctrl-C ends it where it is, and a second one leaves it to end by itself."""
    ident = ""
    try:
        with held_back():
            ident = begin()
        return follow(place, ident, progress, attended=attended)
    except KeyboardInterrupt:
        if not ident:
            raise
        place.stop(ident)
        return follow(place, ident, progress, attended=False)


def _doing(said: dict[str, Any]) -> str:
    return {"queued": "Waiting", "sorting": "Sorting out", "running": "Reading"}.get(said["state"], "Done")


def _answer_questions(place: Place, ident: str, progress: Progress) -> None:
    """Asks the person what the connectors could not find out by themselves; the run goes on with the answers."""
    for question in place.questions():
        if question["state"] != "waiting" or question.get("job") != ident:
            continue
        progress.stop()
        try:
            place.answer(question["id"], _prompt(question))
        except Refused as error:  # it took too long, or was answered in the browser meanwhile
            click.echo(error.reason, err=True)
        progress.start()


def _prompt(question: dict[str, Any]) -> str:
    for row in question["rows"]:
        click.echo("  " + " | ".join(row), err=True)
    names = [choice["value"] for choice in question["choices"]]
    text = f"{', '.join(question['files']) or question['source']}: {question['text']}"
    choice = click.Choice(names, case_sensitive=False) if names else None
    said: str = click.prompt(text, type=choice, hide_input=question["kind"] == "password", err=True)
    return said


def gather_into(
    place: Place, files: Sequence[Given], answers: dict[str, Any], console: Console, *, attended: bool = False
) -> Outcome:
    """The whole way of some files into a place."""
    outcome = Outcome()
    before = place.money()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), console=console) as progress:
        sent = hand_over_or_stop(place, files, outcome, progress)
    if sent:
        with Progress(*columns, console=console) as progress:
            begin = partial(place.gather, list(sent), answers, attended=attended)
            said = follow_or_stop(place, begin, progress, attended=attended)
        take(outcome, said, sent)
    outcome.counts = place.money()
    outcome.new = {name: outcome.counts.get(name, 0) - before.get(name, 0) for name in COUNTED}
    return outcome


def take(outcome: Outcome, said: dict[str, Any], sent: dict[str, str]) -> None:
    """Takes what a gathering said at its end into the summary; `sent` has the names of its files by intake id."""
    told = said.get("files", [])
    for file in told:
        if file["outcome"] in ("new", "known"):
            outcome.files += 1
            outcome.known += file["outcome"] == "known"
            if file.get("reason"):
                outcome.notes.append({"file": file["file"], "reason": file["reason"]})
        else:
            outcome.errors.append({"file": file["file"], "reason": _reason(file)})
    if said["state"] == "stopped":
        outcome.unread = max(0, said["total"] - said["done"])
    if said["state"] == "errored" and not told:
        reason = said.get("error") or "the gathering ended before this file was read"
        outcome.errors += [{"file": name, "reason": reason} for name in sent.values()]


def _reason(file: dict[str, Any]) -> str:
    reason: str = file.get("reason") or file["outcome"]
    if file["outcome"] != "asked":
        return reason
    names = ", ".join(choice["value"] for choice in file["question"]["choices"])
    return f"{reason} [{names}] Answer on Sources, or gather again with --answer {file['question']['field']}=..."


def tell(outcome: Outcome, console: Console) -> None:
    """The summary for a person."""
    counts, new = outcome.counts, outcome.new
    if outcome.unread is not None:
        console.print(f"Stopped: {outcome.unread} files were not read. What was read stays; gather again for the rest.")
    console.print(f"{outcome.files} files read, {outcome.known} of them known already")
    for name, what in (("accounts", "accounts"), ("operations", "operations"), ("bills", "bills")):
        console.print(f"  {counts.get(name, 0):>7} {what}  (+{new.get(name, 0)})")
    to_confirm = counts.get("to_confirm", 0)
    console.print(f"  {counts.get('linked', 0):>7} bills linked to their payment, {to_confirm} to confirm")
    for note in outcome.notes:
        console.print(f"  note: {note['file']}: {note['reason']}", style="dim", markup=False, soft_wrap=True)
    for error in outcome.errors:
        console.print(f"  not taken: {error['file']}: {error['reason']}", style="red", markup=False, soft_wrap=True)


def _answers(pairs: Sequence[str]) -> dict[str, Any]:
    answers = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise click.UsageError(f"--answer {pair!r}: write it as NAME=VALUE, such as amount=Montant")
        answers[name] = value
    return answers


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--instance", "domain", help="The instance to gather into, when there are several.")
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON.")
@click.option("--answer", "answers", multiple=True, metavar="NAME=VALUE", help="Answer a connector's question.")
def gather(paths: tuple[Path, ...], domain: str | None, answers: tuple[str, ...], *, as_json: bool) -> None:
    """Gather bank statements and invoices: files, folders and ZIP archives.

    Each file is recognised by its content. The same file twice adds nothing. With --json, the last line tells the
    files that were read, what the place holds after it (accounts, operations, bills, linked) and the errors by file.
    """
    console = Console(stderr=True)
    given = _answers(answers)
    files = list(find_files(paths))
    with running(read_settings()) as server:
        place = server.place(pick(server, domain), SCOPE)
        outcome = gather_into(place, files, given, console, attended=not as_json and sys.stdin.isatty())
    tell(outcome, console)
    if as_json:
        click.echo(outcome.as_json())
    if outcome.unread is not None:
        sys.exit(INTERRUPTED)
    sys.exit(1 if outcome.errors and not outcome.files else 0)
