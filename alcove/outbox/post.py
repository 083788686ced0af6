"""The one place that speaks SMTP: it hands a mail to the operator's mail server."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alcove.base.outgoing import NoReply
from alcove.outbox.errors import PostAway, PostRefused

if TYPE_CHECKING:
    import aiosmtplib

    from alcove.base.config import Settings
    from alcove.egress import Journal, Line
    from alcove.outbox.model import Mail

TIMEOUT = 30.0
"""Seconds that one step of the talk with the mail server may take."""

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True, slots=True)
class Post:
    """The way to the mail server. `security` is starttls, tls or none; an empty `user` logs in nowhere."""

    host: str
    port: int
    security: str
    user: str
    password: str
    authority: str
    """A file with the certificate that signs the server's; empty for those that this machine trusts."""
    journal: Journal

    @classmethod
    def of(cls, settings: Settings, journal: Journal) -> Post:
        """As the operator has set it."""
        return cls(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_security,
            settings.smtp_user,
            settings.smtp_password,
            settings.smtp_authority,
            journal,
        )

    async def hand_over(self, mail: Mail) -> None:
        """Gives a mail to the server; raises `PostRefused`, `PostAway`."""
        try:
            async with self.journal.connection("mail", self.host, self.port) as line:
                try:
                    await self._talk(mail, line)
                except (PostRefused, PostAway) as error:
                    line.reason = str(error)
                    raise
        except NoReply as error:
            raise PostAway(str(error)) from None

    async def _talk(self, mail: Mail, line: Line) -> None:
        import aiosmtplib  # five megabytes of memory: loaded with the first mail

        server = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",
            username=self.user or None,
            password=self.password or None,
            timeout=TIMEOUT,
            # Given, so that the library does not ask the resolver for the name of this machine.
            local_hostname=mail.sender.rpartition("@")[2],
            tls_context=None if self.security == "none" else self._trusting(),
        )
        try:
            async with server:
                line.address = _address(server)
                line.up = len(mail.content)
                await server.sendmail(mail.sender, [mail.recipient], mail.content)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refusal(error.recipients[0]) from None
        except aiosmtplib.SMTPAuthenticationError as error:
            raise PostAway(f"The mail server does not accept the user or the password ({_code(error)})") from None
        except aiosmtplib.SMTPResponseException as error:
            raise _refusal(error) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise PostAway(f"The mail server cannot be reached ({type(error).__name__})") from None

    def _trusting(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.authority or None)
        except OSError:
            raise PostAway("ALCOVE_SMTP_AUTHORITY names no certificate that can be read") from None


def _address(server: aiosmtplib.SMTP) -> str:
    peer = server.transport.get_extra_info("peername") if server.transport else None
    return str(peer[0]) if peer else ""


def _refusal(error: aiosmtplib.SMTPResponseException) -> PostRefused | PostAway:
    said = f"The mail server answered {_code(error)}"
    return PostRefused(said) if error.code >= 500 else PostAway(said)


def _code(error: aiosmtplib.SMTPResponseException) -> str:
    """The numbers of an answer (RFC 3463); its words may repeat parts of the mail, which may hold secrets."""
    enhanced = _ENHANCED.match(error.message)
    return f"{error.code} {enhanced[0]}" if enhanced else str(error.code)
