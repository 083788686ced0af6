"""A short power-cut run, and the proof that the rig sees a loss when there is one."""

from __future__ import annotations

import pytest
from power_cut import rehearse

from alcove.base.sqlite import file

pytestmark = pytest.mark.slow(reason="files are written, cut and opened again dozens of times")


async def test_no_cut_loses_or_halves_a_unit() -> None:
    verdict = await rehearse(cuts=25, units=150, seed=3)
    assert verdict.good, verdict
    assert verdict.cuts == 25


async def test_commits_without_a_sync_are_seen_to_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    careless = ["pragma synchronous = normal" if "synchronous" in line else line for line in file._SETTINGS]
    monkeypatch.setattr(file, "_SETTINGS", tuple(careless))
    verdict = await rehearse(cuts=25, units=150, seed=3)
    assert verdict.lost > 0
