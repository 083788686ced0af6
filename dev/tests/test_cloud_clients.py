"""The desktop clients of Nextcloud and ownCloud, as Debian has them: two of each keep their folders the same."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from browser.server import Server
from cloud_clients import PROGRAMS, Client, Story, access_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("clients")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path / "server")
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.mark.slow(reason="starts a server, and two clients many times")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("program", PROGRAMS)
def test_two_clients_come_to_the_same(program: str, server: Server, tmp_path: Path) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed: apt-get install nextcloud-desktop-cmd owncloud-client-cmd")
    access = access_of(server)
    first, second = (Client(program, access, tmp_path / name) for name in ("a", "b"))
    Story(first, second, lambda what, seconds: None).tell(files=40, large=12_000_000)
