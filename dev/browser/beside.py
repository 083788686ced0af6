"""Servers beside the browser: they run on a thread of their own, for tests without an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager

T = TypeVar("T")


@contextlib.contextmanager
def beside(manager: AbstractAsyncContextManager[T]) -> Iterator[tuple[T, asyncio.AbstractEventLoop]]:
    """What an asynchronous manager gives, with the loop that it runs on, until the end of the block."""
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    made: list[T] = []

    async def serve() -> None:
        async with manager as one:
            made.append(one)
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield made[0], loop
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
