"""PostgreSQL as a part that comes and goes, and whose tables grow in steps."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alcove.base.errors import BadRequest, Unavailable
from alcove.base.postgres import NewerSchema, Postgres, PostgresPeers, Schema, inline, wait
from alcove.base.postgres.testing import TestServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ONE = Schema("room", ("create table a (n int)",))
TWO = Schema("room", ("create table a (n int)", "alter table a add column m int"), ("alter table a drop column n",))


@pytest.fixture
async def database(postgres: TestServer) -> AsyncIterator[Postgres]:
    database = Postgres(await postgres.database())
    yield database
    await database.close()


async def columns(database: Postgres) -> set[str]:
    sql = "select column_name from information_schema.columns where table_name = 'a'"
    return {row[0] for row in await database.fetch(sql)}


async def test_steps_are_done_once_and_go_on_where_they_ended(database: Postgres) -> None:
    async with database.connection() as connection:
        broken = Schema("room", (*ONE.before, "alter table a add column m int; select 1/0", "select 1"))
        with pytest.raises(Exception, match="division by zero"):
            await broken.lay(connection)
        assert await columns(database) == {"n"}, "a step that fails leaves nothing of itself"
        for _ in range(2):
            await TWO.lay(connection)
        assert await columns(database) == {"n", "m"}


async def test_an_older_release_works_until_what_it_needs_is_taken_away(database: Postgres) -> None:
    async with database.connection() as connection:
        await TWO.lay(connection)
        await ONE.lay(connection)
        await TWO.clear(connection)
        assert await columns(database) == {"m"}
        with pytest.raises(NewerSchema, match="newer release"):
            await ONE.lay(connection)


async def test_two_processes_that_start_at_once_make_the_tables_once(postgres: TestServer) -> None:
    url = await postgres.database()
    both = [Postgres(url), Postgres(url)]
    for one in both:
        one.lay(TWO)
    assert await asyncio.gather(*(one.fetch("select n, m from a") for one in both)) == [[], []]
    for one in both:
        await one.close()


async def test_what_the_database_refuses_is_told_in_words(database: Postgres) -> None:
    with pytest.raises(BadRequest, match="character"):
        await database.fetch("select $1::text", "a\0b")
    with pytest.raises(BadRequest, match="too large"):
        await database.fetch("select $1::bigint", 1 << 70)


async def test_few_connections_serve_many_and_those_left_in_the_middle_are_replaced(postgres: TestServer) -> None:
    database = Postgres(await postgres.database(), largest=2)
    pids = await asyncio.gather(*(database.fetch("select pg_backend_pid()") for _ in range(40)))
    assert len({pid[0][0] for pid in pids}) <= 2
    left = [asyncio.create_task(database.fetch("select pg_sleep(60)")) for _ in range(2)]
    async with database.connection() as begun:  # one of the sleepers waits for its turn meanwhile
        await begun.execute("begin; create table half (n int)")
    for task in left:
        task.cancel()
    ended = await asyncio.gather(*left, return_exceptions=True)
    assert {type(one) for one in ended} == {asyncio.CancelledError}
    assert (await database.fetch("select to_regclass('half')"))[0][0] is None
    await database.close()


async def test_a_connection_that_is_in_use_at_the_end_is_ended_when_it_is_given_back(postgres: TestServer) -> None:
    database = Postgres(await postgres.database())
    async with database.connection() as connection:
        await database.close()
        assert await connection.fetchval("select 1") == 1
    assert connection.is_closed()


async def test_plain_code_waits_and_hears_what_goes_wrong() -> None:
    async def half(number: int) -> int:
        if number % 2:
            raise ValueError(number)
        return number // 2

    def plain() -> int:
        try:
            wait(half(3))
        except ValueError:
            return wait(half(8)) + wait(half(4))
        return 0

    assert await inline(plain) == 6
    with pytest.raises(ValueError, match="5"):
        await inline(lambda: wait(half(5)))
    with pytest.raises(RuntimeError, match="outside"):
        wait(asyncio.get_running_loop().create_future())


@pytest.mark.slow  # a server of its own is made, killed and started again
async def test_the_database_goes_and_comes_back() -> None:
    server = TestServer()
    server.start()
    database = Postgres(await server.database())
    try:
        assert (await database.fetch("select 1"))[0][0] == 1
        server.stop()
        with pytest.raises(Unavailable) as away:
            await database.fetch("select 1")
        assert away.value.headers == {"Retry-After": "2"}
        server.start()
        assert (await database.fetch("select 1"))[0][0] == 1
    finally:
        await database.close()
        server.remove()


class Duty:
    def __init__(self) -> None:
        self.begun, self.ended = asyncio.Event(), asyncio.Event()

    async def begin(self) -> None:
        self.begun.set()

    async def end(self) -> None:
        self.ended.set()


async def test_one_process_has_the_duties_and_another_takes_them_over(postgres: TestServer) -> None:
    url = await postgres.database()
    databases = [Postgres(url) for _ in range(3)]
    peers = [PostgresPeers(one, candidate=n > 0, look=0.01) for n, one in enumerate(databases)]
    duties = [Duty(), Duty(), Duty()]
    for one, duty in zip(peers, duties, strict=True):
        one.duty(duty.begin, duty.end)
    await peers[0].start()
    await peers[1].start()
    await asyncio.wait_for(duties[1].begun.wait(), 60)
    await peers[2].start()
    assert not duties[2].begun.is_set()
    # The connection is cut, as when a process is cut off: it must give up by itself.
    await databases[0].fetch(
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = "
        "(select oid from pg_database where datname = current_database())"
    )
    await asyncio.wait_for(duties[1].ended.wait(), 60)
    await asyncio.wait([asyncio.ensure_future(duty.begun.wait()) for duty in duties[1:]], timeout=5)
    await peers[1].stop()
    await asyncio.wait_for(duties[2].begun.wait(), 60)
    assert not duties[0].begun.is_set()
    for peer, database in zip(peers, databases, strict=True):
        await peer.stop()
        await database.close()


async def test_the_others_hear_what_one_says(postgres: TestServer) -> None:
    url = await postgres.database()
    databases = [Postgres(url), Postgres(url)]
    one, other = [PostgresPeers(database, candidate=False, look=0.01) for database in databases]
    heard: asyncio.Queue[str] = asyncio.Queue()
    one.hear("news", lambda _: heard.put_nowait("its own"))
    other.hear("news", heard.put_nowait)
    caught_up = asyncio.Event()

    async def note() -> None:
        caught_up.set()

    other.catch_up(note)
    await one.start()
    await other.start()
    await asyncio.wait_for(caught_up.wait(), 60)
    one.send("news", "of the day")
    assert await asyncio.wait_for(heard.get(), 60) == "of the day"
    for peers in (one, other):
        await peers.stop()
    for database in databases:
        await database.close()
    assert heard.empty()
