"""Reads the text in one file: a program of its own, run in a confined process by `each`, never imported by the server.

It knows nothing of the server, sees one file, and what it writes is taken for what anybody may have written. It writes
JSON lines: strings, one after the other the text; then `{"cut": true}` where the rest was left out; or one object with
the reason why there is none. What a file is, it sees from its bytes; what its name says only helps.
"""

from __future__ import annotations

import email
import email.policy
import io
import json
import re
import sys
import zipfile
from contextlib import suppress
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from xml.sax.handler import ContentHandler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

MOST = 1_000_000
"""Characters of a text at the most: a novel of six hundred pages. The rest is left out."""
PLAIN = 8 << 20
"""Bytes of plain text, HTML and mail that are looked at."""
ENTRIES, UNPACKED = 20_000, 128 << 20
"""Entries of an archive, and bytes that are unpacked of all of them."""
PAGES, MAILS, PARTS = 5000, 2000, 200
"""Pages of a PDF, mails of a mailbox, parts of a mail."""
DEPTH = 4
"""How deep mails lie in mails."""
NESTED = 2000
"""How deep XML may be."""
BEFORE_PDF = b"\xef\xbb\xbf\r\n\t \0"

_LINE = 4000
_NO_TEXT = re.compile(r"(?m)^[ \t]?[A-Za-z0-9+/=]{60,}\r?$")
"""What only programs read: pictures in contacts, keys, signatures."""
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
_UNSEEN = re.compile("[\0-\x08\x0e-\x1f\x7f\ufeff\u00ad\ud800-\udfff]")
_PACKED = re.compile("officedocument|opendocument|epub")
_CHARSET = re.compile(rb"""(?i)<meta[^>]{0,200}charset=["']?([a-z0-9_-]{2,20})""")

_FAR = "shift_jis euc_jp gb18030 big5 euc_kr"
CHARSETS = f"cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 koi8_r iso8859_2 {_FAR}".split()
"""Those that people's files are in, beside Unicode's."""


class Unreadable(Exception):
    """Why there is no text in a file, in words."""


class Enough(Exception):
    """There is as much text as is kept."""


class Text:
    """The text as it comes, cleaned and written in lines; raises `Enough` when it is long."""

    def __init__(self, most: int = MOST) -> None:
        self.left = most

    def add(self, part: str) -> None:
        """The next part of the text; a line ends after it."""
        part = _UNSEEN.sub("", part.replace("\ufffe\r\n", "").replace("\ufffe\n", "").replace("\ufffe", ""))
        part = _LINES.sub("\n", _BLANKS.sub(" ", _NO_TEXT.sub("", part))).strip()
        for start in range(0, len(part), _LINE):
            piece = part[start : start + _LINE][: self.left]
            print(json.dumps(piece + ("\n" if start + _LINE >= len(part) else "")))
            self.left -= len(piece) + 1
            if self.left <= 0:
                raise Enough


def prepare(mimes: Sequence[str]) -> None:
    """Loads what several files of these media types need, before each is read in a process of its own."""
    if mimes.count("application/pdf") > 1:
        import pypdfium2  # noqa: F401 - kept for those who come
    if sum(bool(_PACKED.search(mime)) for mime in mimes) > 1:
        import defusedxml.sax  # noqa: F401 - the same


def main(path: str, mime: str) -> None:
    """Writes the text of a file, or why there is none. Raises `MemoryError`."""
    text = Text()
    try:
        with open(path, "rb") as file:
            read(file.read(), mime, text)
    except Enough:
        print(json.dumps({"cut": True}))
    except MemoryError:
        raise  # the parent knows how much there was
    except Unreadable as error:
        print(json.dumps({"none": str(error)}))
    except Exception as error:  # readers raise whatever they like over broken bytes
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        # What came before the damage is worth finding.
        print(json.dumps({"none": "it is damaged"} if text.left == MOST else {"cut": True}))


