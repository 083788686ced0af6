"""What each method does to files and folders, through the front door."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import pytest

from alcove.dav.http import reading
from alcove.dav.tests.conftest import DOMAIN, TOP, d, multistatus
from alcove.files import ROOT, Patch
from alcove.identity import AppPasswords

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.dav.tests.conftest import Dav


async def test_classes_and_methods_are_told_to_everybody(dav: Dav) -> None:
    answer = await dav.entry.client(DOMAIN).options(f"{TOP}/anything")
    assert answer.status_code == 200
    assert answer.headers["dav"] == "1, 2, 3"
    assert {"PROPFIND", "MKCOL", "LOCK"} <= set(answer.headers["allow"].split(", "))


async def test_who_is_unknown_is_asked_for_a_password(dav: Dav) -> None:
    for said in ("", "Basic bm9ib2R5OndoYXQ=", "Bearer a.b.c"):
        answer = await dav.entry.client(DOMAIN).request("PROPFIND", TOP, headers={"Authorization": said})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic realm=")


async def test_a_device_comes_in_with_its_own_password(dav: Dav) -> None:
    record, secret = await dav.entry.house.need(AppPasswords).make(dav.instance, "Desk", ["files"])
    async with dav.entry.client(DOMAIN) as client:
        for password, status in ((secret, 207), ("a wrong one", 401)):
            answer = await client.request("PROPFIND", TOP, auth=("alice", password), headers={"Depth": "0"})
            assert answer.status_code == status
        (await client.put(f"{TOP}/a", content=b"x", auth=("alice", secret))).raise_for_status()
        await dav.entry.house.need(AppPasswords).remove(dav.instance, record.id)
        assert (await client.get(f"{TOP}/a", auth=("alice", secret))).status_code == 401


async def test_pages_of_other_origins_are_kept_off(dav: Dav) -> None:
    """A browser sends a password that it knows by itself: another page must not act with it."""
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "DELETE"}
    answer = await dav.client.options(f"{TOP}/Photos", headers=asked)
    assert "access-control-allow-origin" not in answer.headers
    assert "access-control-allow-methods" not in answer.headers
    read = await dav.client.request("PROPFIND", TOP, headers={"Origin": "https://evil.example", "Depth": "0"})
    assert "access-control-allow-origin" not in read.headers
    other = await dav.client.options("/files/", headers=asked)
    assert other.headers["access-control-allow-origin"] == "https://evil.example"


async def test_a_file_is_written_read_and_written_again(dav: Dav) -> None:
    first = await dav.ask("PUT", "/a b.txt", 201, b"one")
    again = await dav.ask("PUT", "/a%20b.txt", 204, b"two")
    assert first.headers["etag"] != again.headers["etag"]
    read = await dav.ask("GET", "/a%20b.txt", 200)
    assert (read.content, read.headers["etag"]) == (b"two", again.headers["etag"])
    assert "sandbox" in read.headers["content-security-policy"]
    node = await dav.files.by_path(dav.instance, "/a b.txt")
    assert len(await dav.files.versions(dav.instance, node.id)) == 1, "what it was is kept"
    head = await dav.ask("HEAD", "/a%20b.txt", 200)
    assert (head.headers["content-length"], head.content) == ("3", b"")
    part = await dav.ask("GET", "/a%20b.txt", 206, Range="bytes=1-")
    assert part.content == b"wo"
    await dav.ask("GET", "/a%20b.txt", 304, If_None_Match=again.headers["etag"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/no/a.txt", 409),
        ("PUT", "/Photos", 405),
        ("PUT", "/", 405),
        ("MKCOL", "/no/folder", 409),
        ("MKCOL", "/Photos", 405),
        ("MKCOL", "/", 405),
        ("GET", "/no", 404),
        ("DELETE", "/no", 404),
        ("DELETE", "/", 405),
        ("MOVE", "/", 405),
        ("PROPFIND", "/no", 404),
        ("PUT", "/.cozy_trash/a.txt", 409),
        ("MKCOL", "/.cozy_trash", 405),
        ("PROPFIND", "/.cozy_trash", 404),
        ("PUT", "/..%2Fa", 400),
        ("PUT", "/%2e%2e/a", 400),
        ("PUT", "/a%00b", 400),
        ("PUT", "/a%0Ab", 400),
        ("PUT", "/%FF%FE", 400),
        ("GET", "/%2e", 400),
        ("PUT", f"/{'x' * 5000}", 400),
        ("COPY", "/Photos", 400),
        ("PROPPATCH", "/Photos", 400),
        ("LOCK", "/Photos", 400),
        ("UNLOCK", "/Photos", 400),
    ],
)
async def test_what_cannot_be_is_refused(dav: Dav, method: str, path: str, status: int) -> None:
    before = [node.id for node in (await dav.files.list(dav.instance, ROOT)).nodes]
    answer = await dav.ask(method, path, status)
    assert answer.content.startswith(b"<?xml"), "words that a client can read"
    assert [node.id for node in (await dav.files.list(dav.instance, ROOT)).nodes] == before


@pytest.mark.parametrize(
    "name",
    [
        *("café", "cafe\u0301", "a&b<c>.txt", "100%", "#hash", "what?", "a+b", "CON", "aux.txt", "trailing.", "a:b"),
        *("日本語 🎉", "\u202etxt.exe", "back\\slash", "  spaces  ", "'quotes\"", "semi;colon", "é" * 120, "a\u0001b"),
    ],
)
async def test_names_of_every_system_come_back_as_they_went(dav: Dav, name: str) -> None:
    path = f"/{quote(name)}"
    await dav.ask("PUT", path, 201, b"x")
    listed = await dav.find("/", d("displayname"), depth="1")
    assert name in {unquote(address).removeprefix(f"{TOP}/") for address in listed}
    assert name.replace("\u0001", "\ufffd") in {told.text(d("displayname")) for told in listed.values()}
    assert (await dav.files.by_path(dav.instance, f"/{name}")).name == name
    await dav.ask("MOVE", path, 201, Destination=f"{TOP}/Photos/{quote(name)}")
    await dav.ask("DELETE", f"/Photos/{quote(name)}", 204)


async def test_a_name_composed_otherwise_is_found_and_never_overwritten(dav: Dav) -> None:
    """A Mac may write é as two characters: it finds what others made, but makes a file of its own beside it."""
    composed, decomposed = "/caf%C3%A9.txt", "/cafe%CC%81.txt"
    await dav.ask("PUT", composed, 201, b"one")
    assert await dav.bytes_at(decomposed) == b"one"
    await dav.ask("PUT", decomposed, 201, b"two")
    assert (await dav.bytes_at(composed), await dav.bytes_at(decomposed)) == (b"one", b"two")
    await dav.ask("DELETE", decomposed, 204)
    assert await dav.bytes_at(composed) == b"one"
    await dav.ask("MOVE", decomposed, 201, Destination=f"{TOP}{decomposed}2")
    await dav.ask("GET", composed, 404)


async def test_conditions_are_kept(dav: Dav) -> None:
    tag = (await dav.ask("PUT", "/a", 201, b"one", If_None_Match="*")).headers["etag"]
    await dav.ask("PUT", "/a", 412, b"two", If_None_Match="*")
    await dav.ask("PUT", "/a", 412, b"two", If_Match='"other"')
    await dav.ask("PUT", "/b", 412, b"two", If_Match="*")
    await dav.ask("DELETE", "/a", 412, If_Match='"other"')
    await dav.ask("PUT", "/a", 412, b"two", If_Unmodified_Since="Sat, 01 Jan 2000 00:00:00 GMT")
    await dav.ask("MOVE", "/a", 412, Destination=f"{TOP}/b", If='(["other"])')
    assert await dav.bytes_at("/a") == b"one"
    await dav.ask("PUT", "/a", 204, b"two", If=f"([{tag}])")
    await dav.ask("PUT", "/a", 204, b"three", If='(["other"]) (Not ["other"])')
    await dav.ask("PUT", "/b", 412, b"", If=f"<{TOP}/a> ([{tag}])")
    await dav.ask("PUT", "/b", 201, b"", If=f"<http://{DOMAIN}{TOP}/a> (Not [{tag}])")
    await dav.ask("PUT", "/b", 400, b"", If="(unclosed")


async def test_sums_that_are_announced_are_checked(dav: Dav) -> None:
    right, wrong = hashlib.sha1(b"one", usedforsecurity=False).hexdigest(), "0" * 40
    await dav.ask("PUT", "/a", 400, b"one", OC_Checksum=f"SHA1:{wrong}")
    await dav.ask("GET", "/a", 404)
    await dav.ask("PUT", "/a", 201, b"one", OC_Checksum=f"SHA1:{right}")
    await dav.ask("PUT", "/a", 400, b"two", OC_Checksum="ADLER32:00000001")
    await dav.ask("PUT", "/a", 204, b"two", Digest="unknown=AAAA")
    await dav.ask("PUT", "/a", 400, b"two", Repr_Digest="sha-256=:AAAA:")
    await dav.ask("PUT", "/a", 400, b"two", Content_MD5="AAAA")
    await dav.ask("PUT", "/a", 400, b"two", OC_Checksum="nonsense")
    assert await dav.bytes_at("/a") == b"two"


async def test_a_part_is_put_into_the_bytes_that_are_there(dav: Dav) -> None:
    await dav.ask("PUT", "/a", 201, b"0123456789")
    await dav.ask("PUT", "/a", 204, b"xy", Content_Range="bytes 3-4/10")
    assert await dav.bytes_at("/a") == b"012xy56789"
    await dav.ask("PUT", "/a", 204, b"zz", Content_Range="bytes 10-11/*")
    assert await dav.bytes_at("/a") == b"012xy56789zz"
    for header, status in (("bytes 14-15/*", 416), ("bytes 0-2/*", 416), ("bytes 5-4/*", 400), ("lines 1-2/3", 400)):
        await dav.ask("PUT", "/a", status, b"zz", Content_Range=header)
    await dav.ask("PUT", "/new", 201, b"abc", Content_Range="bytes 0-2/3")
    assert (await dav.bytes_at("/a"), await dav.bytes_at("/new")) == (b"012xy56789zz", b"abc")


async def test_a_body_of_unknown_length(dav: Dav) -> None:
    """The Finder sends pieces, and says in a header of its own how long all of it is."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"ab"
        yield b"c"

    for said, status in (("3", 201), ("3", 204), ("5", 400), ("soon", 204)):
        headers = {"X-Expected-Entity-Length": said}
        answer = await dav.client.put(f"{TOP}/a", content=pieces(), headers=headers)
        assert answer.status_code == status
    assert await dav.bytes_at("/a") == b"abc"


