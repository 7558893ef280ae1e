"""Where mails leave: an SMTP server, or a folder of `.eml` files."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import aiosmtplib
import structlog

_log = structlog.stdlib.get_logger("courtyard.mail")
CONNECT_SECONDS = 30
HANDOVER_SECONDS = 300
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Unreachable(Exception):
    """The mail did not leave; it may later."""


class Refused(Exception):
    """The mail did not leave, and never will."""


@dataclass(frozen=True, slots=True)
class Line:
    """An open way to a recipient. `send` takes the id of the row and the message; any error but these two is a riddle.

    Raises Unreachable, Refused.
    """

    eight_bit: bool
    send: Callable[[str, bytes], Awaitable[None]]


class Outlet(Protocol):
    def open(self, sender: str, recipient: str) -> AbstractAsyncContextManager[Line]:
        """Everything before the text goes over. Raises Unreachable, Refused."""
        ...


class Smtp:
    """`smtp://` (STARTTLS where it is offered) or `smtps://` (TLS from the start); see docs/settings.md."""

    def __init__(self, url: str, name: str) -> None:
        """`name` is how we greet. Raises ValueError for what is no such URL, without repeating its password."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("SMTP_URL is not like smtp://user:password@host:port or smtps://…")
        starttls = dict(parse_qsl(parts.query)).get("starttls", "auto")
        if starttls not in ("auto", "always", "never"):
            raise ValueError("SMTP_URL: starttls is auto, always or never.")
        self._user = unquote(parts.username or "") or None
        self._password = unquote(parts.password or "") or None
        self._host = parts.hostname
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 587 if self._user else 25)
        self._starttls: bool | None = {"auto": None, "always": True, "never": False}[starttls]
        if starttls == "auto" and self._user and self._host not in LOOPBACK:
            # A password does not travel in clear because somebody in between left an offer out.
            self._starttls = True
        self._name = name

    @asynccontextmanager
    async def open(self, sender: str, recipient: str) -> AsyncGenerator[Line]:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            use_tls=self._tls,
            start_tls=False if self._tls else self._starttls,
            username=self._user,
            password=self._password,
            local_hostname=self._name,
            timeout=CONNECT_SECONDS,
        )
        try:
            yield await self._greet(client, sender, recipient)
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=2)
        finally:
            client.close()

    async def _greet(self, client: aiosmtplib.SMTP, sender: str, recipient: str) -> Line:
        international = not (sender.isascii() and recipient.isascii())
        try:
            await client.connect()
            await client.ehlo()
            eight_bit = client.supports_extension("8bitmime")
            if international and not client.supports_extension("smtputf8"):
                raise Refused("The mail server takes ASCII addresses only.")
            options = ["BODY=8BITMIME"] * eight_bit + ["SMTPUTF8"] * international
            await client.mail(sender, options=options, encoding="utf-8")
            await client.rcpt(recipient, encoding="utf-8")
        except aiosmtplib.SMTPRecipientRefused as refusal:
            raise _meaning(refusal) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Unreachable(_short(error)) from None

        async def send(_: str, message: bytes) -> None:
            try:
                await client.data(message, timeout=HANDOVER_SECONDS)
            except aiosmtplib.SMTPDataError as refusal:
                raise _meaning(refusal) from None

        return Line(eight_bit, send)


class Folder:
    """Without a mail server: each mail a file that its administrator can read, named after its row."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def open(self, sender: str, recipient: str) -> AsyncGenerator[Line]:
        yield Line(True, self._send)

    async def _send(self, name: str, message: bytes) -> None:
        try:
            await asyncio.to_thread(self._write, name, message)
        except OSError as error:
            raise Unreachable(_short(error)) from None

    def _write(self, name: str, message: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self._folder / f".{name}"
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(message)
        partial.replace(self._folder / f"{name}.eml")
        _log.info("mail written to a file", folder=str(self._folder), file=f"{name}.eml")


def _meaning(refusal: aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError) -> Unreachable | Refused:
    """The first digit says it (RFC 5321, section 4.2.1): 5 is for good."""
    return (Refused if 500 <= refusal.code <= 599 else Unreachable)(_short(refusal))


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
