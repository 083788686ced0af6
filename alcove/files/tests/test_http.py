"""The routes of `/files` through their front door; what the reference answers is in the conformance scenarios."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from alcove.base.http import Rule
from alcove.files import ROOT, TRASH
from alcove.files.testing import md5_base64

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.files.tests.conftest import Door

READ = frozenset({"GET"})


def patch(**attributes: Any) -> dict[str, Any]:
    return {"json": {"data": {"type": "io.cozy.files", "attributes": attributes}}}


async def stream(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_upload_and_download(door: Door) -> None:
    content = b"hello " * 100
    headers = {"Content-Type": "text/plain; charset=utf-8", "Content-MD5": md5_base64(content)}
    answer = await door.ask("POST /files/?Type=file&Name=h.txt&Tags=a,%20b,a", 201, content=content, headers=headers)
    attributes = answer.json()["data"]["attributes"]
    assert (attributes["mime"], attributes["class"]) == ("text/plain", "text")
    assert attributes["tags"] == ["a", "b"]
    assert "internal_vfs_id" not in attributes
    file = answer.json()["data"]["id"]
    stored = await door.place.files.get(door.place.instance, file)
    assert stored.fields["internal_vfs_id"].endswith(hashlib.sha256(content).hexdigest())
    given = await door.ask(f"GET /files/download/{file}", 200)
    assert given.content == content
    assert given.headers["etag"] == f'"{md5_base64(content)}"'


async def test_a_long_body_without_a_length(door: Door) -> None:
    answer = await door.ask("POST /files/?Type=file&Name=big", 201, content=stream(*[b"x" * 70_000] * 10))
    assert answer.json()["data"]["attributes"]["size"] == "700000"
    given = await door.ask(f"GET /files/download/{answer.json()['data']['id']}", 200)
    assert given.content == b"x" * 700_000


@pytest.mark.parametrize(
    ("more", "status", "parameter"),
    [
        ({"headers": {"Content-MD5": md5_base64(b"other")}}, 412, "Content-MD5"),
        ({"headers": {"Content-MD5": "nope"}}, 422, "Content-MD5"),
        ({"headers": {"Content-MD5": "*" * 24}}, 422, "Content-MD5"),
        ({"headers": {"Date": "yesterday"}}, 422, "Date"),
        ({"headers": {"Date": "Fri, 31 Dec 9999 23:59:59 -2359"}}, 422, "Date"),
        ({"params": {"CreatedAt": "2020-13-01T00:00:00Z"}}, 422, "CreatedAt"),
        ({"params": {"UpdatedAt": "now"}}, 422, "UpdatedAt"),
        ({"params": {"Metadata": "[]"}}, 422, "Metadata"),
        ({"params": {"Metadata": "{"}}, 422, "Metadata"),
        ({"params": {"Metadata": '{"a":' * 100 + "1" + "}" * 100}}, 422, "Metadata"),
        ({"params": {"MetadataID": "unknown"}}, 422, "MetadataID"),
        ({"params": {"Name": "a/b"}}, 422, "name"),
    ],
)
async def test_uploads_that_are_refused(door: Door, more: dict[str, Any], status: int, parameter: str) -> None:
    params = {"Type": "file", "Name": "f", **more.get("params", {})}
    headers = more.get("headers", {})
    answer = await door.ask("POST /files/", status, content=b"content", params=params, headers=headers)
    assert answer.json()["errors"][0]["source"] == {"parameter": parameter}
    await nothing_is_left(door)


async def test_a_wrong_announced_size(door: Door) -> None:
    answer = await door.ask("POST /files/?Type=file&Name=f&Size=3", 412, content=stream(b"four"))
    assert answer.json()["errors"][0]["source"] == {"parameter": "Content-Length"}
    await door.ask("POST /files/?Type=file&Name=f&Size=x", 422, content=stream(b"four"))
    await nothing_is_left(door)


async def nothing_is_left(door: Door) -> None:
    assert await door.place.blobs.list("cozy1", door.place.clock.now().replace(year=9000)) == []
    assert await door.place.files.count(door.place.instance) == 0


async def test_dates(door: Door) -> None:
    file = await door.make("?Type=file&Name=a&CreatedAt=1969-07-20T20:17:40.123456789Z&UpdatedAt=1960-01-01T00:00:00Z")
    attributes = (await door.ask(f"GET /files/{file}", 200)).json()["data"]["attributes"]
    assert attributes["created_at"] == attributes["updated_at"] == "1969-07-20T20:17:40.123456789Z"
    file = await door.make("?Type=file&Name=b", Date="Mon, 19 Sep 2016 12:38:04 GMT")
    attributes = (await door.ask(f"GET /files/{file}", 200)).json()["data"]["attributes"]
    assert attributes["created_at"] == attributes["updated_at"] == "2016-09-19T12:38:04Z"


async def test_pages(door: Door) -> None:
    box = await door.make("?Type=directory&Name=box")
    made = [await door.make(f"{box}?Type=file&Name={n:02}") for n in range(7)]
    for path in (f"/files/{box}", f"/files/{box}/relationships/contents"):
        found, link = list[str](), f"{path}?page[limit]=3"
        while link:
            body = (await door.ask(f"GET {link}", 200)).json()
            found += [item["id"] for item in body.get("included") or body["data"]]
            link = body["links"].get("next", "")
        assert found == made
    for wrong in ("page[limit]=0", "page[limit]=x", "page[skip]=-1", "page[cursor]=%25%25"):
        await door.ask(f"GET /files/{box}?{wrong}", 400)


async def test_ranges_and_validators(door: Door) -> None:
    file = await door.make("?Type=file&Name=f", b"0123456789")
    path = f"GET /files/download/{file}"
    etag = (await door.ask(path, 200)).headers["etag"]
    for header, status, content in (
        ("bytes=2-4", 206, b"234"),
        ("bytes=8-", 206, b"89"),
        ("bytes=-3", 206, b"789"),
        ("bytes=5-100", 206, b"56789"),
        ("bytes=10-", 416, b"invalid range: failed to overlap\n"),
        ("bytes=0-1,3-4", 200, b"0123456789"),
        ("bytes=4-2", 200, b"0123456789"),
        ("lines=1-2", 200, b"0123456789"),
    ):
        assert (await door.ask(path, status, headers={"Range": header})).content == content
    changed = (await door.ask(path, 200)).headers["last-modified"]
    await door.ask(path, 304, headers={"If-None-Match": f'"x", {etag}'})
    await door.ask(path, 304, headers={"If-Modified-Since": changed})
    await door.ask(path, 200, headers={"If-Modified-Since": "Mon, 19 Sep 2005 12:38:04 GMT"})
    await door.ask(path, 200, headers={"If-Modified-Since": changed, "If-None-Match": '"x"'})
    await door.ask(path, 206, headers={"Range": "bytes=0-0", "If-Range": etag})
    await door.ask(path, 200, headers={"Range": "bytes=0-0", "If-Range": '"x"'})
    head = await door.ask(f"HEAD /files/download/{file}", 200)
    assert (head.content, head.headers["content-length"]) == (b"", "10")


async def test_a_blob_that_is_gone(door: Door) -> None:
    file = await door.make("?Type=file&Name=f", b"0123456789")
    node = await door.place.files.get(door.place.instance, file)
    await door.place.blobs.remove("cozy1", node.blob)
    answer = await door.ask(f"GET /files/download/{file}", 500)
    assert "missing" in answer.json()["errors"][0]["detail"]


async def test_secret_links(door: Door) -> None:
    file = await door.make("?Type=file&Name=f%20%C3%A9", b"abc")
    link = (await door.ask(f"POST /files/downloads?Id={file}", 200)).json()["links"]["related"]
    door.somebody = None
    assert (await door.ask(f"GET {link}", 200)).content == b"abc"
    await door.ask(f"GET /files/download/{file}", 401)
    door.place.clock.pass_time(minutes=11)  # type: ignore[attr-defined]  # a clock that is set
    await door.ask(f"GET {link}", 400)


async def test_an_archive(door: Door) -> None:
    box = await door.make("?Type=directory&Name=box")
    await door.make(f"{box}?Type=directory&Name=empty")
    await door.make(f"{box}?Type=file&Name=a.txt", b"a" * 1000)
    single = await door.make("?Type=file&Name=b.png", b"b")
    body = patch(name="pack", ids=[box, single])
    link = (await door.ask("POST /files/archive", 200, **body)).json()["links"]["related"]
    packed = await door.ask(f"GET {link}", 200)
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["pack/b.png", "pack/box/", "pack/box/a.txt", "pack/box/empty/"]
        assert archive.read("pack/box/a.txt") == b"a" * 1000
    for climbing in ("..", ".", "a\0"):
        await door.ask("POST /files/archive", 422, **patch(name=climbing, ids=[box]))


async def test_names_in_an_archive_do_not_climb(door: Door) -> None:
    file = await door.make("?Type=file&Name=..%5Cevil")
    link = (await door.ask("POST /files/archive", 200, **patch(name="x\\y", ids=[file]))).json()["links"]["related"]
    with zipfile.ZipFile(io.BytesIO((await door.ask(f"GET {link}", 200)).content)) as archive:
        assert archive.namelist() == ["x_y/.._evil"]


async def test_thumbnails_that_are_not_ready(door: Door) -> None:
    answer = await door.ask("POST /files/?Type=file&Name=a.png", 201, content=b"x")
    link = answer.json()["data"]["links"]["small"]
    assert (await door.ask(f"GET {link}", 404)).headers["content-type"] == "image/png"
    await door.ask(f"GET /files/{answer.json()['data']['id']}/thumbnails/0123456789abcdef/small", 400)


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ({"name": 5}, 422),
        ({"tags": "x"}, 422),
        ({"metadata": []}, 422),
        ({"metadata": {"a": "x" * 2_000_000}}, 422),
        ({"executable": "yes"}, 422),
        ({"updated_at": "soon"}, 422),
        ({"dir_id": "nowhere"}, 404),
        ({"dir_id": TRASH}, 400),
    ],
)
async def test_changes_that_are_refused(door: Door, attributes: dict[str, Any], status: int) -> None:
    file = await door.make("?Type=file&Name=f")
    await door.ask(f"PATCH /files/{file}", status, **patch(**attributes))
    assert (await door.place.files.get(door.place.instance, file)).name == "f"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"data": []}', b'{"data": {"attributes": 3}}'])
async def test_bodies_that_are_none(door: Door, body: bytes) -> None:
    file = await door.make("?Type=file&Name=f")
    for line in (f"PATCH /files/{file}", "PATCH /files/metadata?Path=/f", "POST /files/archive"):
        await door.ask(line, 400, content=body)
    if body != b'{"data": []}':
        await door.ask("PATCH /files/", 400, content=body)
        await door.ask(f"POST /files/{file}/relationships/referenced_by", 400, content=body)


async def test_a_batch_goes_on_after_an_error(door: Door) -> None:
    one, two = await door.make("?Type=file&Name=one"), await door.make("?Type=file&Name=two")
    data = [
        {"id": one, "attributes": {"name": "two"}},
        {"id": "nowhere", "attributes": {"name": "x"}},
        5,
        {"id": two, "attributes": {"name": "three"}},
    ]
    answer = await door.ask("PATCH /files/", 409, json={"data": data})
    assert [e["status"] for e in answer.json()["errors"]] == ["409", "404", "404"]
    assert (await door.place.files.get(door.place.instance, two)).name == "three"


async def test_move_to_trash_and_permanent_delete(door: Door) -> None:
    file = await door.make("?Type=file&Name=f")
    body = (await door.ask(f"PATCH /files/{file}", 200, **patch(move_to_trash=True))).json()
    assert body["data"]["attributes"]["trashed"] is True
    await door.ask(f"PATCH /files/{file}", 204, **patch(permanent_delete=True))
    await door.ask(f"GET /files/{file}", 404)


async def test_overwriting_keeps_a_version(door: Door) -> None:
    answer = await door.ask("POST /files/?Type=file&Name=f.txt", 201, content=b"one")
    file, rev = answer.json()["data"]["id"], answer.json()["data"]["meta"]["rev"]
    body = (await door.ask(f"PUT /files/{file}", 200, content=b"two", headers={"If-Match": rev})).json()
    version = body["data"]["relationships"]["old_versions"]["data"][0]["id"]
    assert (await door.ask(f"GET /files/download/{version}", 200)).content == b"one"
    await door.ask(f"PUT /files/{file}", 412, content=b"three", headers={"If-Match": rev})
    await door.ask(f"PUT /files/{file}", 412, content=b"three", headers={"Content-MD5": md5_base64(b"x")})
    assert (await door.ask(f"GET /files/download/{file}", 200)).content == b"two"
    await door.ask(f"POST /files/revert/{version}", 200)
    assert (await door.ask(f"GET /files/download/{file}", 200)).content == b"one"
    await door.ask(f"DELETE /files/{file}", 200)
    await door.ask(f"DELETE /files/trash/{file}", 204)
    await nothing_is_left(door)


async def test_a_directory_has_no_bytes(door: Door) -> None:
    box = await door.make("?Type=directory&Name=box")
    await door.ask(f"GET /files/download/{box}", 404)
    await door.ask(f"PUT /files/{box}", 404, content=b"x")
    await door.ask(f"POST /files/{box}/copy", 404)
    await door.ask(f"POST /files/downloads?Id={box}", 404)
    file = await door.make(f"{box}?Type=file&Name=f", b"12345")
    assert (await door.ask(f"GET /files/{box}/size", 200)).json()["data"]["attributes"] == {"size": "5"}
    await door.ask(f"GET /files/{file}/size", 400)
    await door.ask(f"GET /files/{file}/relationships/contents", 400)


async def test_a_rule_on_a_folder_covers_what_is_below(door: Door) -> None:
    box = await door.make("?Type=directory&Name=box")
    inner = await door.make(f"{box}?Type=directory&Name=in")
    file = await door.make(f"{inner}?Type=file&Name=f", b"abc")
    other = await door.make("?Type=file&Name=g", b"abc")
    door.somebody = door.somebody_else(Rule("io.cozy.files", frozenset({"GET", "PATCH", "POST"}), frozenset({box})))
    await door.ask(f"GET /files/download/{file}", 200)
    await door.ask(f"GET /files/{inner}", 200)
    await door.ask(f"POST /files/{inner}?Type=file&Name=new", 201)
    for line in (
        f"GET /files/{other}",
        f"GET /files/download/{other}",
        f"GET /files/{ROOT}",
        "GET /files/trash",
        f"DELETE /files/{other}",
        f"DELETE /files/trash/{file}",
        f"POST /files/{ROOT}?Type=file&Name=new",
        f"POST /files/{file}/copy?DirID={ROOT}",
        f"POST /files/downloads?Id={other}",
        "POST /files/?Type=directory&Path=/new",
        f"PUT /files/{file}",
        "DELETE /files/versions",
        "GET /files/_changes",
    ):
        await door.ask(line, 403)
    await door.ask(f"PATCH /files/{file}", 403, **patch(dir_id=ROOT))
    await door.ask("POST /files/archive", 403, **patch(name="x", ids=[other]))
    await door.ask("POST /files/_find", 403, json={"selector": {}})
    await door.ask("POST /files/_all_docs", 403, json={"keys": [file]})


async def test_rules_by_value(door: Door) -> None:
    box = await door.make("?Type=directory&Name=box&Tags=shared")
    picture = await door.make(f"{box}?Type=file&Name=a.png", b"x")
    text = await door.make("?Type=file&Name=a.txt", b"x")
    album = {"json": {"data": [{"type": "io.cozy.photos.albums", "id": "1"}]}}
    await door.ask(f"POST /files/{text}/relationships/referenced_by", 200, **album)
    for selector, value, seen in (
        ("class", "image", {picture}),
        ("mime", "text/plain", {text}),
        ("tags", "shared", {picture, box}),
        ("referenced_by", "io.cozy.photos.albums/1", {text}),
        ("name", "a.png", {picture}),
    ):
        door.somebody = door.somebody_else(Rule("io.cozy.files", READ, frozenset({value}), selector))
        for node in (box, picture, text):
            await door.ask(f"GET /files/{node}", 200 if node in seen else 403)


async def test_who_wrote_it(door: Door) -> None:
    door.somebody = door.somebody_else(Rule("*", frozenset()), audience="konn", subject="invoices")
    line = "?Type=file&Name=f&SourceAccount=acc&SourceAccountIdentifier=me"
    file = await door.make(line)
    cozy = (await door.ask(f"GET /files/{file}", 200)).json()["data"]["attributes"]["cozyMetadata"]
    assert (cozy["createdByApp"], cozy["uploadedBy"]) == ("invoices", {"slug": "invoices"})
    assert (cozy["sourceAccount"], cozy["sourceAccountIdentifier"]) == ("acc", "me")
    assert cozy["updatedByApps"][0]["slug"] == "invoices"


async def test_references_from_a_document(door: Door) -> None:
    file = await door.make("?Type=file&Name=f")
    path = "/data/io.cozy.bills/b%2F1/relationships/references"
    body = {"json": {"data": [{"type": "io.cozy.files", "id": file}]}}
    await door.ask(f"POST {path}", 204, **body)
    found = (await door.ask(f"GET {path}?include=files", 200)).json()
    assert [item["id"] for item in found["data"]] == [item["id"] for item in found["included"]] == [file]
    await door.ask(f"DELETE {path}", 204, **body)
    assert (await door.ask(f"GET {path}", 200)).json()["data"] == []


async def test_directories_that_a_client_keeps_off(door: Door) -> None:
    folder, file = await door.make("?Type=directory&Name=d"), await door.make("?Type=file&Name=f")
    path = "/data/io.cozy.oauth.clients/c/relationships/not_synchronizing"
    body = {"json": {"data": [{"type": "io.cozy.files", "id": folder}]}}
    await door.ask(f"POST {path}", 204, **body)
    found = (await door.ask(f"GET {path}", 200)).json()
    assert (found["data"], found["meta"]["count"]) == ([{"type": "io.cozy.files", "id": folder}], 1)
    await door.ask(f"POST {path}", 400, json={"data": [{"type": "io.cozy.files", "id": file}]})
    inside, beside = await door.make(f"{folder}?Type=file&Name=in"), await door.make("?Type=directory&Name=dd")
    everything, owner = Rule("*", frozenset()), door.somebody
    for subject, deleted in (("c", {folder, inside}), ("other", set())):
        door.somebody = door.somebody_else(everything, audience="access", subject=subject)
        feed = (await door.ask("GET /files/_changes?include_docs=true", 200)).json()["results"]
        assert {line["id"] for line in feed if line.get("deleted") and line["doc"]["_deleted"]} == deleted
        assert {folder, inside, file, beside} <= {line["id"] for line in feed}
    door.somebody = owner
    await door.ask(f"DELETE {path}", 204, json={"data": [{"id": folder}]})  # cozy-desktop leaves the type out
    assert (await door.ask(f"GET {path}", 200)).json()["data"] == []
    await door.ask(f"POST /files/{folder}/relationships/referenced_by", 400, json={"data": [{"id": "x"}]})


async def test_the_change_feed(door: Door) -> None:
    since = (await door.ask("GET /files/_changes", 200)).json()["last_seq"]
    file = await door.make("?Type=file&Name=f")
    page = (await door.ask(f"GET /files/_changes?since={since}&include_docs=true&include_file_path", 200)).json()
    assert [(line["id"], line["doc"]["path"]) for line in page["results"]] == [(file, "/f")]
    await door.ask(f"DELETE /files/{file}", 200)
    await door.ask(f"DELETE /files/trash/{file}", 204)
    page = (await door.ask(f"GET /files/_changes?since={since}", 200)).json()
    assert [line.get("deleted") for line in page["results"]] == [True]
    page = (await door.ask(f"GET /files/_changes?since={since}&include_docs=true", 200)).json()
    (line,) = page["results"]
    assert line["doc"] == {"_id": file, "_rev": line["changes"][0]["rev"], "_deleted": True}
    assert (await door.ask(f"GET /files/_changes?since={since}&skip_deleted", 200)).json()["results"] == []
    for wrong in ("since=x", "limit=0", "limit=x", "feed=longpoll", "skip_trashed=true"):
        await door.ask(f"GET /files/_changes?{wrong}", 400)


@pytest.mark.parametrize(
    "body",
    [{}, {"selector": []}, {"selector": {}, "fields": "x"}, {"selector": {}, "skip": -1}, {"selector": {"$x": 1}}],
)
async def test_queries_that_are_none(door: Door, body: dict[str, Any]) -> None:
    await door.ask("POST /files/_find", 400, json=body)


async def test_shortcuts(door: Door) -> None:
    body = patch(name="link", url="https://example.org/?a=b")
    file = (await door.ask("POST /shortcuts", 201, **body)).json()["data"]
    assert (file["attributes"]["name"], file["attributes"]["class"]) == ("link.url", "shortcut")
    shown = (await door.ask(f"GET /shortcuts/{file['id']}", 200)).json()["data"]["attributes"]
    assert shown["url"] == "https://example.org/?a=b"
    led = await door.ask(f"GET /shortcuts/{file['id']}", 303, headers={"Accept": "text/html"})
    assert led.headers["location"] == "https://example.org/?a=b"
    other = await door.make("?Type=file&Name=evil.url", b"[InternetShortcut]\r\nURL=javascript:alert(1)\r\n")
    await door.ask(f"GET /shortcuts/{other}", 422, headers={"Accept": "text/html"})
    await door.ask(f"GET /shortcuts/{await door.make('?Type=file&Name=f')}", 404)
    for url in (None, "", 5, "javascript:alert(1)", "https://a\nb", "http://[", "file:///etc/passwd"):
        await door.ask("POST /shortcuts", 422, **patch(name="x", url=url))


@pytest.mark.parametrize(
    "line", ["GET /files/metadata", "GET /files/download", "POST /files/downloads", "PATCH /files/metadata"]
)
async def test_who_may_not_see_a_folder_cannot_guess_what_is_in_it(door: Door, line: str) -> None:
    shared = await door.make("?Type=directory&Name=shared")
    await door.make("?Type=file&Name=diary.txt", b"x")
    verbs = frozenset({"GET", "PATCH"})
    guest, app = (door.somebody_else(Rule("io.cozy.files", verbs, frozenset({shared}))) for _ in range(2))
    guest.document = "link"
    body: dict[str, Any] = {"json": {"data": {"attributes": {}}}} if line.startswith("PATCH") else {}
    for stranger in (guest, door.somebody_else(Rule("io.cozy.bills", verbs))):
        door.somebody = stranger
        for name in ("diary.txt", "nothing.txt", "shared/nothing.txt"):
            await door.ask(f"{line}?Path=/{name}", 403, **body)
    door.somebody = app
    await door.ask(f"{line}?Path=/nothing.txt", 404, **body)
