"""Which reader a file goes to: told by its content, the name only when the content leaves a doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import camt, csvfile, mt940, ofx, qif
from .charset import check_bytes
from .errors import NotStatement, StatementError
from .identity import stem

if TYPE_CHECKING:
    from .model import Reading
    from .table import Ask

RANK = ("camt", "ofx", "mt940", "csv", "qif")
"""Formats from the most telling (IBAN, bank references) to the least: files of one run are taken in this order, so
that its result does not depend on the order in which they were given."""

_ENDINGS = {
    "camt": (".xml", ".camt", ".053", ".c53"),
    "ofx": (".ofx", ".qfx"),
    "mt940": (".sta", ".mt940", ".940", ".swi"),
    "csv": (".csv", ".tsv"),
    "qif": (".qif",),
}
_HTML = (b"<!DOCTYPE HTML", b"<HTML")


def form_of(head: bytes) -> str:
    """The format that the first bytes of a file tell; empty when they tell none."""
    if ofx.is_ofx(head):
        return "ofx"
    if camt.is_camt(head):
        return "camt"
    if qif.is_qif(head):
        return "qif"
    if mt940.is_mt940(head):
        return "mt940"
    if not head.lstrip().startswith((b"<", b"{", b"%PDF", b"BEGIN:")) and csvfile.looks_like_table(head):
        return "csv"
    return ""


def named(name: str) -> str:
    """The format that a file's name promises; empty when it promises none."""
    lower = name.lower()
    return next((form for form, endings in _ENDINGS.items() if lower.endswith(endings)), "")


def recognise(head: bytes, name: str) -> float:
    """How surely a file is a bank's, from 0 to 1: content first."""
    form = form_of(head)
    promised = named(name)
    if form == "csv":
        return 0.8 if promised == "csv" else 0.5
    if form:
        return 1.0
    # A broken or empty file with a bank's ending is ours too: we can say best what is wrong with it.
    return {"": 0.0, "csv": 0.2, "camt": 0.05}.get(promised, 0.3)


def read(data: bytes, name: str, ask: Ask) -> Reading:
    """Read a file of any format; raises a ``StatementError`` with a readable reason, and nothing else."""
    check_bytes(data)
    form = form_of(data[: 64 * 1024])
    try:
        if form == "ofx":
            return ofx.read(data)
        if form == "camt":
            return camt.read(data)
        if form == "qif":
            return qif.read(data, ask, f"qif {stem(name)}")
        if form == "mt940":
            return mt940.read(data)
        if form == "csv":
            return csvfile.read(data, ask)
    except RecursionError:
        raise NotStatement("The file is nested too deeply to be a bank's.") from None
    raise _foreign(data, name)


def _foreign(data: bytes, name: str) -> StatementError:
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").upper()
    if start.startswith(_HTML):
        return NotStatement("This is a web page, not a bank export: the download needed a login, perhaps.")
    promised = named(name)
    if promised:
        return NotStatement(f"Its name promises {promised.upper()}, its content is not: export the file again.")
    return NotStatement("This file is in none of the forms banks export (OFX, QIF, MT940, CAMT, CSV).")
