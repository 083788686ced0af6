"""How the database is asked: by statements that also say at which version of the tenant they were answered.

Answers of one version are of one moment, as if they had been read in one transaction, and need none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.base.postgres import wait

if TYPE_CHECKING:
    from alcove.base.postgres import Connection

_VERSION = "select xmin, 1 from tenant where inst = $1"


class Changed(BaseException):
    """Somebody wrote in between: what was read does not fit together. No `except Exception` may catch it."""


def versioned(sql: str) -> str:
    """A statement whose rows have the version in front; the first column of `sql` is never null."""
    return f"select t.xmin, d.* from tenant t left join lateral ({sql}) d on true where t.inst = $1"


class Asking:
    """Asks about one tenant, inside of `inline`. Where the tenant is `held`, by a lock or a snapshot, it cannot change.

    `version` is the one that all answers have to be of.
    """

    __slots__ = ("connection", "held", "inst", "sure", "version")

    def __init__(self, connection: Connection, inst: int, version: int, *, held: bool) -> None:
        self.connection = connection
        self.inst = inst
        self.version = version
        self.held = held
        self.sure = held
        """Whether the version was seen."""

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """The rows of a `versioned` statement. Raises `Changed`."""
        found: list[Any] = wait(self.connection.fetch(sql, self.inst, *values))
        self._check(found)
        return [] if found[0][1] is None else found

    def tell(self, sql: str, *values: Any) -> list[Any]:
        """What a statement answers that is no question; `values` are all of its values."""
        answer: list[Any] = wait(self.connection.fetch(sql, *values))
        return answer

    async def make_sure(self) -> None:
        """Looks whether the version is still the one that was kept, unless an answer has said it. Raises `Changed`."""
        if not self.sure:
            self._check(await self.connection.fetch(_VERSION, self.inst))

    def _check(self, found: list[Any]) -> None:
        if not self.held and (not found or found[0][0] != self.version):
            raise Changed
        self.sure = True
