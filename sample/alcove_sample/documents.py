"""The household in the shape of Cozy's documents, for benchmarks that need no connector in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

    from alcove_sample.model import Bill, Household, Operation

ACCOUNTS, OPERATIONS, BILLS = "io.cozy.bank.accounts", "io.cozy.bank.operations", "io.cozy.bills"
_TYPES = {"checking": "Checkings", "joint": "Checkings", "savings": "Savings", "card": "CreditCard"}


def as_documents(household: Household, *, categories: bool = False) -> dict[str, list[dict[str, Any]]]:
    """Return accounts, operations and bills by doctype; their `_id` are the ids that the truth uses.

    Amounts are in euros (or the bill's currency), dates at midnight UTC. With `categories` each operation carries
    its true category as `cozyCategoryId`; without, a reader must find it. Nothing else of the truth is told.
    """
    accounts = [
        {
            "_id": account.id,
            "label": account.label,
            "institutionLabel": account.bank.name,
            "type": _TYPES[account.kind],
            "number": account.number,
            "iban": account.iban,
            "balance": household.balance(account) / 100,
            "currency": "EUR",
        }
        for account in household.accounts
    ]
    return {
        ACCOUNTS: accounts,
        OPERATIONS: [_operation(operation, categories) for operation in household.operations],
        BILLS: [_bill(bill) for bill in household.bills],
    }


def _moment(day: date) -> str:
    return f"{day.isoformat()}T00:00:00.000Z"


def _operation(operation: Operation, categories: bool) -> dict[str, Any]:
    document = {
        "_id": operation.id,
        "account": operation.account,
        "label": operation.label,
        "originalBankLabel": operation.label,
        "type": operation.kind,
        "date": _moment(operation.date),
        "realisationDate": _moment(operation.realised),
        "amount": operation.amount / 100,
        "currency": operation.currency,
    }
    if categories:
        document |= {"cozyCategoryId": operation.category, "cozyCategoryProba": 1}
    return document


def _bill(bill: Bill) -> dict[str, Any]:
    document: dict[str, Any] = {
        "_id": bill.id,
        "vendor": bill.vendor,
        "vendorRef": bill.number,
        "date": _moment(bill.date),
        "amount": bill.amount / 100,
        "currency": bill.currency,
    }
    if bill.contract:
        document["contractId"] = bill.contract
    if bill.is_refund:
        document["isRefund"] = True
    if bill.original_date is not None and bill.original_amount is not None:
        document |= {
            "type": "health_costs",
            "beneficiary": bill.beneficiary,
            "originalDate": _moment(bill.original_date),
            "originalAmount": bill.original_amount / 100,
            "isThirdPartyPayer": bill.fate == "third party",
        }
    if bill.group_amount is not None:
        document["groupAmount"] = bill.group_amount / 100
    return document
