"""Bytes on a socket: requests as no library would send them, answers as they come."""

import json
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any, Self

PATIENCE = 5.0


@dataclass
class Reply:
    """One answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key == name]
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *pieces: bytes, pause: float = 0.0) -> None:
        """Each piece in a packet of its own, more or less."""
        for piece in pieces:
            self.socket.sendall(piece)
            time.sleep(pause)

    def reply(self, *, head: bool = False) -> Reply:
        """The next answer."""
        while b"\r\n\r\n" not in self._rest:
            self._more()
        top, _, self._rest = self._rest.partition(b"\r\n\r\n")
        first, *lines = top.decode("latin-1").split("\r\n")
        pairs = [line.split(": ", 1) for line in lines]
        headers = [(name.lower(), value) for name, value in pairs]
        reply = Reply(int(first.split()[1]), headers, b"")
        if reply.status == 100:
            return reply
        length = 0 if head or reply.status == 304 else int(reply.header("content-length") or 0)
        while len(self._rest) < length:
            self._more()
        reply.body, self._rest = self._rest[:length], self._rest[length:]
        return reply

    def is_closed(self, within: float = PATIENCE) -> bool:
        """Whether the other side ends the connection without another byte."""
        self.socket.settimeout(within)
        try:
            return self._rest == b"" and self.socket.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    def _more(self) -> None:
        got = self.socket.recv(1 << 20)
        if not got:
            raise EOFError(self._rest)
        self._rest += got


def ask(port: int, *pieces: bytes, pause: float = 0.0) -> Reply:
    """One request on a connection of its own."""
    with Wire(port) as wire:
        wire.send(*pieces, pause=pause)
        return wire.reply()


def request(path: str = "/echo", *headers: str, method: str = "GET", body: bytes | None = None) -> bytes:
    """An ordinary request with these headers more."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")
