"""The connector of invoices: PDFs and pictures become files with their facts, and bills that name them."""

from __future__ import annotations

import base64
import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, ClassVar

from alcove_connectors.sdk import (
    BillEntry,
    Connector,
    FileEntry,
    SavedFile,
    StackError,
    save_bills,
    save_files,
    translate,
)

from . import kinds
from .filing import FOLDERS, UNSORTED, bill, file_metadata, file_name, identity, sane, word
from .french import FRENCH
from .model import Facts, Unreadable
from .reader import Reader

if TYPE_CHECKING:
    from alcove_connectors.sdk import Context, Input

translate("fr", FRENCH)

DAMAGED = frozenset({
    "empty", "too_large", "unknown_kind", "broken_pdf", "empty_pdf", "broken_picture", "picture_bomb", "too_slow",
    "too_heavy", "broken", "encrypted",
})  # fmt: skip
"""Codes of files that should have been readable: their outcome is `error`, that of all others `not_understood`."""

SPARE_SECONDS = 15.0
"""Time left before the end of the run below which no further file is begun."""

_TYPES = {
    "pdf": (".pdf", "application/pdf"),
    "jpeg": (".jpg", "image/jpeg"),
    "png": (".png", "image/png"),
    "webp": (".webp", "image/webp"),
    "tiff": (".tiff", "image/tiff"),
    "heic": (".heic", "image/heic"),
    "gif": (".gif", "image/gif"),
    "xml": (".xml", "application/xml"),
    "text": (".txt", "text/plain"),
}


class Invoices(Connector):
    """Takes PDFs, pictures and electronic invoices; see docs/connectors/invoices.md."""

    slug: ClassVar[str] = "invoices"
    version: ClassVar[str] = "1.0.0"

    def __init__(self, reader: Reader | None = None) -> None:
        self._reader = reader or Reader()
        self._folder = ""

    @staticmethod
    def recognise(head: bytes, name: str) -> float:
        """How surely a file is a paper of this connector; see `kinds.recognise`."""
        return kinds.recognise(head, name)

    def run(self, ctx: Context) -> None:
        """Takes the inputs one by one; ends the process that reads them in any case."""
        with self._reader:
            super().run(ctx)

    def take(self, ctx: Context, item: Input) -> None:
        """One file: its facts as a file and a bill, or the file alone with the reason."""
        if ctx.time_left < SPARE_SECONDS:
            ctx.result(item, "error", "The run had no time left for this file; add it again.")
            return
        try:
            facts = self._reader.read(item.path, ctx.time_left - SPARE_SECONDS / 2)
        except Unreadable as problem:
            self._keep(ctx, item, problem)
            return
        self._file_and_bill(ctx, item, facts)

    def _file_and_bill(self, ctx: Context, item: Input, facts: Facts) -> None:
        suffix, mime = _type_of(item)
        entry = FileEntry(
            name=file_name(facts, suffix),
            content=item.path,
            folder=f"{self._base(ctx)}/{sane(facts.issuer)}",
            mime=mime,
            metadata=file_metadata(facts),
            id_attributes=identity(facts, _digest(item)),
        )
        file = save_files(ctx, [entry])[0]
        saved = save_bills(ctx, [BillEntry(bill(facts), file)])
        counts = {"files": int(file.outcome == "new"), "bills": saved.new}
        reason = (
            "" if any(counts.values()) or _same_content(file, item) else f"the same invoice is there as {file.path}"
        )
        ctx.result(item, "new" if any(counts.values()) else "known", reason, counts)

    def _keep(self, ctx: Context, item: Input, problem: Unreadable) -> None:
        """Files what could not be understood under its own name, and says why it was not."""
        outcome = "error" if problem.code in DAMAGED else "not_understood"
        added = 0
        if problem.keep:
            suffix, mime = _type_of(item)
            name = PurePosixPath(sane(PurePosixPath(item.name.replace("\\", "/")).name))
            proper = name if name.suffix else name.with_name(name.name + suffix)
            folder = f"{self._base(ctx)}/{word(UNSORTED, ctx.locale)}"
            attributes = ("paper", _digest(item))
            entry = FileEntry(str(proper), item.path, folder, mime, id_attributes=attributes)
            added = int(save_files(ctx, [entry])[0].outcome == "new")
        ctx.result(item, outcome, problem.sentence, {"files": added, "bills": 0})

    def _base(self, ctx: Context) -> str:
        """The folder of invoices: the account's own, else one below the folder of administrative papers."""
        if not self._folder:
            above = "" if ctx.fields.get("folder_to_save") else _administrative(ctx)
            self._folder = f"{above}/{word(FOLDERS, ctx.locale)}" if above else ctx.folder
        return self._folder


def _administrative(ctx: Context) -> str:
    """The path of the folder that `io.cozy.apps/administrative` refers to, whatever its language; empty without one."""
    path = "/data/io.cozy.apps/io.cozy.apps%2Fadministrative/relationships/references"
    try:
        found = ctx.stack.request("GET", path, query={"include": "files"}).json()
    except StackError:
        return ""
    for resource in [*(found.get("included") or []), *(found.get("data") or [])]:
        there = resource if "attributes" in resource else ctx.stack.file(str(resource.get("id") or ""))
        attributes = there["attributes"] if there else {}
        where = str(attributes.get("path") or "")
        if where and attributes.get("type") == "directory" and not where.startswith("/.cozy_trash"):
            return where
    return ""


def _type_of(item: Input) -> tuple[str, str]:
    """Suffix and MIME type by content; a file of no known kind keeps the suffix of its name."""
    suffix = PurePosixPath(item.name).suffix.lower()
    return _TYPES.get(kinds.kind_of(item.head()), (suffix, "application/octet-stream"))


def _digest(item: Input) -> str:
    with item.path.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _same_content(file: SavedFile, item: Input) -> bool:
    stored = str(file.resource["attributes"].get("md5sum") or "")
    return stored == base64.b64encode(bytes.fromhex(_digest(item))).decode()
