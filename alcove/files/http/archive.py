"""A ZIP packed while it is sent: never whole in memory nor on the disk."""

from __future__ import annotations

import asyncio
import zipfile
from typing import TYPE_CHECKING, cast

from alcove.files.errors import NodeMissing
from alcove.files.model import moment_of
from alcove.files.model.names import next_free

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from typing import IO

    from alcove.files.model import Node
    from alcove.files.service import Files
    from alcove.files.service.links import ArchiveLink
    from alcove.instances import Instance

_PACKED = ("image", "audio", "video", "zip", "pdf")
"""Classes whose bytes are compressed already: doing it again costs time and gains nothing."""


class Sink:
    """Where `zipfile` writes: it cannot go back, so that each part can be sent at once."""

    def __init__(self) -> None:
        self._parts = list[bytes]()

    def write(self, content: bytes) -> int:
        """Takes the next bytes."""
        self._parts.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Nothing to do."""

    def drain(self) -> bytes:
        """All that came since the last time."""
        content = b"".join(self._parts)
        self._parts.clear()
        return content


async def zipped(files: Files, instance: Instance, wanted: ArchiveLink) -> AsyncIterator[bytes]:
    """The bytes of the ZIP. What is gone in the meantime is left out."""
    sink = Sink()
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w", allowZip64=True) as archive:
        async for name, node in _entries(files, instance, wanted):
            # A backslash is a part of a name here, and a separator where the ZIP may be unpacked.
            info = zipfile.ZipInfo(f"{wanted.name}/{name}".replace("\\", "_"), _moment(node))
            if node.is_dir:
                info.filename += "/"
                archive.writestr(info, b"")
                continue
            stored = node.fields.get("class") in _PACKED
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=node.size > zipfile.ZIP64_LIMIT // 2) as entry:
                async for part in files.read(instance, node):
                    await asyncio.to_thread(entry.write, part)
                    yield sink.drain()
    yield sink.drain()


async def _entries(files: Files, instance: Instance, wanted: ArchiveLink) -> AsyncIterator[tuple[str, Node]]:
    taken = set[str]()
    for ident in wanted.ids:
        try:
            top = await files.get(instance, ident)
        except NodeMissing:
            continue
        name = next_free(top.name or wanted.name, taken.__contains__)
        taken.add(name)
        yield name, top
        names = {top.id: name}
        for node in await files.below(instance, top):
            names[node.id] = f"{names[node.dir_id]}/{node.name}"
            yield names[node.id], node


def _moment(node: Node) -> tuple[int, int, int, int, int, int]:
    """The change of a node as ZIP writes it: from 1980 on, to two seconds."""
    changed: datetime | None = moment_of(node.fields.get("updated_at"))
    if changed is None or not 1980 <= changed.year <= 2107:
        return 1980, 1, 1, 0, 0, 0
    return changed.year, changed.month, changed.day, changed.hour, changed.minute, changed.second
