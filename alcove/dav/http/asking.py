"""A request on its way: which resource it is about, what it takes for granted, which locks it may pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, cast

from alcove.base.errors import Refusal
from alcove.dav.errors import IllegalHeader, Locked, Stale
from alcove.dav.model.conditions import Clause, holds, matches, read_if, tokens_in
from alcove.dav.model.dates import from_seconds, http_date
from alcove.dav.model.locks import Lock, covering, inside
from alcove.dav.model.paths import Names, destination_of, href, names_of
from alcove.dav.service.locks import roots
from alcove.dav.service.tree import Resource, Trouble, View
from alcove.files import author_of

if TYPE_CHECKING:
    from alcove.base.http import Call
    from alcove.dav.service.locks import Locks
    from alcove.dav.service.tree import Tree
    from alcove.instances import Instance

INFINITY = "infinity"


@dataclass(slots=True)
class Asked:
    """One request to a mount: the names it is about, and who looks. `held` are the locks on the tree."""

    call: Call
    tree: Tree
    view: View
    names: Names
    held: list[Lock] = field(default_factory=list)
    clauses: tuple[Clause, ...] = ()
    tokens: frozenset[str] = frozenset()

    def header(self, name: str, default: str = "") -> str:
        """A header of the request."""
        return self.call.request.headers.get(name, default)

    @property
    def host(self) -> str:
        """The host that was asked."""
        return self.header("host")

    def depth(self, default: str = INFINITY, allowed: tuple[str, ...] = ("0", "1", INFINITY)) -> str:
        """The `Depth` header; raises `IllegalHeader` when it is none of those allowed."""
        said = self.header("depth", default).strip().lower()
        if said not in allowed:
            raise IllegalHeader("Depth", f"{said[:20]!r} is not {', '.join(allowed)}")
        return said

    @property
    def overwrites(self) -> bool:
        """Whether what is at the destination may be replaced (`Overwrite`)."""
        said = self.header("overwrite", "T").strip().upper()
        if said not in ("T", "F"):
            raise IllegalHeader("Overwrite", "it must be T or F")
        return said == "T"

    def destination(self) -> Names:
        """Where a COPY or MOVE leads to. Raises `OtherServer`, `IllegalHeader`."""
        return destination_of(self.header("destination"), self.view.base, self.host)

    # -- what the request takes for granted

    async def judge(self, resource: Resource | None) -> bool:
        """Raises `Stale` unless all conditions hold; whether there was any at all."""
        etag = "" if resource is None else resource.etag or '"-"'  # something is there, without a tag of its own
        heard = self.call.request.headers
        match, none_match = heard.get("if-match"), heard.get("if-none-match")
        if match is not None and not matches(match, etag):
            raise Stale
        if none_match is not None and matches(none_match, etag, weak=True):
            raise Stale
        since = heard.get("if-unmodified-since")
        if since is not None and match is None and resource is not None and _later(resource.modified, since):
            raise Stale
        for clause in self.clauses:
            if await self._holds(clause, resource):
                break
        else:
            if self.clauses:
                raise Stale("None of the lists of the If header holds")
        return not (match is none_match is since is None and not self.clauses)

    async def _holds(self, clause: Clause, resource: Resource | None) -> bool:
        names, meant = self.names, resource
        if clause.resource:
            try:
                names = destination_of(clause.resource, self.view.base, self.host)
                meant = await self.tree.find(self.view, names)
            except Refusal:
                return False  # another server's, or nothing that can be here
        on_it = {lock.token for lock in covering(self.held, names)}
        return holds(clause, on_it.__contains__, "" if meant is None else meant.etag)

    # -- locks

    def pass_locks(self, names: Names, *, member: bool = False) -> None:
        """Raises `Locked` unless the request brings a token of the locks on a resource.

        With `member` it is made there, or goes away: then the folder that it is in must not be locked either.
        """
        self._pass(covering(self.held, names))
        if member and names:
            self._pass(covering(self.held, names[:-1]))

    def locked_inside(self, top: Names) -> list[Trouble]:
        """What in a folder is locked, where the request does not bring the tokens: nothing above may go away then."""
        found = dict[Names, list[Lock]]()
        for lock in inside(self.held, top):
            found.setdefault(lock.names, []).append(lock)
        return [
            Trouble(names, Locked(roots(locks)))
            for names, locks in found.items()
            if not any(lock.token in self.tokens for lock in locks)
        ]

    def _pass(self, locks: list[Lock]) -> None:
        if locks and not any(lock.token in self.tokens for lock in locks):
            raise Locked(roots(locks))

    # -- what clients of the field say beyond the standards

    def dates(self) -> tuple[str, str]:
        """When a file was changed and made, as its client knows it (`X-OC-Mtime`, `X-OC-CTime`: seconds)."""
        return from_seconds(self.header("x-oc-mtime")), from_seconds(self.header("x-oc-ctime"))


async def ask(call: Call, tree: Tree, locks: Locks | None = None) -> Asked:
    """What a call asks. With `locks` it is about to change something: they and the conditions are read."""
    raw = call.request.scope["raw_path"].decode("ascii", "replace")
    rest = call.params.get("path")
    top = raw.rstrip("/") if rest is None else raw[: len(raw) - len(rest)]
    instance = cast("Instance", call.instance)
    view = View(instance, call.caller, author_of(call), href("", names_of(top), collection=False))
    asked = Asked(call, tree, view, names_of(rest or ""))
    if locks is not None:
        asked.held = await locks.of(instance, tree.name)
        said = call.request.headers.get("if")
        if said is not None:
            asked.clauses = read_if(said)
            asked.tokens = tokens_in(asked.clauses)
    return asked


def _later(stored: str, since: str) -> bool:
    try:
        return parsedate_to_datetime(http_date(stored)) > parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False
