"""A house with a built app, and browsers in front of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alcove.apps.testing import log_in, write_app
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx


@pytest.fixture
def built(tmp_path: Path) -> Path:
    write_app(tmp_path)
    shared = tmp_path / "_shared"
    shared.mkdir()
    (shared / "frame-BX12_b3-.js").write_bytes(b"shared")
    (shared / "licenses.md").write_bytes(b"all of them")
    return tmp_path


@pytest.fixture
async def door(built: Path) -> AsyncIterator[Front]:
    async with front(apps=str(built)) as entry:
        await entry.instance("alice.example", Passphrase="correct horse battery", PublicName="Alice")
        yield entry


@pytest.fixture
async def browser(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is logged in, on the app's host."""
    async with door.client("mini.alice.example") as client:
        assert (await log_in(client, "alice.example", "correct horse battery")).status_code == 200
        yield client
