"""Why a mail cannot be sent.

Refusal ── AddressWrong 422, MailUnset 503
PostRefused   the mail server said no for good: trying again would not help
PostAway      it said no for now, or did not answer
"""

from __future__ import annotations

from alcove.base.errors import Unavailable, Unprocessable


class AddressWrong(Unprocessable):
    """What was given is no mail address."""

    def __init__(self, pointer: str | None = None) -> None:
        super().__init__("This is not a mail address: one like me@example.org is", pointer=pointer)


class MailUnset(Unavailable):
    """The operator has named no mail server. Callers ask `Outbox.ready` first."""

    def __init__(self) -> None:
        super().__init__("This server sends no mail: whoever runs it can set that up (ALCOVE_SMTP_HOST)")


class PostRefused(Exception):
    """The mail server refused for good. The text holds no word of it: it may repeat what the mail says."""


class PostAway(Exception):
    """The mail server refused for now, or cannot be reached."""
