"""Bank accounts and operations (doctypes section 4), stored once however often a statement is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove_connectors.sdk.documents import Saved, create_all, stable_id, write
from alcove_connectors.sdk.metadata import stamped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove_connectors.sdk.context import Context

BANK_ACCOUNTS = "io.cozy.bank.accounts"
OPERATIONS = "io.cozy.bank.operations"

BALANCE_FIELDS = ("balance", "balanceDate", "comingBalance")


def account_doc_id(vendor_id: str) -> str:
    """The `_id` that `save_accounts` gives to the bank account with this `vendorId`: known before it is stored."""
    return stable_id(BANK_ACCOUNTS, vendor_id)


def operation_doc_id(vendor_account_id: str, vendor_id: str) -> str:
    """The `_id` that `save_operations` gives to an operation."""
    return stable_id(OPERATIONS, vendor_account_id, vendor_id)


def save_accounts(ctx: Context, accounts: Sequence[Mapping[str, Any]]) -> Saved:
    """Stores bank accounts, named by their `vendorId` (the IBAN, or what never changes in the bank's export).

    Of a known account only the balance moves, and only when `balanceDate` (an ISO date, written with `balance`) is
    later than the stored one; other fields are filled in where there were none, so what a person renamed stays.
    `saved.documents` has the stored accounts, in order: `_id` is what operations name in `account`.
    """
    saved = Saved()
    there = ctx.stack.by_ids(BANK_ACCOUNTS, [account_doc_id(str(account["vendorId"])) for account in accounts])
    pending: dict[str, dict[str, Any]] = {}
    order: list[str] = []
    for account in accounts:
        name = account_doc_id(str(account["vendorId"]))
        order.append(name)
        old = pending.get(name) or there.get(name)
        merged = _merged(ctx, name, account, old)
        if merged != old:
            pending[name] = merged
    stamps = {name: stamped(ctx, doc, there.get(name)) for name, doc in pending.items()}
    for result in write(ctx, BANK_ACCOUNTS, list(stamps.values())):
        stamps[result["id"]]["_rev"] = result["rev"]
    saved.new = sum(name not in there for name in stamps)
    saved.changed = len(stamps) - saved.new
    saved.known = len(set(order)) - len(stamps)
    saved.documents = [stamps.get(name) or there[name] for name in order]
    return saved


def _merged(ctx: Context, name: str, account: Mapping[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any]:
    if old is None:
        fresh: dict[str, Any] = {"_id": name, **account}
        if ctx.account_id:
            connection = {"connection": {"data": {"_id": ctx.account_id, "_type": "io.cozy.accounts"}}}
            fresh["relationships"] = {**connection, **(account.get("relationships") or {})}
        return fresh
    merged = dict(old)
    newer = str(account.get("balanceDate") or "") > str(old.get("balanceDate") or "")
    for field, value in account.items():
        if field in BALANCE_FIELDS:
            if newer:
                merged[field] = value
        elif merged.get(field) in (None, "") and value not in (None, ""):
            merged[field] = value
    return merged


def save_operations(ctx: Context, operations: Sequence[Mapping[str, Any]]) -> Saved:
    """Stores operations, named by `vendorAccountId` and `vendorId`; those that are there are left untouched.

    `vendorId` must be stable: the same for the same operation in every export of this account. `account` is the `_id`
    of its bank account, `date` an ISO date, `amount` a number (negative: money went out).
    """
    named = [
        {"_id": operation_doc_id(str(operation["vendorAccountId"]), str(operation["vendorId"])), **operation}
        for operation in operations
    ]
    return create_all(ctx, OPERATIONS, named)
