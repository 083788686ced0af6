"""Clients of a Cozy that others make, as they are published, against a server: PouchDB, cozy-client, cozy-realtime."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from browser.server import PASSPHRASE, ROUNDS, Server

import web

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("clients")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not web.installed(web.CLIENTS):
        pytest.skip("python dev/web.py --clients installs them")
    home: Path = tmp_path_factory.mktemp("clients")
    running = Server(home)
    running.start()
    try:
        # Node finds no other name of this machine without help.
        running.operator.create(f"localhost:{running.port}", Passphrase=PASSPHRASE, KdfIterations=ROUNDS)
        yield running
    finally:
        running.stop()


@pytest.mark.slow(reason="starts a server and Node")
@pytest.mark.parametrize("script", ["pouch.cjs", "cozy.cjs", "oauth.cjs"])
def test_a_client_finds_all_that_it_needs(server: Server, script: str) -> None:
    token = server.operator.token(f"localhost:{server.port}", scope="*")
    command = [web.node()[0], str(web.CLIENTS / script), f"http://localhost:{server.port}", token, PASSPHRASE]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-4000:]
