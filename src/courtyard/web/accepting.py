"""Letting clients in: all who wait, not one for each turn of the loop."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable

AT_ONCE = 128
NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
PAUSE = 0.25
"""Seconds until a server that is out of files looks again whether somebody has left."""


class Accepting:
    """One listener, in the place of an asyncio server: uvloop's takes a single client in each turn, so that under load they wait for seconds.

    `patience` are the seconds that a TLS handshake may take.
    """

    def __init__(
        self,
        listener: socket.socket,
        make: Callable[[], asyncio.Protocol],
        tls: ssl.SSLContext | None,
        patience: float | None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener, self._make, self._tls, self._patience = listener, make, tls, patience
        self._entering: set[asyncio.Task[None]] = set()
        self._again: asyncio.TimerHandle | None = None
        self._listen()

    def close(self) -> None:
        """Let nobody in any more; the socket is closed by whoever bound it."""
        if self._again is not None:
            self._again.cancel()
        if self._listener.fileno() >= 0:
            self._loop.remove_reader(self._listener.fileno())

    async def wait_closed(self) -> None:
        """Those who were being let in are told to go."""
        for task in self._entering:
            task.cancel()
        await asyncio.gather(*self._entering, return_exceptions=True)

    def _listen(self) -> None:
        self._again = None
        self._loop.add_reader(self._listener.fileno(), self._let_in)

    def _let_in(self) -> None:
        for _ in range(AT_ONCE):
            try:
                client, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:
                continue  # gone before it came in
            except OSError as error:
                if error.errno not in NO_ROOM:
                    raise
                # Whoever waits would be told of again at once, in every turn.
                self._loop.remove_reader(self._listener.fileno())
                self._again = self._loop.call_later(PAUSE, self._listen)
                return
            task = self._loop.create_task(self._enter(client))
            self._entering.add(task)
            task.add_done_callback(self._entering.discard)

    async def _enter(self, client: socket.socket) -> None:
        try:
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(
                self._make, client, ssl=self._tls, ssl_handshake_timeout=self._patience
            )
        except (OSError, asyncio.CancelledError):
            # A handshake that fails is the client's affair, and it knows.
            client.close()
