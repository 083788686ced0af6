"""The tests of the pages' parts, which Node runs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import web


@pytest.mark.slow(reason="starts Node, and reads all parts of the pages")
def test_the_parts_of_the_pages() -> None:
    try:
        web.node()
    except web.NoNode as reason:
        pytest.skip(str(reason))
    ran = subprocess.run(
        [sys.executable, web.__file__, "--test"], capture_output=True, text=True, check=False, timeout=110
    )
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
