"""Looking for files in the Nextcloud dialect: what telephones ask to fill their lists of pictures and favourites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from defusedxml.ElementTree import fromstring

from alcove.dav.tests.test_cloud import HOME, D, device, made, put

if TYPE_CHECKING:
    import httpx

SEARCH = """<?xml version="1.0"?><d:searchrequest xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:basicsearch>
<d:select><d:prop><d:getcontenttype/><oc:fileid/><oc:favorite/></d:prop></d:select>
<d:from><d:scope><d:href>{scope}</d:href><d:depth>infinity</d:depth></d:scope></d:from>
<d:where>{where}</d:where>{more}</d:basicsearch></d:searchrequest>"""
MEDIA = """<d:and><d:or>{images}<d:like><d:prop><d:getcontenttype/></d:prop><d:literal>video/%</d:literal></d:like>
</d:or><d:or><d:and><d:lt><d:prop><d:getlastmodified/></d:prop><d:literal>{before}</d:literal></d:lt>
<d:gt><d:prop><d:getlastmodified/></d:prop><d:literal>{after}</d:literal></d:gt></d:and></d:or></d:and>"""
NAMED = "<d:orderby><d:order><d:prop><d:displayname/></d:prop></d:order></d:orderby>"
NEWEST = "<d:orderby><d:order><d:prop><d:getlastmodified/></d:prop><d:descending/></d:order></d:orderby>"
FAVORITES = """<oc:filter-files xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><d:getetag/><oc:fileid/></d:prop>
<oc:filter-rules>{rules}</oc:filter-rules></oc:filter-files>"""


def like(name: str, pattern: str) -> str:
    return f"<d:like><d:prop><d:{name}/></d:prop><d:literal>{pattern}</d:literal></d:like>"


async def searched(client: httpx.AsyncClient, where: str, scope: str = "/files/alice", more: str = "") -> list[str]:
    """The addresses of what answers, below the files."""
    body = SEARCH.format(scope=scope, where=where, more=more)
    answer = await client.request("SEARCH", "/remote.php/dav", content=body)
    assert answer.status_code == 207, answer.text
    found = [one.findtext(f"{D}href") or "" for one in fromstring(answer.content).findall(f"{D}response")]
    assert all(one.startswith(HOME) for one in found)
    return [one.removeprefix(HOME) for one in found]


async def test_telephones_find_media_names_and_what_is_new() -> None:
    async with device() as (_, client):
        await made(client, "/pics", "/gone")
        for at, path in enumerate(("/pics/a.jpg", "/pics/b.mp4", "/c d.png", "/note.txt", "/gone/e.jpg")):
            await put(client, path, b"%d" % at, X_OC_Mtime=f"{1_600_000_000 + at}")
        await client.delete(f"{HOME}/gone")
        images = like("getcontenttype", "image/%")
        media = MEDIA.format(images=images, before="2030-01-01T00:00:00+00:00", after="1970-01-01T00:00:00Z")
        assert await searched(client, media, more=NEWEST) == ["/c%20d.png", "/pics/b.mp4", "/pics/a.jpg"]
        page = NEWEST + "<d:limit><d:nresults>1</d:nresults><x:firstresult xmlns:x='y'>1</x:firstresult></d:limit>"
        assert await searched(client, media, more=page) == ["/pics/b.mp4"]
        until = MEDIA.format(images=images, before="1600000001", after="0")
        assert await searched(client, until) == ["/pics/a.jpg"]
        assert await searched(client, images, "/files/alice/pics") == ["/pics/a.jpg"]
        assert await searched(client, like("displayname", "%C D%")) == ["/c%20d.png"]
        assert await searched(client, f"<d:is-collection/>{like('displayname', 'P%s')}", more=NAMED) == [
            "/Photos/",
            "/pics/",
        ]
        nothing = "<d:not><d:is-collection/></d:not><d:eq><d:prop><d:unknown/></d:prop><d:literal>1</d:literal></d:eq>"
        assert await searched(client, nothing) == []


async def test_favourites_are_reported() -> None:
    async with device() as (_, client):
        await made(client, "/a")
        await put(client, "/a/x.txt", b"1")
        await put(client, "/y.txt", b"1")
        like_it = """<d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:set><d:prop>
            <oc:favorite>1</oc:favorite></d:prop></d:set></d:propertyupdate>"""
        for path in ("/a", "/a/x.txt"):
            assert (await client.request("PROPPATCH", HOME + path, content=like_it)).status_code == 207

        async def reported(path: str, rules: str) -> list[str]:
            answer = await client.request("REPORT", HOME + path, content=FAVORITES.format(rules=rules))
            assert answer.status_code == 207, answer.text
            responses = fromstring(answer.content).findall(f"{D}response")
            return sorted((one.findtext(f"{D}href") or "").removeprefix(HOME) for one in responses)

        one = "<oc:favorite>1</oc:favorite>"
        assert await reported("/", one) == ["/a/", "/a/x.txt"]
        assert await reported("/a", one) == ["/a/x.txt"]
        assert await reported("/", "<oc:systemtag>7</oc:systemtag>") == []
        where = "<d:eq><d:prop><oc:favorite/></d:prop><d:literal>yes</d:literal></d:eq>"
        assert sorted(await searched(client, where)) == ["/a/", "/a/x.txt"]


WRONG = (
    "<d:is-collection/>" * 900,
    "<d:gt><d:literal>1</d:literal></d:gt>",
    "<d:gt><d:prop><d:size/></d:prop><d:literal>soon</d:literal></d:gt>",
    "<d:gt><d:prop><d:displayname/></d:prop><d:literal>1</d:literal></d:gt>",
    "<d:matches><d:prop><d:displayname/></d:prop><d:literal>1</d:literal></d:matches>",
)
BODIES = (
    "<x/>",
    '<d:searchrequest xmlns:d="DAV:"/>',
    SEARCH.format(scope="/calendars/alice", where="", more=""),
    *(SEARCH.format(scope="/files/alice", where=where, more="") for where in WRONG),
)


@pytest.mark.parametrize("body", BODIES)
async def test_what_cannot_be_looked_for_is_said(body: str) -> None:
    async with device() as (_, client):
        assert (await client.request("SEARCH", "/remote.php/dav/", content=body)).status_code == 400


async def test_reports_of_other_kinds_are_none() -> None:
    async with device() as (_, client):
        answer = await client.request("REPORT", f"{HOME}/", content='<d:expand-property xmlns:d="DAV:"/>')
        assert (answer.status_code, b"supported-report" in answer.content) == (403, True)
        assert (await client.request("REPORT", f"{HOME}/", content=FAVORITES.format(rules=""))).status_code == 400
