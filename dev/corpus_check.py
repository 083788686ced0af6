"""What is read of the corpus of real files beside the checkout: `python dev/corpus_check.py`.

For each format of statements the share of the valid ones that is read whole, each other file with its reason; the facts
of the invoices that are known; the Factur-X files; and what the command says of all of them, twice.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict

from alcove_connectors.bankfiles.tests.test_corpus import CORPUS, NO_STATEMENT, files, missing
from alcove_connectors.invoices.tests.test_facts import EXCEPTIONS, FACTURX, compare, read_facturx

FORMATS = {".ofx": "OFX", ".sta": "MT940", ".txt": "MT940", ".qif": "QIF", ".xml": "CAMT"}
FOLDERS = ("bank-ofx", "bank-qif", "bank-mt940", "bank-camt", "invoices", "invoices-facturx")
COUNTS = ("files", "accounts", "operations", "bills", "linked")


def say(text: str) -> None:
    """A line of the report."""
    sys.stdout.write(text + "\n")


def statements() -> bool:
    """Reports the statements; whether 95 of 100 of each format are read whole."""
    valid: dict[str, int] = defaultdict(int)
    failed: dict[str, list[str]] = defaultdict(list)
    for name, content in files():
        kind = FORMATS["." + name.rpartition(".")[2].lower()]
        reason = missing(name, content)
        if name in NO_STATEMENT:
            say(f"  no statement  {name}: {NO_STATEMENT[name]}; told: {reason}")
            continue
        valid[kind] += 1
        if reason:
            failed[kind].append(f"{name}: {reason}")
    for kind, count in sorted(valid.items()):
        say(f"{kind}: {count - len(failed[kind])} of {count} valid statements read whole")
        for line in failed[kind]:
            say(f"  not whole  {line}")
    return all(len(failed[kind]) <= 0.05 * count for kind, count in valid.items())


def invoices() -> bool:
    """Reports the invoices; whether all facts but the known exceptions are equal."""
    compared, wrong = compare()
    say(f"invoices: {compared - len(wrong)} of {compared} known facts equal")
    for (name, fact), (read, known) in wrong.items():
        say(f"  {name}, {fact}: read {read!r}, known {known!r} ({EXCEPTIONS.get((name, fact), 'WRONG')})")
    read_there = read_facturx()
    equal = sum(read_there.get(name) == facts for name, facts in FACTURX.items())
    say(f"Factur-X: {equal} of {len(FACTURX)} files equal to their XML")
    return set(wrong) == set(EXCEPTIONS) and read_there == FACTURX


def twice() -> bool:
    """Reports what the command says, twice; whether the second time changes nothing."""
    said = []
    with tempfile.TemporaryDirectory(prefix="alcove-corpus-") as home:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("ALCOVE_")}
        command = [sys.executable, "-m", "alcove", "gather", *(str(CORPUS / folder) for folder in FOLDERS), "--json"]
        for _ in range(2):
            done = subprocess.run(
                command, env={**environ, "ALCOVE_HOME": home}, capture_output=True, text=True, check=True
            )
            told = json.loads(done.stdout.splitlines()[-1])
            said.append({name: told[name] for name in COUNTS})
            say(f"gathered: {said[-1]}, {len(told['errors'])} files not taken")
    return said[0] == said[1]


def main() -> None:
    """Reports everything; exit status 1 when a figure is below what is promised."""
    if not CORPUS.is_dir():
        raise SystemExit("the corpus of real files is not beside the checkout")
    sys.exit(not all([statements(), invoices(), twice()]))


if __name__ == "__main__":
    main()
