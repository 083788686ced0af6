"""A short run of the kill loop, and the proof that it sees a loss when there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kill_loop import Server, drill

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.slow(reason="a real server is started and killed several times"),
    pytest.mark.timeout(300),
]


def test_a_killed_server_keeps_its_word(tmp_path: Path) -> None:
    verdict = drill(kills=5, seed=2, home=tmp_path / "home")
    assert verdict.good, verdict
    assert verdict.kills == len(verdict.ready) == 5


def test_writes_that_vanish_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kill = Server.kill

    def kill_and_harm(server: Server) -> None:
        kill(server)
        for log in server.home.glob("instances/*/documents.db-wal"):
            log.unlink()

    monkeypatch.setattr(Server, "kill", kill_and_harm)
    verdict = drill(kills=3, seed=2, home=tmp_path / "home", load=(1.5, 2.0))
    assert verdict.lost
