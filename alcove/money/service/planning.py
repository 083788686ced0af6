"""From what linking proposes to what has to be written: nothing where all is as it should be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from alcove.money.linking import Decisions, profiles_of, solve, solve_near, vendor_key
from alcove.money.links import Link, proposed
from alcove.money.model import EXPENSE, LINKED, PAYMENT, REFUSED, Bill, Operation
from alcove.money.store import Edit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from alcove.money.categories import Sorting
    from alcove.money.linking import Ground, Match, Profile
    from alcove.money.service.picture import News, Picture


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write, and what becomes of each link by it (None: removed)."""

    edits: list[Edit]
    links: dict[str, Link | None]


def wanted(
    picture: Picture,
    operations: Sequence[Operation],
    ground: Ground,
    decisions: Decisions,
    profiles: Mapping[str, Profile],
) -> dict[str, Link]:
    """All links that should be there but those the person decided, by id. `operations` are plain ones."""
    matches = solve(picture.bills.values(), operations, decisions, profiles, ground.book)
    return _foreign(picture, picture.operations) | as_links(picture, matches, decisions)


@dataclass(frozen=True, slots=True)
class Touched:
    """The bills and operations that news are about, by id; some may be gone."""

    bills: frozenset[str]
    operations: frozenset[str]


def touched(picture: Picture, news: Iterable[News]) -> Touched:
    """What the news are about: a link's both sides, and of an operation all bills it has to do with."""
    bills: set[str] = set()
    operations: set[str] = set()
    for item in news:
        for state in (item.before, item.after):
            if isinstance(state, Link):
                bills.add(state.bill)
                operations.add(state.operation)
            elif isinstance(state, Bill):
                bills.add(state.id)
            elif isinstance(state, Operation):
                operations.add(state.id)
                bills.update(state.bills)
    bills.update(link.bill for ident in operations for link in picture.links_at(ident))
    return Touched(frozenset(bills), frozenset(operations))


def learnt(picture: Picture, ground: Ground, bills: Collection[str], decisions: Decisions) -> dict[str, Profile]:
    """What is known now about the vendors of these bills."""
    if not picture.operations:
        return {}
    vendors = {vendor_key(picture.bills[ident].vendor) for ident in bills if ident in picture.bills}
    own = [bill for bill in picture.bills.values() if vendor_key(bill.vendor) in vendors]
    pairs = decisions.linked | decisions.refused
    decided = {o: picture.operations[o] for _, o in pairs if o in picture.operations}
    return profiles_of(own, decided.values(), decisions, ground.book) if own else {}


def wanted_near(
    picture: Picture, ground: Ground, about: Touched, decisions: Decisions, profiles: Mapping[str, Profile]
) -> tuple[dict[str, Link], frozenset[str]]:
    """The links that should be there around these bills and operations, and all bills that this is said of."""
    near = solve_near(
        ground,
        [picture.bills[ident] for ident in sorted(about.bills) if ident in picture.bills],
        [picture.plain(picture.operations[ident]) for ident in sorted(about.operations) if ident in picture.operations],
        decisions,
        profiles,
        ((x.bill, x.operation) for x in picture.links.values() if x.role == PAYMENT and x.status != REFUSED),
    )
    bills = near.bills | about.bills
    at = about.operations | {link.operation for bill in bills for link in picture.links_of(bill)}
    return _foreign(picture, at) | as_links(picture, near.matches, decisions), bills


def _foreign(picture: Picture, operations: Iterable[str]) -> dict[str, Link]:
    """The links that others wrote on these operations, by id."""
    there = (picture.operations[ident] for ident in operations if ident in picture.operations)
    return {link.id: link for operation in there if operation.bills for link in picture.foreign(operation)}


def as_links(picture: Picture, matches: Iterable[Match], decisions: Decisions) -> dict[str, Link]:
    """The links that matches stand for; what the person refused or decided is not among them."""
    listed = [m for m in matches if (m.bill, m.operation) not in decisions.refused]
    payments = {m.bill: m.operation for m in listed if m.role == PAYMENT}
    links = {}
    for match in listed:
        paid_by = payments.get(match.bill, "") if match.role == EXPENSE else ""
        link = proposed(match, picture.bills[match.bill], picture.operations[match.operation], paid_by)
        there = picture.links.get(link.id)
        if there is None or not there.decided:
            links[link.id] = link
    return links


def edits(picture: Picture, links: Mapping[str, Link], bills: Collection[str] | None = None) -> Plan:
    """What to write so that these links stand.

    Only links of `bills` are removed when they are not wanted (None: all links are looked at). What the person decided
    stays, unless the bill or the operation is gone; a refusal stays even then.
    """
    puts: dict[str, dict[str, Link]] = {}
    drops: dict[str, set[str]] = {}
    for ident, link in links.items():
        there = picture.links.get(ident)
        if there != link and not (there is not None and there.decided):
            puts.setdefault(link.operation, {})[ident] = link
    looked = picture.links.items()
    if bills is not None:
        looked = {i: picture.links[i] for bill in bills for i in picture.by_bill.get(bill, ())}.items()
    forced: set[str] = set()
    for ident, there in looked:
        if ident in links or _stays(picture, there):
            continue
        drops.setdefault(there.operation, set()).add(ident)
        if there.decided:
            forced.add(there.operation)
    found = [
        Edit(
            operation,
            {ident: link.fields() for ident, link in puts.get(operation, {}).items()},
            frozenset(drops.get(operation, ())),
            by_person=operation in forced,
        )
        for operation in sorted(puts.keys() | drops.keys())
    ]
    deltas: dict[str, Link | None] = {i: link for own in puts.values() for i, link in own.items()}
    return Plan(found, deltas | dict.fromkeys(i for own in drops.values() for i in own))


def _stays(picture: Picture, link: Link) -> bool:
    """Whether a stored link that linking does not propose is left as it is."""
    if link.decided and link.status == REFUSED:
        return True
    if link.bill not in picture.bills or link.operation not in picture.operations:
        return False
    if link.decided:
        return True
    # The expense that a refund pays back is proposed with the payment; the person's word on the payment keeps it.
    return link.role == EXPENSE and any(
        one.decided and one.role == PAYMENT and one.status == LINKED for one in picture.links_of(link.bill)
    )


def joined(edits: Sequence[Edit], sortings: Mapping[str, Sorting], series: Mapping[str, tuple[str, str]]) -> list[Edit]:
    """The same edits with the categories and recurrences that are to be written, each operation once."""
    said = {ident: (sorting.local, sorting.sure) for ident, sorting in sortings.items()}
    planned = {edit.operation for edit in edits}
    bare = [Edit(ident, {}) for ident in dict.fromkeys((*said, *series)) if ident not in planned]
    return [
        replace(edit, category=said.get(edit.operation), recurrence=series.get(edit.operation))
        for edit in (*edits, *bare)
    ]
