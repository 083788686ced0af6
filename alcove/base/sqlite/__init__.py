"""SQLite: one file with its writer, and the files of all tenants."""

from alcove.base.sqlite.file import DAMAGE, MISFIT, ClosedDatabase, Connection, Database, NewerFile
from alcove.base.sqlite.tenants import SERVER, Databases, StoreMissing

__all__ = [
    "DAMAGE",
    "MISFIT",
    "SERVER",
    "ClosedDatabase",
    "Connection",
    "Database",
    "Databases",
    "NewerFile",
    "StoreMissing",
]
