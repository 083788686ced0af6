"""Mails on their way, sealed: they may hold what opens a place, and who copies the database alone reads nothing."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import orjson

from alcove.outbox.model import Mail

if TYPE_CHECKING:
    from alcove.base.crypto import Sealer
    from alcove.base.tables import Tables

PURPOSE = "mail"
_TABLE = """
create table mail (id text not null primary key, tenant text not null, made bigint not null, sealed text not null);
create index mail_made on mail (made);
"""


class Waiting:
    """The mails that wait to be sent, by id."""

    def __init__(self, tables: Tables, sealer: Sealer) -> None:
        self._tables = tables
        self._sealer = sealer

    async def prepare(self) -> None:
        """Makes the table."""
        await self._tables.prepare("outbox", (_TABLE,), (_TABLE,))

    async def keep(self, tenant: str, ident: str, mail: Mail, made: int) -> None:
        """Keeps a mail, durably. `made` is when it can be sent, in milliseconds since 1970."""
        clear = orjson.dumps([mail.sender, mail.recipient, mail.content.decode()])
        sealed = base64.b64encode(self._sealer.seal(clear, PURPOSE)).decode()
        sql = "insert into mail (id, tenant, made, sealed) values ($1, $2, $3, $4)"
        await self._tables.change((sql, ident, tenant, made, sealed))

    async def read(self, ident: str) -> Mail | None:
        """The mail, or None when it was sent or given up; raises `SealBroken`."""
        rows = await self._tables.rows("select sealed from mail where id = $1", ident)
        if not rows:
            return None
        sender, recipient, content = orjson.loads(self._sealer.open(base64.b64decode(rows[0][0]), PURPOSE))
        return Mail(sender, recipient, content.encode())

    async def drop(self, ident: str) -> None:
        """Forgets a mail."""
        await self._tables.change(("delete from mail where id = $1", ident))

    async def forget(self, tenant: str) -> None:
        """Forgets those of an instance that is gone."""
        await self._tables.change(("delete from mail where tenant = $1", tenant))

    async def clear(self, before: int) -> None:
        """Forgets those that are older."""
        await self._tables.change(("delete from mail where made < $1", before))