async def test_dates_of_sync_clients_are_kept(dav: Dav) -> None:
    answer = await dav.ask("PUT", "/old", 201, b"x", X_OC_Mtime="946684800")
    assert answer.headers["x-oc-mtime"] == "accepted"
    told = (await dav.find("/old", d("getlastmodified")))[f"{TOP}/old"]
    assert told.text(d("getlastmodified")) == "Sat, 01 Jan 2000 00:00:00 GMT"
    await dav.ask("PUT", "/old", 204, b"y", X_OC_Mtime="315532800.5")
    assert (await dav.files.by_path(dav.instance, "/old")).fields["updated_at"] == "1980-01-01T00:00:00.5Z"
    assert "x-oc-mtime" not in (await dav.ask("PUT", "/new", 201, b"x", X_OC_Mtime="yesterday")).headers


async def test_what_is_deleted_lies_in_the_trash(dav: Dav) -> None:
    await dav.ask("MKCOL", "/f", 201)
    await dav.ask("PUT", "/f/a", 201, b"x")
    await dav.ask("DELETE", "/f", 204)
    await dav.ask("GET", "/f/a", 404)
    trashed = await dav.files.by_path(dav.instance, "/.cozy_trash/f")
    await dav.files.restore(dav.instance, trashed.id)
    assert await dav.bytes_at("/f/a") == b"x"


