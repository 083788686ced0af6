"""From bytes to text: the bank's own declaration is believed only when the bytes agree."""

from __future__ import annotations

import codecs
import re

from .errors import Compressed, EmptyFile, Encrypted, Misencoded, NotStatement, TooLarge
from .model import MAX_BYTES

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FOREIGN: tuple[tuple[bytes, type[Exception], str], ...] = (
    (b"PK\x03\x04", Compressed, "This is a ZIP archive or an office document: unpack it, or export it as CSV."),
    (b"PK\x05\x06", Compressed, "This is an empty ZIP archive."),
    (b"\x1f\x8b", Compressed, "This file is compressed with gzip: unpack it first."),
    (b"BZh", Compressed, "This file is compressed with bzip2: unpack it first."),
    (b"\xfd7zXZ", Compressed, "This file is compressed with xz: unpack it first."),
    (b"7z\xbc\xaf", Compressed, "This is a 7-Zip archive: unpack it first."),
    (b"Rar!", Compressed, "This is a RAR archive: unpack it first."),
    (b"\xd0\xcf\x11\xe0", NotStatement, "This is an old Excel or Word file: export it as CSV."),
    (b"%PDF", NotStatement, "This is a PDF, not a bank export: ask the bank's site for OFX or CSV."),
    (b"-----BEGIN PGP", Encrypted, "This file is encrypted with PGP: decrypt it first."),
    (b"age-encryption.org", Encrypted, "This file is encrypted with age: decrypt it first."),
    (b"Salted__", Encrypted, "This file is encrypted with a password: decrypt it first."),
    (b"\x89PNG", NotStatement, "This is a picture, not a bank export."),
    (b"\xff\xd8\xff", NotStatement, "This is a picture, not a bank export."),
)
# C0 controls that no text holds (tab, line ends, page break and the DOS end mark are left alone), NUL among them.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x19\x1b-\x1f\x7f-\x84\x86-\x9f\ufffd]")
_MOJIBAKE = re.compile("[ÂÃ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")


def check_bytes(data: bytes) -> None:
    """Refuse what is not text at all; raises the ``StatementError`` that names what it is."""
    if len(data) > MAX_BYTES:
        raise TooLarge(f"The file is larger than {MAX_BYTES // 1024 // 1024} MiB: export a shorter period.")
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise EmptyFile("The file is empty.")
    for magic, error, sentence in _FOREIGN:
        if data.startswith(magic):
            raise error(sentence)


def decode(data: bytes, declared: str = "") -> str:
    """The text of a file: byte-order mark, else UTF-8 if the bytes are, else ``declared``, else Windows-1252.

    Bytes above 127 that happen to be valid UTF-8 are UTF-8: headers that promise Windows-1252 are often wrong,
    the opposite accident practically never happens. Raises ``Misencoded`` for bytes that are no text.
    """
    check_bytes(data)
    text = mend(_decoded(data, declared))
    found = _CONTROLS.search(text)
    if found:
        raise Misencoded(
            f"The text is damaged or in an unknown encoding (character {found.start() + 1} cannot be text): "
            "export the file again."
        )
    return text


def _decoded(data: bytes, declared: str) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _strict(data, name)
    if data[:200].count(0) > len(data[:200]) // 4:
        return _strict(data, "utf-16-le" if data[1:2] == b"\x00" else "utf-16-be")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _strict(data, _codec(declared) or "cp1252")


def _codec(declared: str) -> str:
    # OFX 1 writes "1252" and "ISO-8859-1"; UTF-8 and ASCII have just been seen not to hold.
    name = f"cp{declared}" if declared.isdigit() else declared
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    known = found.startswith(("cp12", "cp85", "iso8859", "mac-", "utf-16", "koi8")) or found == "cp437"
    # A declared Latin 1 that holds 0x80 (the euro sign) is Windows-1252, its superset.
    return "" if found == "iso8859-1" or not known else found


def _strict(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        raise Misencoded(
            f"Byte {error.start + 1} does not fit the encoding of this file ({name}): export the file again."
        ) from None


def mend(text: str) -> str:
    """Undo one wrong conversion (``dÃ©cembre``) when the whole text can be turned back without loss."""
    if not _MOJIBAKE.search(text):
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text
