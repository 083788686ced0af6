"""Why a job or a trigger is refused, and how a handler ends one.

Refusal     ├── JobMissing 404       ├── WorkerMissing 404    ├── ReservedWorker 403
            ├── NotClientJob 403     ├── WrongJobState 422    ├── DeadJobMissing 404
            ├── TriggerMissing 404   ├── BadTriggerType 422   ├── BadDebounce 422
            └── BadTriggerArguments 400                       └── FixedTrigger 400
NoRetry     raised by a handler: the job has failed, and trying again would not help
└── BadTrigger   ... and the trigger that started it makes no sense any more: it is deleted
LeaseLost   raised to a handler: its job was given to another worker
"""

from __future__ import annotations

from alcove.base.errors import BadRequest, Forbidden, NotFound, PlainRefusal, Unprocessable


class NoRetry(Exception):
    """The job has failed for good: its text is the job's error, and it is not tried again."""


class BadTrigger(NoRetry):
    """The job's trigger makes no sense any more (its account or app is gone): it is deleted with the failure."""


class LeaseLost(Exception):
    """The job was given to another worker, because this one was silent for too long: stop without a trace."""


class JobMissing(NotFound):
    """No job has this id."""

    title = "not_found"

    def __init__(self) -> None:
        super().__init__("missing")


class DeadJobMissing(NotFound):
    """No job of this id has failed for good: it may have been tried again, or was kept long enough."""

    def __init__(self) -> None:
        super().__init__("No dead job has this id")


class WorkerMissing(NotFound):
    """No worker has this name. The text is the contract's (golden jobs/push)."""

    def __init__(self) -> None:
        super().__init__("jobs: could not find worker")


class ReservedWorker(Forbidden):
    """A worker that only the server itself gives jobs."""


class NotClientJob(Forbidden):
    """Only jobs of the worker `client` are changed from outside: the server runs all others."""


class WrongJobState(Unprocessable):
    """A client may say `done` or `errored` of its job, once."""

    title = "Invalid Attribute"

    def __init__(self) -> None:
        super().__init__("A job may be set to done or errored, once", pointer="/data/attributes/state")


class TriggerMissing(NotFound):
    """No trigger has this id. The text is the contract's."""

    def __init__(self) -> None:
        super().__init__("Trigger with specified ID does not exist")


class BadTriggerType(Unprocessable):
    """There is no such type of trigger. Text and pointer are the contract's."""

    title = "Invalid Attribute"

    def __init__(self) -> None:
        super().__init__("Unknown trigger type", pointer="/data/attributes/Type")


class BadDebounce(Unprocessable):
    """The debounce is no duration. The text is the contract's."""

    title = "Invalid Attribute"

    def __init__(self, text: str) -> None:
        super().__init__(f'time: invalid duration "{text}"', pointer="/data/attributes/debounce")


class BadTriggerArguments(PlainRefusal):
    """The arguments are not of the form that this type of trigger has. The text is the contract's."""

    def __init__(self) -> None:
        super().__init__("Trigger unparsable")


class FixedTrigger(BadRequest):
    """Only the arguments of a @cron can be changed; for another time, make another trigger."""

    def __init__(self) -> None:
        super().__init__("Only the arguments of a @cron trigger can be changed")
