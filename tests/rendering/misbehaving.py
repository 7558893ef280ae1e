"""A tool that tries what a crafted document would like to do; runs in the child alone."""

import contextlib
import fcntl
import json
import os
import socket
import sys
import time
from pathlib import Path


def main(what: str, *arguments: str) -> None:
    """Do one of the acts below; `outcome` has what came of it."""
    globals()[f"try_to_{what}"](*arguments)


def said(outcome: object) -> None:
    Path("outcome").write_text(json.dumps(outcome))


def try_to_read(*paths: str) -> None:
    found: list[str] = []
    for path in paths:
        with contextlib.suppress(OSError):
            found.append(Path(path).read_text())
    said(found)


def try_to_write(path: str) -> None:
    with contextlib.suppress(OSError):
        Path(path).write_text("here")


def try_to_connect(port: str) -> None:
    reached = True
    try:
        socket.create_connection(("127.0.0.1", int(port)), timeout=2).close()
    except OSError:
        reached = False
    said(reached)


def try_to_look_around() -> None:
    said(
        {
            "environment": dict(os.environ),
            "files": [each.name for each in Path().iterdir()],
            "mode": Path().stat().st_mode & 0o777,
        }
    )


def try_to_hold(size: str) -> None:
    said(len(bytearray(int(size))))


def try_to_spin() -> None:
    while True:
        pass


def try_to_fill(size: str) -> None:
    with Path("outcome").open("wb") as file:
        file.writelines(bytes(65_536) for _ in range(int(size) // 65_536))


def try_to_talk() -> None:
    while True:
        sys.stdout.write("x" * 65_536)


def try_to_flood() -> None:
    """More at once than its reader takes before it pauses."""
    fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 1 << 20)
    time.sleep(0.5)
    try_to_talk()


def try_to_sleep(_mark: str, *also: str) -> None:
    """With `fork` by two processes, of which the second is to go with the first."""
    if also:
        os.fork()
    time.sleep(60)


def try_to_leave(_mark: str) -> None:
    """End at once, and leave a process behind that nobody hears of."""
    if os.fork() == 0:
        os.close(1)
        os.close(2)
        time.sleep(60)
