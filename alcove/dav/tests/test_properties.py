"""Properties: what is told, what is kept, and XML that wants to do harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alcove.dav.service import dead
from alcove.dav.tests.conftest import TOP, d, multistatus
from alcove.documents import Followers

if TYPE_CHECKING:
    from alcove.dav.tests.conftest import Dav, Told

COLOUR, SIZE = "{urn:colours}colour", "{urn:sizes}size"


async def patch(dav: Dav, path: str, *steps: str, status: int = 207) -> dict[str, Told]:
    """Sets and removes properties."""
    body = f'<d:propertyupdate xmlns:d="DAV:" xmlns:c="urn:colours">{"".join(steps)}</d:propertyupdate>'
    answer = await dav.ask("PROPPATCH", path, status, body)
    return multistatus(answer) if status == 207 else {}


def setting(xml: str) -> str:
    return f"<d:set><d:prop>{xml}</d:prop></d:set>"


def removing(xml: str) -> str:
    return f"<d:remove><d:prop>{xml}</d:prop></d:remove>"


async def test_all_names_or_some(dav: Dav) -> None:
    await dav.ask("PUT", "/a.txt", 201, b"abc")
    await patch(dav, "/a.txt", setting("<c:colour>red</c:colour>"))
    everything = (await dav.find("/a.txt"))[f"{TOP}/a.txt"].status
    assert list(everything) == [200]
    assert {d("getetag"), d("getcontentlength"), d("supportedlock"), COLOUR} <= set(everything[200])
    assert d("quota-used-bytes") not in everything[200], "asked for by name alone (RFC 4331)"
    body = '<propfind xmlns="DAV:"><propname/></propfind>'
    names = multistatus(await dav.ask("PROPFIND", "/a.txt", 207, body, Depth="0"))[f"{TOP}/a.txt"].status[200]
    assert {d("getetag"), COLOUR} <= set(names)
    assert not any(one.text or len(one) for one in names.values())
    some = (await dav.find("/a.txt", d("getcontentlength"), COLOUR, SIZE, d("no")))[f"{TOP}/a.txt"]
    assert (some.text(d("getcontentlength")), some.text(COLOUR)) == ("3", "red")
    assert set(some.status[404]) == {SIZE, d("no")}
    body = '<propfind xmlns="DAV:"><allprop/><include><quota-used-bytes/></include></propfind>'
    more = multistatus(await dav.ask("PROPFIND", "/Photos", 207, body, Depth="0"))[f"{TOP}/Photos/"]
    assert more.text(d("quota-used-bytes")) == "3"


async def test_what_is_set_is_kept_as_it_was_written(dav: Dav) -> None:
    await dav.ask("PUT", "/a", 201)
    xml = '<c:colour xml:lang="fr" c:deep="1">rouge <b xmlns="urn:b">&amp; <i xmlns="">vif</i></b> &#127881;</c:colour>'
    await patch(dav, "/a", setting(xml), setting('<plain xmlns="">x</plain>'))
    told = (await dav.find("/a", COLOUR, "plain"))[f"{TOP}/a"]
    kept = told.status[200][COLOUR]
    assert kept.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"
    assert kept.get("{urn:colours}deep") == "1"
    assert "".join(kept.itertext()) == "rouge & vif 🎉"
    assert [one.tag for one in kept.iter()] == [COLOUR, "{urn:b}b", "i"]
    assert told.text("plain") == "x"


async def test_the_language_around_is_the_language_within(dav: Dav) -> None:
    await dav.ask("PUT", "/a", 201)
    await patch(dav, "/a", '<d:set xml:lang="de"><d:prop><c:colour>rot</c:colour></d:prop></d:set>')
    kept = (await dav.find("/a", COLOUR))[f"{TOP}/a"].status[200][COLOUR]
    assert kept.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"


async def test_all_of_a_patch_or_nothing(dav: Dav) -> None:
    await dav.ask("PUT", "/a", 201)
    told = (await patch(dav, "/a", setting("<c:colour>red</c:colour><d:getetag>mine</d:getetag>")))[f"{TOP}/a"]
    assert {code: set(names) for code, names in told.status.items()} == {403: {d("getetag")}, 424: {COLOUR}}
    assert COLOUR in (await dav.find("/a", COLOUR))[f"{TOP}/a"].status[404]
    steps = setting("<c:colour>red</c:colour>"), removing("<c:colour/>"), setting("<c:colour>blue</c:colour>")
    await patch(dav, "/a", *steps)
    assert (await dav.find("/a", COLOUR))[f"{TOP}/a"].text(COLOUR) == "blue", "the last word counts"
    await patch(dav, "/a", removing("<c:colour/><c:never/>"))
    assert COLOUR in (await dav.find("/a", COLOUR))[f"{TOP}/a"].status[404]


async def test_properties_go_where_their_file_goes(dav: Dav) -> None:
    await dav.ask("MKCOL", "/f", 201)
    await dav.ask("PUT", "/f/a", 201)
    await patch(dav, "/f/a", setting("<c:colour>red</c:colour>"))
    await dav.ask("COPY", "/f", 201, Destination=f"{TOP}/g")
    await dav.ask("MOVE", "/f", 201, Destination=f"{TOP}/h")
    for path in ("/g/a", "/h/a"):
        assert (await dav.find(path, COLOUR))[f"{TOP}{path}"].text(COLOUR) == "red"
    await patch(dav, "/g/a", setting("<c:colour>blue</c:colour>"))
    assert (await dav.find("/h/a", COLOUR))[f"{TOP}/h/a"].text(COLOUR) == "red", "a copy has its own"


async def test_properties_end_when_the_file_is_destroyed(dav: Dav) -> None:
    await dav.ask("PUT", "/a", 201)
    node = await dav.files.by_path(dav.instance, "/a")
    await patch(dav, "/a", setting("<c:colour>red</c:colour>"))
    documents = dav.files._documents
    await dav.ask("DELETE", "/a", 204)
    assert await documents.get(dav.instance.key, "io.cozy.dav.properties", node.id), "in the trash it has them yet"
    await dav.files.destroy(dav.instance, node.id)
    await dav.entry.house.need(Followers).settle(dav.instance.key, dead.FOLLOWER)
    assert await documents.get(dav.instance.key, "io.cozy.dav.properties", node.id) is None


async def test_only_so_many_are_kept(dav: Dav, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead, "MOST", 2)
    await dav.ask("PUT", "/a", 201)
    many = "".join(f"<c:p{number}/>" for number in range(3))
    await patch(dav, "/a", setting(many), status=507)
    monkeypatch.setattr(dead, "BYTES", 100)
    await patch(dav, "/a", setting(f"<c:colour>{'x' * 100}</c:colour>"), status=507)
    assert COLOUR in (await dav.find("/a", COLOUR))[f"{TOP}/a"].status[404]


async def test_programs_set_the_date_of_a_file(dav: Dav) -> None:
    await dav.ask("PUT", "/a", 201)
    date = "Sat, 01 Jan 2000 00:00:00 GMT"
    windows = f'<Win32LastModifiedTime xmlns="urn:schemas-microsoft-com:">{date}</Win32LastModifiedTime>'
    for xml, year in (("<d:lastmodified>315532800</d:lastmodified>", "1980"), (windows, "2000")):
        assert set((await patch(dav, "/a", setting(xml)))[f"{TOP}/a"].status) == {200}
        told = (await dav.find("/a", d("getlastmodified")))[f"{TOP}/a"]
        assert year in told.text(d("getlastmodified"))
    refused = (await patch(dav, "/a", setting("<d:lastmodified>soon</d:lastmodified><c:colour/>")))[f"{TOP}/a"]
    assert {code: set(names) for code, names in refused.status.items()} == {400: {d("lastmodified")}, 424: {COLOUR}}


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMBS = {
    "entities": f'<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]><propfind xmlns="DAV:"><prop>&l9;</prop></propfind>',
    "a file": '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><propfind xmlns="DAV:">&f;</propfind>',
    "an address": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><propfind xmlns="DAV:"/>',
    "a parameter": '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]><propfind xmlns="DAV:"/>',
    "a plain doctype": '<!DOCTYPE propfind><propfind xmlns="DAV:"><allprop/></propfind>',
    "a nest": f'<propfind xmlns="DAV:">{"<prop>" * 5000}{"</prop>" * 5000}</propfind>',
    "no end": '<propfind xmlns="DAV:"><prop>',
    "another root": '<lockinfo xmlns="DAV:"/>',
    "no namespace": "<propfind><allprop/></propfind>",
    "an unknown prefix": "<d:propfind><d:allprop/></d:propfind>",
    "no XML": "propfind",
    "a NUL": '<propfind xmlns="DAV:">\x00</propfind>',
    "an unknown encoding": '<?xml version="1.0" encoding="none"?><propfind xmlns="DAV:"/>',
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_xml_that_wants_to_do_harm(dav: Dav, bomb: str) -> None:
    await dav.ask("PROPFIND", "/", 400, BOMBS[bomb], Depth="0")
    await dav.ask("PROPPATCH", "/Photos", 400, BOMBS[bomb].replace("propfind", "propertyupdate"))
    await dav.ask("LOCK", "/Photos", 400, BOMBS[bomb].replace("lockinfo", "propfind"))


async def test_a_body_has_an_end(dav: Dav) -> None:
    body = f'<propfind xmlns="DAV:"><!--{"x" * (300 << 10)}--><allprop/></propfind>'
    await dav.ask("PROPFIND", "/", 413, body, Depth="0")
    await dav.ask("MKCOL", "/f", 415, "<x/>")


async def test_other_encodings_are_read(dav: Dav) -> None:
    body = '<?xml version="1.0" encoding="utf-16"?><propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
    await dav.ask("PROPFIND", "/Photos", 207, body.encode("utf-16"), Depth="0")
