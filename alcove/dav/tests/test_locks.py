"""Locks: who may write, what covers what, and that they outlive a server."""

from __future__ import annotations

import asyncio
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.base.clock import SetClock
from alcove.dav.errors import LockConflict, NoSuchLock, TooManyLocks
from alcove.dav.model.locks import Lock, covering, inside, lock_from, seconds_of, standing_against
from alcove.dav.service import locks as service
from alcove.dav.service.locks import Locks
from alcove.dav.tests.conftest import DOMAIN, TOP, d, multistatus
from alcove.documents.testing import memory_documents, postgres_documents
from alcove.instances import Instance
from alcove.server.testing import front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from alcove.dav.tests.conftest import Dav

PLACE = Instance(DOMAIN, "cozy1")
NAMES = st.lists(st.sampled_from("ab"), max_size=3).map(tuple)


def lock_on(names: tuple[str, ...], *, deep: bool = True, exclusive: bool = True, token: str = "urn:x") -> Lock:
    return Lock(token, "files", names, deep, exclusive, "", 60, 60.0, TOP)


LOCKS = st.builds(lock_on, NAMES, deep=st.booleans(), exclusive=st.booleans())


@given(LOCKS)
def test_a_lock_is_kept_as_it_is(lock: Lock) -> None:
    assert lock_from(lock.fields()) == lock


@given(LOCKS, LOCKS)
def test_two_locks_stand_against_each_other_or_not(one: Lock, other: Lock) -> None:
    """Whoever comes first: and they do when both lie on something, unless both are shared."""
    pairs = ((one, other), (other, one))
    ways = [bool(standing_against([a], b.names, deep=b.deep, exclusive=b.exclusive)) for a, b in pairs]
    assert ways[0] == ways[1]
    everywhere = [names for size in range(5) for names in product("ab", repeat=size)]
    meet = any(one.covers(names) and other.covers(names) for names in everywhere)
    assert ways[0] == (meet and (one.exclusive or other.exclusive))


@given(LOCKS, NAMES)
def test_a_lock_covers_a_name_or_lies_in_it_or_neither(lock: Lock, names: tuple[str, ...]) -> None:
    assert not (covering([lock], names) and inside([lock], names))


@given(st.text(max_size=60))
def test_any_timeout_is_understood(header: str) -> None:
    assert 1 <= seconds_of(header) <= 86400


async def test_a_locked_file_is_written_by_who_has_the_token(dav: Dav) -> None:
    await dav.ask("PUT", "/a", 201, b"x")
    token = await dav.lock("/a", Timeout="Second-100")
    told = multistatus(await dav.ask("PROPFIND", "/a", 207, Depth="0"))[f"{TOP}/a"].status[200][d("lockdiscovery")]
    assert "".join(told.itertext()) == f"infinitymeSecond-100{token}{TOP}/a"
    refused = await dav.ask("PUT", "/a", 423, b"y")
    assert f"<d:lock-token-submitted><d:href>{TOP}/a</d:href>" in refused.text
    patching = '<propertyupdate xmlns="DAV:"><set><prop><x xmlns="u"/></prop></set></propertyupdate>'
    for method, body in (("DELETE", ""), ("PROPPATCH", patching)):
        await dav.ask(method, "/a", 423, body)
    await dav.ask("MOVE", "/a", 423, Destination=f"{TOP}/b")
    await dav.ask("PUT", "/b", 201)
    await dav.ask("COPY", "/b", 423, Destination=f"{TOP}/a")
    await dav.lock("/a", 423)
    await dav.ask("COPY", "/a", 204, Destination=f"{TOP}/b")
    await dav.ask("PUT", "/a", 412, b"y", If="(<urn:other>)")
    await dav.ask("PUT", "/a", 204, b"y", If=f"(<{token}>)")
    await dav.ask("UNLOCK", "/a", 409, Lock_Token="<urn:other>")
    await dav.ask("UNLOCK", "/b", 409, Lock_Token=f"<{token}>")
    await dav.ask("UNLOCK", "/a", 204, Lock_Token=f"<{token}>")
    await dav.ask("PUT", "/a", 204, b"z")


async def test_a_lock_on_a_folder(dav: Dav) -> None:
    for path in ("/f", "/f/g"):
        await dav.ask("MKCOL", path, 201)
    await dav.ask("PUT", "/f/g/a", 201)
    token = await dav.lock("/f", Depth="infinity")
    await dav.ask("PUT", "/f/g/a", 423)
    await dav.ask("PUT", "/f/g/new", 423)
    await dav.ask("MKCOL", "/f/h", 423)
    await dav.ask("PUT", "/f/g/a", 204, If=f"<{TOP}/f/> (<{token}>)")
    await dav.ask("UNLOCK", "/f/g/a", 204, Lock_Token=f"<{token}>")
    flat = await dav.lock("/f", Depth="0")
    await dav.ask("PUT", "/f/new", 423)
    await dav.ask("DELETE", "/f/g", 423)
    await dav.ask("PUT", "/f/g/a", 204)
    await dav.ask("PUT", "/f/new", 201, If=f"<{TOP}/f> (<{flat}>)")


