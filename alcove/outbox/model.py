"""A letter, and the mail that it becomes (RFC 5322). Pure: nothing here opens a connection."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

from alcove.outbox.errors import AddressWrong

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

ADDRESS_LENGTH = 254
"""Characters of a mail address at the most (RFC 5321, section 4.5.3.1)."""
SUBJECT_LENGTH = 200
POLICY = SMTP.clone(cte_type="7bit")
"""Seven bits, so that every mail server on the way takes it."""

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Button:
    """What the reader may do, and where that leads."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says, in the person's language. Its texts are plain: nothing in them is taken for markup."""

    kind: str
    """What it is for, in two words and without a secret: jobs and logs show it."""
    subject: str
    lines: Sequence[str]
    """The paragraphs."""
    button: Button | None = None
    code: str = ""
    """A code to be typed, shown large."""
    after: Sequence[str] = field(default=())
    """Paragraphs behind the button or the code."""
    markup: str = ""
    """HTML that stands instead of `lines` in the HTML part; only harmless marks of it are kept."""
    attachments: Sequence[Attachment] = field(default=())


@dataclass(frozen=True, slots=True)
class Mail:
    """A composed mail, on its envelope: one sender, one recipient."""

    sender: str
    recipient: str
    content: bytes


def checked_address(text: str, pointer: str | None = None) -> str:
    """The address as mail servers write it, its domain in ASCII; raises `AddressWrong`.

    Neither names nor lists of addresses, no quotes, no spaces: what passes is one recipient and no header.

    >>> checked_address(" marie@exämple.fr ")
    'marie@xn--exmple-cua.fr'
    """
    local, at, domain = text.strip().rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode()
    except UnicodeError:
        raise AddressWrong(pointer) from None
    known = at and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(ascii_domain)
    if not known or len(local) > 64 or len(local) + 1 + len(ascii_domain) > ADDRESS_LENGTH:
        raise AddressWrong(pointer)
    return f"{local}@{ascii_domain}"


def one_line(text: str, length: int = SUBJECT_LENGTH) -> str:
    """A text as a header may hold it: one line without control characters, not longer than `length`.

    >>> one_line("Hello\\r\\nBcc: all@example.org")
    'Hello Bcc: all@example.org'
    """
    return _CONTROLS.sub(" ", text).strip()[:length]


def compose(
    sender: Address,
    recipient: str,
    subject: str,
    text: str,
    html: str,
    *,
    ident: str,
    moment: datetime,
    reply_to: str = "",
    attachments: Sequence[Attachment] = (),
) -> Mail:
    """The mail, as text and as HTML. `ident` makes its Message-ID: who gets it twice can tell."""
    message = EmailMessage(policy=POLICY)
    message["From"] = sender
    message["To"] = Address(addr_spec=recipient)
    if reply_to:
        message["Reply-To"] = Address(addr_spec=checked_address(reply_to))
    message["Subject"] = one_line(subject)
    message["Date"] = format_datetime(moment)
    message["Message-ID"] = f"<{ident}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice answers it
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    for one in attachments:
        kind, _, subkind = (mimetypes.guess_type(one.name)[0] or "application/octet-stream").partition("/")
        message.add_attachment(one.content, kind, subkind, filename=one_line(one.name, 100) or "file")
    return Mail(sender.addr_spec, recipient, message.as_bytes())
