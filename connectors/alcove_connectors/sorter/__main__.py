"""`python -m alcove_connectors.sorter`: reads the inputs, writes the plan as JSON lines.

ALCOVE_INPUTS lists the inputs, ALCOVE_CONNECTORS the folders of the connectors (`{slug: folder}`), ALCOVE_EXPANDED
names the folder for what comes out of archives. A `begin` line says which input is under way.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from alcove_connectors.sdk.context import print_line
from alcove_connectors.sdk.entry import read_inputs, recogniser_in
from alcove_connectors.sdk.french import FRENCH as KIT
from alcove_connectors.sdk.language import translate
from alcove_connectors.sorter.french import FRENCH
from alcove_connectors.sorter.sort import Sorted, Sorter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alcove_connectors.sdk.context import Input


def recognisers(folders: Mapping[str, str]) -> dict[str, Callable[[bytes, str], float]]:
    """The nose of each connector; one that cannot be loaded is left out with a warning."""
    found = {}
    for slug, folder in folders.items():
        try:
            found[slug] = recogniser_in(Path(folder))
        except Exception:
            traceback.print_exc()
            print_line({"type": "warning", "message": f"the connector {slug} cannot be asked"})
    return found


def plan(sorter: Sorter, item: Input) -> None:
    """Writes the lines of one input; whatever happens in it, the next one has its turn."""
    print_line({"type": "begin", "input": item.id})
    try:
        for entry in sorter.sort(item):
            print_line(entry.line())
    except (MemoryError, RecursionError):
        reason = "Opening this file needs more memory than there is for it."
        print_line(Sorted(item.id, item.name, outcome="error", reason=reason).line())
    except Exception:
        traceback.print_exc()
        print_line(Sorted(item.id, item.name, outcome="error", reason="The file cannot be read.").line())
    print_line({"type": "end", "input": item.id})


def main() -> None:
    """Sorts everything that the environment names."""
    translate("fr", KIT | FRENCH)
    sorter = Sorter(recognisers(json.loads(os.environ["ALCOVE_CONNECTORS"])), Path(os.environ["ALCOVE_EXPANDED"]))
    for item in read_inputs(os.environ["ALCOVE_INPUTS"]):
        plan(sorter, item)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