def read(data: bytes, mime: str, text: Text, depth: int = 0) -> None:
    """Adds the text of a file of these bytes. Raises `Unreadable`, `Enough`."""
    head = data[:1024]
    if head.lstrip(BEFORE_PDF).startswith(b"%PDF-"):
        read_pdf(data, text)
    elif head.startswith(b"PK\x03\x04"):
        read_package(data, text)
    elif head.startswith(b"{\\rtf"):
        read_rtf(data, text)
    elif head.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("it is of an old kind of Office, which is not read here")
    elif mime == "message/rfc822":
        read_mail(data[:PLAIN], text, depth)
    elif mime == "application/mbox" or re.match(rb"From \S+ .*\d{4}\r?\n[\w-]+:", head):
        read_mailbox(data[:PLAIN], text)
    elif mime in ("text/html", "application/xhtml+xml") or re.match(rb"(?i)\s*(<!doctype html|<html)", head):
        read_html(data[:PLAIN], text)
    else:
        text.add(decoded(data[:PLAIN]))


def read_pdf(data: bytes, text: Text) -> None:
    """The title of a PDF, and the text of its pages."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        words = "it is protected by a password" if "password" in str(error).lower() else "it is damaged"
        raise Unreadable(words) from None
    text.add(document.get_metadata_value("Title"))
    for number in range(min(len(document), PAGES)):
        with suppress(pypdfium2.PdfiumError):  # one page that is damaged
            page = document[number]
            text.add(page.get_textpage().get_text_bounded())
            page.close()


# -- archives of XML: Office, OpenDocument, books


class Package:
    """A ZIP of which only so much is unpacked."""

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError):
            raise Unreadable("it is damaged") from None
        self.names = [info.filename for info in self._zip.infolist()[:ENTRIES]]
        self._left = UNPACKED

    def of(self, pattern: str) -> list[str]:
        """The names that match, in the order people count in."""
        found = [name for name in self.names if re.fullmatch(pattern, name)]
        return sorted(found, key=lambda name: [int(part) if part.isdigit() else 0 for part in re.findall(r"\d+", name)])

    def open(self, name: str) -> io.BytesIO:
        """The bytes of an entry. Raises `Unreadable` when too much was unpacked, or it cannot be."""
        try:
            with self._zip.open(name) as entry:
                content = entry.read(self._left + 1)
        except RuntimeError:
            raise Unreadable("it is protected by a password") from None
        self._left -= len(content)
        if self._left < 0:
            raise Unreadable(f"it is larger than {UNPACKED >> 20} MiB when it is unpacked")
        return io.BytesIO(content)


def read_package(data: bytes, text: Text) -> None:
    """A document of Office or OpenDocument, or a book."""
    package = Package(data)
    names = set(package.names)
    if "word/document.xml" in names:
        _properties(package, text)
        parts = r"word/(document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml"
        _gather(package, package.of(parts), text, {"t"}, {"p", "tab", "br"})
    elif "xl/workbook.xml" in names:
        _properties(package, text)
        _gather(package, ["xl/workbook.xml"], text, set(), set(), {"sheet": "name"})
        _gather(package, package.of(r"xl/sharedStrings\.xml"), text, {"t"}, {"si"})
        for sheet in package.of(r"xl/worksheets/sheet\d+\.xml"):
            _parse(package.open(sheet), Cells(text))
    elif "ppt/presentation.xml" in names:
        _properties(package, text)
        slides = package.of(r"ppt/(slides/slide|notesSlides/notesSlide)\d+\.xml")
        _gather(package, slides, text, {"t"}, {"p", "br"})
    elif "content.xml" in names and "mimetype" in names:
        _gather(package, package.of(r"meta\.xml"), text, {"title", "subject", "description", "keyword"}, {"title"})
        inside = {"p", "h"}
        _gather(package, ["content.xml"], text, inside, {"p", "h", "tab", "line-break", "s"}, {}, {"tracked-changes"})
    elif "META-INF/container.xml" in names:
        for chapter in package.of(r"(?i).*\.x?html?"):
            read_html(package.open(chapter).getvalue(), text)
    else:
        raise Unreadable("it is no kind of document that is read here")


def _properties(package: Package, text: Text) -> None:
    wanted = {"title", "subject", "description", "keywords"}
    _gather(package, package.of(r"docProps/core\.xml"), text, wanted, wanted)


class Gatherer(ContentHandler):
    """Takes the text inside of some elements; others end a line, and some are passed over."""

    def __init__(
        self, text: Text, inside: set[str], breaks: set[str], told: dict[str, str], skipped: Iterable[str]
    ) -> None:
        super().__init__()
        self._text, self._inside, self._breaks, self._told = text, inside, breaks, told
        self._skipped = set(skipped)
        self._parts: list[str] = []
        self._wanted = self._skipping = self._depth = 0

    def startElement(self, name: str, attrs: Any) -> None:
        """An element begins."""
        name = name.rpartition(":")[2]
        self._depth += 1
        if self._depth > NESTED:
            raise Unreadable("it is nested too deep")
        self._wanted += name in self._inside
        self._skipping += name in self._skipped
        if name in self._told:
            self._parts.append(attrs.get(self._told[name], "") + "\n")

    def endElement(self, name: str) -> None:
        """An element ends."""
        name = name.rpartition(":")[2]
        self._depth -= 1
        self._wanted -= name in self._inside
        self._skipping -= name in self._skipped
        if name in self._breaks and self._parts:
            self._parts.append("\n" if name in ("p", "h", "si") else " ")
        if len(self._parts) > 1000 or not self._depth:
            self.flush()

    def characters(self, content: str) -> None:
        """Text."""
        if self._wanted and not self._skipping:
            self._parts.append(content)

    def flush(self) -> None:
        """Gives what was gathered."""
        gathered, self._parts = "".join(self._parts), []
        self._text.add(gathered)


class Cells(ContentHandler):
    """The numbers and texts that stand in the cells of a sheet themselves; amounts with their cents."""

    def __init__(self, text: Text) -> None:
        super().__init__()
        self._text = text
        self._row: list[str] = []
        self._kind = self._here = ""
        self._within = False

    def startElement(self, name: str, attrs: Any) -> None:
        """A cell, or what it holds, begins."""
        name = name.rpartition(":")[2]
        if name == "c":
            self._kind = attrs.get("t", "n")
        self._within = name in ("v", "t")
        self._here = ""

    def endElement(self, name: str) -> None:
        """A cell, or a row, ends."""
        name = name.rpartition(":")[2]
        if name in ("v", "t") and self._here and self._kind not in ("s", "b", "e"):
            self._row.append(_number(self._here) if self._kind == "n" else self._here)
        elif name == "row" and self._row:
            self._text.add(" ".join(self._row))
            self._row = []
        self._within = False

    def characters(self, content: str) -> None:
        """Text."""
        if self._within:
            self._here += content


def _number(written: str) -> str:
    with suppress(ValueError):
        value = float(written)
        if value != int(value) and abs(value) < 10**12:
            return f"{value:.2f}"
    return written


def _gather(
    package: Package,
    names: Iterable[str],
    text: Text,
    inside: set[str],
    breaks: set[str],
    told: dict[str, str] | None = None,
    skipped: Iterable[str] = (),
) -> None:
    for name in names:
        _parse(package.open(name), Gatherer(text, inside, breaks, told or {}, skipped))


def _parse(source: io.BytesIO, handler: ContentHandler) -> None:
    """XML without entities, without a DTD, and without anything that lies elsewhere."""
    from defusedxml import DefusedXmlException, sax

    try:
        sax.parse(source, handler, forbid_dtd=True)
    except DefusedXmlException:
        raise Unreadable("its XML wants what is not given here") from None


# -- text, HTML, mail


def read_rtf(data: bytes, text: Text) -> None:
    """A text with formats in between."""
    from striprtf.striprtf import rtf_to_text

    convert: Callable[..., str] = rtf_to_text
    text.add(convert(data[:PLAIN].decode("latin-1"), errors="ignore"))


class Page(HTMLParser):
    """The text of a page of HTML, without what is no text for people."""

    HIDDEN = frozenset(("script", "style", "template", "noscript", "svg"))
    INLINE = frozenset("a abbr b bdi bdo cite code em font i kbd mark q s small span strong sub sup u var wbr".split())

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """An element begins."""
        if not self._hidden and tag in self.HIDDEN:
            self._hidden = tag
        if tag not in self.INLINE:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        if tag == self._hidden:
            self._hidden = ""
        if tag not in self.INLINE:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._hidden:
            self.parts.append(data)


def read_html(data: bytes, text: Text) -> None:
    """A page of HTML."""
    said = _CHARSET.search(data[:4096])
    page = Page()
    page.feed(decoded(data, said[1].decode() if said else ""))
    page.close()
    text.add("".join(page.parts))


def read_mailbox(data: bytes, text: Text) -> None:
    """Mails, one after the other."""
    for mail in re.split(rb"(?m)^From [^\n]*\n", data, maxsplit=MAILS)[1:]:
        read_mail(mail, text, 0)


def read_mail(data: bytes, text: Text, depth: int) -> None:
    """Who wrote whom about what and when, what it says, and the text of what is attached."""
    mail = email.message_from_bytes(data, policy=email.policy.default)
    for name in ("Subject", "From", "To", "Cc", "Date"):
        with suppress(Exception):  # a header that no rule covers
            text.add(str(mail.get(name, "")))
    for number, part in enumerate(_leaves(mail)):
        if number >= PARTS:
            return
        with suppress(Unreadable):
            _read_part(part, text, depth)


def _leaves(mail: Any) -> Iterator[Any]:
    """The parts that hold something; of the same text in several forms the plain one."""
    if not mail.is_multipart() or mail.get_content_type() == "message/rfc822":
        yield mail
        return
    parts = [part for part in mail.get_payload() if not isinstance(part, str)]
    if mail.get_content_type() == "multipart/alternative":
        plain = [part for part in parts if part.get_content_type() == "text/plain"]
        parts = plain or parts[-1:]
    for part in parts:
        yield from _leaves(part)


def _read_part(part: Any, text: Text, depth: int) -> None:
    mime = part.get_content_type()
    with suppress(Exception):
        text.add(part.get_filename() or "")
    if mime == "message/rfc822":
        if depth < DEPTH and isinstance(part.get_payload(), list):
            read_mail(part.get_payload(0).as_bytes(), text, depth + 1)
        return
    data = part.get_payload(decode=True) or b""
    if mime == "text/plain":
        text.add(decoded(data, part.get_content_charset() or ""))
    elif mime.partition("/")[0] not in ("image", "audio", "video", "multipart"):
        read(data, mime, text, depth + 1)


def decoded(data: bytes, said: str = "") -> str:
    """Bytes as a text, in the charset that is said or that they seem to be in. Raises `Unreadable` for no text."""
    for mark, name in ((b"\xff\xfe\0\0", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(name, "replace")
    if data[:8192].count(0) > 0:
        raise Unreadable("it holds no text")
    for name in ("utf-8", said):
        with suppress(LookupError, UnicodeDecodeError, ValueError):
            if name:
                return data.decode(name)
    whole = data[: data.rfind(b"\n") + 1] or data  # it may have been cut within a letter
    with suppress(UnicodeDecodeError):
        return whole.decode("utf-8")
    return data.decode(_charset(data[: 64 << 10]), "replace")


def _charset(data: bytes) -> str:
    """The charset that a text seems to be in; that of old Windows programs where nothing speaks against it."""
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=CHARSETS).best()
    european = data.decode("cp1252", "replace")
    accents = sum(char in "éèêàâçùûîïôöüäßñóíáúÉÈÀÇÖÜÄ€°«»’" for char in european)
    high = sum(byte > 127 for byte in data)
    # In the languages of that charset most letters have no accent.
    if best is None or (accents * 2 > high and high * 3 < len(data)):
        return "cp1252"
    return best.encoding
