"""A household written to a folder: bank files, invoices, and the truth about both as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from alcove_sample.invoices import invoices
from alcove_sample.statements import reference, statements

if TYPE_CHECKING:
    from pathlib import Path

    from alcove_sample.invoices import Invoice
    from alcove_sample.model import Household, Operation
    from alcove_sample.statements import Statement


def write(folder: Path, household: Household) -> dict[str, Any]:
    """Write `statements/`, `invoices/` and `truth.json` into a folder; return what `truth.json` says.

    Money in the truth is in cents. Links name an operation by what any reader of the statements finds (account
    number, date, amount, label) and a bill by its number and vendor, so that documents made by connectors can be
    compared without ids in common.
    """
    (folder / "statements").mkdir(parents=True, exist_ok=True)
    (folder / "invoices").mkdir(exist_ok=True)
    files: dict[str, dict[str, Any]] = {}
    for statement in statements(household):
        name = f"statements/{statement.name}"
        (folder / name).write_bytes(statement.content)
        files[name] = _statement(statement)
    for invoice in invoices(household):
        name = f"invoices/{invoice.name}"
        (folder / name).write_bytes(invoice.content)
        files[name] = _invoice(invoice)
    truth = {
        "seed": household.seed,
        "start": household.start.isoformat(),
        "end": household.end.isoformat(),
        "counts": {
            "accounts": len(household.accounts),
            "operations": len(household.operations),
            "bills": len(household.bills),
            "links": sum(len(link.shares) for link in household.truth),
        },
        "balances": {account.number: household.balance(account) for account in household.accounts},
        "files": files,
        "links": _links(household),
    }
    text = json.dumps(truth, ensure_ascii=False, indent=1)
    (folder / "truth.json").write_text(text, encoding="utf-8")
    return truth


def _statement(statement: Statement) -> dict[str, Any]:
    extract = statement.extract
    return {
        "kind": "statement",
        "form": statement.form,
        "account": extract.account.number,
        "iban": extract.account.iban,
        "first": extract.first.isoformat(),
        "last": extract.last.isoformat(),
        "opening": extract.opening,
        "closing": extract.closing,
        "operations": len(extract.operations),
    }


def _invoice(invoice: Invoice) -> dict[str, Any]:
    bill = invoice.bill
    return {
        "kind": "invoice",
        "bill": bill.id,
        "facturx": invoice.facturx,
        "sector": bill.sector,
        "vendor": bill.vendor,
        "number": bill.number,
        "date": bill.date.isoformat(),
        "amount": bill.amount,
        "currency": bill.currency,
        "vat": None if bill.already or bill.original_amount is not None else bill.vat,
        "refund": bill.is_refund,
        "fate": bill.fate,
    }


def _links(household: Household) -> list[dict[str, Any]]:
    bills = {bill.id: bill for bill in household.bills}
    operations = {operation.id: operation for operation in household.operations}
    numbers = {account.id: account.number for account in household.accounts}

    def told(operation: Operation) -> dict[str, Any]:
        return {
            "account": numbers[operation.account],
            "date": operation.date.isoformat(),
            "amount": operation.amount,
            "label": operation.label,
            "reference": reference(operation),
        }

    return [
        {
            "kind": link.kind,
            "bill": bill,
            "number": bills[bill].number,
            "vendor": bills[bill].vendor,
            "cents": cents,
            "operation": told(operations[operation]),
        }
        for link in household.truth
        for bill, operation, cents in link.shares
    ]