async def test_a_folder_goes_with_all_that_is_in_it_or_not_at_all(dav: Dav) -> None:
    await dav.ask("PUT", "/Photos/a", 201)
    await dav.ask("DELETE", "/Photos", 400, Depth="0")
    await dav.ask("DELETE", "/Photos/a", 204, Depth="0")
    await dav.ask("DELETE", "/Photos", 204, Depth="infinity")


async def test_a_folder_is_copied_with_all_that_is_in_it(dav: Dav) -> None:
    await dav.ask("MKCOL", "/f", 201)
    await dav.ask("MKCOL", "/f/g", 201)
    await dav.ask("PUT", "/f/g/a", 201, b"x", X_OC_Mtime="946684800")
    answer = await dav.ask("COPY", "/f", 201, Destination=f"http://{DOMAIN}{TOP}/copy")
    assert answer.headers["location"] == f"{TOP}/copy/"
    assert await dav.bytes_at("/copy/g/a") == b"x"
    first, second = [await dav.files.by_path(dav.instance, f"/{top}/g/a") for top in ("f", "copy")]
    assert first.id != second.id
    assert first.blob != second.blob
    assert second.fields["updated_at"] == first.fields["updated_at"]
    await dav.ask("COPY", "/f", 412, Destination=f"{TOP}/copy", Overwrite="F")
    await dav.ask("COPY", "/f", 204, Destination=f"{TOP}/copy", Depth="0")
    await dav.ask("GET", "/copy/g", 404)
    assert (await dav.files.by_path(dav.instance, "/.cozy_trash/copy/g/a")).trashed, "what was replaced is not lost"


