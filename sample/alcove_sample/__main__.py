"""`python -m alcove_sample FOLDER --seed N`: write a household to look at."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from alcove_sample import make, write


def main() -> int:
    """Write the household that the arguments ask for, and say how much it is."""
    parser = argparse.ArgumentParser(prog="python -m alcove_sample", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--operations", type=int, default=3000)
    parser.add_argument("--bills", type=int, default=250)
    parser.add_argument("--unknown-vendors", type=float, default=0.0, metavar="SHARE")
    asked = parser.parse_args()
    household = make(
        asked.seed,
        years=asked.years,
        operations=asked.operations,
        bills=asked.bills,
        unknown_vendors=asked.unknown_vendors,
    )
    counts = write(asked.folder, household)["counts"]
    sys.stdout.write(", ".join(f"{count} {name}" for name, count in counts.items()) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
