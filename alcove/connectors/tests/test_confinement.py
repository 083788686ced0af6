"""What a page is told of what holds connectors back."""

from __future__ import annotations

import pytest

from alcove.base.confined import Confinement, Level
from alcove.server.testing import front


@pytest.mark.parametrize("level", list(Level))
async def test_who_may_see_gatherings_may_see_how_connectors_are_held_back(
    level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def find(mode: str) -> Confinement:
        return Confinement(level, "as found")

    monkeypatch.setattr(Confinement, "find", find)
    async with front() as entry:
        await entry.instance()
        async with entry.client(scope="org.alcove.gatherings:GET") as page:
            said = (await page.get("/connectors/confinement")).json()["data"]["attributes"]
            assert said == {"level": level.value, "how": "as found"}
        async with entry.client(scope="io.cozy.files") as other:
            assert (await other.get("/connectors/confinement")).status_code == 403
