"""ZIP files opened with limits: on entries, on sizes, on how much they swell, on archives within archives."""

from __future__ import annotations

import errno
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTRIES = 10_000
TOTAL = 4 << 30
SINGLE = 2 << 30
RATIO = 200
"""How many times its packed size an entry may have, beyond the first `HARMLESS` bytes."""
HARMLESS = 16 << 20
DEPTH = 3
CHUNK = 1 << 20

ZIP_START = (b"PK\x03\x04", b"PK\x05\x06")

DOCUMENT_ENTRIES = {"[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF", "AndroidManifest.xml"}
"""Entries that tell a document or a program in ZIP form from an archive."""

JUNK = (".ds_store", "thumbs.db", "desktop.ini")


class Refused(Exception):
    """An archive, or one of its entries, that is not opened; the text says why."""


@dataclass(slots=True)
class Budget:
    """What may still come out of one file that was given, and of the archives within it."""

    entries: int = ENTRIES
    total: int = TOTAL


@dataclass(frozen=True, slots=True)
class Member:
    """One entry: where it was put, or the reason why it was not (then nothing is there)."""

    name: str
    path: Path
    reason: str = ""


@dataclass(slots=True)
class Archive:
    """An open archive. Raises `Refused` when it is damaged or no archive of files."""

    path: Path
    _zip: zipfile.ZipFile = field(init=False)

    def __post_init__(self) -> None:
        try:
            self._zip = zipfile.ZipFile(self.path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            raise Refused("The archive is damaged or was cut off.") from None

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @property
    def is_document(self) -> bool:
        """Whether it is a document in ZIP form (a spreadsheet, a text) rather than a folder of files."""
        return not DOCUMENT_ENTRIES.isdisjoint(self._zip.NameToInfo)

    def members(self, folder: Path, stem: str, budget: Budget) -> Iterator[Member]:
        """Unpacks one entry after the other to `folder/stem.N`.

        Raises `Refused` at once when it holds more than the budget allows.
        """
        entries = [
            (number, info, name)
            for number, info in enumerate(self._zip.infolist())
            if not info.is_dir() and (name := clean_path(info.filename)) and not is_junk(name)
        ]
        if len(entries) > budget.entries:
            raise Refused(f"The archive holds more than {ENTRIES} files: pack fewer of them together.")
        budget.entries -= len(entries)
        for number, info, name in entries:
            target = folder / f"{stem}.{number}"
            try:
                self._unpack(info, target, budget)
            except Refused as refused:
                target.unlink(missing_ok=True)
                yield Member(name, target, str(refused))
            else:
                yield Member(name, target)

    def _unpack(self, info: zipfile.ZipInfo, target: Path, budget: Budget) -> None:
        if info.flag_bits & 0x1:
            raise Refused("The file is encrypted in its archive: unpack it with its password first.")
        allowed = min(SINGLE, budget.total, HARMLESS + RATIO * info.compress_size)
        size = 0
        target.unlink(missing_ok=True)  # a sorter that died may have left it
        try:
            with self._zip.open(info) as packed, target.open("xb") as unpacked:
                while chunk := packed.read(CHUNK):
                    size += len(chunk)
                    if size > allowed:
                        raise Refused(_too_much(size, budget))
                    unpacked.write(chunk)
        except NotImplementedError:
            raise Refused("The file is packed in a way that cannot be opened: pack it as a plain ZIP.") from None
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise Refused(
                "The disk of the server is full." if full else "The file is damaged in its archive."
            ) from None
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError):
            raise Refused("The file is damaged in its archive.") from None
        budget.total -= size


def _too_much(size: int, budget: Budget) -> str:
    if size > budget.total:
        return f"The archive holds more than {TOTAL >> 30} GiB."
    if size > SINGLE:
        return f"The file is larger than {SINGLE >> 30} GiB."
    return "The file swells as only an archive made to do harm does."


def clean_path(name: str) -> str:
    """A relative path without steps upwards, control characters or drive letters; empty when nothing is left.

    >>> clean_path("/a/../../b\\\\c.pdf")
    'a/b/c.pdf'
    """
    plain = "".join(sign for sign in name.replace("\\", "/") if sign.isprintable())[-500:]
    parts = [part for part in plain.split("/") if part not in ("", ".", "..")]
    return "/".join(part for part in parts if not (len(part) == 2 and part[1] == ":"))


def is_junk(name: str) -> bool:
    """Whether it is what a system leaves in its archives, that nobody asked to keep."""
    path = PurePosixPath(name)
    return "__MACOSX" in path.parts or path.name.lower() in JUNK or path.name.startswith("._")
