"""A real object store for tests: SeaweedFS, one for each test process, ended by its pid."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from obstore import put
from obstore.exceptions import BaseError
from obstore.store import S3Store

PATIENCE = 60.0
BUCKET = "test"
SOCKETS, INNER = Path("/tmp"), 10_000  # noqa: S108 - where it puts them
ACCESS_KEY, SECRET = "courtyard", "quiet-herons"
_IDENTITY = {
    "name": "courtyard",
    "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET}],
    "actions": ["Admin", "Read", "Write", "List", "Tagging"],
}


class Seaweed:
    """The store, on ports of its own that stay the same when it is stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = _free_ports(5)
        # Its logs and what else it leaves; but for its sockets, whose place it does not let one choose.
        self._left = folder / "left"
        self._left.mkdir()
        self._process: subprocess.Popen[Any] | None = None
        (folder / "s3.json").write_text(json.dumps({"identities": [_IDENTITY]}))

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._ports[0]}"

    @property
    def settings(self) -> dict[str, str]:
        """What a server needs to use it, but for the URL."""
        return {
            "blobs_endpoint": self.endpoint,
            "blobs_access_key_id": ACCESS_KEY,
            "blobs_secret_access_key": SECRET,
            "blobs_region": "us-east-1",
        }

    def url(self, prefix: str) -> str:
        return f"s3://{BUCKET}/{prefix}"

    def start(self) -> None:
        """Up after this; a store that runs goes on."""
        if self._process is not None:
            return
        names = ("s3.port", "master.port", "volume.port", "filer.port", "admin.port")
        command = [
            Path(sys.executable).with_name("weed"),
            "mini",
            f"-dir={self._folder}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-s3.config={self._folder / 's3.json'}",
            *(f"-{name}={port}" for name, port in zip(names, self._ports, strict=True)),
            "-admin.ui=false",
            "-webdav=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            f"-bucket={BUCKET}",
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={**os.environ, "TMPDIR": str(self._left)},
            )
        self._wait(self._process)

    def _wait(self, process: subprocess.Popen[Any]) -> None:
        end = time.monotonic() + PATIENCE
        while not self._answers():
            if process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"SeaweedFS did not start:\n{(self._folder / 'log').read_text()[-4000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        """Takes an object: it listens some time before it has where to put one."""
        try:
            put(self.open(), "ready", b"ready")
        except (BaseError, OSError):
            return False
        return True

    def open(self, prefix: str = "") -> S3Store:
        """A look behind those who use it."""
        return S3Store(
            BUCKET,
            prefix=prefix or None,
            endpoint=self.endpoint,
            access_key_id=ACCESS_KEY,
            secret_access_key=SECRET,
            region="us-east-1",
            client_options={"allow_http": True, "timeout": "2s"},
            retry_config={"max_retries": 0},
        )

    def stop(self) -> None:
        """Gone at once; what it took stays on its disk."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(PATIENCE)
            self._process = None
        for port in (port + inner for port in self._ports for inner in (0, INNER)):
            for socket_ in SOCKETS.glob(f"seaweedfs-*-{port}.sock"):
                socket_.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def seaweed_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """The store of this test process."""
    store = Seaweed(tmp_path_factory.mktemp("seaweed"))
    store.start()
    yield store
    store.stop()


@pytest.fixture
def seaweed(seaweed_store: Seaweed) -> Iterator[Seaweed]:
    """The store, running whatever the test before did."""
    seaweed_store.start()
    yield seaweed_store
    seaweed_store.start()


def _free_ports(count: int) -> list[int]:
    """Ports with the one ten thousand above, which it takes for its inner talk."""
    found: list[int] = []
    while len(found) < count:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        # Past the ports that the kernel gives to others meanwhile.
        port = 10_000 + (port * 7 + os.getpid() + len(found)) % 20_000
        if port not in found and _free(port) and _free(port + INNER):
            found.append(port)
    return found


def _free(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False
