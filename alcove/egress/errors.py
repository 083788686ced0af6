"""Why something does not go out."""

from __future__ import annotations

from alcove.base.errors import BadRequest, NotFound


class BadPeriod(BadRequest):
    """A day or a month that is none."""

    def __init__(self, said: str, parameter: str) -> None:
        super().__init__(f"{said[:50]!r} is no day, such as 2026-11-30", parameter=parameter)


class BadHost(BadRequest):
    """What cannot be the name of a host."""

    def __init__(self, said: str) -> None:
        super().__init__(f"{said[:100]!r} is no host, such as example.org")


class NotBlocked(NotFound):
    """A host that is not blocked."""

    def __init__(self, host: str) -> None:
        super().__init__(f"{host[:100]} is not blocked")
