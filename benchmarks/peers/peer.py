"""What every measured program is to the benchmark: something that is installed, filled, started, and called."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

PEERS = Path(__file__).resolve().parent.parent / ".peers"
"""Where they are installed, each in an environment of its own; git does not see it."""
PINS = Path(__file__).resolve().parent / "pins"

GET, PAGE, CREATE = "get", "page of 20", "create"
DOWNLOAD, LARGE, UPLOAD = "download 64 KiB", "download 64 MiB", "upload 16 MiB"
CALLS = (GET, PAGE, CREATE, DOWNLOAD, LARGE, UPLOAD)
HEAVY = (LARGE, UPLOAD)
KIB, MIB = 1024, 1024 * 1024
SIZES = {DOWNLOAD: 64 * KIB, LARGE: 64 * MIB, UPLOAD: 16 * MIB}

NAME = "Space"
DESCRIPTION = "A description of the space, as long as most descriptions of such things turn out to be."


class Missing(Exception):
    """It cannot be installed or started here; the message says why, and stands in the report."""


@dataclass(frozen=True)
class Call:
    """One request and the status it must be answered with; `reply` is the least number of bytes of a right answer."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    method: str = "GET"
    body: bytes = b""
    status: int = 200
    reply: int = 0


@dataclass(frozen=True)
class Running:
    """A peer that serves: where, by which processes (their children count too), and how it is called."""

    base: str
    pids: list[int]
    calls: dict[str, Call]


class Peer(Protocol):
    """One program. `name` is unique; `about` says in a line how it runs, `lacks` why calls are missing."""

    name: str
    about: str
    lacks: str

    def install(self) -> str:
        """Install what is missing; the exact version. Raises Missing."""
        ...

    def start(self, folder: Path, items: int, core: int) -> Running:
        """Serve so many items on that core, everything in that folder. Raises Missing."""
        ...

    def stop(self) -> None: ...


def send(base: str, call: Call) -> bytes:
    """One request, by the standard library. Raises Missing when the answer is not the right one."""
    request = urllib.request.Request(base + call.path, call.body or None, dict(call.headers), method=call.method)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            status, body = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, body = error.code, error.read()
    except OSError as error:
        raise Missing(f"{call.method} {call.path}: {error}") from error
    if status != call.status or len(body) < call.reply:
        raise Missing(f"{call.method} {call.path}: {status} {len(body)} bytes {body[:300]!r}")
    return body


def ask(base: str, method: str, path: str, headers: Mapping[str, str], body: object = None, status: int = 200) -> Any:
    """JSON there and back."""
    sent = b"" if body is None else json.dumps(body).encode()
    kinds = {"Content-Type": "application/json"} if sent else {}
    answer = send(base, Call(path, {**headers, **kinds}, method, sent, status))
    return json.loads(answer) if answer else None


def multipart(fields: Mapping[str, str], file: str, content: bytes) -> tuple[str, bytes]:
    """A form with a file: its content type and its bytes."""
    edge = "courtyardbenchmark"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    opened = f'--{edge}\r\nContent-Disposition: form-data; name="{file}"; filename="file.bin"\r\n'
    opened += "Content-Type: application/octet-stream\r\n\r\n"
    return f"multipart/form-data; boundary={edge}", "".join(
        [*parts, opened]
    ).encode() + content + f"\r\n--{edge}--\r\n".encode()
