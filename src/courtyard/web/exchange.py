"""One request and its answer as they pass the guard: the body is counted and timed, the answer gets its headers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from starlette.types import Message, Receive, Scope, Send

from courtyard.web.arrival import GONE, REFUSED, WHOLE, Arrival, BodyMalformed, BodyTooLarge, BodyTooSlow, ClientGone

HSTS = (b"strict-transport-security", b"max-age=31536000")
CLOSE = (b"connection", b"close")
LEAVE_UNREAD = 65_536


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large and how slow a request may be; sizes in bytes, times in seconds."""

    head_bytes: int = 32_768
    head_lines: int = 100
    url_bytes: int = 8_192
    idle_seconds: float = 20.0
    slow_bytes_per_second: int = 500
    # A client is not called slow before we have waited this long for it in all.
    grace_seconds: float = 10.0
    # A client that still sends when it has been refused hears the refusal only if we go on listening for a moment.
    linger_seconds: float = 3.0
    linger_silence: float = 0.5


class Exchange:
    """`receive` and `send` of one request, watched."""

    # Most requests have no body and never touch these; as attributes of the class they cost such a request nothing.
    # The answer: its status (0 before it starts), whether it is complete, and how long it took.
    status = 0
    complete = False
    seconds = 0.0
    turned_away = False
    # The body: whether all of it came, its announced length (-1: unknown), what it may be, what came, the wait.
    ended = True
    length = 0
    limit = 0
    read = 0
    waited = 0.0
    expects = False
    _lingers = False

    def __init__(self, scope: Scope, receive: Receive, send: Send, arrival: Arrival, bounds: Bounds) -> None:
        self.scope = scope
        self.arrival = arrival
        self.since = perf_counter()
        self._receive = receive
        self._send = send
        self._bounds = bounds
        self._gone: Callable[[], bool] = scope.get(GONE, _never)

    async def receive(self) -> Message:
        """The next piece of the body. Raises BodyTooLarge, BodyTooSlow, BodyMalformed, ClientGone.

        Half a body never looks like a whole one: hanging up in the middle is an exception, not a message.
        """
        if self.ended:
            return await self._receive()
        if WHOLE in self.scope:
            message = await self._receive()
        else:
            message = await self._wait()
        if message["type"] != "http.request":
            raise ClientGone
        self._count(message)
        return message

    async def _wait(self) -> Message:
        before = perf_counter()
        try:
            async with asyncio.timeout(self._bounds.idle_seconds):
                message = await self._receive()
        except TimeoutError:
            raise BodyTooSlow from None
        self.waited += perf_counter() - before
        return message

    def _count(self, message: Message) -> None:
        self.read += len(message.get("body", b""))
        if REFUSED in self.scope:
            raise BodyMalformed
        if self.read > self.limit:
            raise BodyTooLarge
        bounds = self._bounds
        if not message.get("more_body", False):
            self.ended = True
        elif self.waited > bounds.grace_seconds and self.read < self.waited * bounds.slow_bytes_per_second:
            raise BodyTooSlow

    async def send(self, message: Message) -> None:
        """Pass the answer on, with the request id and what else every answer carries. Raises ClientGone.

        Without that, an application that streams would go on without ever waiting, and nothing else would run.
        """
        if self._gone():
            raise ClientGone
        if message["type"] == "http.response.start":
            await self._send(self._start(message))
        elif message.get("more_body", False):
            await self._send(message)
        else:
            self.seconds = perf_counter() - self.since
            self.complete = True
            if self._lingers:
                await self._send({**message, "more_body": True})
                await self._linger()
                message = {"type": "http.response.body", "body": b""}
            await self._send(message)

    def outcome(self) -> tuple[int, float]:
        """The status and the seconds for the log; 499, as proxies write it, when the answer never came to its end."""
        if self.complete:
            return self.status, self.seconds
        return 499, perf_counter() - self.since

    def _start(self, message: Message) -> Message:
        self.status = message["status"]
        arrival = self.arrival
        headers = [*message.get("headers", ()), *arrival.bears, (b"x-request-id", arrival.request_id.encode("ascii"))]
        if arrival.https:
            headers.append(HSTS)
        if not self.ended and self._must_close():
            headers.append(CLOSE)
            # One that waits for "100 Continue" has sent nothing yet.
            self._lingers = not self.expects or self.read > 0
        message["headers"] = headers
        return message

    def _must_close(self) -> bool:
        """Whether the unread rest of the body is more than the listener should read and throw away."""
        return self.turned_away or self.expects or self.length < 0 or self.length - self.read > LEAVE_UNREAD

    async def _linger(self) -> None:
        """Read on and throw away: closing now would reset the connection before the client has read its answer."""
        try:
            async with asyncio.timeout(self._bounds.linger_seconds):
                while True:
                    async with asyncio.timeout(self._bounds.linger_silence):
                        message = await self._receive()
                    if message["type"] != "http.request" or not message.get("more_body", False):
                        return
        except TimeoutError:
            return


def _never() -> bool:
    return False
