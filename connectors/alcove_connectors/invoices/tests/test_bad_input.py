"""Broken, hostile and foreign files: each gives one readable reason, and nothing but `Unreadable` is raised."""

from __future__ import annotations

import random
import struct
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from alcove_connectors.invoices import kinds, reader
from alcove_connectors.invoices.einvoice import LARGEST_XML, read_xml
from alcove_connectors.invoices.model import Unreadable
from alcove_connectors.invoices.pdf import FIRST_PAGES, LAST_PAGES, open_pdf
from alcove_connectors.invoices.read import read_file
from alcove_connectors.invoices.reader import Reader
from alcove_connectors.invoices.rules import read_text
from alcove_connectors.invoices.search import Sheet
from alcove_connectors.invoices.tests.papers import PAPERS, attach, cii, draw, encrypted, ubl

if TYPE_CHECKING:
    from pathlib import Path

EDF = PAPERS[0].rows

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    b"<CrossIndustryInvoice>&b;</CrossIndustryInvoice>"
)


def png(width: int, height: int) -> bytes:
    """The head of a PNG that claims this size."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    head = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + head + struct.pack(">I", 9) + b"IDAT" + bytes(13)


def refused(tmp_path: Path, content: bytes) -> Unreadable:
    path = tmp_path / "paper.pdf"
    path.write_bytes(content)
    with pytest.raises(Unreadable) as caught:
        read_file(path)
    assert caught.value.sentence.endswith((".", ".)"))
    return caught.value


@pytest.mark.parametrize(
    ("content", "code", "keep"),
    [
        (b"", "empty", False),
        (draw(EDF)[:200], "broken_pdf", True),
        (b"%PDF-1.7\n", "broken_pdf", True),
        (encrypted(), "encrypted", True),
        (b"PK\x03\x04 a ZIP with the name of a PDF", "unknown_kind", False),
        (b"\x00\x01\x02" * 100, "unknown_kind", False),
        (b"<html><body>Facture</body></html>", "unknown_kind", False),
        (png(100, 100), "picture", True),
        (png(60_000, 60_000), "picture_bomb", False),
        (b"\xff\xd8\xff\xe0 not a JPEG", "broken_picture", True),
        (BOMB, "xml_unsafe", True),
        (cii()[:400], "xml_broken", True),
        (cii(total="12,00"), "xml_incomplete", True),
        (ubl().replace(b"2026-03-01", b"soon"), "xml_incomplete", True),
        (attach(draw(()), "factur-x.xml", BOMB), "xml_unsafe", True),
    ],
)
def test_each_gives_its_reason(content: bytes, code: str, keep: bool, tmp_path: Path) -> None:
    problem = refused(tmp_path, content)
    assert (problem.code, problem.keep) == (code, keep)


def test_xml_has_a_limit() -> None:
    with pytest.raises(Unreadable) as caught:
        read_xml(b"<Invoice>" + b" " * LARGEST_XML)
    assert caught.value.code == "xml_too_large"


def test_of_many_pages_both_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(draw(EDF, pages=600))
    assert open_pdf(path).skipped == 600 - FIRST_PAGES - LAST_PAGES
    assert read_file(path).issuer == "EDF"
    path.write_bytes(draw(((40, "Facture : voir la page 300"),), pages=600))
    with pytest.raises(Unreadable, match="600 pages"):
        read_file(path)


@pytest.mark.slow  # Some hundred broken files are opened.
def test_cuts_and_flipped_bytes_raise_nothing_else(tmp_path: Path) -> None:
    chance = random.Random(20)
    path = tmp_path / "broken"
    whole = [draw(EDF), attach(draw(EDF), "factur-x.xml", cii()), cii(), ubl(), png(10, 10)]
    for content in whole:
        for _ in range(40):
            broken = bytearray(content[: chance.randrange(1, len(content))] if chance.random() < 0.4 else content)
            for _ in range(chance.randrange(1, 8)):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            path.write_bytes(broken)
            assert 0 <= kinds.recognise(bytes(broken), "x.pdf") <= 1
            with suppress(Unreadable):
                read_file(path)


@pytest.mark.parametrize(
    "text",
    [
        "Facture " + "1 " * 40_000,
        "facture du " * 8_000,
        "total ttc " * 8_000,
        "\n".join(["Facture n° 1 Total TTC 1,00 €  du 1 au 2"] * 3_000),
        "Facture" + " " * 60_000 + "9,99 €",
        "au capital de " * 6_000 + "facture",
        "facture @" + "a." * 30_000 + " TVA fr " + "1 " * 5_000,
    ],
    ids=range(7),
)
@pytest.mark.timeout(20)
def test_no_text_makes_the_rules_turn_for_long(text: str) -> None:
    with suppress(Unreadable):
        read_text(Sheet(text))


@pytest.mark.parametrize(
    ("head", "name", "at_least", "at_most"),
    [
        (b"%PDF-1.4 ...", "releve.ofx", 0.5, 1),
        (b"\n\n%PDF-1.4 ...", "x", 0.5, 1),
        (b"\xff\xd8\xff\xe0", "x", 0.2, 0.5),
        (cii(), "x", 0.9, 1),
        (ubl(), "facture.txt", 0.9, 1),
        ("Facture n° 12\nTotal TTC 12,50 €\n".encode(), "f.txt", 0.3, 0.6),
        (b"date;libelle;montant;solde\n01/02/2026;FACTURE FREE 12,50 EUR;-12,50;100,00\n", "facture.csv", 0, 0),
        (b"OFXHEADER:100\n", "facture.pdf", 0, 0),
        (b"<OFX>", "x", 0, 0),
        (b"PK\x03\x04", "facture.pdf", 0, 0),
        (b"", "facture.pdf", 0.1, 0.3),
        (b"", "x", 0, 0),
    ],
)
def test_recognition_goes_by_content(head: bytes, name: str, at_least: float, at_most: float) -> None:
    assert at_least <= kinds.recognise(head, name) <= at_most


def test_the_reading_process_may_die_or_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "paper"
    path.write_bytes(cii())
    with Reader(seconds=0.3, start_seconds=0) as slow:
        monkeypatch.setattr(reader, "COMMAND", ("-c", "import sys; sys.stdin.read()"))
        with pytest.raises(Unreadable, match="longer") as caught:
            slow.read(path)
        assert caught.value.code == "too_slow"
        monkeypatch.setattr(reader, "COMMAND", ("-c", "import os; os.abort()"))
    with Reader() as dying:
        with pytest.raises(Unreadable) as caught:
            dying.read(path)
        assert (caught.value.code, caught.value.keep) == ("too_heavy", True)
        monkeypatch.undo()
        assert dying.read(path).number == "FA-1", "the next file has a new process"
        assert dying._process is not None
        dying._process.kill()
        assert dying.read(path).number == "FA-1", "a process that died of something else is not the file's fault"


@pytest.mark.slow  # A process is started, and much memory is asked for.
def test_an_attachment_that_unfolds_without_end_costs_one_process(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pdf"
    path.write_bytes(unfolding(1 << 28))
    with Reader() as confined:
        with pytest.raises(Unreadable):
            confined.read(path)
        path.write_bytes(draw(EDF))
        assert confined.read(path).issuer == "EDF"


def unfolding(size: int) -> bytes:
    """A small PDF whose attached XML grows to `size` bytes when it is decompressed."""
    packer = zlib.compressobj(1)
    chunk = b" " * (1 << 20)
    packed = b"".join(packer.compress(chunk) for _ in range(size >> 20)) + packer.flush()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(factur-x.xml) 4 0 R]>>>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
        b"<</Type/Filespec/F(factur-x.xml)/UF(factur-x.xml)/EF<</F 5 0 R>>>>",
        b"<</Type/EmbeddedFile/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed),
    ]
    body, places = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(body)
    body += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    body += b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start
    return bytes(body)
