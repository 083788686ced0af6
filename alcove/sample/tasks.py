"""The worker `sample`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.jobs import NoRetry, Running, Worker

if TYPE_CHECKING:
    from alcove.instances import Instances
    from alcove.sample.service import Samples


def worker(samples: Samples, instances: Instances) -> Worker:
    """Makes sample persons, one at a time on the whole server: reading one keeps connectors busy for a minute."""

    async def make(running: Running) -> None:
        owner = instances.by_key(running.tenant)
        if owner is None:
            raise NoRetry("The instance is gone")
        await samples.make(owner, str(running.message["job"]))

    return Worker(make, max_attempts=3, timeout_s=1800.0, concurrency=1, reserved=True, backoff_s=2.0)
