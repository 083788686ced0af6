"""Who is reached at which host: a table in memory, since every request asks it.

A table, not a pattern: a nested `drive.me.tld` and a flat `me-drive.tld` are tried against known names, so that a name
with a hyphen is never taken apart (contract-a section 1).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alcove.instances.model import names_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alcove.instances.model import Instance


class Table:
    """Instances by their names, each as it is called by that name: its `domain` is the one of the request."""

    def __init__(self) -> None:
        self._records: dict[str, Instance] = {}
        self._by_key: dict[str, Instance] = {}
        self._by_name: dict[str, Instance] = {}
        self._by_old: dict[str, Instance] = {}

    def enter(self, instance: Instance) -> None:
        """Takes in a record, in place of an older one of the same instance."""
        self.leave(instance.id)
        self._records[instance.id] = self._by_key[instance.key] = instance
        for name in names_of(instance):
            self._by_name[name] = replace(instance, domain=name)
            written = as_written(name)
            self._by_name[written] = replace(instance, domain=written)
        for old in instance.before:
            self._by_old[old] = self._by_old[as_written(old)] = instance

    def leave(self, ident: str) -> None:
        """Drops an instance, if it is there."""
        instance = self._records.pop(ident, None)
        if instance is None:
            return
        self._by_key.pop(instance.key, None)
        for table in (self._by_name, self._by_old):
            for name in [*names_of(instance), *instance.before]:
                for called in (name, as_written(name)):
                    if called in table and table[called].id == ident:
                        del table[called]

    def __iter__(self) -> Iterator[Instance]:
        return iter(list(self._records.values()))

    def __len__(self) -> int:
        return len(self._records)

    def by_name(self, name: str) -> Instance | None:
        """The instance that has this domain or alias."""
        found = self._by_name.get(name)
        return self._records[found.id] if found else None

    def by_key(self, key: str) -> Instance | None:
        """The instance whose stores have this name."""
        return self._by_key.get(key)

    def by_host(self, host: str) -> tuple[Instance, str] | None:
        """The instance as it is called by this host, and the slug of the app ("" for the instance itself)."""
        return _found(self._by_name, host.lower())

    def by_old(self, host: str) -> tuple[Instance, str] | None:
        """The instance that had this host before, and the slug of the app."""
        return _found(self._by_old, host.lower()) if self._by_old else None


def _found(table: dict[str, Instance], host: str) -> tuple[Instance, str] | None:
    found = table.get(host)
    if found is not None:
        return found, ""
    first, _, rest = host.partition(".")
    found = table.get(rest)
    if found is not None and first:
        return found, first
    # The longest name first: `me-too-drive.tld` is the drive of `me-too.tld`, also when there is a `me.tld`.
    place = first.rfind("-")
    while place > 0:
        found = table.get(f"{first[:place]}.{rest}")
        if found is not None:
            return found, first[place + 1 :]
        place = first.rfind("-", 0, place)
    return None


def as_written(name: str) -> str:
    """The name as it stands in requests and in DNS: letters beyond ASCII as `xn--`.

    >>> as_written("été.example:8080")
    'xn--t-9fab.example:8080'
    """
    if name.isascii():
        return name
    host, colon, port = name.partition(":")
    try:
        return host.encode("idna").decode("ascii") + colon + port
    except UnicodeError:
        return name


def as_read(name: str) -> str:
    """The name as people read it: the contrary of `as_written`.

    >>> as_read("xn--t-9fab.example")
    'été.example'
    """
    if "xn--" not in name.lower():
        return name
    host, colon, port = name.partition(":")
    try:
        return host.encode("ascii").decode("idna") + colon + port
    except UnicodeError:
        return name
