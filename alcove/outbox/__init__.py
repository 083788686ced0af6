"""Mails that the server itself sends: composed here, sent by the job queue, through the operator's mail server."""

from alcove.outbox.errors import AddressWrong, MailUnset
from alcove.outbox.model import Button, Letter, checked_address
from alcove.outbox.service import Outbox

__all__ = ["AddressWrong", "Button", "Letter", "MailUnset", "Outbox", "checked_address"]
