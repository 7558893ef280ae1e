"""The listeners: HTTP and HTTPS in one process and one loop, from bind to a clean end."""

import asyncio
import resource
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import uvicorn
from starlette.types import ASGIApp

from courtyard.web.accepting import Accepting
from courtyard.web.connection import Connection, Times, factory

_BACKLOG = 4_096
_FILES = 65_536
_HANDSHAKE_SECONDS = 10


class Bound(NamedTuple):
    """The addresses that are really bound, as URLs; a listener that is off is None."""

    http: str | None
    https: str | None


class PortTaken(Exception):
    """An address cannot be bound; the message is one line for the person who started the server."""


async def _nothing(*_: Any) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen. A port of 0 takes any free one, None listens not at all; `tls` makes the HTTPS listener."""

    host: str = "127.0.0.1"
    port: int | None = 8000
    tls_port: int | None = None
    tls: ssl.SSLContext | None = None
    times: Times = field(default_factory=Times)


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the application does around serving.

    `start` runs when the ports are ours and before anybody is let in, `ready` when the first request may come, `stopping`
    when a signal has come and requests still finish, `stop` when nothing is served any more.
    """

    start: Callable[[Bound], Awaitable[None]] = _nothing
    ready: Callable[[Bound], Awaitable[None]] = _nothing
    stopping: Callable[[], Awaitable[None]] = _nothing
    stop: Callable[[], Awaitable[None]] = _nothing


def run(app: ASGIApp, where: Listen, hooks: Hooks | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is begun and return. Raises PortTaken."""
    raise_file_limit()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve(app, where, hooks))


async def serve(app: ASGIApp, where: Listen, hooks: Hooks | None = None, end: asyncio.Event | None = None) -> None:
    """Like `run`, in a loop that is there already; setting `end` is the same as a SIGTERM."""
    hooks = hooks or Hooks()
    ports = _Ports(where)
    try:
        await hooks.start(ports.bound)
        try:
            await _serve(app, where, ports, hooks, end or asyncio.Event())
        finally:
            await hooks.stop()
    finally:
        ports.close()


async def _serve(app: ASGIApp, where: Listen, ports: "_Ports", hooks: Hooks, end: asyncio.Event) -> None:
    servers = [_Server(app, where.times, tls) for tls in ports.contexts]
    _on_signals(servers, end)
    async with asyncio.TaskGroup() as group:
        for server, listener in zip(servers, ports.listeners, strict=True):
            group.create_task(server.serve([listener]))
        for server in servers:
            await server.accepting.wait()
        await hooks.ready(ports.bound)
        await end.wait()
        for server in servers:
            server.should_exit = True
        await hooks.stopping()


def raise_file_limit() -> None:
    """Every connection is an open file; the soft limit is often 1,024 for no reason of ours."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class _Ports:
    """The bound sockets and what is spoken on each."""

    def __init__(self, where: Listen) -> None:
        self.listeners: list[socket.socket] = []
        self.contexts: list[ssl.SSLContext | None] = []
        try:
            http = None if where.port is None else self._add("http", where.host, where.port, None)
            https = None if where.tls_port is None else self._add("https", where.host, where.tls_port, where.tls)
        except BaseException:
            self.close()
            raise
        self.bound = Bound(http, https)

    def _add(self, scheme: str, host: str, port: int, tls: ssl.SSLContext | None) -> str:
        if scheme == "https" and tls is None:
            raise ValueError("An HTTPS listener needs a certificate.")
        listener = _bind(host, port)
        self.listeners.append(listener)
        self.contexts.append(tls)
        shown = f"[{host}]" if ":" in host else host
        return f"{scheme}://{shown}:{listener.getsockname()[1]}"

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()


class _Server(uvicorn.Server):
    """A uvicorn server that neither handles signals nor runs a lifespan: both are done once, for all listeners."""

    def __init__(self, app: ASGIApp, times: Times, tls: ssl.SSLContext | None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                # Who may speak for a client is our own rule, see `https`.
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=times.keep_alive,
                timeout_graceful_shutdown=times.finish,
            )
        )
        self.accepting = asyncio.Event()
        self._times = times
        self._tls = tls

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await self._serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        make = factory(self.config, self.server_state, self._times)
        patience = _HANDSHAKE_SECONDS if self._tls else None
        # What uvicorn asks of a server is that it closes.
        self.servers = [Accepting(one, make, self._tls, patience) for one in sockets or []]  # pyright: ignore[reportAttributeAccessIssue]
        self.started = True
        self.accepting.set()


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except socket.gaierror as error:
        raise PortTaken(f"{host} is no address of this machine: {error.strerror}.") from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if host == "::" else 1)
        listener.bind(address)
        # Bound alone is not ours yet: a second server could bind it too and would fail much later.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise PortTaken(f"Port {port} on {host} cannot be used: {error.strerror}. Choose another one.") from None
    listener.setblocking(False)
    return listener


def _on_signals(servers: list[_Server], end: asyncio.Event) -> None:
    """The first signal asks to finish, a second one to stop at once."""

    def stop() -> None:
        for server in servers:
            server.force_exit = end.is_set()
        end.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop)
        except (ValueError, RuntimeError, NotImplementedError):
            # Only the main thread may listen to signals; elsewhere `end` is the way.
            return


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - not everywhere
    except ImportError:
        return None
    return uvloop.new_event_loop
