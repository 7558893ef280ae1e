"""Running edges: the application of `edge.py` in processes of their own, ended by their process id."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

EDGE = Path(__file__).with_name("edge.py")
QUICK = {
    "times": {"head": 0.6, "keep_alive": 2, "reader": 0.5, "finish": 3},
    "bounds": {"idle_seconds": 0.5, "grace_seconds": 0.4, "slow_bytes_per_second": 500, "linger_seconds": 1.0},
}


class Edge:
    """One process that listens."""

    def __init__(self, options: dict[str, Any], log: Path) -> None:
        self._log = log
        self.folder = Path(options.get("folder", ""))
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, str(EDGE), json.dumps(options)], stdout=subprocess.PIPE, stderr=stderr, text=True
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, log.read_text()
        self.http, self.https = json.loads(line)
        self.port = int(self.http.rpartition(":")[2])
        self.tls_port = int(self.https.rpartition(":")[2]) if self.https else 0

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def requests(self) -> list[tuple[str, int]]:
        """Route and status of every request that has ended."""
        return [(line["route"], line["status"]) for line in self.log() if line["event"] == "request"]

    def memory(self) -> int:
        """Resident bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) * 1024

    def end(self) -> int:
        """Ask it to finish; how it ended."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(10)
        finally:
            self.process.kill()
            if self.process.stdout is not None:
                self.process.stdout.close()
        return code


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Edge]]:
    """Starts an edge with these options."""
    running: list[Edge] = []

    def begin(**options: Any) -> Edge:
        running.append(Edge(options, tmp_path / f"{len(running)}.log"))
        return running[-1]

    yield begin
    for edge in running:
        if edge.process.poll() is None:
            edge.end()


@pytest.fixture(scope="session")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge with short times and no HTTPS."""
    running = Edge(QUICK, tmp_path_factory.mktemp("edge") / "log")
    yield running
    assert running.end() == 0


@pytest.fixture(scope="session")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge with HTTPS under a development certificate, behind a proxy on loopback."""
    folder = tmp_path_factory.mktemp("secure")
    options = QUICK | {"folder": str(folder / "tls"), "trusted": ["127.0.0.1", "10.0.0.0/8"]}
    running = Edge(options, folder / "log")
    yield running
    assert running.end() == 0
