"""A real mail server for tests, on this machine: it keeps what it gets, or fails as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import email
import email.policy
import ipaddress
import ssl
import warnings
from collections import deque
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HOST = "127.0.0.1"


class PostOffice:
    """What a mail server got. `answers` are given first, one to each mail, instead of taking it (`451 later`)."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.logins: list[str] = []
        self.answers: deque[str] = deque()
        self._changed = asyncio.Condition()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Takes a mail, or not."""
        if self.answers:
            return self.answers.popleft()
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        async with self._changed:
            self.mails.append(mail)
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
            self._changed.notify_all()
        return "250 OK"

    async def arrived(self, count: int = 1) -> EmailMessage:
        """Waits until so many mails are here; the last of them."""
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: len(self.mails) >= count)
        return self.mails[count - 1]

    def settings(self, **more: Any) -> dict[str, Any]:
        """The settings that lead to it."""
        return {"smtp_host": HOST, "smtp_port": self.port, "smtp_security": "none", **more}


def text_of(mail: EmailMessage) -> str:
    """The text part of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


@contextlib.asynccontextmanager
async def post_office(
    certificate: Path | None = None, *, tls: bool = False, password: str = ""
) -> AsyncIterator[PostOffice]:
    """A mail server on a free port. With a `certificate` it speaks STARTTLS, or TLS at once; with a `password` it
    wants a login by anybody with that password."""
    office = PostOffice()
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)

    def judge(_server: Any, _session: Any, _envelope: Any, _mechanism: str, said: Any) -> AuthResult:
        assert isinstance(said, LoginPassword)
        office.logins.append(said.login.decode())
        right = said.password.decode() == password
        return AuthResult(success=right, handled=right)

    def talk() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it does not know of a TLS that was there before it
            return SMTP(
                office,
                hostname="mail.test",
                loop=asyncio.get_running_loop(),
                tls_context=None if tls else context,
                require_starttls=context is not None and not tls,
                authenticator=judge if password else None,
                auth_required=bool(password),
                auth_require_tls=not tls,
            )

    server = await asyncio.get_running_loop().create_server(talk, HOST, 0, ssl=context if tls else None)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()


def make_certificate(file: Path, host: str = HOST) -> Path:
    """A certificate that signs itself, with its key, for an address of this machine or a name of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server of a test")])
    now = datetime.datetime.now(datetime.UTC)
    try:
        said: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        said = x509.DNSName(host)
    names = x509.SubjectAlternativeName([said])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return file
