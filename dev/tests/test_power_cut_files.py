"""A short run of power cuts over database and blobs, and the proofs that the rig sees a loss when there is one."""

from __future__ import annotations

import os

import pytest
from power_cut_files import BlobTape, rehearse

from alcove.files.blobs import local

pytestmark = [
    pytest.mark.slow(reason="places are written, cut and opened again dozens of times"),
    pytest.mark.timeout(300),
]


async def test_no_cut_loses_or_halves_a_file() -> None:
    verdict = await rehearse(cuts=25, steps=60, seed=3)
    assert verdict.good, verdict
    assert verdict.cuts == 25


async def test_bytes_that_are_not_synced_are_seen_to_be_half(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(tape: BlobTape, handle: int) -> None:
        os.fsync(handle)

    monkeypatch.setattr(BlobTape, "fsync", careless)
    assert not (await rehearse(cuts=25, steps=60, seed=3)).good


async def test_names_that_are_not_synced_are_seen_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "sync_folder", lambda _folder: None)
    assert (await rehearse(cuts=40, steps=60, seed=3)).half
