"""One call of the application in the test's own process, and what its status tells of the caller's rights."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message

SITE = "courtyard.test"
MARKS = {400: "0", 401: "1", 403: "3", 404: "4", 409: "9", 422: "2"}


class Asked(NamedTuple):
    """A whole request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Heard(NamedTuple):
    """The beginning of an answer."""

    status: int
    location: str
    body: bytes
    cookie: str
    """The first one that was set, as a browser sends it back."""


def mark(heard: Heard) -> str:
    """The sign of an answer in the table: `+` it was done; `>` sign in first; `?` confirm first; else the refusal."""
    place = urlsplit(heard.location).path
    if heard.status == 303 and place in ("/login", "/account/confirm"):
        return ">" if place == "/login" else "?"
    if 200 <= heard.status < 400:
        return "+"
    return MARKS.get(heard.status, f"({heard.status})")


async def ask(site: ASGIApp, asked: Asked) -> Heard:
    """Ask, and hang up once a stream has begun."""
    status, location, cookie, body, streams = 0, "", "", b"", asyncio.Event()
    waiting = [{"type": "http.request", "body": asked.body, "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await streams.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal status, location, cookie, body
        if message["type"] == "http.response.start":
            headers = {name.lower(): value.decode() for name, value in message["headers"]}
            status, location = message["status"], headers.get(b"location", "")
            cookie = headers.get(b"set-cookie", "").partition(";")[0]
            if headers.get(b"content-type", "").startswith("text/event-stream"):
                streams.set()
        elif len(body) < 10_000:
            body += message.get("body", b"")

    async with asyncio.timeout(10):
        await site(_scope(asked), receive, send)
    return Heard(status, location, body, cookie)


def _scope(asked: Asked) -> dict[str, Any]:
    target = urlsplit(asked.path)
    headers = {"host": SITE, "content-length": str(len(asked.body)), **asked.headers}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "https",
        "path": target.path,
        "raw_path": target.path.encode(),
        "query_string": target.query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 40000),
        "server": (SITE, 443),
    }
