"""How fast pages are with much in them: `python dev/page_bench.py --page money files --throttle 4`.

Fills an instance with an invented household or with files, opens the page in Chromium and prints, for the processor as
it is and for one that is slowed down: the first paint, when the first rows stand, how long each interaction takes from
the press of a key or button to the next picture (Event Timing), when its answer stands, and the longest tasks; and the
long tasks that the browser reports while the wheel is turned fast.
All of it is time of the clock: the machine has to be quiet.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from browser.chromium import chromium, program
from browser.measuring import measure
from browser.much_files import FILES
from browser.much_money import MONEY
from browser.much_photos import PHOTOS
from browser.server import Server

SUBJECTS = {"money": MONEY, "files": FILES, "photos": PHOTOS}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", nargs="+", choices=SUBJECTS, default=["money"])
    parser.add_argument("--operations", type=int, default=100_000, help="how much is in Money")
    parser.add_argument("--entries", type=int, default=20_000, help="how much is in one folder of Files")
    parser.add_argument("--throttle", type=float, nargs="+", default=[1, 4])
    parser.add_argument("--home", type=Path, help="keep the filled data folder here, and find it the next time")
    parser.add_argument("--port", type=int, default=0, help="the port; with --home it must be the same each time")
    asked = parser.parse_args()
    path = program()
    if path is None:
        raise SystemExit("chromium is not installed: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="alcove-bench-") as folder:
        server = Server(asked.home or Path(folder))
        server.port = asked.port
        server.start()
        try:
            for page in asked.page:
                person = SUBJECTS[page].fill(server, asked.operations if page == "money" else asked.entries)
                with chromium(path) as browser:
                    for throttle in asked.throttle:
                        measure(browser, person, SUBJECTS[page], throttle)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
