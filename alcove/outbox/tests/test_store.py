"""Mails on their way, in a file and in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alcove.base.crypto import Sealer
from alcove.base.postgres import Postgres
from alcove.base.sqlite import Database
from alcove.base.tables import PostgresTables, SqliteTables
from alcove.outbox.model import Mail
from alcove.outbox.store import Waiting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from alcove.base.tables import Tables

MAIL = Mail("noreply@example.org", "marie@example.org", "Sujet: é\r\n\r\nBonjour".encode())


@pytest.fixture(params=["file", "postgres"])
async def tables(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Tables]:
    if request.param == "postgres":
        postgres = Postgres(await request.getfixturevalue("postgres").database())
        yield PostgresTables(postgres)
        await postgres.close()
        return
    database = Database(tmp_path / "alcove.db")
    yield SqliteTables(lambda: database)
    await database.close()


async def test_a_mail_is_kept_sealed_until_it_is_dropped(tables: Tables) -> None:
    waiting = Waiting(tables, Sealer(b"k" * 32))
    await waiting.prepare()
    await waiting.prepare()
    for ident, tenant, made in (("one", "cozy1", 1), ("two", "cozy1", 5), ("three", "cozy2", 5)):
        await waiting.keep(tenant, ident, MAIL, made)
    assert await waiting.read("one") == MAIL
    assert "marie" not in str(await tables.rows("select * from mail"))
    await waiting.clear(5)
    assert await waiting.read("one") is None
    await waiting.forget("cozy2")
    assert await waiting.read("three") is None
    assert await waiting.read("two") == MAIL
    await waiting.drop("two")
    await waiting.drop("two")
    assert await waiting.read("two") is None
