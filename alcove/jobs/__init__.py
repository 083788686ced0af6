"""Work that is done later: jobs, their workers, and the triggers that start them."""

from alcove.base.house import Slot
from alcove.jobs.errors import BadTrigger, LeaseLost, NoRetry, TriggerMissing, WorkerMissing
from alcove.jobs.model.duration import BadDuration, read_duration
from alcove.jobs.model.job import Job, Running, Worker
from alcove.jobs.model.trigger import Trigger, trigger_resource
from alcove.jobs.service.jobs import Jobs
from alcove.jobs.service.triggers import Triggers, add_trigger, drop_trigger
from alcove.jobs.store import copy_queue

HANDLERS: Slot[Worker] = Slot("workers", "who does the jobs of each name")

__all__ = [
    "HANDLERS",
    "BadDuration",
    "BadTrigger",
    "Job",
    "Jobs",
    "LeaseLost",
    "NoRetry",
    "Running",
    "Trigger",
    "TriggerMissing",
    "Triggers",
    "Worker",
    "WorkerMissing",
    "add_trigger",
    "copy_queue",
    "drop_trigger",
    "read_duration",
    "trigger_resource",
]
