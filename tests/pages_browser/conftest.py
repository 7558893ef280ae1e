"""A server that browsers reach over HTTPS by the name that passkeys are kept for, and an application that listens."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.browsing import chromium, opening
from tests.server.running import Server, free_port

__all__ = ["chromium", "opening"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Everybody may register; mails become files."""
    port = free_port()
    running = Server(tmp_path / "home", registration="open", tls_port=str(port), public_url=f"https://localhost:{port}")
    yield running
    running.end()


class Program:
    """An application on this machine that waits for its browser to come back."""

    def __init__(self, port: int) -> None:
        self.redirect_uri = f"http://127.0.0.1:{port}/back"
        self._answers: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def told(self) -> dict[str, str]:
        """What the next browser brings along."""
        async with asyncio.timeout(20):
            return await self._answers.get()

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, whatever it is."""
        target = (await reader.readline()).split()[1].decode()
        while (await reader.readline()).strip():
            pass
        if urlsplit(target).path == "/back":
            self._answers.put_nowait(dict(parse_qsl(urlsplit(target).query)))
        page = b"<!doctype html><html lang=en><link rel=icon href=data:,><title>Back</title><h1>Welcome back</h1>"
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(page)
        )
        writer.write(page)
        await writer.drain()
        writer.close()


@pytest.fixture
async def program() -> AsyncGenerator[Program]:
    """Listens until the test is over."""
    port = free_port()
    made = Program(port)
    async with await asyncio.start_server(made.meet, "127.0.0.1", port):
        yield made
