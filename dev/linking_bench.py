"""How well and how fast bills find their operations, on households whose truth is known.

python dev/linking_bench.py [--seed 1] [--operations 10000] [--bills 2000] [--years 10] [--unknown 0.25]
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from typing import TYPE_CHECKING

import alcove_sample

from alcove.money.linking import Match, solve
from alcove.money.model import BILLS, LINKED, OPERATIONS, PAYMENT, Bill, Operation, bill_from, operation_from

if TYPE_CHECKING:
    from alcove_sample import Household, Score


def read(household: Household) -> tuple[list[Bill], list[Operation]]:
    """The household as the room reads it from stored documents."""
    documents = alcove_sample.as_documents(household)
    bills = [b for d in documents[BILLS] if (b := bill_from(d["_id"], d))]
    operations = [o for d in documents[OPERATIONS] if (o := operation_from(d["_id"], d))]
    return bills, operations


def scores(household: Household, matches: list[Match]) -> tuple[Score, Score]:
    """Held against the truth: the automatic links, and all with those to be confirmed."""
    payments = [m for m in matches if m.role == PAYMENT]
    sure = [(m.bill, m.operation) for m in payments if m.status == LINKED]
    every = [(m.bill, m.operation) for m in payments]
    return alcove_sample.score(household, sure), alcove_sample.score(household, every)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--bills", type=int, default=2_000)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--unknown", type=float, default=0.25)
    parser.add_argument("--wrong", type=int, default=0, help="show so many wrong and missed pairs")
    args = parser.parse_args()
    household = alcove_sample.make(
        args.seed, years=args.years, operations=args.operations, bills=args.bills, unknown_vendors=args.unknown
    )
    bills, operations = read(household)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    matches = solve(bills, operations)
    took = time.perf_counter() - begin
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    sure, every = scores(household, matches)
    out = sys.stdout.write
    out(f"seed {args.seed}: {len(operations)} operations, {len(bills)} bills, {took:.2f} s, +{more / 1024:.0f} MiB\n")
    for title, score in (("linked", sure), ("+to confirm", every)):
        kinds = {kind: round(share, 3) for kind, share in score.by_kind.items()}
        out(f"{title:12} precision {score.precision:.4f}  recall {score.recall:.4f}  whole {score.bills_whole:.4f}\n")
        out(f"{'':12} recall by kind {kinds}\n")
    if args.wrong:
        _show(household, matches, sure, every, args.wrong)


def _show(household: Household, matches: list[Match], sure: Score, every: Score, most: int) -> None:
    bills = {b.id: b for b in household.bills}
    operations = {o.id: o for o in household.operations}
    given = {(m.bill, m.operation): m for m in matches}
    for title, pairs in (("wrongly linked", sure.wrong), ("missed by all", every.missed)):
        sys.stdout.write(f"-- {title}\n")
        for pair in pairs[:most]:
            bill, operation = bills[pair[0]], operations[pair[1]]
            match = given.get(pair)
            why = [f"{r.kind} {r.weight:+.1f}" for r in match.reasons] if match else []
            sys.stdout.write(
                f"{bill.vendor} {bill.date} {bill.amount / 100} {bill.currency} {bill.fate} | {operation.label} "
                f"{operation.realised} {operation.amount / 100} | {match.probability if match else 0:.3f} {why}\n"
            )


if __name__ == "__main__":
    main()
