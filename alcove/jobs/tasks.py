"""The workers that come with the room."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from alcove.jobs.errors import NoRetry
from alcove.jobs.model.job import CLIENT, Worker

if TYPE_CHECKING:
    from alcove.jobs.model.job import Running

logger = logging.getLogger("alcove.jobs")


async def log(running: Running) -> None:
    """The worker `log` notes that there was a job; not what it said, which is the person's own."""
    logger.info("a job for the log", extra={"job": running.id})


async def client(_running: Running) -> None:
    """The worker `client` stands for a program of the person; its jobs never come here."""
    raise NoRetry("This job is done by a client, not by the server")


WORKERS = {
    "log": Worker(log, timeout_s=10, concurrency=4),
    CLIENT: Worker(client, reserved=True, hourly=100),
}
