"""Operations and bills ordered so that those near an amount and a day are found without looking at the others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from alcove.money.linking.evidence import band, window
from alcove.money.linking.labels import is_cash, vendor_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alcove.money.model import Bill, Operation

_SPAN = 5
"""Operations are kept by blocks of 2 ** _SPAN days: a window of a month touches two or three."""


class Book:
    """The operations of a person, by blocks of days and, inside, by amount. Their order of arrival does not matter.

    Cash drawn from a machine is left out: it pays no bill.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        blocks: dict[int, list[Operation]] = {}
        for operation in operations:
            if is_cash(operation.label):
                continue
            blocks.setdefault(operation.day >> _SPAN, []).append(operation)
        self._blocks: dict[int, tuple[list[int], list[Operation]]] = {}
        for number, found in blocks.items():
            found.sort(key=_place)
            self._blocks[number] = ([o.cents for o in found], found)
        self.last_day = self._last_day()

    def _last_day(self) -> int:
        return max((o.day for _, found in self._blocks.values() for o in found), default=0)

    def add(self, operation: Operation) -> None:
        """Puts one more in its place."""
        if is_cash(operation.label):
            return
        cents, operations = self._blocks.setdefault(operation.day >> _SPAN, ([], []))
        place = bisect_left(operations, _place(operation), key=_place)
        operations.insert(place, operation)
        cents.insert(place, operation.cents)
        self.last_day = max(self.last_day, operation.day)

    def remove(self, operation: Operation) -> None:
        """Takes out what was added with the same id, day and amount; nothing when it is not there."""
        cents, operations = self._blocks.get(operation.day >> _SPAN, ([], []))
        place = bisect_left(operations, _place(operation), key=_place)
        if place < len(operations) and operations[place].id == operation.id:
            del operations[place], cents[place]
            if operation.day == self.last_day:
                self.last_day = self._last_day()

    def between(self, low: int, high: int, first: int, last: int) -> list[Operation]:
        """Operations of `low` to `high` signed cents on the days `first` to `last`, in an order of their own."""
        found = []
        for number in range(first >> _SPAN, (last >> _SPAN) + 1):
            block = self._blocks.get(number)
            if block is None:
                continue
            cents, operations = block
            fitting = operations[bisect_left(cents, low) : bisect_right(cents, high)]
            if first <= number << _SPAN and (number + 1) << _SPAN <= last + 1:
                found += fitting
            else:
                found += [operation for operation in fitting if first <= operation.day <= last]
        return found

    def near(self, bill: Bill) -> Sequence[Operation]:
        """Operations that may be the one payment of a bill."""
        low, high = band(bill)
        first, last = window(bill)
        return self.between(low, high, first, last)


class Due:
    """The bills of a person, by blocks of the days on which an operation may pay them."""

    def __init__(self, bills: Iterable[Bill]) -> None:
        self._blocks: dict[int, dict[str, tuple[int, int, int, int, Bill]]] = {}
        for bill in bills:
            self.add(bill)

    def add(self, bill: Bill) -> None:
        """Puts one more in its place."""
        entry = (*band(bill), *window(bill), bill)
        for number in _numbers(bill):
            self._blocks.setdefault(number, {})[bill.id] = entry

    def remove(self, bill: Bill) -> None:
        """Takes out what was added with the same id and days; nothing when it is not there."""
        for number in _numbers(bill):
            self._blocks.get(number, {}).pop(bill.id, None)

    def near(self, operation: Operation) -> list[Bill]:
        """Bills that the operation may be the one payment of."""
        return [
            bill
            for low, high, first, last, bill in self._blocks.get(operation.day >> _SPAN, {}).values()
            if low <= operation.cents <= high and first <= operation.day <= last
        ]

    def beside(self, bill: Bill, days: int) -> list[Bill]:
        """Bills of the same vendor that are at most so many days before or after; the bill itself among them."""
        vendor = vendor_key(bill.vendor)
        found = {
            other.id: other
            for number in {(bill.day - days) >> _SPAN, bill.day >> _SPAN, (bill.day + days) >> _SPAN}
            for *_, other in self._blocks.get(number, {}).values()
            if abs(other.day - bill.day) <= days and vendor_key(other.vendor) == vendor
        }
        return list(found.values())


def _place(operation: Operation) -> tuple[int, int, str]:
    return operation.cents, operation.day, operation.id


def _numbers(bill: Bill) -> range:
    first, last = window(bill)
    return range(first >> _SPAN, (last >> _SPAN) + 1)
