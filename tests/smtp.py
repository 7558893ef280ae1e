"""A real SMTP server on loopback that keeps what it takes, and refuses what a test wants refused."""

import asyncio
import email.policy
import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Mailbox:
    """What was taken, and what is to be answered: to RCPT, to the text; `None` takes it."""

    def __init__(self) -> None:
        self.port = 0
        self.messages: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.envelopes: list[Envelope] = []
        self.recipients_tried = 0
        self.refuse_recipient: str | None = None
        self.refuse_text: str | None = None
        self.hang_up = False
        self.logins: list[tuple[bytes, bytes]] = []

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?starttls=never"

    async def handle_RCPT(  # noqa: N802 - the name is the server's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.recipients_tried += 1
        if self.refuse_recipient:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        if self.refuse_text:
            return self.refuse_text
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        parsed: Any = BytesParser(policy=email.policy.default).parsebytes(envelope.content)
        self.messages.append(parsed)
        self.envelopes.append(envelope)
        if self.hang_up:
            transport: Any = server.transport
            transport.abort()  # taken, and nobody is told
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss word")


@asynccontextmanager
async def mail_server(**how: Any) -> AsyncGenerator[Mailbox]:
    """A server in the test's own loop; `how` goes to aiosmtpd."""
    mailbox = Mailbox()
    if how.get("auth_required"):
        how |= {"authenticator": mailbox.authenticate, "auth_require_tls": False}

    def protocol() -> SMTP:
        with warnings.catch_warnings(action="ignore"):  # that a password in clear is unwise, aiosmtpd says
            return SMTP(mailbox, hostname="mail.test", loop=asyncio.get_running_loop(), **how)

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()
