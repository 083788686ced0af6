"""One file in, the facts of its invoice out: the embedded XML first, then templates, then rules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import kinds
from .einvoice import LARGEST_XML, read_xml
from .issuers import kind_of
from .model import TRUSTED, Facts, Unreadable
from .rules import read_text
from .search import Sheet

if TYPE_CHECKING:
    from pathlib import Path

    from .layout import Page

LARGEST_FILE = 200 * 1024 * 1024
"""Bytes of a file that is opened at all; an invoice with photographs has a few million."""
LARGEST_TEXT = 1024 * 1024
"""Bytes of a plain text that is read."""


def read_file(path: Path) -> Facts:
    """The facts of the invoice in a file.

    Raises `Unreadable` with one of the codes of `docs/connectors/invoices.md`.
    """
    facts = _facts(path)
    return facts if facts.kind != "other" else replace(facts, kind=kind_of(facts.issuer, ""))


def _facts(path: Path) -> Facts:
    size = path.stat().st_size
    if size == 0:
        raise Unreadable("empty", "The file is empty.", keep=False)
    if size > LARGEST_FILE:
        raise Unreadable("too_large", "The file is larger than 200 MiB; an invoice never is.", keep=False)
    with path.open("rb") as opened:
        head = opened.read(kinds.HEAD)
    kind = kinds.kind_of(head)
    if kind == "pdf":
        return _pdf(path)
    if kind in kinds.PICTURES:
        from .pictures import check

        check(path)
        raise Unreadable("picture", "The file is a picture without text; nothing can be read from it.", keep=True)
    if kind == "xml":
        with path.open("rb") as opened:
            return read_xml(opened.read(LARGEST_XML + 1))
    if kind == "text":
        with path.open("rb") as opened:
            return _trusted(_text(kinds.decode(opened.read(LARGEST_TEXT)), ()))
    raise Unreadable("unknown_kind", "The file is neither a PDF nor a picture nor an electronic invoice.", keep=False)


def _pdf(path: Path) -> Facts:
    from .pdf import open_pdf

    attached = open_pdf(path, pages=False)
    unsafe: Unreadable | None = None
    for data in attached.xml:
        try:
            return read_xml(data)
        except Unreadable as problem:
            unsafe = unsafe or problem
    if unsafe and unsafe.code == "order":
        raise unsafe
    paper = open_pdf(path)
    text = "\n".join(page.text() for page in paper.pages)
    try:
        return _trusted(_text(text, paper.pages))
    except Unreadable as problem:
        if unsafe and problem.code in ("no_text", "unsure"):
            raise unsafe from None
        if paper.skipped:
            sentence = (
                f"{problem.sentence} (It has {paper.count} pages; the first and last {len(paper.pages)} were read.)"
            )
            raise Unreadable(problem.code, sentence, keep=problem.keep) from None
        raise


def _text(text: str, pages: tuple[Page, ...]) -> Facts:
    """Templates and rules on the text of a document; both are asked, because each checks the other."""
    sheet = Sheet(text)
    rules: Facts | None = None
    refused: Unreadable | None = None
    try:
        rules = read_text(sheet)
    except Unreadable as problem:
        refused = problem
    if refused is None or refused.code in ("no_total", "no_date", "no_issuer"):
        from . import templates

        reading = templates.apply(text, pages)
        if reading and (merged := templates.merge(reading, rules)):
            return replace(merged, kind=kind_of(merged.issuer, sheet.whole))
    if rules is None:
        raise refused or Unreadable("no_text", "The document has no text.", keep=True)
    return replace(rules, kind=kind_of(rules.issuer, sheet.whole))


def _trusted(facts: Facts) -> Facts:
    """The facts when they are sure enough to make a bill."""
    if facts.confidence >= TRUSTED:
        return facts
    doubts = ", ".join(
        {"issued": "date", "total": "total", "issuer": "sender", "number": "number"}[one] for one in facts.doubts
    )
    raise Unreadable(
        "unsure", f"The document looks like an invoice, but is not sure enough to be one ({doubts}).", keep=True
    )
