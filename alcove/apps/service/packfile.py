"""Files of a commit in a pack, as git sends them (gitformat-pack), within limits. Whoever made one may be hostile."""

from __future__ import annotations

import asyncio
import hashlib
import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from alcove.apps.errors import CodeRefused, SourceUnreachable
from alcove.apps.service.package import Keeper

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

UNPACKED = 128 << 20
"""Bytes of all objects of a pack at the most: they are held in memory."""
OBJECTS = 50_000
DEEPEST = 50
"""Folders that a file may lie in, one in the other."""
CHAIN = 300
"""Objects that differ one from the other, in a row, at the most: git itself makes 50."""
CHUNK = 64 << 10
COMMIT, TREE, BLOB = 1, 2, 3
_NAMES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob", 4: b"tag"}
_BY_PLACE, _BY_NAME = 6, 7
_FILES = (b"100644", b"100755", b"100664")
_FOLDER = (b"40000", b"040000")


@dataclass(frozen=True, slots=True)
class Blob:
    """An object: what kind it is, and its bytes."""

    kind: int
    content: bytes


@dataclass(frozen=True, slots=True)
class _Delta:
    """An object that says how it differs from another one, which is named by its place or by its id."""

    base: int | str
    change: bytes


class Objects:
    """The objects of a pack by their ids."""

    def __init__(self, content: bytes) -> None:
        """Raises `CodeRefused` for what is no pack, or too much."""
        self._left = UNPACKED
        try:
            self._found = self._resolved(*self._read(content))
        except (IndexError, zlib.error, ValueError) as error:
            raise CodeRefused(f"What the repository sends cannot be unpacked: {str(error)[:100]}") from None

    def files(self, commit: str) -> Iterator[tuple[str, BinaryIO]]:
        """The files of a commit by their paths; links and what lies in other repositories are passed over."""
        waiting, seen = [("", self._tree(commit))], 0
        while waiting:
            above, tree = waiting.pop()
            seen += 1  # one folder may stand in many places: a small pack is then a forest
            if seen > OBJECTS or above.count("/") > DEEPEST:
                raise CodeRefused(f"The folders of an app are more than {OBJECTS}, or lie {DEEPEST} deep")
            for mode, name, ident in self._entries(tree):
                if mode in _FOLDER:
                    waiting.append((f"{above}{name}/", ident))
                elif mode in _FILES:
                    yield f"{above}{name}", cast("BinaryIO", io.BytesIO(self._get(ident, BLOB)))

    def root(self, commit: str, name: str) -> bytes | None:
        """The file of that name in the first folder of a commit."""
        found = (ident for mode, one, ident in self._entries(self._tree(commit)) if mode in _FILES and one == name)
        ident = next(found, None)
        return None if ident is None else self._get(ident, BLOB)

    def _tree(self, commit: str) -> str:
        said = self._get(commit, COMMIT)
        return said.split(b"\n", 1)[0].partition(b"tree ")[2].decode("ascii", "replace")

    def _entries(self, tree: str) -> Iterator[tuple[bytes, str, str]]:
        """The mode, the name and the id of each entry of a folder."""
        content, place = self._get(tree, TREE), 0
        while place < len(content):
            gap, end = content.find(b" ", place), content.find(b"\0", place)
            if not place < gap < end:
                raise CodeRefused("What the repository sends holds a folder that cannot be read")
            yield (
                content[place:gap],
                content[gap + 1 : end].decode("utf-8", "replace"),
                content[end + 1 : end + 21].hex(),
            )
            place = end + 21

    def _get(self, ident: str, kind: int) -> bytes:
        found = self._found.get(ident)
        if found is None or found.kind != kind:
            raise CodeRefused(f"What the repository sends is not whole: the object {ident[:40]} is missing")
        return found.content

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise CodeRefused(f"The files of a repository may have {UNPACKED} bytes at the most")

    def _read(self, content: bytes) -> tuple[dict[int, Blob], dict[int, _Delta]]:
        """The objects by their places: those that are whole, and those that differ from others."""
        count = int.from_bytes(content[8:12], "big")
        if content[:4] != b"PACK" or content[4:8] not in (b"\0\0\0\2", b"\0\0\0\3"):
            raise CodeRefused("What the repository sends is no pack")
        if hashlib.sha1(content[:-20], usedforsecurity=False).digest() != content[-20:]:
            raise CodeRefused("What the repository sends was cut off or changed on its way")
        if count > OBJECTS:
            raise CodeRefused(f"A repository may have {OBJECTS} files and folders at the most")
        whole, deltas, place = dict[int, Blob](), dict[int, _Delta](), 12
        for _ in range(count):
            start, first = place, content[place]
            kind, size, shift, place = first >> 4 & 7, first & 15, 4, place + 1
            while content[place - 1] & 128:
                size |= (content[place] & 127) << shift
                shift, place = shift + 7, place + 1
            base: int | str = ""
            if kind == _BY_PLACE:
                back, place = _backwards(content, place)
                base = start - back
            elif kind == _BY_NAME:
                base, place = content[place : place + 20].hex(), place + 20
            self._take(size)
            body, place = _inflated(content, place, size)
            if kind in _NAMES:
                whole[start] = Blob(kind, body)
            elif base == "":
                raise CodeRefused("What the repository sends holds an object of no known kind")
            else:
                deltas[start] = _Delta(base, body)
        return whole, deltas

    def _resolved(self, whole: dict[int, Blob], deltas: dict[int, _Delta]) -> Mapping[str, Blob]:
        """All objects by their ids; those that differ are made from what they differ from."""
        found = {_ident(blob): blob for blob in whole.values()}
        for _ in range(CHAIN):
            if not deltas:
                break
            ready = {
                place: base
                for place, delta in deltas.items()
                if (base := whole.get(delta.base) if isinstance(delta.base, int) else found.get(delta.base)) is not None
            }
            if not ready:
                raise CodeRefused("What the repository sends is not whole: what objects differ from is missing")
            for place, base in ready.items():
                blob = Blob(base.kind, self._changed(base.content, deltas.pop(place).change))
                whole[place] = found[_ident(blob)] = blob
        if deltas:
            raise CodeRefused(f"What the repository sends differs {CHAIN} times from what differs")
        return found

    def _changed(self, base: bytes, change: bytes) -> bytes:
        """What a delta makes of its base."""
        size, place = _number(change, 0)
        if size != len(base):
            raise ValueError("a delta is for another object")
        size, place = _number(change, place)
        self._take(size)
        parts, made = list[bytes](), 0
        while place < len(change):
            step, place = change[place], place + 1
            if step & 128:
                values = [0, 0]
                for bit in range(7):
                    if step >> bit & 1:
                        values[bit // 4] |= change[place] << 8 * (bit % 4)
                        place += 1
                part = base[values[0] : values[0] + (values[1] or 0x10000)]
            else:
                part, place = change[place : place + step], place + step
            made += len(part)
            if made > size or not part:
                raise ValueError("a delta makes another object than it says")
            parts.append(part)
        if made != size:
            raise ValueError("a delta makes another object than it says")
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Commit:
    """An app as a commit of a repository has it."""

    objects: Objects
    checksum: str
    """The id of the commit."""
    manifest: bytes

    async def write(self, folder: Path) -> str:
        """Writes the files of the commit; raises `CodeRefused`."""
        return await asyncio.to_thread(self._write, folder)

    def _write(self, folder: Path) -> str:
        keeper = Keeper(folder)
        for name, file in self.objects.files(self.checksum):
            keeper.add(name, file)
        return keeper.finish()


def open_pack(content: bytes, commit: str, manifest: str) -> Commit:
    """The commit in a pack, with the manifest at its root; raises `CodeRefused`, `SourceUnreachable`. In a thread."""
    objects = Objects(content)
    found = objects.root(commit, manifest)
    if found is None:
        raise SourceUnreachable(f"the repository has no {manifest} on this branch")
    return Commit(objects, commit, found)


def _ident(blob: Blob) -> str:
    head = b"%s %d\0" % (_NAMES[blob.kind], len(blob.content))
    return hashlib.sha1(head + blob.content, usedforsecurity=False).hexdigest()


def _inflated(content: bytes, place: int, size: int) -> tuple[bytes, int]:
    """The bytes of an object and where the next begins; raises `ValueError` when they are not as many as it says."""
    unpack, parts, made, view = zlib.decompressobj(), list[bytes](), 0, memoryview(content)
    while not unpack.eof:
        chunk = view[place : place + CHUNK]
        if not chunk:
            raise ValueError("an object is cut off")
        part = unpack.decompress(chunk, size - made + 1)
        made += len(part)
        if made > size:
            raise ValueError("an object is larger than it says")
        parts.append(part)
        place += len(chunk) - len(unpack.unused_data) - len(unpack.unconsumed_tail)
    if made != size:
        raise ValueError("an object is smaller than it says")
    return b"".join(parts), place


def _number(content: bytes, place: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        value |= (content[place] & 127) << shift
        shift, place = shift + 7, place + 1
        if not content[place - 1] & 128 or shift > 63:
            return value, place


def _backwards(content: bytes, place: int) -> tuple[int, int]:
    """How far before an object lies what it differs from (an encoding of its own)."""
    value, place = content[place] & 127, place + 1
    while content[place - 1] & 128:
        value, place = (value + 1 << 7) + (content[place] & 127), place + 1
    return value, place
