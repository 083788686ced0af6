"""Documents in PostgreSQL: one set of tables for all tenants, each row with the number of its tenant in front."""

from alcove.documents.backends.postgres.backend import PostgresBackend
from alcove.documents.backends.postgres.hearing import Hearing
from alcove.documents.backends.postgres.tables import SCHEMA

__all__ = ["SCHEMA", "Hearing", "PostgresBackend"]
