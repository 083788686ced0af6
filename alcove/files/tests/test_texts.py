"""The text in files: read from every kind of document, refused with a reason, and gone with the bytes it is in."""

from __future__ import annotations

import io
import json
import zipfile
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from alcove.base.confined import Cause
from alcove.files import reader
from alcove.files.model.texts import TRIES, Kept, read_kept, texts_of, wants_text, without_text, written
from alcove.files.service.texts import Texts
from alcove.files.testing import LATER
from alcove.files.tests.test_thumbnails import Machine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from alcove.files.tests.conftest import Door

FRENCH = "Déclaration d’impôts à l’été : 1 234,50 €"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)
CORE = '<c:p xmlns:c="c" xmlns:dc="dc"><dc:title>Titre caché</dc:title></c:p>'


def package(**parts: str) -> bytes:
    """A ZIP; `__` in a name stands for a slash, and one `_` before the extension for its dot."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_html", ".html"), content)
    return written.getvalue()


def docx(*paragraphs: str) -> bytes:
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    deleted = "<w:p><w:del><w:r><w:delText>gestrichen</w:delText></w:r></w:del></w:p>"
    return package(
        word__document_xml=f"<w:document {W}><w:body>{body}{deleted}</w:body></w:document>",
        word__footer1_xml=f"<w:ftr {W}><w:p><w:t>Pied de page</w:t></w:p></w:ftr>",
        docProps__core_xml=CORE,
    )


def xlsx() -> bytes:
    cells = (
        '<row><c t="s"><v>0</v></c><c><v>45.9</v></c><c><v>2025</v></c></row>'
        '<row><c t="inlineStr"><is><t>Café</t></is></c><c t="b"><v>1</v></c><c t="str"><v>texte</v></c></row>'
    )
    return package(
        xl__workbook_xml=f'<workbook {S}><sheets><sheet name="Dépenses"/></sheets></workbook>',
        xl__sharedStrings_xml=f"<sst {S}><si><t>Loyer</t></si><si><r><t>Élec</t></r><r><t>tricité</t></r></si></sst>",
        xl__worksheets__sheet1_xml=f"<worksheet {S}><sheetData>{cells}</sheetData></worksheet>",
    )


def pptx() -> bytes:
    def slide(said: str) -> str:
        return f"<p:sld xmlns:p='p' {A}><a:p><a:r><a:t>{said}</a:t></a:r></a:p></p:sld>"

    slides = {f"ppt__slides__slide{n}_xml": slide(f"Diapositive {n}") for n in (10, 2)}
    return package(ppt__presentation_xml="<p/>", ppt__notesSlides__notesSlide1_xml=slide("Notes"), **slides)


def odf(kind: str = "text") -> bytes:
    body = (
        f"<office:document-content {ODF}><office:body><text:tracked-changes><text:p>gestrichen</text:p>"
        "</text:tracked-changes><text:h>Titre</text:h>"
        f"<text:p>Une<text:s/>ligne <text:span>{FRENCH}</text:span></text:p>"
        "</office:body></office:document-content>"
    )
    return package(mimetype=f"application/vnd.oasis.opendocument.{kind}", content_xml=body)


def pdf(*lines: str) -> bytes:
    written = io.BytesIO()
    canvas = Canvas(written)
    canvas.setTitle("Relevé annuel")
    for number, line in enumerate(lines):
        canvas.drawString(50, 800 - 20 * number, line)
    canvas.showPage()
    canvas.drawString(50, 800, "Seconde page")
    canvas.save()
    return written.getvalue()


def mail() -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Été à la mer", "Zoé <zoe@example.org>", "max@example.org"
    message.set_content("Bonjour, voici le devis.", charset="iso-8859-15")
    message.add_alternative("<p>nur HTML</p>", subtype="html")
    message.add_attachment(docx("Devis de toiture"), maintype="application", subtype="octet-stream", filename="d.docx")
    message.add_attachment(b"\x89PNG\0", maintype="image", subtype="png", filename="photo.png")
    inner = EmailMessage()
    inner["Subject"] = "Transféré"
    inner.set_content("intérieur")
    message.add_attachment(inner)
    return message.as_bytes()


def said(path: Path, capsys: pytest.CaptureFixture[str], content: bytes, mime: str = "") -> tuple[str, dict[str, Any]]:
    """What the program writes of a file, run in this process: these files are our own."""
    path.write_bytes(content)
    reader.main(str(path), mime)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    more: dict[str, Any] = {}
    for line in lines:
        more |= line if isinstance(line, dict) else {}
    return "".join(line for line in lines if isinstance(line, str)), more


EPUB = {"META-INF__container_xml": "<c/>", "a1_html": "<p>Chapitre un</p>", "a2_html": "<p>Chapitre deux</p>"}
RTF = rb"{\rtf1\ansi\ansicpg1252 {\fonttbl{\f0 Arial;}}\f0 D\'e9claration d\rquote imp\'f4ts\par suite}"
PAGE = (
    b"<!DOCTYPE html><head><title>Page</title><meta charset=iso-8859-1><style>.a{}</style></head>"
    b"<body><script>alert(1)</script><p>un<b>e</b> d\xe9claration</p><div>suite</div>"
)
MAILBOX = b"From a@b Mon Jan  1 00:00:00 2025\nSubject: un\n\npremier\n\nFrom c@d Tue Jan  2 00:00:00 2025\n\nsecond\n"
READ: dict[str, tuple[Callable[[], bytes], str, list[str]]] = {
    "docx": (lambda: docx(FRENCH, "Suite"), "", ["Titre caché", FRENCH, "Suite", "Pied de page"]),
    "xlsx": (xlsx, "", ["Dépenses", "Loyer", "Électricité", "45.90 2025", "Café texte"]),
    "pptx": (pptx, "", ["Notes", "Diapositive 2", "Diapositive 10"]),
    "odt": (odf, "", ["Titre", "Une ligne " + FRENCH]),
    "ods": (lambda: odf("spreadsheet"), "", ["Titre"]),
    "epub": (lambda: package(**EPUB), "", ["Chapitre un", "Chapitre deux"]),
    "pdf": (lambda: pdf("Montant : 45,90", "Net à payer"), "", ["Relevé annuel", "Montant : 45,90", "Seconde page"]),
    "mail": (
        mail,
        "message/rfc822",
        [
            "Été à la mer",
            "Zoé <zoe@example.org>",
            "voici le devis",
            "d.docx",
            "Devis de toiture",
            "photo.png",
            "intérieur",
        ],
    ),
    "mailbox": (lambda: MAILBOX, "application/mbox", ["un", "premier", "second"]),
    "rtf": (lambda: RTF, "", ["Déclaration d’impôts", "suite"]),
    "html": (lambda: PAGE, "", ["Page", "une déclaration", "suite"]),
    "utf-8": (FRENCH.encode, "text/plain", [FRENCH]),
    "utf-8 with a mark": (lambda: FRENCH.encode("utf-8-sig"), "text/plain", [FRENCH]),
    "utf-16": (lambda: FRENCH.encode("utf-16"), "text/plain", [FRENCH]),
    "windows": (lambda: FRENCH.encode("cp1252"), "text/csv", [FRENCH]),
    "russian": (lambda: ("Привет, как дела? Это письмо. " * 20).encode("cp1251"), "text/plain", ["Привет, как дела?"]),
    "half a letter": (lambda: ("x\n" * 10 + "é").encode()[:-1], "text/plain", ["x"]),
    "card": (lambda: b"FN:Zo\xc3\xa9\nPHOTO:\n " + b"A1b2" * 20 + b"\nEND", "text/vcard", ["FN:Zoé", "END"]),
}


@pytest.mark.parametrize("name", READ)
def test_kinds(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    content, mime, wanted = READ[name]
    text, more = said(tmp_path / "file", capsys, content(), mime)
    assert more == {}
    for line in wanted:
        assert line in text
    for line in ("gestrichen", "alert", "nur HTML", "A1b2"):
        assert line not in text


LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    f"<w:document {W}><w:p><w:t>&b;</w:t></w:p></w:document>"
)
ELSEWHERE = f'<!DOCTYPE l SYSTEM "file:///etc/passwd"><w:document {W}/>'
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "billion laughs": (lambda: package(word__document_xml=LAUGHS), "its XML wants what is not given here"),
    "something elsewhere": (lambda: package(word__document_xml=ELSEWHERE), "its XML wants what is not given here"),
    "deep": (lambda: package(word__document_xml="<a>" * 5000 + "</a>" * 5000), "it is nested too deep"),
    "half": (lambda: docx("x" * 5000)[:300], "it is damaged"),
    "half a PDF": (lambda: pdf("x")[:200], "it is damaged"),
    "bytes": (lambda: bytes(range(256)) * 10, "it holds no text"),
    "old Office": (lambda: b"\xd0\xcf\x11\xe0" + bytes(500), "it is of an old kind of Office, which is not read here"),
    "archive": (lambda: package(a_xml="x"), "it is no kind of document that is read here"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_has_a_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    content, reason = REFUSED[name]
    assert said(tmp_path / "file", capsys, content()) == ("", {"none": reason})


@pytest.mark.parametrize("name", [*READ, *REFUSED])
def test_only_the_reader_itself_says_what_is_in_a_file_that_it_can_open(name: str) -> None:
    content, mime = READ[name][:2] if name in READ else (REFUSED[name][0], "")
    assert without_text(content(), mime) == (name == "bytes")


def test_a_bomb_is_not_unpacked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "UNPACKED", 1 << 20)
    bomb = package(word__document_xml=f"<w:document {W}>" + " " * (2 << 20) + "</w:document>")
    assert len(bomb) < 10_000
    text, more = said(tmp_path / "file", capsys, bomb)
    assert (text, more) == ("", {"none": "it is larger than 1 MiB when it is unpacked"})


def test_a_long_text_is_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, more = said(tmp_path / "file", capsys, b"words of a text\n" * 100_000, "text/plain")
    assert more == {"cut": True}
    assert reader.MOST - 1000 < len(text) <= reader.MOST + 1


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"class": "pdf"}, True),
        ({"class": "pdf", "encrypted": True}, False),
        ({"class": "image"}, False),
        ({"class": "files", "size": "100"}, True),
        ({"class": "files", "size": "100000000"}, False),
        ({"class": "text", "size": "0"}, False),
        ({"class": "application", "mime": "application/gpx+xml"}, False),
        ({"type": "directory"}, False),
        ({"class": "text", "internal_vfs_id": ""}, False),
    ],
)
def test_what_is_looked_into(fields: dict[str, Any], wanted: bool) -> None:
    assert wants_text({"type": "file", "size": "1000", "internal_vfs_id": "a.b", **fields}) is wanted


def test_what_is_kept_is_read_again() -> None:
    assert read_kept(written(Kept(FRENCH, cut=True))) == Kept(FRENCH, cut=True)
    assert read_kept(written(Kept(None, "x" * 1000, 2, again=True))) == Kept(None, "x" * 200, 2, again=True)
    for broken in (b"", b"\n", b"[]\n", b"{}\nxx", written(Kept(FRENCH))[:-3], b"x" * 600):
        assert read_kept(broken) is None


# Through the front door


class Reading:
    """The texts of a place, and what was told to be found."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.renewed: list[str] = []
        self.texts = Texts(door.place.documents, door.place.blobs, door.looking, self._renew)

    async def _renew(self, tenant: str, doctype: str, ident: str) -> None:
        self.renewed.append(ident)

    async def text(self, ident: str) -> str | None:
        """The text of a file, once all is read that was asked for."""
        node = await self.door.place.files.get(self.door.place.instance, ident)
        await self.texts.text("cozy1", ident, node.fields)
        await self.texts.settle()
        return await self.texts.text("cozy1", ident, node.fields)


