"""A picture that comes in is drawn without anybody asking, and who listens hears of it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from alcove.documents import Followers
from alcove.files import Thumbnails
from alcove.instances import Instances
from alcove.jobs import Jobs
from alcove.realtime import Realtime
from alcove.server.testing import front

if TYPE_CHECKING:
    from alcove.server.testing import Front


async def links(entry: Front, content: bytes) -> dict[str, str]:
    """The links of a new picture, once the follower has come to it."""
    async with entry.client(scope="io.cozy.files") as client:
        answer = await client.post("/files/?Type=file&Name=a.png", content=content)
        tenant = entry.house.need(Instances).by_domain("alice.example").key
        await entry.house.need(Followers).settle(tenant, "files.thumbnails")
        found: dict[str, str] = answer.json()["data"]["links"]
        return found


def picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(written, "PNG")
    return written.getvalue()


@pytest.mark.slow("starts a confined process")
async def test_it_is_there_before_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    told = list[str]()
    monkeypatch.setattr(Realtime, "publish", lambda _self, *event: told.append(event[2]))
    async with front(confinement="degraded") as entry:
        await entry.instance()
        found = await links(entry, picture())
        async with entry.client() as browser:
            answer = await browser.get(found["tiny"])
        assert answer.headers["content-type"] == "image/jpeg"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert Image.open(io.BytesIO(answer.content)).size == (96, 72)
    assert told.count("io.cozy.files.thumbnails") == 4


@pytest.mark.slow("starts a confined process")
async def test_a_server_that_stops_while_it_draws() -> None:
    async with front(confinement="degraded") as entry:
        await entry.instance()
        async with entry.client(scope="io.cozy.files") as client:
            for n in range(20):
                assert (await client.post(f"/files/?Type=file&Name={n}.png", content=picture())).status_code == 201
            first = (await client.get("/files/metadata?Path=/0.png")).json()["data"]["links"]["tiny"]
            assert (await client.get(first)).status_code in (200, 404)  # asked for, and heard of by the follower


async def _nothing(*_: object) -> None:
    """In the place of the follower."""


@pytest.mark.slow("starts a confined process")
async def test_the_operator_has_a_picture_drawn_by_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Thumbnails, "follow", _nothing)
    async with front(confinement="degraded") as entry:
        await entry.instance()
        tenant = entry.house.need(Instances).by_domain("alice.example").key
        async with entry.client(scope="io.cozy.files io.cozy.jobs") as client:
            made = (await client.post("/files/?Type=file&Name=a.png", content=picture())).json()["data"]
            for message in ({}, {"file_id": "gone"}, {"file_id": made["id"]}):
                said = {"data": {"attributes": {"arguments": message}}}
                answer = await client.post("/jobs/queue/thumbnail", json=said)
                assert answer.status_code == 202, answer.text
                ended = await entry.house.need(Jobs).wait(tenant, answer.json()["data"]["id"])
                assert (ended.state, ended.error) == ("done", "")
            tiny = (await client.get(f"/files/{made['id']}")).json()["data"]["links"]["tiny"]
            assert (await client.get(tiny)).headers["content-type"] == "image/jpeg"