async def test_a_copy_tells_what_was_missing_and_keeps_the_rest(dav: Dav) -> None:
    await dav.ask("MKCOL", "/f", 201)
    for name in ("a", "b"):
        await dav.ask("PUT", f"/f/{name}", 201, b"x")
    lost = await dav.files.by_path(dav.instance, "/f/a")
    await dav.files._blobs.remove(dav.instance.key, lost.blob)
    told = multistatus(await dav.ask("COPY", "/f", 207, Destination=f"{TOP}/copy"))
    assert {address: one.alone for address, one in told.items()} == {f"{TOP}/f/a": 500}
    await dav.ask("GET", "/copy/a", 404)
    assert await dav.bytes_at("/copy/b") == b"x"


async def test_a_copy_that_does_not_fit_leaves_nothing(dav: Dav) -> None:
    await dav.ask("MKCOL", "/f", 201)
    await dav.ask("PUT", "/f/a", 201, b"x" * 1000)
    await dav.entry.operator.patch(f"/instances/{DOMAIN}", params={"DiskQuota": "1500"})
    answer = await dav.ask("COPY", "/f", 507, Destination=f"{TOP}/copy")
    assert "quota-not-exceeded" in answer.text
    await dav.ask("PROPFIND", "/copy", 404)
    await dav.ask("PUT", "/b", 507, b"x" * 1000)
    told = (await dav.find("/", d("quota-available-bytes"), d("quota-used-bytes")))[f"{TOP}/"]
    assert (told.text(d("quota-used-bytes")), told.text(d("quota-available-bytes"))) == ("1000", "500")


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize(
    ("destination", "status"),
    [
        (f"{TOP}/f", 403),
        (f"{TOP}/f/g/h", 403),
        (f"{TOP}/", 403),
        (f"{TOP}/no/x", 409),
        ("/elsewhere", 502),
        (f"http://other.example{TOP}/x", 502),
        ("x", 400),
        ("", 400),
        ("http://[", 400),
        (f"{TOP}/%2e%2e/x", 400),
    ],
)
async def test_destinations_that_cannot_be(dav: Dav, method: str, destination: str, status: int) -> None:
    await dav.ask("MKCOL", "/f", 201)
    await dav.ask("MKCOL", "/f/g", 201)
    await dav.ask(method, "/f", status, Destination=destination)
    await dav.ask("PROPFIND", "/f/g", 207, Depth="0")


