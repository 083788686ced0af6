"""Which connector takes which file: archives are opened, then every connector is asked, by content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alcove_connectors.sdk.context import HEAD, Input
from alcove_connectors.sorter.archives import DEPTH, ZIP_START, Archive, Budget, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Recognise = Callable[[bytes, str], float]

SURE = 0.3
"""How sure the surest connector must be to get a file."""

KINDS = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive: unpack it, or pack it as ZIP"),
    (b"7z\xbc\xaf", "a 7-Zip archive: unpack it, or pack it as ZIP"),
    (b"Rar!", "a RAR archive: unpack it, or pack it as ZIP"),
    (b"PK", "a document in ZIP form"),
    (b"<", "a text with markup"),
    (b"{", "a JSON text"),
)


@dataclass(frozen=True, slots=True)
class Sorted:
    """One file of the plan: who takes it, or (`connector` empty) what is said of it instead."""

    id: str
    name: str
    connector: str = ""
    sure: float = 0.0
    outcome: str = ""
    reason: str = ""

    def line(self) -> dict[str, Any]:
        """The line that the server reads."""
        if self.connector:
            return {"type": "sorted", "id": self.id, "name": self.name, "connector": self.connector, "sure": self.sure}
        return {"type": "refused", "id": self.id, "name": self.name, "outcome": self.outcome, "reason": self.reason}


class Sorter:
    """Sorts the inputs of one gathering; what comes out of archives is put into `folder`."""

    def __init__(self, recognisers: Mapping[str, Recognise], folder: Path) -> None:
        self._recognisers = recognisers
        self._folder = folder

    def sort(self, item: Input) -> Iterator[Sorted]:
        """What the input is, or what its entries are."""
        yield from self._sort(item, 0, Budget())

    def _sort(self, item: Input, depth: int, budget: Budget) -> Iterator[Sorted]:
        if item.size == 0:
            yield Sorted(item.id, item.name, outcome="not_understood", reason="The file is empty.")
            return
        head = item.head(HEAD)
        if head.startswith(ZIP_START):
            yield from self._archive(item, depth, budget)
        else:
            yield self._whole(item, head)

    def _whole(self, item: Input, head: bytes) -> Sorted:
        """Who takes it as it is."""
        slug, sure = self._surest(head, item.name)
        if sure >= SURE:
            return Sorted(item.id, item.name, slug, round(sure, 3))
        return Sorted(item.id, item.name, outcome="not_understood", reason=unknown(head))

    def _surest(self, head: bytes, name: str) -> tuple[str, float]:
        best = ("", 0.0)
        for slug, recognise in self._recognisers.items():
            sure = _asked(recognise, head, name)
            if sure > best[1]:
                best = (slug, sure)
        return best

    def _archive(self, item: Input, depth: int, budget: Budget) -> Iterator[Sorted]:
        """What comes out of an archive. Its connectors are those of its entries, whose bytes may lie open in it; only a
        document in ZIP form is taken as it is.
        """
        if depth >= DEPTH:
            reason = f"Archives within archives are opened {DEPTH} deep, not deeper."
            yield Sorted(item.id, item.name, outcome="error", reason=reason)
            return
        found = False
        try:
            with Archive(item.path) as archive:
                if archive.is_document:
                    yield self._whole(item, item.head(HEAD))
                    return
                for member in archive.members(self._folder, item.id, budget):
                    found = True
                    name = f"{item.name}/{member.name}"
                    if member.reason:
                        yield Sorted(member.path.name, name, outcome="error", reason=member.reason)
                        continue
                    inner = Input(member.path.name, name, member.path)
                    yield from self._sort(inner, depth + 1, budget)
        except Refused as refused:
            yield Sorted(item.id, item.name, outcome="error", reason=str(refused))
            return
        if not found:
            yield Sorted(item.id, item.name, outcome="not_understood", reason="The archive holds no files.")


def _asked(recognise: Recognise, head: bytes, name: str) -> float:
    """How sure a connector is. One that fails on a file does not take it."""
    try:
        return min(1.0, max(0.0, float(recognise(head, name))))
    except Exception:
        return 0.0


def unknown(head: bytes) -> str:
    """Why nobody takes a file that begins like this."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for beginning, kind in KINDS:
        if start.startswith(beginning):
            return f"No connector knows what to do with it: it is {kind}."
    kind = "a text" if b"\0" not in head else "of a kind that is not known"
    return f"No connector knows what to do with it: it is {kind}."
