"""The best way to give each bill at most one payment and each operation at most one bill, all together."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Row = tuple[tuple[int, float], ...]
"""What a bill may take: (operation, gain) pairs."""


def assign(rows: Sequence[Row], nothing: float = 0.0) -> list[int]:
    """The operation of each row, or -1: of all exclusive choices the one with the highest sum of gains.

    A row that takes none gains `nothing`. Successive shortest augmenting paths (the sparse form of the Hungarian
    method): each row is put in by the cheapest chain of changes, found by Dijkstra on reduced costs. Ties go to the
    lower row and column, so the answer depends on the order of rows and columns alone.

    >>> assign([((0, 5.0), (1, 4.0)), ((0, 4.5),)])
    [1, 0]
    """
    taken: dict[int, int] = {}
    chosen = [-1] * len(rows)
    row_price = [max((gain for _, gain in row), default=nothing) for row in rows]
    row_price = [max(highest, nothing) for highest in row_price]
    price: dict[int, float] = {}
    for start in range(len(rows)):
        _augment(start, rows, nothing, taken, chosen, row_price, price)
    return chosen


def _augment(
    start: int,
    rows: Sequence[Row],
    nothing: float,
    taken: dict[int, int],
    chosen: list[int],
    row_price: list[float],
    price: dict[int, float],
) -> None:
    """Puts one row in. Each row's way to stay empty is a column of its own, numbered below zero."""
    reach: dict[int, float] = {start: 0.0}
    came: dict[int, int] = {}
    best: dict[int, float] = {}
    done: dict[int, float] = {}
    heap: list[tuple[float, int]] = []
    row, so_far = start, 0.0
    while True:
        for column, gain in (*rows[row], (-1 - row, nothing)):
            cost = so_far + max(0.0, row_price[row] - gain + price.get(column, 0.0))
            if column not in done and cost < best.get(column, float("inf")):
                best[column] = cost
                came[column] = row
                heappush(heap, (cost, column))
        cost, column = heappop(heap)
        while column in done:
            cost, column = heappop(heap)
        done[column] = cost
        holder = taken.get(column)
        if holder is None:
            break
        row, so_far = holder, cost
        reach[row] = cost
    for one, at in reach.items():
        row_price[one] -= cost - at
    for one, at in done.items():
        price[one] = price.get(one, 0.0) + cost - at
    _flip(column, start, came, taken, chosen)


def _flip(column: int, start: int, came: Mapping[int, int], taken: dict[int, int], chosen: list[int]) -> None:
    """Follows the chain back to the new row. Only that row can end a chain that left a row's own empty column."""
    while True:
        row = came[column]
        left = chosen[row]
        chosen[row] = column if column >= 0 else -1
        taken[column] = row
        if row == start:
            return
        column = left