@pytest.fixture
async def reading(door: Door) -> AsyncIterator[Reading]:
    made = Reading(door)
    yield made
    await made.texts.stop()


@pytest.mark.slow("starts confined processes")
async def test_bytes_are_read_once_and_their_text_goes_with_them(reading: Reading) -> None:
    door = reading.door
    made = await door.make("?Type=file&Name=a.docx", docx(FRENCH))
    assert FRENCH in (await reading.text(made) or "")
    assert reading.renewed == [made]

    async def nothing() -> Any:
        raise AssertionError("read again")

    door.looking._confine = nothing
    twin = (await door.ask(f"POST /files/{made}/copy", 201)).json()["data"]["id"]
    assert FRENCH in (await reading.text(twin) or "")
    assert reading.renewed == [made, twin]
    await door.ask(f"DELETE /files/{made}", 200)
    assert await door.place.files.sweep("cozy1", LATER) == 0
    await door.ask(f"DELETE /files/trash/{made}", 204)
    assert FRENCH in (await reading.text(twin) or "")
    await door.ask(f"DELETE /files/{twin}", 200)
    await door.ask(f"DELETE /files/trash/{twin}", 204)
    assert await door.place.blobs.list("cozy1", LATER) == []
    assert not list(door.scratch.iterdir())


