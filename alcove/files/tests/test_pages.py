"""Single pages of a PDF: downloaded, and packed beside whole files."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pypdfium2
import pytest
from reportlab.pdfgen.canvas import Canvas

from alcove.files import ROOT

if TYPE_CHECKING:
    from alcove.files.tests.conftest import Door


def pdf(*words: str) -> bytes:
    """A PDF with a page for each text."""
    file = io.BytesIO()
    canvas = Canvas(file)
    for text in words:
        canvas.drawString(100, 700, text)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def words_of(content: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(content)
    return [page.get_textpage().get_text_bounded().strip() for page in document]


async def test_a_page(door: Door) -> None:
    file = await door.make(f"{ROOT}?Type=file&Name=a.pdf", pdf("one", "two", "three"))
    given = await door.ask(f"GET /files/download/{file}?Page=2", 200)
    assert words_of(given.content) == ["two"]
    assert given.headers["content-type"] == "application/pdf"
    assert 'filename="a.pdf"' in given.headers["content-disposition"]
    for wrong in ("0", "4", "x", "-1", "1e3"):
        await door.ask(f"GET /files/download/{file}?Page={wrong}", 422)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 broken", b"no PDF at all" * 100])
async def test_what_has_no_pages(door: Door, content: bytes) -> None:
    file = await door.make(f"{ROOT}?Type=file&Name=a.pdf", content)
    refused = (await door.ask(f"GET /files/download/{file}?Page=1", 422)).json()["errors"][0]
    assert refused["source"] == {"parameter": "Page"}


async def test_pages_in_an_archive(door: Door) -> None:
    file = await door.make(f"{ROOT}?Type=file&Name=a.pdf", pdf("one", "two"))
    note = await door.make(f"{ROOT}?Type=file&Name=b.txt", b"b")
    pages = [{"id": file, "page": 2}, {"id": file, "page": 9}]
    body = {"data": {"attributes": {"name": "all", "ids": [note], "pages": pages}}}
    link = (await door.ask("POST /files/archive", 200, json=body)).json()["links"]["related"]
    with zipfile.ZipFile(io.BytesIO((await door.ask(f"GET {link}", 200)).content)) as archive:
        assert sorted(archive.namelist()) == ["all/a (2).pdf", "all/b.txt"]
        assert words_of(archive.read("all/a (2).pdf")) == ["two"]
    for wrong in ("x", [{"id": file}], [{"id": file, "page": 0}], [{"id": 1, "page": 1}]):
        await door.ask("POST /files/archive", 400, json={"data": {"attributes": {"name": "a", "pages": wrong}}})
    door.somebody = door.somebody_else()
    await door.ask("POST /files/archive", 403, json={"data": {"attributes": {"name": "a", "pages": pages}}})
