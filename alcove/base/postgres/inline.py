"""Lets plain code ask a database that has to be awaited: it runs in a greenlet and is put aside while it waits.

What the documents do inside a transaction is plain code, because on SQLite nothing in it ever waits. Here the same
code runs on the event loop and gives the loop back at every question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import greenlet

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


def wait(answer: Awaitable[T]) -> T:
    """What the awaitable gives; only inside of `inline`."""
    parent = greenlet.getcurrent().parent
    if parent is None:
        raise RuntimeError("this waits for a database outside of a transaction")
    given: T = parent.switch(answer)
    return given


async def inline(fn: Callable[[], T]) -> T:
    """Runs `fn` to its end, awaiting whatever it hands to `wait`."""
    inner = greenlet.greenlet(fn)
    inner.gr_context = greenlet.getcurrent().gr_context
    step: Any = inner.switch()
    while not inner.dead:
        try:
            given = await step
        except BaseException as error:  # it belongs to who asked, a cancellation too
            step = inner.throw(error)
        else:
            step = inner.switch(given)
    result: T = step
    return result