async def test_nothing_above_a_locked_file_goes_away(dav: Dav) -> None:
    await dav.ask("MKCOL", "/f", 201)
    await dav.ask("PUT", "/f/a", 201)
    await dav.ask("PUT", "/f/b", 201)
    token = await dav.lock("/f/a")
    for method, headers in (("DELETE", {}), ("MOVE", {"Destination": f"{TOP}/g"})):
        told = multistatus(await dav.ask(method, "/f", 207, **headers))
        assert {address: one.alone for address, one in told.items()} == {f"{TOP}/f/a": 423}
        await dav.ask("GET", "/f/b", 200)
    await dav.ask("MOVE", "/f", 201, Destination=f"{TOP}/g", If=f"<{TOP}/f/a> (<{token}>)")
    await dav.ask("PUT", "/g/a", 204)
    assert await dav.core.locks.of(dav.instance, "files") == [], "a lock does not move"


async def test_shared_locks(dav: Dav) -> None:
    await dav.ask("PUT", "/a", 201)
    first, second = await dav.lock("/a", scope="shared"), await dav.lock("/a", scope="shared")
    assert first != second
    await dav.lock("/a", 423)
    await dav.ask("PUT", "/a", 423)
    for token in (first, second):
        await dav.ask("PUT", "/a", 204, If=f"(<{token}>)")


async def test_what_is_not_there_is_made_by_its_lock(dav: Dav) -> None:
    token = await dav.lock("/new", 201)
    assert await dav.bytes_at("/new") == b""
    await dav.ask("PUT", "/new", 423, b"x")
    await dav.ask("PUT", "/new", 204, b"x", If=f"(<{token}>)")
    await dav.lock("/no/new", 409)
    await dav.lock("/f", 400, Depth="1")


async def test_a_lock_ends_and_lasts_on(dav: Dav) -> None:
    await dav.ask("PUT", "/a", 201)
    token = await dav.lock("/a", Timeout="Second-100")
    dav.entry.clock.pass_time(seconds=60)
    answer = await dav.ask("LOCK", "/a", 200, If=f"(<{token}>)", Timeout="Second-100")
    assert "<d:timeout>Second-100</d:timeout>" in answer.text
    dav.entry.clock.pass_time(seconds=60)
    await dav.ask("PUT", "/a", 423)
    dav.entry.clock.pass_time(seconds=60)
    await dav.ask("PUT", "/a", 204)
    await dav.ask("LOCK", "/a", 412, If=f"(<{token}>)")
    await dav.ask("LOCK", "/a", 400)


async def test_a_lock_outlives_the_server(tmp_path: Path) -> None:
    said = {"home": tmp_path, "store": "sqlite", "blobs": "local"}
    body = '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>'
    async with front(**said) as entry:
        await entry.instance(DOMAIN)
        async with entry.client(DOMAIN, scope="io.cozy.files") as client:
            locked = await client.request("LOCK", f"{TOP}/a", content=body)
            assert locked.status_code == 201
    async with front(**said) as entry, entry.client(DOMAIN, scope="io.cozy.files") as client:
        assert (await client.put(f"{TOP}/a", content=b"x")).status_code == 423
        brought = {"If": f"({locked.headers['lock-token']})"}
        assert (await client.put(f"{TOP}/a", content=b"x", headers=brought)).status_code == 204


@pytest.fixture(params=["one process", "two processes"])
async def sides(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Locks, Locks]]:
    """The locks of one place, as two who ask know them: in one process, and in two on one PostgreSQL."""
    clock = SetClock()
    if request.param == "one process":
        documents = memory_documents()
        await documents.create(PLACE.key)
        yield Locks(documents, clock), Locks(documents, clock)
        return
    url = await request.getfixturevalue("postgres").database()
    one, other = postgres_documents(url), postgres_documents(url)
    await one.create(PLACE.key)
    yield Locks(one, clock), Locks(other, clock)
    await one.close()
    await other.close()


async def test_of_many_who_want_a_lock_one_gets_it(sides: tuple[Locks, Locks], monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = sides
    tries = [side.take(PLACE, lock_on(("a",), token=f"urn:{n}")) for n, side in enumerate([here, there] * 5)]
    got = [one for one in await asyncio.gather(*tries, return_exceptions=True) if isinstance(one, Lock)]
    assert [lock.token for lock in got] == [lock.token for lock in await there.of(PLACE, "files")]
    assert len(got) == 1
    with pytest.raises(NoSuchLock):
        await here.release(PLACE, "files", ("b",), got[0].token)
    await there.release(PLACE, "files", ("a",), got[0].token)
    assert await here.of(PLACE, "files") == []
    monkeypatch.setattr(service, "MOST", 1)
    await here.take(PLACE, lock_on(("a",)))
    with pytest.raises(LockConflict):
        await there.take(PLACE, lock_on(("a",)))
    with pytest.raises(TooManyLocks):
        await there.take(PLACE, lock_on(("b",)))