async def test_a_folder_is_not_moved_over_one_that_holds_it(dav: Dav) -> None:
    for path in ("/f", "/f/g", "/f/g/f"):
        await dav.ask("MKCOL", path, 201)
    await dav.ask("MOVE", "/f/g", 403, Destination=f"{TOP}/f")
    await dav.ask("PROPFIND", "/f/g/f", 207, Depth="0")


async def test_moving_keeps_what_a_file_is(dav: Dav) -> None:
    await dav.ask("PUT", "/a", 201, b"one")
    await dav.ask("PUT", "/b", 201, b"two")
    before = await dav.files.by_path(dav.instance, "/a")
    await dav.ask("MOVE", "/a", 412, Destination=f"{TOP}/b", Overwrite="F")
    await dav.ask("MOVE", "/a", 204, Destination=f"{TOP}/b")
    after = await dav.files.by_path(dav.instance, "/b")
    assert (after.id, after.md5sum) == (before.id, before.md5sum)
    assert (await dav.files.by_path(dav.instance, "/.cozy_trash/b")).size == 3
    await dav.ask("MOVE", "/b", 201, Destination=f"{TOP}/B")
    assert [node.name for node in (await dav.files.list(dav.instance, ROOT)).nodes if not node.is_dir] == ["B"]


async def test_a_folder_is_told_in_parts_however_much_is_in_it(dav: Dav) -> None:
    await dav.ask("MKCOL", "/f", 201)
    parent = await dav.files.by_path(dav.instance, "/f")
    for number in range(450):
        await dav.files.create_dir(dav.instance, f"{number:03}", parent.id)
    told = await dav.find("/f", d("resourcetype"), depth="1")
    assert list(told) == [f"{TOP}/f/", *(f"{TOP}/f/{number:03}/" for number in range(450))]


async def test_depth_infinity_ends_at_a_limit(dav: Dav, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("/f", "/f/g", "/f/g/h"):
        await dav.ask("MKCOL", path, 201)
    await dav.ask("PUT", "/f/g/h/a", 201)
    told = await dav.find("/f", d("resourcetype"), depth="infinity")
    assert set(told) == {f"{TOP}/f/", f"{TOP}/f/g/", f"{TOP}/f/g/h/", f"{TOP}/f/g/h/a"}
    monkeypatch.setattr(reading, "MOST", 2)
    answer = await dav.ask("PROPFIND", "/f", 403)
    assert "propfind-finite-depth" in answer.text
    await dav.ask("PROPFIND", "/f/g/h", 207)
    await dav.ask("PROPFIND", "/f", 400, Depth="2")


async def test_rights_on_one_folder_are_rights_on_that_alone(dav: Dav) -> None:
    await dav.ask("PUT", "/Photos/a", 201, b"x")
    await dav.ask("PUT", "/secret", 201, b"x")
    photos = await dav.files.by_path(dav.instance, "/Photos")
    async with dav.entry.client(DOMAIN, scope=f"io.cozy.files:GET:{photos.id}") as guest:
        assert (await guest.get(f"{TOP}/Photos/a")).status_code == 200
        for method, path in (("GET", "/secret"), ("PROPFIND", ""), ("DELETE", "/Photos/a"), ("PUT", "/Photos/b")):
            assert (await guest.request(method, f"{TOP}{path}")).status_code == 403, (method, path)
        copied = await guest.request("COPY", f"{TOP}/Photos/a", headers={"Destination": f"{TOP}/b"})
        assert copied.status_code == 403
    async with dav.entry.client(DOMAIN, scope="io.cozy.contacts") as other:
        assert (await other.request("PROPFIND", f"{TOP}/no")).status_code == 403


async def test_what_another_door_moved_is_found_at_its_new_place(dav: Dav) -> None:
    await dav.ask("PUT", "/Photos/a", 201, b"x")
    assert await dav.bytes_at("/Photos/a") == b"x"
    photos = await dav.files.by_path(dav.instance, "/Photos")
    await dav.files.change(dav.instance, photos.id, Patch(name="Pictures"))
    await dav.ask("GET", "/Photos/a", 404)
    assert await dav.bytes_at("/Pictures/a") == b"x"
    await dav.files.create_dir(dav.instance, "Photos")
    await dav.ask("GET", "/Photos/a", 404)
