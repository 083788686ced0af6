"""What is written within a turn of the event loop leaves at once, in order, and before the connection closes."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from alcove.server.writing import ROOM, Gathering


class Wire:
    """A transport that remembers what it was asked."""

    def __init__(self) -> None:
        self.said = list[bytes]()

    def write(self, data: bytes) -> None:
        self.said.append(data)

    def close(self) -> None:
        self.said.append(b"closed")

    def is_closing(self) -> bool:
        return self.said[-1:] == [b"closed"]


def gathering(wire: Wire) -> Gathering:
    return Gathering(cast("Any", wire), asyncio.get_running_loop())


async def test_head_and_body_are_one_write() -> None:
    wire = Wire()
    door = gathering(wire)
    door.write(b"head ")
    door.write(b"body")
    assert wire.said == []
    await asyncio.sleep(0)
    door.write(b"next")
    await asyncio.sleep(0)
    assert wire.said == [b"head body", b"next"]


async def test_much_does_not_wait() -> None:
    wire = Wire()
    door = gathering(wire)
    door.write(b"head ")
    door.write(b"x" * ROOM)
    assert [len(part) for part in wire.said] == [ROOM + 5]
    await asyncio.sleep(0)
    assert len(wire.said) == 1


async def test_nothing_is_lost_by_closing_and_nothing_comes_after() -> None:
    wire = Wire()
    door = gathering(wire)
    door.write(b"last")
    door.close()
    door.write(b"late")
    await asyncio.sleep(0)
    assert wire.said == [b"last", b"closed"]
    assert door.is_closing()
