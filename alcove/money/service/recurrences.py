"""Keeps what comes back true while operations come and change: only the counterparties they touch are looked at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from alcove.money.linking import vendor_key
from alcove.money.linking.labels import is_cash, key_of, plain
from alcove.money.links import Link
from alcove.money.model import LINKED, PAYMENT, Operation
from alcove.money.recurrences import fields_of, is_ours, merged, recurrence_id
from alcove.money.recurring import series_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alcove.money.recurring import Series
    from alcove.money.service.picture import News, Picture

_SURE, _OFTEN = 0.8, 2
"""A label stands for the vendor whose bills it paid: in so many of the cases, and so many times, at the least."""
_VENDOR = "="
"""Begins the name of a family that bills have named; no label has it."""
_SHORT = 4
"""What came so few times and is over was a payment in instalments: it does not come back."""


class Group(NamedTuple):
    """Operations that may be the same thing: of one account, currency, direction, and counterparty."""

    account: str
    currency: str
    sign: str
    name: str


@dataclass(frozen=True, slots=True)
class Moves:
    """What is to be written: documents by id, those to remove, and which one an operation is of: before and after."""

    puts: Mapping[str, Mapping[str, Any]]
    drops: frozenset[str]
    operations: Mapping[str, tuple[str, str]]


class Recurrences:
    """The groups of a place, and which of them are to be looked at again.

    Labels of one vendor stand together in a *family*: its bills tell that "MSFT" and "MICROSOFT" are the same.
    """

    def __init__(self) -> None:
        self._groups: dict[Group, set[str]] = {}
        self._head: dict[Group, Group] = {}
        self._family: dict[Group, set[Group]] = {}
        self._found: dict[Group, dict[str, Series]] = {}
        self._over: dict[str, bool] = {}
        self._last: dict[str, int] = {}
        self._dirty: set[Group] = set()
        self._begun = False

    def waiting(self, picture: Picture) -> int:
        """How many operations are to be looked at again; at first, all of them."""
        if not self._begun:
            return len(picture.operations)
        return sum(len(self._groups.get(group, ())) for group in self._dirty)

    # -- hearing --------------------------------------------------------------------------------------------------

    def hear(self, picture: Picture, news: Iterable[News]) -> None:
        """Takes in what came, changed or went."""
        for item in news:
            if isinstance(item.before, Operation):
                self._take_out(item.before)
            if isinstance(item.after, Operation):
                self._take_in(item.after)
            for link in (item.before, item.after):
                if isinstance(link, Link):
                    self.touch(picture, (link.operation,))

    def touch(self, picture: Picture, operations: Iterable[str]) -> None:
        """These operations have other links or categories."""
        for ident in operations:
            operation = picture.operations.get(ident)
            group = group_of(operation) if operation else None
            if group is not None:
                self._dirty.add(group)

    def _take_in(self, operation: Operation) -> None:
        group = group_of(operation)
        if group is not None:
            self._groups.setdefault(group, set()).add(operation.id)
            self._dirty.add(group)
        self._last[operation.account] = max(operation.day, self._last.get(operation.account, 0))

    def _take_out(self, operation: Operation) -> None:
        group = group_of(operation)
        if group is not None:
            self._groups.get(group, set()).discard(operation.id)
            self._dirty.add(group)

    # -- finding --------------------------------------------------------------------------------------------------

    def due(self, picture: Picture) -> Moves:
        """What is to be written for all that was heard of; the picture is then as if it had been."""
        everything = not self._begun
        if everything:
            for operation in picture.operations.values():
                self._take_in(operation)
            self._begun = True
        heads = self._heads(picture)
        heads |= {head for head, found in self._found.items() if any(self._turned(i, s) for i, s in found.items())}
        before = {ident: one for head in heads for ident, one in self._found.pop(head, {}).items()}
        gone = set(before)
        if everything:
            gone |= {ident for ident, fields in picture.recurrences.items() if is_ours(fields)}
        taken = {ident for found in self._found.values() for ident in found}
        puts: dict[str, dict[str, Any]] = {}
        members: dict[str, str] = {}
        for head in sorted(heads):
            for series in self._series(picture, head):
                ident = _named(picture, series, head, taken)
                taken.add(ident)
                self._found.setdefault(head, {})[ident] = series
                self._over[ident] = series.over(self._last[head.account])
                puts[ident] = self._fields(picture, series, head)
                members |= dict.fromkeys((one.id for one in series.operations), ident)
        drops = frozenset(gone - taken)
        moves = Moves(
            {i: fields for i, fields in puts.items() if _differs(picture.recurrences.get(i), fields)},
            drops,
            self._moved(picture, heads, members, drops),
        )
        _learn(picture, moves)
        return moves

    def _heads(self, picture: Picture) -> set[Group]:
        """The families that the groups to be looked at are in, and were in before."""
        heads: set[Group] = set()
        for group in self._dirty:
            was, now = self._head.get(group, group), self._named_by_bills(picture, group)
            heads |= {was, now}
            self._family.get(was, set()).discard(group)
            self._head[group] = now
            self._family.setdefault(now, set()).add(group)
        self._dirty.clear()
        return heads

    def _named_by_bills(self, picture: Picture, group: Group) -> Group:
        vendors = Counter(
            vendor_key(picture.bills[link.bill].vendor)
            for ident in self._groups.get(group, ())
            for link in picture.links_at(ident)
            if link.status == LINKED and link.role == PAYMENT and link.bill in picture.bills
        )
        if not vendors:
            return group
        vendor, times = max(vendors.items(), key=lambda item: (item[1], item[0]))
        sure = times >= max(_OFTEN, _SURE * vendors.total())
        return group._replace(name=f"{_VENDOR}{vendor}") if sure else group

    def _operations(self, picture: Picture, head: Group) -> list[Operation]:
        idents = (ident for group in self._family.get(head, ()) for ident in self._groups.get(group, ()))
        return [picture.operations[ident] for ident in idents]

    def _series(self, picture: Picture, head: Group) -> list[Series]:
        """What comes back in a family; operations of which others say what they are of are left to them."""
        free = [one for one in self._operations(picture, head) if not _of_others(picture, one.id)]
        found = series_of(free) if free else []
        return [one for one in found if len(one.operations) > _SHORT or not one.over(self._last[head.account])]

    def _turned(self, ident: str, series: Series) -> bool:
        """Whether something is over now, or is not any more."""
        return series.over(self._last[series.latest.account]) != self._over.get(ident)

    def _fields(self, picture: Picture, series: Series, head: Group) -> dict[str, Any]:
        categories = {one.id: picture.sortings[one.id].category for one in series.operations}
        return fields_of(series, categories, self._last[head.account])

    def _moved(
        self, picture: Picture, heads: Iterable[Group], members: Mapping[str, str], drops: frozenset[str]
    ) -> dict[str, tuple[str, str]]:
        looked = {one.id for head in heads for one in self._operations(picture, head)} | members.keys()
        looked |= {ident for ident, of in picture.series.items() if of in drops} if drops else set()
        moved = {}
        for ident in looked:
            was, now = picture.series.get(ident, ""), members.get(ident, "")
            if was != now and not _of_others(picture, ident):
                moved[ident] = (was, now)
        return moved


def group_of(operation: Operation) -> Group | None:
    """The group of an operation; None for cash, and for what tells nothing about where the money went."""
    if is_cash(operation.label):
        return None
    words = (word for word in plain(operation.label).split() if word.isalpha())
    name = key_of(operation.face) or " ".join(words)
    sign = "in" if operation.cents > 0 else "out"
    return Group(operation.account, operation.currency, sign, name) if name else None


def _of_others(picture: Picture, ident: str) -> bool:
    """Whether somebody else said what the operation is of, or that it is of nothing that comes back."""
    of = picture.series.get(ident)
    return of is not None and not is_ours(picture.recurrences.get(of, {}))


def _named(picture: Picture, series: Series, head: Group, taken: set[str]) -> str:
    """The id that most of its operations know already; a new one otherwise."""
    votes = Counter(picture.series.get(one.id, "") for one in series.operations)
    known = [ident for ident, _ in votes.most_common() if ident and ident not in taken]
    return known[0] if known else recurrence_id(head, series.operations[0].id)


def _differs(stored: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> bool:
    return stored is None or merged(stored, fields) != stored


def _learn(picture: Picture, moves: Moves) -> None:
    """Makes the picture what is about to be written: the changes that come back from it are then no news."""
    for ident, fields in moves.puts.items():
        picture.recurrences[ident] = merged(picture.recurrences.get(ident, {}), fields)
    for ident in moves.drops:
        picture.recurrences.pop(ident, None)
    for ident, (_, now) in moves.operations.items():
        if now:
            picture.series[ident] = now
        else:
            picture.series.pop(ident, None)
