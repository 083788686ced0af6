"""Names from every system, bodies that end too soon or too late, quotas reached half-way, trees that are deep."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import pytest

from alcove.base.http import Rule
from alcove.files import ROOT
from alcove.files.testing import LATER, files_in_memory
from alcove.files.tests.conftest import Door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NFC, NFD = "Éléphant.txt", unicodedata.normalize("NFD", "Éléphant.txt")
KEPT = (
    NFC,
    NFD,
    "README",
    "readme",
    "CON",
    "aux.txt",
    "trailing.",
    "trailing ",
    " leading",
    "...",
    ".hidden",
    'a<b>c:d"e|f?g*h',
    "back\\slash",
    "tab\there",
    "\u202egnp.exe",
    "\ufeffbom",
    "🏳️‍🌈.png",
    "é" * 127,
    "x" * 255,
    "%2e%2e",
    "a%00b",
    "100%",
    "semi;colon",
    "<script>",
)


@pytest.mark.parametrize("name", KEPT)
async def test_names_are_kept_as_they_came(door: Door, name: str) -> None:
    """Found by it in every way, and given back by the names that browsers read."""
    file = await door.make(f"{ROOT}?Type=file&Name={quote(name, safe='')}", b"abc")
    shown = (await door.ask(f"GET /files/{file}", 200)).json()["data"]["attributes"]
    assert shown["name"] == name
    found = await door.ask(f"GET /files/metadata?Path=/{quote(name, safe='')}", 200)
    assert found.json()["data"]["id"] == file
    given = await door.ask(f"GET /files/download/{file}", 200)
    said = given.headers["content-disposition"]
    assert said.isascii()
    encoded = re.search(r"filename\*=UTF-8''(\S+)$", said)
    plain = re.search(r'filename="([^"]*)"', said)
    assert plain is not None
    assert (unquote(encoded[1]) if encoded else plain[1]) == name
    link = (await door.ask(f"POST /files/downloads?Id={file}", 200)).json()["links"]["related"]
    assert (await door.ask(f"GET {link}", 200)).content == b"abc"


async def test_twins_are_two(door: Door) -> None:
    for names in ((NFC, NFD), ("README", "readme", "Readme"), ("a", "a ", "a.")):
        made = {await door.make(f"{ROOT}?Type=file&Name={quote(name)}") for name in names}
        assert len(made) == len(names)
        for name in names:
            await door.ask(f"POST /files/{ROOT}?Type=file&Name={quote(name)}", 409)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "a\0b", "a\nb", "a\rb", "x" * 4097])
async def test_names_that_nothing_can_have(door: Door, name: str) -> None:
    box = await door.make(f"{ROOT}?Type=directory&Name=box")
    for kind in ("file", "directory"):
        refused = await door.ask(f"POST /files/{ROOT}?Type={kind}&Name={quote(name, safe='')}", 422)
        assert refused.json()["errors"][0]["source"] == {"parameter": "name"}
    await door.ask(f"PATCH /files/{box}", 422, json={"data": {"attributes": {"name": name}}})


async def test_a_lone_surrogate_is_no_name(door: Door) -> None:
    box = await door.make(f"{ROOT}?Type=directory&Name=box")
    await door.ask(f"PATCH /files/{box}", 400, content=b'{"data":{"attributes":{"name":"\\ud800"}}}')


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Door]:
    door = Door(await files_in_memory(quota="1000"), tmp_path / "drawing")
    yield door
    await door.close()


async def stream(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_quota_reached_in_mid_body(small: Door) -> None:
    for more in ({}, {"headers": {"Content-Length": "10"}}):
        kept: dict[str, Any] = {"content": stream(*[b"x" * 300] * 5), **more}
        refused = await small.ask("POST /files/?Type=file&Name=a", 413, **kept)
        assert refused.json()["errors"][0]["detail"] == "The file is too big and exceeds the disk quota"
    assert await small.place.blobs.list("cozy1", LATER) == []
    file = await small.make("?Type=file&Name=a", b"x" * 600)
    for line in (f"PUT /files/{file}", "POST /files/?Type=file&Name=b"):
        await small.ask(line, 413, content=stream(b"x" * 300, b"y" * 300))
        await small.ask(line, 413, content=b"x" * 600)
    await small.ask(f"POST /files/{file}/copy", 413)
    assert (await small.ask(f"GET /files/download/{file}", 200)).content == b"x" * 600
    assert len(await small.place.blobs.list("cozy1", LATER)) == 1
    await small.make("?Type=file&Name=b", b"x" * 400)
    await small.ask("POST /files/?Type=file&Name=c", 413, content=b"x")
    await small.make("?Type=file&Name=d")  # nothing fits always


async def test_overwriting_with_bytes_that_are_others_leaves_the_old_ones(door: Door) -> None:
    file = await door.make("?Type=file&Name=a", b"old")
    before = (await door.ask(f"GET /files/{file}", 200)).json()["data"]
    wrong = {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}
    await door.ask(f"PUT /files/{file}", 412, content=b"new", headers=wrong)
    await door.ask(f"PUT /files/{file}?Size=9", 412, content=stream(b"new"))
    await door.ask(f"PUT /files/{file}", 412, content=b"new", headers={"If-Match": "1-00"})
    assert (await door.ask(f"GET /files/{file}", 200)).json()["data"] == before
    assert len(await door.place.blobs.list("cozy1", LATER)) == 1


async def test_fifty_levels_deep(door: Door) -> None:
    top = here = await door.make(f"{ROOT}?Type=directory&Name=d0")
    for n in range(1, 50):
        here = await door.make(f"{here}?Type=directory&Name=d{n}")
    file = await door.make(f"{here}?Type=file&Name=f", b"deep")
    await door.ask(f"PATCH /files/{top}", 200, json={"data": {"attributes": {"name": "top"}}})
    path = "/top/" + "/".join(f"d{n}" for n in range(1, 50)) + "/f"
    assert (await door.ask(f"GET /files/metadata?Path={path}", 200)).json()["data"]["id"] == file
    await door.ask(f"PATCH /files/{top}", 412, json={"data": {"attributes": {"dir_id": here}}})
    body = {"data": {"attributes": {"name": "all", "ids": [top]}}}
    packed = await door.ask("POST /files/archive", 200, json=body, headers={"Accept": "application/zip"})
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert archive.read(f"all{path}") == b"deep"
    await door.ask(f"DELETE /files/{top}", 200)
    await door.ask(f"POST /files/trash/{here}", 200)
    assert (await door.ask(f"GET /files/{file}", 200)).json()["data"]["attributes"]["trashed"] is False
    await door.ask("DELETE /files/trash", 204)
    assert (await door.ask(f"GET /files/download/{file}", 200)).content == b"deep"


@pytest.mark.parametrize("path", ["/box/a", "//box//a", "/./box/a", "/box/../box/a", "/../../box/./a", "/x/../box/a"])
async def test_ways_to_write_a_path(door: Door, path: str) -> None:
    box = await door.make(f"{ROOT}?Type=directory&Name=box")
    file = await door.make(f"{box}?Type=file&Name=a")
    assert (await door.ask(f"GET /files/metadata?Path={path}", 200)).json()["data"]["id"] == file
    assert (await door.ask("GET /files/metadata?Path=/./", 200)).json()["data"]["id"] == ROOT


async def test_what_lies_in_a_folder_needs_no_index(door: Door) -> None:
    """The reference has one by itself, and clients came to count on it."""
    box = await door.make(f"{ROOT}?Type=directory&Name=box")
    file = await door.make(f"{box}?Type=file&Name=a")
    for selector in (
        {"dir_id": box},
        {"dir_id": {"$in": [box, "x"]}, "_id": {"$ne": "x"}},
        {"dir_id": box, "size": "0"},
    ):
        answer = await door.ask("POST /files/_find", 200, json={"selector": selector})
        assert [one["id"] for one in answer.json()["data"]] == [file]
    answer = await door.ask("POST /files/_find", 200, json={"selector": {"path": "/box"}})
    assert [one["id"] for one in answer.json()["data"]] == [box]
    await door.ask("POST /files/_find", 400, json={"selector": {"size": "0"}})


async def test_who_may_certify(door: Door) -> None:
    said = {"carbonCopy": True, "electronicSafe": True, "label": "x"}
    door.somebody = door.somebody_else(Rule("io.cozy.files", frozenset()))
    kept = await door.ask("POST /files/upload/metadata", 201, json={"data": {"attributes": said}})
    assert kept.json()["data"]["attributes"] == {"label": "x"}
    carbon = Rule("io.cozy.certified.carbon_copy", frozenset())
    door.somebody = door.somebody_else(Rule("io.cozy.files", frozenset()), carbon)
    kept = await door.ask("POST /files/upload/metadata", 201, json={"data": {"attributes": said}})
    assert kept.json()["data"]["attributes"] == {"carbonCopy": True, "label": "x"}
    file = await door.make(f"?Type=file&Name=a&MetadataID={kept.json()['data']['id']}")
    qualified = {"data": {"attributes": {"qualification": {"label": "y"}}}}
    told = (await door.ask(f"POST /files/{file}/versions", 200, json=qualified)).json()["data"]["attributes"]
    assert told["metadata"] == {"carbonCopy": True, "qualification": {"label": "y"}}
    told = (await door.ask(f"POST /files/{file}/versions", 200, json={"data": {"attributes": {"b": 1}}})).json()
    assert told["data"]["attributes"]["metadata"] == {"b": 1}
