"""Bills (doctypes section 4), stored once, each with its file: the file names the bill and the bill its file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from alcove_connectors.sdk.documents import Saved, stable_id, write
from alcove_connectors.sdk.files import FILES, SavedFile
from alcove_connectors.sdk.metadata import stamped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove_connectors.sdk.context import Context

BILLS = "io.cozy.bills"

REQUIRED = ("vendor", "date", "amount", "currency")

DISTINGUISHING = ("vendorRef", "number", "contractId")
"""Two bills of one vendor, day and amount are two when both have one of these and it differs."""


@dataclass(frozen=True, slots=True)
class BillEntry:
    """A bill to save (`vendor`, `date` as an ISO text, `amount` and `currency` are needed) and the file it is in."""

    fields: Mapping[str, Any]
    file: SavedFile | None = None


def save_bills(ctx: Context, entries: Sequence[BillEntry]) -> Saved:
    """Stores bills. One of the same vendor, day and amount (and number or contract, where known) is the same bill.

    A bill with a file gets `invoice` and `relationships.document`; the file gets the bill in its `referenced_by`, also
    when a run was cut off between the two. Raises `KeyError` when a bill lacks a needed field.
    """
    known = _candidates(ctx, entries)
    saved = Saved()
    fresh: dict[str, dict[str, Any]] = {}
    linked: list[tuple[dict[str, Any], SavedFile | None]] = []
    for entry in entries:
        bill = next((other for other in known if same_bill(other, entry.fields)), None)
        if bill is None:
            bill = stamped(ctx, _fresh(entry))
            fresh[bill["_id"]] = bill
            known.append(bill)
        saved.documents.append(bill)
        linked.append((bill, entry.file))
    for result in write(ctx, BILLS, list(fresh.values())):
        fresh[result["id"]]["_rev"] = result["rev"]
        saved.new += 1
    saved.known = len(entries) - saved.new
    for bill, file in linked:
        if file is not None and (BILLS, str(bill["_id"])) not in file.references and _is_in(bill, file):
            ctx.stack.refer(file.id, BILLS, str(bill["_id"]))
    return saved


def same_bill(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two bills are one: same vendor, day and amount, and no number or contract that tells them apart."""
    if str(one["vendor"]) != str(other["vendor"]) or str(one["date"])[:10] != str(other["date"])[:10]:
        return False
    if round(float(one["amount"]), 2) != round(float(other["amount"]), 2):
        return False
    return all(one[key] == other[key] for key in DISTINGUISHING if one.get(key) and other.get(key))


def _fresh(entry: BillEntry) -> dict[str, Any]:
    fields = entry.fields
    parts = [str(fields["vendor"]), str(fields["date"])[:10], f"{float(fields['amount']):.2f}"]
    parts += [str(fields.get(key) or "") for key in DISTINGUISHING]
    bill: dict[str, Any] = {"_id": stable_id(BILLS, *parts), **{key: fields[key] for key in REQUIRED}, **fields}
    if entry.file is not None:
        bill["invoice"] = f"{FILES}:{entry.file.id}"
        bill["filename"] = entry.file.path.rpartition("/")[2]
        document = {"document": {"data": {"_id": entry.file.id, "_type": FILES}}}
        bill["relationships"] = {**(fields.get("relationships") or {}), **document}
    return bill


def _is_in(bill: Mapping[str, Any], file: SavedFile) -> bool:
    """Whether the bill names this file: a second copy of an invoice does not become the bill's file."""
    return bill.get("invoice") == f"{FILES}:{file.id}"


def _candidates(ctx: Context, entries: Sequence[BillEntry]) -> list[dict[str, Any]]:
    """The stored bills that could be one of these: one indexed query per vendor, over its days."""
    days: dict[str, list[str]] = {}
    for entry in entries:
        days.setdefault(str(entry.fields["vendor"]), []).append(str(entry.fields["date"])[:10])
    found: list[dict[str, Any]] = []
    for vendor, of_vendor in days.items():
        after = (date.fromisoformat(max(of_vendor)) + timedelta(days=1)).isoformat()
        selector = {"vendor": vendor, "date": {"$gte": min(of_vendor), "$lt": after}}
        found += ctx.stack.find(BILLS, selector, index=("vendor", "date"))
    return found
