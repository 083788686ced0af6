"""The connector of bank files: each file is read whole, compared with what the place holds, then written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alcove_connectors.sdk import Connector, Context, Input, Saved, save_accounts, save_operations, translate
from alcove_connectors.sdk.bank import OPERATIONS
from alcove_connectors.sdk.documents import write
from alcove_connectors.sdk.metadata import stamped

from . import formats, identity, mapping
from .errors import TooLarge
from .french import FRENCH
from .model import MAX_BYTES, Balance, Operation, Reading, Statement, distinct_references
from .place import Place, Target, asking, held_of
from .reconcile import Plan, reconcile

if TYPE_CHECKING:
    from .table import Ask

translate("fr", FRENCH)

MAX_REMEMBERED = 200
"""Layouts whose answers are remembered; the oldest are forgotten first."""


@dataclass
class _Part:
    """One account's part of a file, with what will be written of it."""

    target: Target
    statements: list[Statement] = field(default_factory=list)
    plan: Plan = field(default_factory=Plan)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations of all statements of this account in the file."""
        return distinct_references(tuple(op for statement in self.statements for op in statement.operations))

    @property
    def balance(self) -> Balance | None:
        """The newest balance that the file tells."""
        told = [statement.closing for statement in self.statements if statement.closing]
        return max(told, key=lambda balance: balance.day, default=None)


class BankFiles(Connector):
    """Statements in OFX, QIF, MT940, CAMT and CSV become ``io.cozy.bank.accounts`` and ``io.cozy.bank.operations``."""

    slug = "bankfiles"
    version = "1.0.0"

    @staticmethod
    def recognise(head: bytes, name: str) -> float:
        """How surely a file is a bank's statement: content first."""
        return formats.recognise(head, name)

    def run(self, ctx: Context) -> None:
        """Take the files from the most telling format to the least, so that their order does not matter."""
        ctx.inputs = sorted(ctx.inputs, key=_place_in_run)
        super().run(ctx)

    def take(self, ctx: Context, item: Input) -> None:
        """Take one file whole or not at all; raises the ``StatementError`` that tells why not."""
        if item.size > MAX_BYTES:
            raise TooLarge(f"The file is larger than {MAX_BYTES // 1024 // 1024} MiB: export a shorter period.")
        answers = _Answers(ctx, item)
        ask = asking(answers.of, ctx.locale)
        reading = formats.read(item.read(MAX_BYTES), item.name, ask)
        parts = _parts(Place(ctx.stack), reading, item.name, ask)
        saved = [_write(ctx, part, reading.format) for part in parts]
        answers.remember()
        counts = {
            "accounts": sum(accounts.new for accounts, _ in saved),
            "operations": sum(operations.new for _, operations in saved),
        }
        changed = any(result.new or result.changed for pair in saved for result in pair)
        ctx.result(item, "new" if changed else "known", " ".join(reading.remarks), counts)


def _place_in_run(item: Input) -> tuple[int, str, str]:
    form = formats.form_of(item.head())
    rank = formats.RANK.index(form) if form else len(formats.RANK)
    if item.size > MAX_BYTES:
        return rank, "", item.name
    return rank, hashlib.sha256(item.read(MAX_BYTES)).hexdigest(), item.name


def _parts(place: Place, reading: Reading, name: str, ask: Ask) -> list[_Part]:
    """What each account of the file gets; nothing is written yet, so whatever is raised leaves no trace."""
    parts: dict[str, _Part] = {}
    for statement in reading.statements:
        target = place.target(statement, name, ask)
        parts.setdefault(target.vendor_id, _Part(target)).statements.append(statement)
    for part in parts.values():
        operations = part.operations
        if part.target.document is not None and operations:
            days = [operation.day for operation in operations]
            there = place.operations(part.target.document["_id"], (min(days), max(days)))
            part.documents = {str(document["_id"]): document for document in there}
        held = held_of(list(part.documents.values()))
        part.plan = reconcile(part.target.vendor_id, operations, reading.format, held)
    return list(parts.values())


def _write(ctx: Context, part: _Part, form: str) -> tuple[Saved, Saved]:
    target = part.target
    if target.document is not None and not target.ours:
        accounts = Saved([target.document], known=1)
    else:
        accounts = save_accounts(ctx, [_account(part)])
    account = {**accounts.documents[0], "vendorId": target.vendor_id}
    now = ctx.now()
    fresh = [mapping.operation_document(operation, name, form, account, now) for operation, name in part.plan.new]
    operations = save_operations(ctx, fresh)
    operations.changed += _name_known(ctx, part)
    return accounts, operations


def _account(part: _Part) -> dict[str, Any]:
    account, stored = part.target.account, part.target.document or {}
    currencies = (op.currency for op in part.operations if op.currency)
    currency = account.currency or str(stored.get("currency") or "") or next(currencies, "")
    if not currency and part.operations:
        currency = mapping.DEFAULT_CURRENCY
    iban = identity.name_of(account).iban
    return mapping.account_document(account, part.target.vendor_id, iban, part.balance, currency)


def _name_known(ctx: Context, part: _Part) -> int:
    """Give known operations the bank reference that this file adds: later files then recognise them at once."""
    named = [
        (part.documents[entry.id], operation.reference)
        for operation, entry in part.plan.known
        if operation.reference and not entry.reference
    ]
    changed = [stamped(ctx, {**document, "bankReference": name}, document) for document, name in named]
    return len(write(ctx, OPERATIONS, changed))


class _Answers:
    """The person's answers to the questions of one file: given with this run, or remembered for its layout."""

    def __init__(self, ctx: Context, item: Input) -> None:
        self._ctx = ctx
        self._item = item
        self._all = ctx.fields.get("answers") or {}
        self._used: dict[str, dict[str, str]] = {}

    def of(self, key: str, field_name: str) -> str:
        """The answer for a layout and a field; empty when the person has not said it yet."""
        said = self._said(key, field_name)
        if said:
            self._used.setdefault(key, {})[field_name] = said
            return said
        remembered = self._ctx.state.get("answers", {}).get(key, {})
        return str(remembered.get(field_name) or "")

    def _said(self, key: str, field_name: str) -> str:
        """By file (``{name: {field: answer}}`` or ``{name: answer}``), by layout, or for all files."""
        given = self._ctx.answer(self._item, field_name)
        for source in (given, self._all.get(key), self._all):
            said = source.get(field_name) if isinstance(source, Mapping) else source
            if isinstance(said, str) and said:
                return said
        return ""

    def remember(self) -> None:
        """Keep the answers that led to a file being taken, for later files of the same layout."""
        if not self._used:
            return
        answers: dict[str, dict[str, str]] = dict(self._ctx.state.get("answers", {}))
        for key, said in self._used.items():
            answers[key] = {**answers.pop(key, {}), **said}
        self._ctx.state["answers"] = dict(list(answers.items())[-MAX_REMEMBERED:])
        self._ctx.commit_state()
