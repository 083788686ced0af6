"""PostgreSQL: connections that come back by themselves, schema versions, and code that waits inside a greenlet."""

from alcove.base.postgres.connections import AWAY, Connection
from alcove.base.postgres.inline import inline, wait
from alcove.base.postgres.peers import PostgresPeers
from alcove.base.postgres.pool import Postgres
from alcove.base.postgres.schema import NewerSchema, Schema

__all__ = ["AWAY", "Connection", "NewerSchema", "Postgres", "PostgresPeers", "Schema", "inline", "wait"]
