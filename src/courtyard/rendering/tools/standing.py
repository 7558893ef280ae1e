"""What this child could do that it should not: read a file that is none of its own, call a port of this machine."""

import contextlib
import json
import socket
import sys
from pathlib import Path


def main(file: str, port: str) -> None:
    """Stdout says it as JSON."""
    able = {"reads": False, "calls": False}
    with contextlib.suppress(OSError):
        able["reads"] = bool(Path(file).read_bytes())
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(port)), 2):
        able["calls"] = True
    json.dump(able, sys.stdout)
