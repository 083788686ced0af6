"""Which hosts the runs of a connector connect to: learned in the first one, confirmed by the person before the next.

A manifest that declares hosts is held to them. What is noted of a host is written down before it is connected to.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from alcove.base.clock import Clock, rfc3339
from alcove.base.errors import NotFound
from alcove.connectors.question import Choice, Kind, Question
from alcove.connectors.reach import HOSTS, Declared, HostState, is_unasked, ports_of, read_declared
from alcove.connectors.texts import said
from alcove.egress import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alcove.connectors.model import Konnector
    from alcove.connectors.service.questions import Asker, Questions
    from alcove.connectors.store import Shelf

UNCONFIRMED = "USER_ACTION_NEEDED.PERMISSIONS_CHANGED"
"""The error of a run that may not begin before the person has said where the connector may connect to."""
FIELD = "reach"
WORKER = "reach"
"""Stands for the worker in a question about hosts: the answer is for this file."""
YES, NO = "yes", "no"
ROWS = 9


class NotConfirmed(Exception):
    """The person has not yet said whether the connector may go on connecting to the hosts that it wants."""


@dataclass(slots=True)
class RunReach:
    """Where one run may connect to. It is `alcove.egress.broker.Reach`."""

    reaching: Reaching
    asker: Asker
    declared: Declared | None
    known: dict[str, HostState]
    learning: bool
    ports: tuple[int, ...] = ()
    wanted: list[str] = field(default_factory=list)
    """Hosts that this run was the first to want."""

    async def judge(self, host: str, port: int) -> None:
        """Raises `Refused` for a host that it may not connect to."""
        state = self.known.get(host)
        if state is HostState.ALLOWED or (self.declared is not None and self.declared.allows(host, port)):
            return
        if state is HostState.REFUSED:
            raise Refused(f"{host}: the person does not allow this connector to connect there")
        if is_unasked(host):
            raise Refused(f"{host} is not what this connector is for")
        if state is None and len(self.known) < HOSTS:
            self.known[host] = HostState.ASKED
            self.wanted.append(host)
            await self.reaching.note(self.asker.tenant, self.asker.slug, {host: HostState.ASKED})
        if not self.learning or host not in self.known:
            raise Refused(f"{host} is none of the hosts that this connector may connect to")

    def trusts(self, host: str) -> bool:
        """Whether somebody named this very host."""
        named = self.declared is not None and self.declared.knows(host)
        return named or self.known.get(host) is HostState.ALLOWED


class Reaching:
    """What is known of the hosts of every connector, in every instance."""

    def __init__(self, shelf: Shelf, questions: Questions, clock: Clock) -> None:
        self._shelf = shelf
        self._questions = questions
        self._clock = clock

    async def begin(self, asker: Asker, konnector: Konnector, account: Mapping[str, Any], locale: str) -> RunReach:
        """Where a run may connect to; raises `NotConfirmed`, and has asked the person then."""
        declared = read_declared(konnector.manifest, account)
        known = await self.known(asker.tenant, konnector.slug)
        reach = RunReach(self, asker, declared, known, declared is None and not known, ports_of(declared, account))
        if declared is None and HostState.ASKED in known.values():
            await self._ask(asker, [host for host, state in known.items() if state is HostState.ASKED], locale, "kept")
            raise NotConfirmed
        return reach

    async def end(self, reach: RunReach, locale: str) -> None:
        """The run is over: the person is asked about the hosts that it wanted."""
        if reach.wanted:
            await self._ask(reach.asker, reach.wanted, locale, "kept" if reach.learning else "wanted")

    async def known(self, tenant: str, slug: str) -> dict[str, HostState]:
        """What is known of the hosts of a connector."""
        fields = await self._shelf.reach(tenant, slug)
        return {host: HostState(told["state"]) for host, told in (fields or {}).get("hosts", {}).items()}

    async def note(self, tenant: str, slug: str, states: Mapping[str, HostState]) -> None:
        """Writes down what is known of hosts, beside what was."""
        since = rfc3339(self._clock.now())
        told = {host: {"state": state.value, "since": since} for host, state in states.items()}
        await self._shelf.note_hosts(tenant, slug, told)

    async def decide(self, tenant: str, slug: str, hosts: Iterable[str], answer: str) -> None:
        """What the person said of hosts."""
        state = HostState.ALLOWED if answer == YES else HostState.REFUSED
        await self.note(tenant, slug, dict.fromkeys(hosts, state))

    async def change(self, tenant: str, slug: str, host: str, state: HostState) -> None:
        """Changes what was said of a host; raises `NotFound` for one that was never wanted."""
        if host not in await self.known(tenant, slug):
            raise NotFound(f"{slug[:64]} never wanted to connect to {host[:100]}")
        await self.note(tenant, slug, {host: state})

    async def _ask(self, asker: Asker, hosts: list[str], locale: str, how: str) -> None:
        width = -(-len(hosts) // ROWS)
        rows = tuple(tuple(hosts[at : at + width]) for at in range(0, len(hosts), width))
        heading = (said("host", locale), *[""] * (width - 1))
        choices = (Choice(YES, said("hosts_yes", locale)), Choice(NO, said("hosts_no", locale)))
        text = said(f"hosts_{how}", locale, name=asker.name)
        question = Question(Kind.CHOICE, FIELD, text, choices, (heading, *rows), FIELD)
        await self._questions.ask(replace(asker, attended=False, worker=WORKER), question)


def hosts_in(fields: Mapping[str, Any]) -> list[str]:
    """The hosts that a question is about."""
    return [str(host) for row in fields["rows"][1:] for host in row if host]
