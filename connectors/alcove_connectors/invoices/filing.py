"""How an invoice is put away: the names of its folder and file, the file's metadata, and the bill."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from alcove_connectors.sdk import iso

from .issuers import KINDS, bank_pattern
from .values import clean, plain

if TYPE_CHECKING:
    from .model import Facts

FOLDERS = {
    "en": "Invoices",
    "fr": "Factures",
    "de": "Rechnungen",
    "es": "Facturas",
    "it": "Fatture",
    "nl": "Facturen",
    "pt": "Faturas",
}
"""The folder of invoices below the administrative one, by language."""

UNSORTED = {
    "en": "To sort",
    "fr": "À trier",
    "de": "Zu sortieren",
    "es": "Por ordenar",
    "it": "Da ordinare",
    "nl": "Te sorteren",
    "pt": "Por ordenar",
}
"""The folder below it for papers that were kept but not understood."""

LATEST_DUE = 60
"""Days after the bill that linking looks at, at most; by itself it looks at about thirty."""


def word(words: dict[str, str], locale: str) -> str:
    """The word in the person's language, English where there is none."""
    return words.get(locale[:2].lower(), words["en"])


def sane(name: str) -> str:
    """A part of a path that every system can hold: no separators, no signs that move text about, 80 characters."""
    flat = unicodedata.normalize("NFC", clean(name))
    flat = "".join(sign for sign in flat if unicodedata.category(sign)[0] != "C")
    flat = re.sub(r'[/\\\\:*?"<>|]+', " ", flat)
    flat = " ".join(flat.split()).strip(" .")[:80].strip(" .")
    return flat or "_"


def file_name(facts: Facts, suffix: str) -> str:
    """`2026-03-12_EDF_84.20EUR.pdf`; a credit note has a minus before its amount."""
    sign = "-" if facts.refund else ""
    issuer = sane(facts.issuer).replace(" ", "-")[:40]
    return f"{facts.issued.isoformat()}_{issuer}_{sign}{facts.total:.2f}{facts.currency}{suffix}"


def identity(facts: Facts, digest: str) -> tuple[str, ...]:
    """What names the invoice's file: the same invoice in another PDF has the same.

    Issuer and number alone would not do: numbers begin again each year, and small firms use the same ones.
    Without a number the content itself (`digest`) takes its place, so that no second ticket is taken for the first.
    """
    sign = "-" if facts.refund else ""
    number = re.sub(r"\s", "", facts.number).upper() or f"md5:{digest}"
    return (
        "invoice",
        plain(facts.issuer),
        number,
        facts.issued.isoformat(),
        f"{sign}{facts.total:.2f}{facts.currency}",
    )


def file_metadata(facts: Facts) -> dict[str, Any]:
    """`metadata` of the file as Cozy's papers have it (io.cozy.files metadata: qualification, dates, references)."""
    kind = KINDS[facts.kind]
    qualification: dict[str, Any] = {"label": kind.label, "purpose": "invoice"}
    qualification |= {"sourceCategory": kind.source} if kind.source else {}
    qualification |= {"sourceSubCategory": kind.part} if kind.part else {}
    qualification |= {"subjects": list(kind.subjects)} if kind.subjects else {}
    issued = iso(facts.issued)
    metadata: dict[str, Any] = {
        "qualification": qualification,
        "datetime": issued,
        "datetimeLabel": "issueDate",
        "issueDate": issued,
        "contentAuthor": facts.issuer,
        "isSubscription": kind.subscription,
        "invoiceNumber": facts.number,
        "contractReference": facts.contract,
        "startDate": iso(facts.start) if facts.start else "",
        "endDate": iso(facts.end) if facts.end else "",
    }
    return {name: value for name, value in metadata.items() if value not in ("", None)}


def bill(facts: Facts) -> dict[str, Any]:
    """The `io.cozy.bills` document of the facts, without what only saving knows (file, cozyMetadata)."""
    kind = KINDS[facts.kind]
    fields: dict[str, Any] = {
        "vendor": facts.issuer,
        "amount": float(facts.total),
        "currency": facts.currency,
        "date": iso(facts.issued),
        "isRefund": facts.refund,
        "type": kind.bill,
        "subtype": kind.label,
        "vendorRef": facts.number,
        "number": facts.number,
        "contractId": facts.contract or facts.customer,
        "dueDate": iso(facts.due) if facts.due else "",
        "periodStart": iso(facts.start) if facts.start else "",
        "periodEnd": iso(facts.end) if facts.end else "",
        "vat": _vat(facts),
        "matchingCriterias": _criteria(facts),
        "extraction": {"source": facts.source, "confidence": facts.confidence, "doubts": list(facts.doubts)},
    }
    if facts.refund and facts.care.cost is not None and facts.care.day is not None:
        fields |= _care(facts)
    return {name: value for name, value in fields.items() if value not in ("", None, {}, [])}


def _care(facts: Facts) -> dict[str, Any]:
    """What makes a bill one of `health_costs`: Cozy's linking looks for the payment it gives back."""
    care = facts.care
    return {
        "type": "health_costs",
        "originalAmount": float(care.cost or 0),
        "originalDate": iso(care.day) if care.day else "",
        "groupAmount": None if care.group is None else float(care.group),
        "beneficiary": care.person,
        "isThirdPartyPayer": False,
    }


def _vat(facts: Facts) -> dict[str, Any]:
    """Net, tax and the rates as printed; Cozy has no field for them."""
    rates = [
        {
            name: float(value)
            for name, value in (("rate", tax.rate), ("net", tax.basis), ("amount", tax.amount))
            if value is not None
        }
        for tax in facts.taxes
    ]
    parts = {
        "amount": None if facts.tax is None else float(facts.tax),
        "net": None if facts.net is None else float(facts.net),
        "rates": [rate for rate in rates if rate],
        "number": facts.vat_number,
        "siren": facts.siren,
    }
    return {name: value for name, value in parts.items() if value not in ("", None, [])}


def _criteria(facts: Facts) -> dict[str, Any]:
    criteria: dict[str, Any] = {}
    pattern = bank_pattern(facts.issuer, facts.payee)
    if pattern:
        criteria["labelRegex"] = pattern[:200]
    days = (facts.due - facts.issued).days + 10 if facts.due else 0
    if days > 30:
        criteria["dateUpperDelta"] = min(days, LATEST_DUE)
    return criteria
