"""Who lives here: their contact, and the picture that everybody sees."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from alcove.contacts.drawing import as_png
from alcove.contacts.model import as_svg, initials, nobody, portrait
from alcove.contacts.service import CHANGES
from alcove.instances import Allowances, Instances
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

DOMAIN = "alice.example"


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front() as entry:
        await entry.instance(DOMAIN, PublicName="Alice Martin", Email="A@example.com")
        yield entry


@pytest.fixture
async def anybody(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with door.client(DOMAIN) as client:
        yield client


@pytest.fixture
async def owner(door: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with door.client(DOMAIN, "io.cozy.settings io.cozy.contacts") as client:
        yield client


def photograph() -> bytes:
    """A JPEG that tells where it was taken."""
    image, written = Image.new("RGB", (1600, 1200), "red"), io.BytesIO()
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010F] = "a camera of Alice"
    image.save(written, "JPEG", exif=exif)
    return written.getvalue()


async def test_the_contact_of_who_lives_here_is_there_from_the_first_day(owner: httpx.AsyncClient) -> None:
    said = (await owner.post("/contacts/myself")).json()["data"]
    assert said["links"] == {"self": "/contacts/myself"}
    attributes = said["attributes"]
    assert (attributes["me"], attributes["fullname"]) == (True, "Alice Martin")
    assert attributes["email"] == [{"address": "A@example.com", "primary": True}]
    assert attributes["cozy"] == [{"url": f"http://{DOMAIN}", "primary": True}]
    assert attributes["indexes"] == {"byFamilyNameGivenNameEmailCozyUrl": "a@example.com"}
    assert (await owner.get(f"/data/io.cozy.contacts/{said['id']}")).json()["_rev"] == said["meta"]["rev"]


async def test_a_contact_that_was_removed_is_made_again_once(owner: httpx.AsyncClient) -> None:
    first = (await owner.post("/contacts/myself")).json()["data"]
    await owner.delete(f"/data/io.cozy.contacts/{first['id']}", params={"rev": first["meta"]["rev"]})
    again = await asyncio.gather(*(owner.post("/contacts/myself") for _ in range(5)))
    assert len({answer.json()["data"]["id"] for answer in again}) == 1
    assert again[0].json()["data"]["attributes"]["fullname"] == "Alice Martin"


async def test_only_who_may_read_that_contact_gets_it(door: Front, owner: httpx.AsyncClient) -> None:
    ident = (await owner.post("/contacts/myself")).json()["data"]["id"]
    scopes = {
        "io.cozy.contacts:POST": 403,
        f"io.cozy.contacts:GET:{ident}": 200,
        "io.cozy.contacts:GET:x": 403,
        "io.cozy.contacts:GET:true:me": 200,
        "io.cozy.contacts:GET:false:me": 403,
    }
    for scope, status in scopes.items():
        async with door.client(DOMAIN, scope) as client:
            assert (await client.post("/contacts/myself")).status_code == status, scope


async def test_a_picture_is_shown_small_and_without_where_it_was_taken(
    owner: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    sent = await owner.put("/settings/avatar", content=photograph(), headers={"Content-Type": "image/jpeg"})
    assert sent.status_code == 204
    shown = await anybody.get("/public/avatar", params={"fallback": "404"})
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    picture = Image.open(io.BytesIO(shown.content))
    assert (picture.size, dict(picture.getexif())) == ((640, 480), {})
    known = {"If-None-Match": shown.headers["etag"]}
    assert (await anybody.get("/public/avatar", headers=known)).status_code == 304
    assert (await owner.delete("/settings/avatar")).status_code == 204
    assert (await anybody.get("/public/avatar", headers=known)).headers["content-type"] == "image/png"
    assert (await owner.delete("/settings/avatar")).status_code == 204


async def test_what_is_no_picture_or_too_large_changes_nothing(
    owner: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    kind = {"Content-Type": "image/png"}
    refused: list[tuple[bytes, dict[str, str], int, str]] = [
        (b"no picture", kind, 422, "no picture of a kind"),
        (b"", kind, 422, "no picture"),
        (photograph(), {"Content-Type": "text/html"}, 422, "Content-Type"),
        (photograph(), {}, 422, "Content-Type"),
        (b"x", {**kind, "Content-Length": "20000001"}, 413, "too big"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', {"Content-Type": "image/svg+xml"}, 422, "no picture"),
    ]
    for content, headers, status, word in refused:
        answer = await owner.put("/settings/avatar", content=content, headers=headers)
        assert (answer.status_code, word in answer.text) == (status, True), answer.text
    assert (await anybody.get("/public/avatar", params={"fallback": "404"})).status_code == 404


async def test_who_sends_pictures_all_the_time_is_told_to_wait(door: Front, owner: httpx.AsyncClient) -> None:
    kind, allowances = {"Content-Type": "image/png"}, door.house.need(Allowances)
    for _ in range(CHANGES.count):
        await allowances.take(door.house.need(Instances).by_domain(DOMAIN).key, CHANGES)
    answer = await owner.put("/settings/avatar", content=b"x", headers=kind)
    assert (answer.status_code, 0 < int(answer.headers["retry-after"]) <= 3600) == (429, True)


async def test_the_picture_is_not_among_the_documents_that_apps_read(door: Front) -> None:
    async with door.client(DOMAIN, "*") as client:
        assert (await client.get("/data/org.alcove.avatars/me")).status_code == 403


@pytest.mark.parametrize(
    ("query", "kind", "size"),
    [
        ("", "image/png", 128),
        ("fallback=default&q=high", "image/png", 512),
        ("fallback=initials", "image/png", 128),
        ("fallback=initials&as=unconfirmed&fx=translucent&format=png", "image/png", 128),
        ("fallback=anonymous", "image/png", 128),
        ("fallback=initials&format=svg", "image/svg+xml", 0),
        ("fallback=anonymous&format=svg&q=high", "image/svg+xml", 0),
    ],
)
async def test_who_has_no_picture_gets_a_drawn_one(
    anybody: httpx.AsyncClient, query: str, kind: str, size: int
) -> None:
    answer = await anybody.get(f"/public/avatar?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    if size:
        assert Image.open(io.BytesIO(answer.content)).size == (size, size)
    else:
        assert (">AM<" in answer.text) == ("initials" in query)


@pytest.mark.parametrize("query", ["fallback=x", "format=gif", "as=x", "fx=x", "q=low", "fallback=404"])
async def test_an_unknown_wish_is_refused(anybody: httpx.AsyncClient, query: str) -> None:
    answer = await anybody.get(f"/public/avatar?{query}", headers={"Accept": "application/json"})
    assert answer.status_code == (404 if query == "fallback=404" else 400)
    assert answer.json()["error"]


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Alice Martin", "AM"),
        ("alice", "A"),
        ("Jean-Luc  de la Tour", "JT"),
        ("  ", ""),
        ("!?", ""),
        ("<b> & co", "BC"),
        ("ßeta ﬁn", "SF"),
        ("李 雷", "李雷"),
    ],
)
def test_initials_are_of_the_first_and_the_last_word(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_portraits_differ_by_name_and_wish_and_draw_any_letter() -> None:
    drawn: list[Any] = [
        portrait("Alice"),
        portrait("Bob"),
        portrait("Alice", unconfirmed=True),
        portrait("Alice", translucent=True),
        nobody(),
        nobody(unconfirmed=True),
    ]
    assert len({as_png(one, 64) for one in drawn}) == len({as_svg(one) for one in drawn}) == len(drawn)
    unknown = portrait("李 雷")
    assert as_png(unknown, 64).startswith(b"\x89PNG")
    assert "李雷" in as_svg(unknown).decode()
