"""The page that tells how to write a connector is true: its code is run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[4] / "docs" / "howto" / "write-a-connector.md"


def test_the_example_of_the_page_works(tmp_path: Path) -> None:
    connector, test = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec("from alcove_connectors.sdk.testing import FakeStack, context_for, results", names)
    exec(connector, names)
    exec(test, names)
    names["test_a_receipt_becomes_a_bill"](tmp_path)
