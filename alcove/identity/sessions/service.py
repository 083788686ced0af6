"""Sessions: a browser that is logged in (contract-a section 2)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from alcove.base.clock import Clock, rfc3339
from alcove.base.ids import new_id
from alcove.documents import Change, Document, Documents, Query, RevisionConflict, Tx
from alcove.identity.sessions.browsers import AGENT_LENGTH, browser_of
from alcove.identity.tokens.signing import mark, marked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alcove.instances import Instance

DOCTYPE = "io.cozy.sessions"
LOGINS = "io.cozy.sessions.logins"
REMEMBERED = 100
"""Logins that are kept, for the person to look through: the oldest go first."""
UNSEEN = timedelta(days=30)
"""A session dies when it is not seen for so long."""
DAY = timedelta(days=1)
LONG_RUN = 10 * 365 * 24 * 3600
"""Seconds that the cookie of a browser that asked to be remembered is kept."""

SHORT_RUN = 300
"""Seconds that the cookie of a browser is kept that was opened for one page."""


@dataclass(frozen=True, slots=True)
class Session:
    """One logged-in browser."""

    id: str
    last_seen: datetime
    long_run: bool


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who logs in: the address, and what the browser says of itself."""

    address: str
    agent: str


class Sessions:
    """Opens, finds and ends sessions; keeps those in use in memory."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents = documents
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[Session, str]] = {}
        self._heard = 0
        documents.watch(self._hear, frozenset((DOCTYPE, "instances")))

    async def open(
        self,
        instance: Instance,
        visitor: Visitor | None = None,
        *,
        long_run: bool,
        short_run: bool = False,
        more: Mapping[str, str] | None = None,
    ) -> tuple[Session, str]:
        """A new session and the value of its cookie. With a `visitor`, the login is noted for the person to see.

        `more` are members of its document: which session of another provider it stands on.
        """
        now = self._clock.now()
        session = Session(new_id(), now, long_run)
        stamp = rfc3339(now)
        body = {"created_at": stamp, "last_seen": stamp, "long_run": long_run, "short_run": short_run, **(more or {})}

        async def unit(tx: Tx) -> None:
            await tx.put(DOCTYPE, session.id, body)
            if visitor is not None:
                await _note(tx, {"session_id": session.id, **_said(visitor), "created_at": stamp})

        await self._documents.work(instance.key, unit)
        return session, f"{session.id}.{mark(instance, _text(session.id))}"

    async def find(self, instance: Instance, cookie: str) -> Session | None:
        """The session of a cookie, or None when it is forged, ended or unseen for too long."""
        ident, _, mac = cookie.partition(".")
        heard = self._heard
        known = self._known.get((instance.key, ident))
        if known is not None and hmac.compare_digest(known[1].encode(), cookie.encode()):
            session: Session | None = known[0]
        elif marked(instance, _text(ident), mac):
            session = await self._read(instance, ident)
        else:
            return None
        if session is None or self._unseen(session):
            return None
        if self._clock.now() - session.last_seen > DAY:
            return await self._see(instance, session)
        if heard == self._heard:  # else it may have ended while it was read
            self._known[instance.key, ident] = session, cookie
        return session

    async def end(self, instance: Instance, ident: str) -> None:
        """Ends the session of this id; ending it twice is no error."""
        await self._end(instance, [ident])

    async def all(self, instance: Instance) -> list[Document]:
        """The sessions that live; those unseen for too long are ended on the way."""
        found = await self._documents.all(instance.key, DOCTYPE)
        dead = {document.id for document in found if self._unseen(_from(document))}
        if dead:
            await self._end(instance, dead)
        return [document for document in found if document.id not in dead]

    async def addresses(self, instance: Instance) -> set[str]:
        """Where the person logged in from, as far as it is remembered."""
        return {str(login.fields().get("ip")) for login in await self._documents.all(instance.key, LOGINS)}

    async def end_all(self, instance: Instance, but: str = "") -> None:
        """Ends every session, but the one with that id."""
        found = await self._documents.all(instance.key, DOCTYPE)
        await self._end(instance, {document.id for document in found} - {but})

    async def clear(self, instance: Instance) -> None:
        """Ends every session, and forgets the logins that were noted."""
        await self.end_all(instance)

        async def unit(tx: Tx) -> None:
            for login in await tx.find(LOGINS, Query({})):
                await tx.delete(LOGINS, login.id, login.rev)

        await self._documents.work(instance.key, unit)

    async def moments(self, instance: Instance) -> list[str]:
        """When browsers were seen or logged in, as far as it is remembered."""
        seen = [str(one.fields().get("last_seen", "")) for one in await self._documents.all(instance.key, DOCTYPE)]
        logins = await self._documents.all(instance.key, LOGINS)
        return seen + [str(login.fields().get("created_at", "")) for login in logins]

    async def end_delegated(self, instance: Instance, provider: str, sid: str) -> int:
        """Ends the sessions that stand on one of a provider, on any of its when `sid` is empty; how many there were."""
        wanted = {"oidc_provider_key": provider, **({"sid": sid} if sid else {})}
        found = await self._documents.all(instance.key, DOCTYPE)
        ids = [one.id for one in found if wanted.items() <= one.fields().items()]
        await self._end(instance, ids)
        return len(ids)

    async def _end(self, instance: Instance, ids: Iterable[str]) -> None:
        async def unit(tx: Tx) -> None:
            for ident in ids:
                document = await tx.get(DOCTYPE, ident)
                if document is not None:
                    await tx.delete(DOCTYPE, ident, document.rev)

        await self._documents.work(instance.key, unit)

    def _unseen(self, session: Session) -> bool:
        return self._clock.now() - session.last_seen > UNSEEN

    async def _read(self, instance: Instance, ident: str) -> Session | None:
        document = await self._documents.get(instance.key, DOCTYPE, ident)
        return _from(document) if document is not None else None

    async def _see(self, instance: Instance, session: Session) -> Session | None:
        """Notes that the session lives; None when it was ended meanwhile."""
        now = self._clock.now()

        async def unit(tx: Tx) -> bool:
            document = await tx.get(DOCTYPE, session.id)
            if document is not None:
                await tx.put(DOCTYPE, session.id, {**document.fields(), "last_seen": rfc3339(now)}, document.rev)
            return document is not None

        try:
            lives = await self._documents.work(instance.key, unit)
        except RevisionConflict:
            return session
        return Session(session.id, now, session.long_run) if lives else None

    def _hear(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.document.type == DOCTYPE:
                self._known.pop((change.tenant, change.document.id), None)
            elif change.document.type == "instances":  # perhaps with another secret
                self._known.clear()
            else:
                continue
            self._heard += 1


async def _note(tx: Tx, login: Mapping[str, Any]) -> None:
    """Keeps a login, and forgets the oldest where there are too many."""
    await tx.put(LOGINS, new_id(), login)
    known = await tx.find(LOGINS, Query({"created_at": {"$gt": ""}}))
    for old in sorted(known, key=lambda one: str(one.fields()["created_at"]))[:-REMEMBERED]:
        await tx.delete(LOGINS, old.id, old.rev)


def _said(visitor: Visitor) -> dict[str, Any]:
    browser, system = browser_of(visitor.agent)
    agent = visitor.agent[:AGENT_LENGTH]
    return {"ip": visitor.address, "user_agent": agent, "browser": browser, "os": system, "client_registration": False}


def _from(document: Document) -> Session:
    fields = document.fields()
    return Session(document.id, datetime.fromisoformat(fields["last_seen"]), bool(fields.get("long_run")))


def _text(ident: str) -> str:
    return f"session:{ident}"
