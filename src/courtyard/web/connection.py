"""One TCP connection: uvicorn's httptools protocol with the time and size limits that it does not have."""

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import partial

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from courtyard.web.arrival import GONE, HEAD_TOO_LARGE, REFUSED, URL_TOO_LONG, WHOLE, BodyMalformed, Refusal
from courtyard.web.turns import Turns

# Far above what the guard takes, so that it is the guard who refuses whatever is still worth parsing.
_HEAD_BYTES = 65_536
_HEAD_LINES = 128
_URL_BYTES = 8_192
_PIPELINE = 32
# Where `struct tcp_info` of Linux keeps `tcpi_bytes_acked`.
_BYTES_ACKED = 120


@dataclass(frozen=True, slots=True)
class Times:
    """How long a connection may take, in seconds."""

    head: float = 10.0
    keep_alive: int = 75
    reader: float = 60.0
    finish: int = 20


class Stage(IntEnum):
    """Which part of a message the parser is in."""

    BETWEEN = 0
    HEAD = 1
    BODY = 2


class Connection(HttpToolsProtocol):
    """Refuses in the dialect's words what cannot be parsed, closes what comes too slowly or is never read."""

    def __init__(self, config: Config, state: ServerState, times: Times, turns: Turns) -> None:
        super().__init__(config, state, {}, turns.loop)
        self._times = times
        self._turns = turns
        self._stage = Stage.BETWEEN
        self._head = 0
        self._dead = False
        self._deadline: asyncio.TimerHandle | None = None
        self._reader: asyncio.TimerHandle | None = None
        self._read_by_peer = -1
        self._running: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # pyright: ignore[reportArgumentType] - uvicorn narrows it
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self.resume_writing()
        self._give_up()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._dead:
            return
        midway = self._stage is Stage.HEAD
        try:
            self.parser.feed_data(data)  # pyright: ignore[reportOptionalMemberAccess] - None when the connection is lost
        except httptools.HttpParserUpgrade:
            # We speak nothing else; what follows on this connection is not HTTP to the parser any more.
            self._finish_and_close()
        except httptools.HttpParserError:
            self._refuse(BodyMalformed.refusal)
        if self._stage is Stage.HEAD:
            self._head = self._head + len(data) if midway else 0
            if self._head > _HEAD_BYTES:
                self._refuse(HEAD_TOO_LARGE)
        if self._idle():
            self._arm()
        elif self._deadline is not None:
            self._disarm()

    def on_message_begin(self) -> None:
        self._stage = Stage.HEAD
        super().on_message_begin()
        self.scope[GONE] = self.transport.is_closing  # pyright: ignore[reportGeneralTypeIssues] - an open mapping

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers come when the head has been judged: they would be headers that nobody checked.
        if self._stage is Stage.HEAD and len(self.headers) < _HEAD_LINES:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._stage = Stage.BODY
        if len(self.pipeline) > _PIPELINE:
            self._abort()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        self._turns.begin(partial(super()._start_asgi_task, cycle, app))

    def on_message_complete(self) -> None:
        self._stage = Stage.BETWEEN
        self.scope[WHOLE] = True  # pyright: ignore[reportGeneralTypeIssues] - an open mapping
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            # `close` waits for the peer to take the rest of the answer; it may never do so.
            if self.transport.get_write_buffer_size():
                self.pause_writing()
        elif self._stage is not Stage.BETWEEN and self._idle():
            self._arm()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._reader is None:
            self._read_by_peer = self._taken()
            self._reader = self.loop.call_later(self._times.reader, self._check_reader)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    def _idle(self) -> bool:
        """No request is being answered: the client has to complete one."""
        # uvicorn's types forget that there is none before the first request.
        return self.cycle is None or self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison]

    def _arm(self) -> None:
        """Start the time for the next head once; bytes that trickle in do not prolong it."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(self._times.head, self._close)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close(self) -> None:
        if self.transport.get_write_buffer_size():
            self._abort()
        elif not self.transport.is_closing():
            self.transport.close()

    def _abort(self) -> None:
        self._give_up()
        self.transport.abort()

    def _give_up(self) -> None:
        """Tell the request that is being answered that its client has gone; uvicorn tells the one that came last."""
        self._dead = True
        self.pipeline.clear()
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()

    def _finish_and_close(self) -> None:
        self._dead = True
        if self._idle():
            self._close()
        else:
            self.cycle.keep_alive = False

    def _refuse(self, refusal: Refusal) -> None:
        """Let the guard answer for a message that breaks off: at its turn, and as the last one on this connection."""
        if self._stage is Stage.BODY:
            self._finish_and_close()
            self.cycle.scope[REFUSED] = refusal  # pyright: ignore[reportGeneralTypeIssues] - an open mapping
            self.cycle.message_event.set()
            return
        if self._stage is Stage.BETWEEN:
            super().on_message_begin()
        self._dead = True
        self.scope[REFUSED] = URL_TOO_LONG if len(self.url) > _URL_BYTES else refusal  # pyright: ignore[reportGeneralTypeIssues] - an open mapping
        self.url = self.url[:_URL_BYTES]
        readable = _is_readable(self.url)
        self.url = self.url if readable else b"/"
        super().on_headers_complete()
        self.cycle.keep_alive = False
        self._stage = Stage.BODY
        if not readable:
            self.scope["method"] = "GET"

    def _taken(self) -> int:
        """How much the peer has taken so far, or -1 where the system does not say."""
        connection: socket.socket | None = self.transport.get_extra_info("socket")
        option = getattr(socket, "TCP_INFO", None)
        try:
            info = connection.getsockopt(socket.IPPROTO_TCP, option, 256) if connection and option else b""
        except OSError:
            return -1
        if len(info) < _BYTES_ACKED + 8:
            return -self.transport.get_write_buffer_size() - 1
        return struct.unpack_from("Q", info, _BYTES_ACKED)[0]

    def _check_reader(self) -> None:
        self._reader = None
        taken = self._taken()
        if taken == self._read_by_peer:
            self._abort()
            return
        self._read_by_peer = taken
        self._reader = self.loop.call_later(self._times.reader, self._check_reader)


def factory(config: Config, state: ServerState, times: Times) -> Callable[[], Connection]:
    """What a listener makes connections with."""
    turns = Turns(asyncio.get_running_loop())
    return lambda: Connection(config, state, times, turns)


def _is_readable(url: bytes) -> bool:
    """Whether the target of a broken request still tells whose words to refuse it in."""
    try:
        httptools.parse_url(url).path.decode("ascii")
    except (httptools.HttpParserError, AttributeError, UnicodeDecodeError):
        return False
    return True
