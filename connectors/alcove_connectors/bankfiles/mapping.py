"""Statements as Cozy's bank documents, and those documents back in the form they are compared in."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from alcove_connectors.sdk import iso

from . import labels
from .model import Account, Balance, Operation
from .reconcile import Held

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKINGS = "Checkings"
"""The type of current accounts, and of those of which the file says nothing."""

DEFAULT_CURRENCY = "EUR"
"""The currency of files that name none (CSV and QIF of French banks)."""


def noon(day: date) -> str:
    """A day as Cozy stores it: at noon UTC, so that it is the same day for a reader in any European time zone."""
    return f"{day.isoformat()}T12:00:00.000Z"


def account_document(
    account: Account, vendor_id: str, iban: str, balance: Balance | None, currency: str
) -> dict[str, Any]:
    """An ``io.cozy.bank.accounts`` document; ``balance`` is null as long as no file told one."""
    shown = account.label or f"{account.institution or 'Compte'} {_tail(account)}".strip()
    document: dict[str, Any] = {
        "label": shown,
        "institutionLabel": account.institution,
        "type": account.kind
        if account.kind not in ("", CHECKINGS)
        else labels.account_kind(account.label) or CHECKINGS,
        "number": account.number or (iban[-13:] if iban else ""),
        "iban": iban,
        "bankCode": account.bank,
        "vendorId": vendor_id,
        "currency": currency,
        "balance": None if balance is None else float(balance.amount),
    }
    if balance is not None:
        document["balanceDate"] = balance.day.isoformat()
    return document


def _tail(account: Account) -> str:
    name = account.number or account.iban
    return f"…{name[-4:]}" if name else ""


def known_account(document: Mapping[str, Any]) -> Account:
    """The account of a stored document, to compare it with that of a statement."""

    def text(field: str) -> str:
        return str(document.get(field) or "")

    return Account(
        number=text("number"),
        iban=text("iban"),
        bank=text("bankCode"),
        kind=text("type"),
        label=text("label"),
        institution=text("institutionLabel"),
        currency=text("currency"),
    )


def operation_document(
    operation: Operation, name: str, form: str, account: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """An ``io.cozy.bank.operations`` document of the stored ``account``; ``name`` is the operation's stable name."""
    document: dict[str, Any] = {
        "label": labels.readable(operation.label),
        "originalBankLabel": operation.label,
        "type": operation.kind or "none",
        "date": noon(operation.day),
        "dateOperation": noon(operation.real_day or operation.day),
        "realisationDate": noon(operation.real_day or operation.day),
        "dateImport": iso(now),
        "amount": float(operation.amount),
        "currency": operation.currency or account.get("currency") or DEFAULT_CURRENCY,
        "account": account["_id"],
        "vendorId": name,
        "vendorAccountId": account["vendorId"],
        "importFormat": form,
    }
    if operation.value_day:
        document["valueDate"] = noon(operation.value_day)
    if operation.reference:
        document["bankReference"] = operation.reference
    return document


def held(document: Mapping[str, Any]) -> Held | None:
    """A stored operation as it is compared; None for a document that is no operation (no day or amount)."""
    day = _day(document.get("date"))
    amount = document.get("amount")
    if day is None or isinstance(amount, bool) or not isinstance(amount, (int, float)):
        return None
    days = (_day(document.get(field)) for field in ("date", "dateOperation", "realisationDate", "valueDate"))
    return Held(
        day=day,
        amount=Decimal(str(amount)).quantize(Decimal("0.0001")),
        label=labels.comparable(str(document.get("originalBankLabel") or document.get("label") or "")),
        reference=str(document.get("bankReference") or ""),
        form=str(document.get("importFormat") or ""),
        days=frozenset(day for day in days if day),
        real=_day(document.get("dateOperation")) or day,
        id=str(document["_id"]),
        vendor_id=str(document.get("vendorId") or ""),
    )


def _day(written: Any) -> date | None:
    try:
        return date.fromisoformat(str(written)[:10])
    except ValueError:
        return None
