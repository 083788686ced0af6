"""The Nextcloud dialect through the front door: what its clients ask first, properties, entity tags, chunks, logins."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import pytest
from defusedxml.ElementTree import fromstring

from alcove.apps.testing import write_app
from alcove.base.config import WrongSetting, read_settings
from alcove.dav.service.cloud.chunks import AGE, Chunks
from alcove.identity import AppPasswords, client_form, salt_of
from alcove.instances import Instances
from alcove.server.testing import ROUNDS, Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

DOMAIN, WORDS = "alice.example", "long enough words"
HOME = "/remote.php/dav/files/alice"
UPLOADS = "/remote.php/dav/uploads/alice"
D, OC, NC = "{DAV:}", "{http://owncloud.org/ns}", "{http://nextcloud.org/ns}"
ASKED = """<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"><d:prop>
<d:resourcetype/><d:getlastmodified/><d:getetag/><oc:id/><oc:fileid/><oc:permissions/><oc:size/><oc:checksums/>
<oc:favorite/><oc:owner-id/><oc:owner-display-name/><nc:has-preview/><d:quota-used-bytes/></d:prop></d:propfind>"""


@contextlib.asynccontextmanager
async def device(**settings: Any) -> AsyncIterator[tuple[Front, httpx.AsyncClient]]:
    """A house, and a device with an app password."""
    async with front(**settings) as entry:
        await entry.instance(Passphrase=WORDS, Locale="en", PublicName="Alice Doe", Email="alice@post.example")
        at = entry.house.need(Instances).by_domain(DOMAIN)
        _, secret = await entry.house.need(AppPasswords).make(at, "Desk", ["files"])
        async with entry.client() as client:
            client.auth = httpx.BasicAuth("alice", secret)
            yield entry, client


async def props(client: httpx.AsyncClient, path: str = "/", depth: str = "0") -> dict[str, Element]:
    """The properties that there are, by the path of each resource below the top."""
    answer = await client.request("PROPFIND", HOME + path, content=ASKED, headers={"Depth": depth})
    assert answer.status_code == 207, answer.text
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    found = {}
    for response in fromstring(answer.content).findall(f"{D}response"):
        href = response.findtext(f"{D}href") or ""
        told = response.find(f"{D}propstat/{D}prop")
        assert told is not None
        found[href.removeprefix(HOME)] = told
    return found


async def etags(client: httpx.AsyncClient, *paths: str) -> list[str]:
    found = [await props(client, path) for path in paths]
    return [one[path].findtext(f"{D}getetag") or "" for one, path in zip(found, paths, strict=True)]


async def made(client: httpx.AsyncClient, *folders: str) -> None:
    for folder in folders:
        assert (await client.request("MKCOL", HOME + folder)).status_code == 201


async def put(client: httpx.AsyncClient, path: str, content: bytes, **headers: str) -> httpx.Response:
    return await client.put(HOME + path, content=content, headers={k.replace("_", "-"): v for k, v in headers.items()})


# -- what clients ask first


async def test_the_server_says_what_it_is_to_everybody() -> None:
    async with front(cloud_version="28.0.7") as entry:
        await entry.instance()
        async with entry.client() as stranger:
            said = (await stranger.get("/status.php")).json()
            assert said["installed"] is True
            assert said["maintenance"] is False
            assert said["productname"] == "Alcove"
            assert said["versionstring"] == "28.0.7"
            assert said["version"].startswith("28.0.7.")
            assert (await stranger.get("/index.php/204")).status_code == 204


@pytest.mark.parametrize("version", ["28", "28.0", "v28.0.0", "28.0.0.1"])
def test_only_a_version_is_a_version(version: str, tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="CLOUD_VERSION"):
        read_settings({"ALCOVE_CLOUD_VERSION": version, "ALCOVE_HOME": str(tmp_path)})


@pytest.mark.parametrize(("script", "fine"), [("v1.php", 100), ("v2.php", 200)])
async def test_answers_come_in_their_envelope(script: str, fine: int) -> None:
    async with device() as (_, client):
        answer = await client.get(f"/ocs/{script}/cloud/capabilities", params={"format": "json"})
        ocs = answer.json()["ocs"]
        assert ocs["meta"] == {"status": "ok", "statuscode": fine, "message": "OK"}
        assert ocs["data"]["capabilities"]["dav"]["chunking"] == "1.0"
        assert ocs["data"]["version"]["string"] == "30.0.0"
        whole = fromstring((await client.get(f"/ocs/{script}/cloud/user")).content)
        assert whole.findtext("meta/statuscode") == str(fine)
        assert whole.findtext("data/id") == "alice"
        assert whole.findtext("data/display-name") == "Alice Doe"
        user = await client.get(f"/ocs/{script}/cloud/users/ALICE", headers={"Accept": "application/json"})
        assert user.json()["ocs"]["data"]["email"] == "alice@post.example"


@pytest.mark.parametrize(("script", "status"), [("v1.php", 200), ("v2.php", 404)])
async def test_what_is_not_offered_is_said_in_the_envelope(script: str, status: int) -> None:
    async with device() as (_, client):
        for path in ("/cloud/users/bob", "/apps/talk/rooms"):
            answer = await client.get(f"/ocs/{script}{path}?format=json")
            assert answer.status_code == status
            assert answer.json()["ocs"]["meta"]["statuscode"] == 404


async def test_who_is_not_known_is_asked_for_a_password() -> None:
    async with device() as (_, client):
        for path in ("/ocs/v1.php/cloud/user", "/ocs/v2.php/cloud/user", f"{HOME}/", "/remote.php/webdav/"):
            answer = await client.request("GET", path, auth=httpx.BasicAuth("alice", "wrong"))
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Basic")


async def test_the_quota_is_told() -> None:
    async with device() as (entry, client):
        await entry.operator.patch(f"/instances/{DOMAIN}", params={"DiskQuota": "1000"})
        await put(client, "/a.bin", b"x" * 250)
        quota = (await client.get("/ocs/v1.php/cloud/user?format=json")).json()["ocs"]["data"]["quota"]
        assert quota == {"free": 750, "used": 250, "total": 1000, "relative": 25.0, "quota": 1000}


async def test_a_device_gives_its_app_password_back() -> None:
    async with device() as (_, client):
        assert (await client.get("/ocs/v2.php/core/getapppassword")).status_code == 403
        assert (await client.delete("/ocs/v2.php/core/apppassword")).status_code == 200
        assert (await client.get(f"{HOME}/")).status_code == 401


# -- a device logs in by itself


async def log_in(browser: httpx.AsyncClient) -> None:
    await browser.get("/auth/login")
    form = client_form(WORDS, salt_of(DOMAIN), int(ROUNDS))
    said = {"passphrase": form, "csrf_token": browser.cookies["_csrf"]}
    answer = await browser.post("/auth/login", data=said, headers={"Accept": "application/json"})
    assert answer.status_code == 200


@pytest.mark.parametrize("script", ["/index.php", ""])
async def test_login_flow_2_gives_an_app_password_once(script: str) -> None:
    async with device() as (entry, _), entry.client() as new, entry.client() as browser:
        await log_in(browser)
        agent = {"User-Agent": "Mozilla/5.0 (Android) Nextcloud-android/3.30.0"}
        begun = (await new.post(f"{script}/login/v2", headers=agent)).json()
        poll = begun["poll"]
        assert poll["endpoint"] == f"http://{DOMAIN}/login/v2/poll"
        assert (await new.post(poll["endpoint"], data={"token": poll["token"]})).status_code == 404
        page = await browser.get(begun["login"], headers={"Accept": "text/html"})
        assert "Nextcloud, Android" in page.text
        slip = dict(parse_qsl(urlsplit(begun["login"]).query))["slip"]
        form = {"slip": slip, "name": "My phone", "csrf_token": browser.cookies["_csrf"]}
        assert (await browser.post("/auth/device", data=form)).status_code == 200
        given = (await new.post(poll["endpoint"], data={"token": poll["token"]})).json()
        assert given["server"] == f"http://{DOMAIN}"
        assert (await new.post(poll["endpoint"], data={"token": poll["token"]})).status_code == 404
        answer = await new.request("PROPFIND", f"{HOME}/", auth=(given["loginName"], given["appPassword"]))
        assert answer.status_code == 207
        for wrong in ({"token": ""}, {"token": "x" * 64}, {"token": "é" * 100}, {}):
            assert (await new.post(f"{script}/login/v2/poll", data=wrong)).status_code == 404


async def test_login_flow_1_leads_to_the_page_that_asks() -> None:
    async with device() as (entry, _), entry.client() as new:
        answer = await new.get("/index.php/login/flow", headers={"OCS-APIREQUEST": "true"})
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(f"http://{DOMAIN}/auth/device?slip=")


# -- properties and entity tags


async def test_a_file_tells_which_device_brought_it() -> None:
    async with device() as (entry, client), entry.client(scope="io.cozy.files") as person:
        await put(client, "/a.txt", b"hello")
        said = (await person.get("/files/metadata", params={"Path": "/a.txt"})).json()["data"]["attributes"]
        brought = said["cozyMetadata"]["uploadedBy"]["oauthClient"]
        assert (brought["kind"], brought["name"]) == ("app password", "Desk")


async def test_properties_tell_what_clients_ask_for() -> None:
    async with device() as (_, client):
        await made(client, "/été")
        answer = await put(client, "/été/a b.txt", b"hello", X_OC_Mtime="1500000000")
        assert answer.status_code == 201
        assert answer.headers["x-oc-mtime"] == "accepted"
        found = await props(client, "/" + quote("été") + "/", "1")
        file = found["/" + quote("été") + "/a%20b.txt"]
        folder = found["/" + quote("été") + "/"]
        assert file.findtext(f"{D}getetag") == answer.headers["oc-etag"] == answer.headers["etag"]
        assert file.findtext(f"{OC}id") == answer.headers["oc-fileid"]
        number = file.findtext(f"{OC}fileid") or ""
        assert 0 < int(number) < 2**63
        assert (file.findtext(f"{OC}id") or "").startswith(f"{int(number):08d}oc")
        assert file.findtext(f"{OC}permissions") == "RGDNVW"
        assert folder.findtext(f"{OC}permissions") == "RGDNVCK"
        assert file.findtext(f"{OC}size") == folder.findtext(f"{OC}size") == "5"
        sums = (file.findtext(f"{OC}checksums/{OC}checksum") or "").split()
        assert sums == [f"SHA256:{hashlib.sha256(b'hello').hexdigest()}", f"MD5:{hashlib.md5(b'hello').hexdigest()}"]
        assert file.findtext(f"{D}getlastmodified") == "Fri, 14 Jul 2017 02:40:00 GMT"
        assert file.findtext(f"{OC}owner-id") == "alice"
        assert file.findtext(f"{OC}owner-display-name") == "Alice Doe"
        assert folder.find(f"{D}resourcetype/{D}collection") is not None
        got = await client.get(HOME + "/" + quote("été/a b.txt"))
        assert got.content == b"hello"
        assert got.headers["oc-checksum"] == f"MD5:{hashlib.md5(b'hello').hexdigest()}"


async def test_a_number_is_that_of_one_file_through_moves() -> None:
    async with device() as (_, client):
        await made(client, "/a", "/b")
        before = (await put(client, "/a/x.txt", b"1")).headers["oc-fileid"]
        moved = await client.request("MOVE", f"{HOME}/a/x.txt", headers={"Destination": f"{HOME}/b/y.txt"})
        assert moved.headers["oc-fileid"] == before
        assert (await put(client, "/b/y.txt", b"2")).headers["oc-fileid"] == before
        assert (await put(client, "/a/x.txt", b"1")).headers["oc-fileid"] != before


async def test_entity_tags_are_the_same_at_both_addresses() -> None:
    async with device() as (_, client):
        await made(client, "/a")
        before = await etags(client, "/", "/a/")
        await put(client, "/a/x.txt", b"1")
        for path, old, new in zip(("/", "/a/"), before, await etags(client, "/", "/a/"), strict=True):
            answer = await client.request("PROPFIND", f"/dav/files{path}", content=ASKED, headers={"Depth": "0"})
            told = fromstring(answer.content).findtext(f"{D}response/{D}propstat/{D}prop/{D}getetag")
            assert told == new != old


async def test_entity_tags_rise_to_the_root_and_nowhere_else() -> None:
    async with device() as (entry, client):
        await made(client, "/a", "/a/b", "/c")
        paths = ("/", "/a/", "/a/b/", "/c/")
        seen = await etags(client, *paths)

        async def risen(*changed: str) -> None:
            nonlocal seen
            now = await etags(client, *paths)
            assert [path for path, old, new in zip(paths, seen, now, strict=True) if old != new] == list(changed)
            seen = now

        await put(client, "/a/b/x.txt", b"1")
        await risen("/", "/a/", "/a/b/")
        await put(client, "/a/b/x.txt", b"2")
        await risen("/", "/a/", "/a/b/")
        await client.get(f"{HOME}/a/b/x.txt")
        await risen()
        await client.request("MOVE", f"{HOME}/a/b/x.txt", headers={"Destination": f"{HOME}/c/x.txt"})
        await risen(*paths)
        await client.delete(f"{HOME}/c/x.txt")
        await risen("/", "/c/")
        async with entry.client(scope="io.cozy.files") as app:  # what apps do is seen as well
            await app.post("/files/?Type=directory&Name=from-an-app")
        await risen("/")


async def test_a_favourite_is_made_and_taken_back() -> None:
    async with device() as (_, client):
        await put(client, "/x.txt", b"1")
        for value in ("1", "0"):
            body = (
                '<d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:set><d:prop>'
                f"<oc:favorite>{value}</oc:favorite></d:prop></d:set></d:propertyupdate>"
            )
            answer = await client.request("PROPPATCH", f"{HOME}/x.txt", content=body)
            assert answer.status_code == 207
            assert "200 OK" in answer.text
            assert (await props(client, "/x.txt"))["/x.txt"].findtext(f"{OC}favorite") == value


async def test_the_old_address_shows_the_same() -> None:
    async with device() as (_, client):
        await put(client, "/x.txt", b"1")
        assert (await client.get("/remote.php/webdav/x.txt")).content == b"1"
        assert (await client.get("/remote.php/dav/files/whoever/x.txt")).content == b"1"


async def test_a_stale_write_is_refused() -> None:
    async with device() as (_, client):
        old = (await put(client, "/x.txt", b"1")).headers["etag"]
        assert (await put(client, "/x.txt", b"2", If_Match=old)).status_code == 204
        assert (await put(client, "/x.txt", b"3", If_Match=old)).status_code == 412
        assert (await client.get(f"{HOME}/x.txt")).content == b"2"


# -- chunks


async def begun(client: httpx.AsyncClient, upload: str, *chunks: tuple[str, bytes]) -> None:
    assert (await client.request("MKCOL", f"{UPLOADS}/{upload}")).status_code == 201
    for name, content in chunks:
        assert (await client.put(f"{UPLOADS}/{upload}/{name}", content=content)).status_code == 201


async def ended(client: httpx.AsyncClient, upload: str, to: str, **headers: str) -> httpx.Response:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    where = {"Destination": f"http://{DOMAIN}{HOME}{to}"}
    return await client.request("MOVE", f"{UPLOADS}/{upload}/.file", headers={**where, **more})


@pytest.mark.parametrize("names", [("00001", "00002", "00010"), ("0", "3", "6"), ("2", "10", "100")])
async def test_chunks_become_a_file_in_the_order_of_their_numbers(names: tuple[str, str, str]) -> None:
    async with device() as (_, client):
        await begun(client, "up-1", (names[2], b"ghi"), (names[0], b"abc"), (names[1], b"def"))
        listed = await client.request("PROPFIND", f"{UPLOADS}/up-1", headers={"Depth": "1"})
        assert len(re.findall(r"<d:getcontentlength>3<", listed.text)) == 3
        digest = hashlib.sha1(b"abcdefghi").hexdigest()
        answer = await ended(
            client, "up-1", "/x.txt", X_OC_Mtime="1500000000", OC_Checksum=f"SHA1:{digest}", OC_Total_Length="9"
        )
        assert answer.status_code == 201, answer.text
        assert answer.headers["x-oc-mtime"] == "accepted"
        assert answer.headers["oc-etag"] == (await props(client, "/x.txt"))["/x.txt"].findtext(f"{D}getetag")
        assert (await client.get(f"{HOME}/x.txt")).content == b"abcdefghi"
        assert (await ended(client, "up-1", "/x.txt")).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"OC_Checksum": "MD5:00000000000000000000000000000000"}, 400),
        ({"OC_Total_Length": "4"}, 400),
        ({"If_Match": '"other"'}, 412),
        ({"If": f'<http://{DOMAIN}{HOME}/x.txt> (["other"])'}, 412),
        ({"Destination": "/elsewhere/x.txt"}, 400),
        ({"Destination": f"{HOME}/not/there/x.txt"}, 409),
        ({"Destination": f"{HOME}/Photos"}, 405),
        ({"Destination": HOME}, 405),
    ],
)
async def test_chunks_that_do_not_fit_change_nothing(headers: dict[str, str], status: int) -> None:
    async with device() as (_, client):
        await put(client, "/x.txt", b"before")
        await begun(client, "up", ("1", b"abc"))
        assert (await ended(client, "up", "/x.txt", **headers)).status_code == status
        assert (await client.get(f"{HOME}/x.txt")).content == b"before"
        assert (await ended(client, "up", "/x.txt")).status_code == 204
        assert (await client.get(f"{HOME}/x.txt")).content == b"abc"


async def test_a_chunk_is_written_anew_and_an_upload_given_up(tmp_path: Path) -> None:
    async with device(home=tmp_path) as (_, client):
        await begun(client, "up", ("1", b"abc"))
        assert (await client.put(f"{UPLOADS}/up/1", content=b"xyz!")).status_code == 204
        assert (await client.request("MKCOL", f"{UPLOADS}/up")).status_code == 405
        assert (await client.get(f"{UPLOADS}/up/1")).status_code == 405
        assert (await client.delete(f"{UPLOADS}/up")).status_code == 204
        assert (await client.put(f"{UPLOADS}/up/2", content=b"x")).status_code == 409
        assert list((tmp_path / "chunks").rglob("*/*")) == []


@pytest.mark.parametrize("path", ["..%2fx", "%2e%2e", ".hidden", "x" * 200, "a/b/c", "up/name", "up/-1", "up/1.5"])
async def test_only_names_of_uploads_and_numbers_of_chunks_are_taken(path: str) -> None:
    async with device() as (_, client):
        await begun(client, "up")
        for method in ("MKCOL", "PUT", "DELETE"):
            answer = await client.request(method, f"{UPLOADS}/{path}", content=b"x" if method == "PUT" else b"")
            assert answer.status_code in (400, 404, 405, 409)


async def test_a_chunk_for_which_there_is_no_room_is_refused() -> None:
    async with device() as (entry, client):
        await entry.operator.patch(f"/instances/{DOMAIN}", params={"DiskQuota": "1000"})
        await begun(client, "up", ("1", b"x" * 600))
        assert (await client.put(f"{UPLOADS}/up/2", content=b"x" * 600)).status_code == 507
        assert (await client.put(f"{UPLOADS}/up/2", content=b"x" * 300)).status_code == 201


async def test_what_is_left_alone_for_a_day_is_removed(tmp_path: Path) -> None:
    async with device(home=tmp_path) as (_, client):
        await begun(client, "old", ("1", b"abc"))
        await begun(client, "new", ("1", b"abc"))
        [old] = (tmp_path / "chunks").rglob("old")
        past = time.time() - AGE - 60
        os.utime(old, (past, past))
        assert await Chunks(tmp_path).sweep() == 1
        assert [path.name for path in (tmp_path / "chunks").glob("*/*")] == ["new"]


# -- pictures


async def test_a_preview_is_asked_for_by_path_and_by_number() -> None:
    async with device() as (_, client):
        number = int(((await put(client, "/x.txt", b"1")).headers["oc-fileid"]).partition("oc")[0])
        for query in (
            {"file": "/x.txt"},
            {"fileId": str(number)},
            {"fileId": "17"},
            {"file": "/none"},
            {"fileId": "x"},
        ):
            answer = await client.get("/index.php/core/preview", params={**query, "x": "64", "y": "64"})
            assert answer.status_code in (400, 404)
        assert (await client.get("/index.php/core/preview.png")).status_code == 404


# -- the trash, and old versions

TRASH = "/remote.php/dav/trashbin/alice"
VERSIONS = "/remote.php/dav/versions/alice"


async def listed(client: httpx.AsyncClient, path: str) -> dict[str, Element]:
    """What a folder holds, by its address; without the folder itself."""
    body = (
        '<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"><d:prop>'
        "<d:getcontentlength/><d:getlastmodified/><oc:fileid/><nc:trashbin-filename/><nc:trashbin-original-location/>"
        "<nc:trashbin-deletion-time/></d:prop></d:propfind>"
    )
    answer = await client.request("PROPFIND", path, content=body, headers={"Depth": "1"})
    assert answer.status_code == 207, answer.text
    found: dict[str, Element] = {}
    for response in fromstring(answer.content).findall(f"{D}response")[1:]:
        told = response.find(f"{D}propstat/{D}prop")
        assert told is not None
        found[response.findtext(f"{D}href") or ""] = told
    return found


async def test_what_is_in_the_trash_is_listed_and_comes_back() -> None:
    async with device() as (_, client):
        await made(client, "/été", "/été/deep")
        await put(client, "/été/deep/x.txt", b"hello")
        await client.delete(f"{HOME}/été/deep/x.txt")
        [(href, told)] = (await listed(client, f"{TRASH}/trash/")).items()
        assert told.findtext(f"{NC}trashbin-filename") == "x.txt"
        assert told.findtext(f"{NC}trashbin-original-location") == "été/deep/x.txt"
        assert told.findtext(f"{NC}trashbin-deletion-time") == "1767268800"
        assert (await client.get(href)).content == b"hello"
        for place in (f"{TRASH}/trash/other", f"{HOME}/x.txt"):
            assert (await client.request("MOVE", href, headers={"Destination": place})).status_code in (405, 502)
        answer = await client.request("MOVE", href, headers={"Destination": f"{TRASH}/restore/x.txt"})
        assert answer.status_code == 201
        assert (await client.get(f"{HOME}/été/deep/x.txt")).content == b"hello"
        assert await listed(client, f"{TRASH}/trash/") == {}


async def test_a_folder_in_the_trash_is_looked_into_and_destroyed() -> None:
    async with device() as (_, client):
        await made(client, "/a", "/a/b")
        await put(client, "/a/b/x.txt", b"1")
        await put(client, "/y.txt", b"2")
        await client.delete(f"{HOME}/a")
        await client.delete(f"{HOME}/y.txt")
        assert len(await listed(client, f"{TRASH}/trash/")) == 2
        assert list(await listed(client, f"{TRASH}/trash/a/b/")) == [f"{TRASH}/trash/a/b/x.txt"]
        assert (await client.delete(f"{TRASH}/trash/a")).status_code == 204
        assert list(await listed(client, f"{TRASH}/trash/")) == [f"{TRASH}/trash/y.txt"]
        assert (await client.delete(f"{TRASH}/restore")).status_code == 405
        assert (await client.delete(f"{TRASH}/trash")).status_code == 204
        assert await listed(client, f"{TRASH}/trash/") == {}


async def test_an_old_version_is_read_and_holds_again() -> None:
    async with device() as (entry, client):
        answer = await put(client, "/x.txt", b"first")
        number = (await props(client, "/x.txt"))["/x.txt"].findtext(f"{OC}fileid")
        entry.clock.pass_time(hours=1)
        await put(client, "/x.txt", b"second")
        [(href, told)] = (await listed(client, f"{VERSIONS}/versions/{number}/")).items()
        assert told.findtext(f"{D}getcontentlength") == "5"
        assert (await client.get(href)).content == b"first"
        assert (await client.request("MOVE", href, headers={"Destination": f"{VERSIONS}/restore/x"})).status_code == 201
        assert (await client.get(f"{HOME}/x.txt")).content == b"first"
        assert (await props(client, "/x.txt"))["/x.txt"].findtext(f"{OC}id") == answer.headers["oc-fileid"]
        [href] = await listed(client, f"{VERSIONS}/versions/{number}/")
        assert (await client.delete(href)).status_code == 204
        assert await listed(client, f"{VERSIONS}/versions/{number}/") == {}


@pytest.mark.parametrize("path", ["versions/17", "versions/x", "versions/17/1", "restore/x", "other"])
async def test_versions_of_nothing_are_not_there(path: str) -> None:
    async with device() as (_, client):
        answer = await client.request("PROPFIND", f"{VERSIONS}/{path}", headers={"Depth": "0"})
        assert answer.status_code == 404


async def test_a_number_that_was_not_told_lately_is_looked_for(tmp_path: Path) -> None:
    async with device(home=tmp_path, store="sqlite", blobs="local") as (entry, client):
        auth = client.auth
        assert auth is not None
        await put(client, "/x.txt", b"first")
        number = (await props(client, "/x.txt"))["/x.txt"].findtext(f"{OC}fileid")
        entry.clock.pass_time(hours=1)
        await put(client, "/x.txt", b"second")
    async with front(home=tmp_path, store="sqlite", blobs="local") as again, again.client() as later:
        later.auth = auth
        assert len(await listed(later, f"{VERSIONS}/versions/{number}/")) == 1


# -- shared by link

SHARES = "/ocs/v2.php/apps/files_sharing/api/v1/shares"


@contextlib.asynccontextmanager
async def sharing(tmp_path: Path) -> AsyncIterator[tuple[Front, httpx.AsyncClient]]:
    """A device, and the app whose links these are, with a page for guests."""
    write_app(tmp_path, "files")
    async with device(apps=str(tmp_path)) as (entry, client):
        await made(client, "/trip")
        await put(client, "/trip/x.txt", b"hello")
        yield entry, client


async def shared(client: httpx.AsyncClient, path: str, **said: str) -> dict[str, Any]:
    answer = await client.post(SHARES, params={"format": "json"}, data={"path": path, "shareType": "3", **said})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()["ocs"]["data"]
    return told


async def shares(client: httpx.AsyncClient, **query: str) -> list[dict[str, Any]]:
    answer = await client.get(SHARES, params={"format": "json", **query})
    assert answer.status_code == 200, answer.text
    told: list[dict[str, Any]] = answer.json()["ocs"]["data"]
    return told


async def guest_reads(entry: Front, code: str, path: str = "/trip") -> int:
    """What a guest gets who looks at that path with the code of a link."""
    async with entry.client() as guest:
        answer = await guest.get("/files/metadata", params={"Path": path}, headers={"Authorization": f"Bearer {code}"})
        return answer.status_code


async def test_a_link_is_made_listed_and_taken_back(tmp_path: Path) -> None:
    async with sharing(tmp_path) as (entry, client):
        told = await shared(client, "/trip")
        assert told["permissions"] == 1
        assert told["item_type"] == "folder"
        assert told["path"] == "/trip"
        assert told["expiration"] is None
        assert told["url"] == f"http://files.{DOMAIN}/public/?sharecode={told['token']}"
        assert await guest_reads(entry, told["token"]) == 200
        assert [one["id"] for one in await shares(client)] == [told["id"]]
        assert [one["id"] for one in await shares(client, path="/trip")] == [told["id"]]
        assert await shares(client, path="/trip/x.txt") == []
        assert [one["id"] for one in await shares(client, path="/", subfiles="true")] != []
        assert await shares(client, shared_with_me="true") == []
        answer = await client.get(f"{SHARES}/{told['id']}?format=json")
        assert answer.json()["ocs"]["data"][0]["token"] == told["token"]
        body = '<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><oc:share-types/></d:prop></d:propfind>'
        props = await client.request("PROPFIND", f"{HOME}/trip", content=body, headers={"Depth": "0"})
        assert "<oc:share-type>3</oc:share-type>" in props.text
        assert (await client.delete(f"{SHARES}/{told['id']}")).status_code == 200
        assert await guest_reads(entry, told["token"]) >= 400
        assert await shares(client) == []
        assert (await client.delete(f"{SHARES}/{told['id']}")).status_code == 404


async def test_a_link_has_a_password_an_end_and_permissions(tmp_path: Path) -> None:
    async with sharing(tmp_path) as (entry, client):
        told = await shared(client, "/trip", permissions="15", password="open sesame", expireDate="2026-02-01")
        assert told["permissions"] == 15
        assert told["share_with"] == "***"
        assert told["expiration"] == "2026-02-01 00:00:00"
        assert await guest_reads(entry, told["token"]) >= 400
        where = f"{SHARES}/{told['id']}?format=json"
        for change, name, value in (
            ({"password": ""}, "share_with", None),
            ({"permissions": "4"}, "permissions", 4),
            ({"publicUpload": "true"}, "permissions", 15),
            ({"publicUpload": "false"}, "permissions", 1),
            ({"expireDate": "2026-03-01"}, "expiration", "2026-03-01 00:00:00"),
            ({"expireDate": ""}, "expiration", None),
        ):
            answer = await client.put(where, data=change)
            assert answer.status_code == 200, answer.text
            assert answer.json()["ocs"]["data"][name] == value
        assert await guest_reads(entry, told["token"]) == 200
        changed = await client.put(where, json={"expireDate": "2026-01-02", "permissions": 1})
        assert changed.json()["ocs"]["data"]["token"] == told["token"]
        entry.clock.pass_time(days=3)
        assert await guest_reads(entry, told["token"]) >= 400
        assert await shares(client) == []


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"path": "/none"}, 404),
        ({"path": "/"}, 403),
        ({"path": ""}, 403),
        ({"path": "/trip/../x"}, 400),
        ({"shareType": "0", "shareWith": "bob"}, 403),
        ({"expireDate": "2020-01-01"}, 400),
        ({"expireDate": "soon"}, 400),
        ({"permissions": "2"}, 400),
        ({"path": "/trip/x.txt", "permissions": "4"}, 400),
    ],
)
async def test_what_cannot_be_shared_is_refused(said: dict[str, str], status: int, tmp_path: Path) -> None:
    async with sharing(tmp_path) as (_, client):
        answer = await client.post(SHARES, data={"path": "/trip", "shareType": "3", **said})
        assert answer.status_code == status
        assert await shares(client) == []


async def test_who_came_by_a_link_makes_no_other(tmp_path: Path) -> None:
    async with sharing(tmp_path) as (entry, client), entry.client() as guest:
        told = await shared(client, "/trip", permissions="15")
        guest.headers["Authorization"] = f"Bearer {told['token']}"
        assert (await guest.post(SHARES, data={"path": "/trip"})).status_code == 403
        assert (await guest.get(SHARES)).status_code == 403
        assert (await guest.delete(f"{SHARES}/{told['id']}")).status_code == 403


async def test_a_link_needs_the_app_that_opens_it() -> None:
    async with device() as (_, client):
        await made(client, "/trip")
        assert (await client.post(SHARES, data={"path": "/trip"})).status_code == 403
