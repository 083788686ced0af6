"""Whatever crashes, fails or comes late: each job ends exactly once, done or dead."""

import asyncio
import random
from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from alcove.jobs import NoRetry, Running, Worker
from alcove.jobs.model.job import DOCTYPE
from alcove.jobs.testing import ME, Bench

if TYPE_CHECKING:
    from alcove.jobs.service.runner import Runner

ATTEMPTS = 3


class World:
    """Some servers on one queue, whose jobs fail and stall by lot."""

    def __init__(self, bench: Bench, seed: int) -> None:
        self.bench = bench
        self.lot = random.Random(seed)
        self.ends: Counter[str] = Counter()
        self.gates: list[asyncio.Event] = []
        self.calm = False
        self.hanging = 0
        self.moved = asyncio.Event()
        bench.workers.add("w", Worker(self.handle, max_attempts=ATTEMPTS, timeout_s=1e6, concurrency=3))
        bench.documents.watch(self.count)
        self.servers: list[Runner] = [bench.runner() for _ in range(3)]

    def count(self, changes: object) -> None:
        for change in changes:  # type: ignore[attr-defined]  # a sequence of changes
            document = change.document
            if document.type == DOCTYPE and document.fields()["state"] in ("done", "errored"):
                self.ends[document.id] += 1

    async def handle(self, running: Running) -> None:
        fate = self.lot.random()
        if fate < 0.3:
            raise ValueError("by lot")
        if fate < 0.5 and not self.calm:
            gate = asyncio.Event()
            self.gates.append(gate)
            self.hanging += 1
            self.moved.set()
            try:
                await gate.wait()  # a server that hangs, and comes back when others have taken over
            finally:
                self.hanging -= 1
            if self.lot.random() < 0.5:
                raise NoRetry("by lot, and late")

    async def step(self, action: str) -> None:
        server = self.lot.choice(self.servers)
        if action == "push":
            await self.bench.jobs.push(ME, "w", None)
        elif action == "tick":
            await server.tick()
        elif action == "hang":
            self.bench.clock.pass_time(seconds=61)
        elif action == "come back" and self.gates:
            self.gates.pop(self.lot.randrange(len(self.gates))).set()
        elif action == "stop":
            await server.stop(0)
            self.servers[self.servers.index(server)] = self.bench.runner()
        await self.quiet()

    async def quiet(self) -> None:
        """Waits until every job that runs hangs."""
        while True:
            self.moved.clear()
            tasks = {hand.task for server in self.servers for hand in server._hands.values()}
            if len(tasks) <= self.hanging:
                return
            moved = asyncio.create_task(self.moved.wait())
            await asyncio.wait({*tasks, moved}, return_when=asyncio.FIRST_COMPLETED)
            moved.cancel()

    async def settle(self) -> None:
        """Everything comes back, nothing hangs any more, and time passes."""
        self.calm = True
        while True:
            for gate in self.gates:
                gate.set()
            for server in self.servers:
                await server.tick()
                await server.idle()
            documents = await self.bench.documents.all(ME, DOCTYPE)
            known = [await self.bench.queue.knows(ME, document.id) for document in documents]
            if not any(known):
                return
            self.bench.clock.pass_time(seconds=61)


ACTIONS = st.lists(
    st.sampled_from(["push", "push", "tick", "tick", "tick", "tick", "hang", "come back", "come back", "stop"]),
    min_size=20,
    max_size=60,
)


@settings(max_examples=30)
@given(ACTIONS, st.integers(0, 1 << 32))
async def test_each_job_ends_exactly_once_in_done_or_dead(actions: list[str], seed: int) -> None:
    bench = await Bench().open()
    world = World(bench, seed)
    for action in ["push", *actions]:
        await world.step(action)
    await world.settle()
    states = {d.id: d.fields()["state"] for d in await bench.documents.all(ME, DOCTYPE)}
    assert len(states) == 1 + actions.count("push")
    assert set(states.values()) <= {"done", "errored"}
    assert set(world.ends.values()) == {1}
    assert {dead.id for dead in await bench.queue.dead(100)} == {i for i, state in states.items() if state == "errored"}
    assert await bench.queue.next_due(["w"]) is None
    for server in world.servers:
        await server.stop(0)
    await bench.close()
