"""A tree of named files out of a data folder alone: without a server, with a damaged database or none at all.

Names come from the documents as far as they can be read, and from the manifest beside them. What neither names is given
too, by what it is: no byte is left behind. Nothing is written into the data folder.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw

from alcove.documents import salvaged
from alcove.files.blobs.local import aside_of, place_of
from alcove.files.manifest import FILE, Named, named_from, read_manifest
from alcove.files.model import FILES, ROOT, VERSIONS, moment_of
from alcove.files.model.texts import made_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOST, UNNAMED, OLD = "lost+found", "unnamed", "versions"
"""Where files go whose directory is unknown, blobs that nothing names, and old versions."""
PIECE = 1 << 20
LONGEST = 255
"""Bytes of a name that file systems take."""


@dataclass(slots=True)
class Rescued:
    """What came of an instance: files written, those that were there from a run before, and what is to be told."""

    key: str
    domain: str = ""
    source: str = ""
    files: int = 0
    skipped: int = 0
    versions: int = 0
    unnamed: int = 0
    bytes: int = 0
    faults: list[dict[str, str]] = field(default_factory=list)

    def fault(self, path: str, reason: str) -> None:
        """Takes note of what could not be given, or is not whole."""
        self.faults.append({"path": path, "reason": reason})


def rescued(
    folder: Path, out: Path, *, versions: bool = False, told: Callable[[str], None] = lambda _: None
) -> Iterator[Rescued]:
    """Writes each instance of a data folder into a folder of its own; what came of each. Raises `OSError`."""
    places = sorted(place for place in (folder / "instances").iterdir() if place.is_dir())
    for place in places:
        yield _Place(place, versions, told).give(out)


class _Place:
    """One instance."""

    def __init__(self, place: Path, versions: bool, told: Callable[[str], None]) -> None:
        self._place = place
        self._blobs = str(place / "blobs")
        self._versions = versions
        self._told = told
        self._done = Rescued(place.name)
        self._taken = set[str]()

    def give(self, out: Path) -> Rescued:
        """Writes everything."""
        named = self._names()
        root = out / (_safe(self._done.domain.replace(":", "_")) if self._done.domain else self._place.name)
        directories = _paths(named)
        known = set[str]()
        for each in sorted(named.values(), key=lambda one: (one.dir, one.name, one.id)):
            known.add(each.blob)
            if each.type == "file":
                self._one(each, root / directories.get(each.dir, LOST) / _safe(each.name or each.id))
            elif each.type == "version" and self._versions:
                self._old(each, named.get(each.of), root, directories)
        self._rest(root, known | {made for blob in known for made in made_from(blob)})
        return self._done

    def _names(self) -> dict[str, Named]:
        """What is known by id. A document that can be read is newer than the manifest, which lags a little."""
        self._done.domain, named = read_manifest(self._place / FILE)
        sources = ["manifest"] if named else []
        documents = self._place / "documents.db"
        if documents.exists():
            try:
                found = {i: named_from(t, i, fields) for t, i, fields in salvaged(documents, (FILES, VERSIONS))}
            except (apsw.Error, OSError) as error:
                self._done.fault(documents.name, f"it cannot be read: {error}")
            else:
                # What the manifest alone names was destroyed a moment ago, or could not be read.
                kept = {i: each for i, each in named.items() if not each.blob or self._there(each.blob)}
                named = kept | found
                sources.insert(0, "documents")
        self._done.source = " and ".join(sources) or "blobs alone"
        return named

    def _there(self, blob: str) -> bool:
        place = place_of(self._blobs, blob)
        return os.path.exists(place) or os.path.exists(aside_of(place))

    def _one(self, each: Named, target: Path) -> bool:
        """Writes a file where it belongs; whether there is something to write."""
        source = place_of(self._blobs, each.blob)
        if not os.path.exists(source) and os.path.exists(aside_of(source)):
            source = aside_of(source)
        target = self._free(target, each)
        shown = str(target)
        try:
            if _same(target, each):
                self._done.skipped += 1
                return True
            digest = _copy(Path(source), target, each.updated)
        except FileNotFoundError:
            self._done.fault(shown, "its bytes are missing")
            return False
        except OSError as error:
            self._done.fault(shown, error.strerror or str(error))
            return False
        if each.sha256 and digest != each.sha256:
            self._done.fault(shown, "its bytes are damaged: what is left of them was written")
        self._done.files += 1
        self._done.bytes += target.stat().st_size
        self._told(shown)
        return True

    def _old(self, each: Named, of: Named | None, root: Path, directories: dict[str, str]) -> None:
        where = directories.get(of.dir, LOST) if of else LOST
        name = of.name if of and of.name else each.of
        stamp = each.updated.replace(":", "-")[:19] or each.id.replace("/", "-")
        self._done.versions += self._one(each, root / OLD / where / _safe(f"{stamp} {name}"))

    def _free(self, target: Path, each: Named) -> Path:
        """A name that nothing else of this run has."""
        if str(target) in self._taken:
            target = target.with_name(_safe(f"{target.stem} ({each.id.replace('/', '-')[:12]}){target.suffix}"))
        self._taken.add(str(target))
        return target

    def _rest(self, root: Path, known: set[str]) -> None:
        """Gives the blobs that nothing names, under their own names and what their content looks like."""
        for corner in sorted(Path(self._blobs).glob("??")):
            for blob in sorted(corner.iterdir()):
                if blob.name in known or len(blob.name) != 32:
                    continue
                target = root / UNNAMED / (blob.name + _suffix(blob))
                try:
                    _copy(blob, target, "")
                except OSError as error:
                    self._done.fault(str(target), error.strerror or str(error))
                    continue
                self._done.unnamed += 1
                self._told(str(target))


def _paths(named: dict[str, Named]) -> dict[str, str]:
    """The path of each directory below the root, by id. One in a circle, or below one that is lost, is lost too."""
    known = {ROOT: ""}
    for each in named.values():
        if each.type != "directory" or each.id in known:
            continue
        chain, here = list[Named](), each
        while here.id not in known and here not in chain:
            chain.append(here)
            if here.dir not in known and here.dir not in named:
                break
            here = named.get(here.dir, here)
        above = known.get(chain[-1].dir, f"{LOST}/{chain[-1].dir[:12]}".rstrip("/"))
        for one in reversed(chain):
            above = known[one.id] = f"{above}/{_safe(one.name or one.id)}".lstrip("/")
    return known


def _safe(name: str) -> str:
    """A name that file systems take, and that leads nowhere else."""
    clean = name.replace("/", "_").replace("\x00", "_")
    if clean in (".", ".."):
        return "_"
    encoded = clean.encode("utf-8", "replace")
    if len(encoded) <= LONGEST:
        return encoded.decode("utf-8")
    stem, dot, suffix = clean.rpartition(".")
    end = f"{dot}{suffix}".encode("utf-8", "replace")[:20] if stem else b""
    return encoded[: LONGEST - len(end)].decode("utf-8", "ignore") + end.decode("utf-8", "ignore")


def _same(target: Path, each: Named) -> bool:
    """Whether an earlier run wrote it: its length and its date are those it should have."""
    moment = moment_of(each.updated)
    try:
        found = target.stat()
    except FileNotFoundError:
        return False
    return moment is not None and found.st_size == each.size and abs(found.st_mtime - moment.timestamp()) < 1


def _copy(source: Path, target: Path, updated: str) -> str:
    """Copies bytes and sets the date; their SHA-256. A file that is there is a whole one. Raises `OSError`."""
    digest = hashlib.sha256()
    with source.open("rb") as read:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{hashlib.blake2s(target.name.encode()).hexdigest()[:16]}.part")
        with draft.open("wb") as write:
            while piece := read.read(PIECE):
                digest.update(piece)
                write.write(piece)
    moment = moment_of(updated)
    seconds = moment.timestamp() if moment else source.stat().st_mtime
    with suppress(OSError, OverflowError):
        os.utime(draft, (seconds, seconds))
    draft.replace(target)
    return digest.hexdigest()


def _suffix(blob: Path) -> str:
    """What a content is usually called at the end; empty when nobody can tell."""
    import puremagic  # it knows hundreds of formats, which only a rescue needs

    try:
        with blob.open("rb") as file:
            found: Any = puremagic.from_string(file.read(4096))
    except (puremagic.PureError, ValueError, OSError):
        return ""
    return str(found) if str(found).startswith(".") else ""