async def kept_of(reading: Reading, machine: Any, times: int = 1) -> Kept | None:
    """What is kept of a file that this machine has read."""

    async def confine() -> Any:
        return machine

    reading.door.looking._confine = confine
    made = await reading.door.make("?Type=file&Name=a.txt", b"text")
    node = await reading.door.place.files.get(reading.door.place.instance, made)
    for _ in range(times):
        await reading.text(made)
    parts = [part async for part in reading.door.place.blobs.read("cozy1", texts_of(node.blob))]
    return read_kept(b"".join(parts))


async def test_a_busy_machine_is_given_some_tries_and_then_it_is_enough(reading: Reading) -> None:
    machine = Machine(cause=Cause.DEADLINE)
    found = await kept_of(reading, machine, TRIES + 2)
    assert found == Kept(None, "it took longer than 120 s and was ended", TRIES, again=True)
    assert machine.runs == TRIES


async def test_what_the_file_is_to_blame_for_is_tried_once(reading: Reading) -> None:
    machine = Machine(cause=Cause.MEMORY)
    found = await kept_of(reading, machine, 3)
    assert found == Kept(None, "it needed more than the 1024 MiB of memory that it may have", 1)
    assert machine.runs == 1


async def test_what_came_before_the_end_is_kept(reading: Reading) -> None:
    assert await kept_of(reading, Machine(b'"un\\n"', cause=Cause.OUTPUT)) == Kept("un\n", cut=True)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ((b"{", b"[1]", b"3", b'{"none": 3}'), None),
        ((b'"a"', b'{"cut": "x"}', b"\xff"), "a"),
        ((b'"\\ud800"', b'"b"'), "b"),
        (tuple(b'"%s"' % (b"x" * 60_000) for _ in range(100)), "x" * 4_140_000),
        ((), ""),
    ],
)
async def test_what_a_child_says_is_not_believed(reading: Reading, lines: tuple[bytes, ...], text: str | None) -> None:
    found = await kept_of(reading, Machine(*lines))
    assert found is not None
    assert found.text == text


async def test_no_program_is_needed_for_bytes_without_text_nor_for_those_that_are_known_to_have_none(
    reading: Reading,
) -> None:
    door, machine = reading.door, Machine(b'{"none": "it is damaged"}')
    assert await kept_of(reading, machine) == Kept(None, "it is damaged", 1)
    for name, content, runs in (("zeros", b"a\0b" * 9000, 1), ("b.txt", b"text", 1), ("a.csv", b"text", 2)):
        made = await door.make(f"?Type=file&Name={name}", content)
        assert await reading.text(made) is None
        assert machine.runs == runs, name


async def test_the_trash_and_what_is_sealed_are_not_read(reading: Reading) -> None:
    machine = Machine(b'"x"')
    assert await kept_of(reading, machine) == Kept("x")
    sealed = await reading.door.make("?Type=file&Name=b.txt&Encrypted=true", b"sealed")
    assert await reading.text(sealed) is None
    assert machine.runs == 1
