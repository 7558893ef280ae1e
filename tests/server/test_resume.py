"""Clients that we did not write upload a file; the server is killed in mid-chunk, and they go on where they were."""

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import obstore
import pytest
from tusclient.client import TusClient

from tests.seaweed import Seaweed
from tests.server.running import PATIENCE, Server, free_port
from tests.structure.sources import ROOT

MIB = 1024 * 1024
SIZE = 30 * MIB + 12_345
PREFIX = "resumed"
TUS_JS = "tus-js-client@4.3.1"
SCRIPT = Path(__file__).parent / "tus_client.js"


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The surroundings in which node finds the official client; node as the console's build finds or fetches it."""
    asked = [sys.executable, str(ROOT / "console/build.py"), "--node"]
    found = subprocess.run(asked, capture_output=True, text=True, timeout=100, check=True).stdout.split()[-1]
    surroundings = {**os.environ, "PATH": f"{found}{os.pathsep}{os.environ.get('PATH', '')}"}
    folder = tmp_path_factory.mktemp("tus-js")
    (folder / "package.json").write_text('{"private": true}')
    wanted = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", TUS_JS]
    done = subprocess.run(
        wanted, cwd=folder, env=surroundings, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    return {**surroundings, "NODE_PATH": str(folder / "node_modules")}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that is like no other."""
    place = tmp_path / "lake.bin"
    place.write_bytes(os.urandom(SIZE))
    return place


class Killed:
    """A server on one port that is killed again and again while somebody uploads to it."""

    def __init__(self, folder: Path, settings: dict[str, str], store: Seaweed | None = None) -> None:
        self._folder, self._store = folder, store
        if store is not None:
            settings = {**settings, **store.settings, "blobs_url": store.url(PREFIX)}
        self._settings = {**settings, "port": str(free_port())}
        self.server = Server(folder, **self._settings)
        self.key = self.server.log_in()
        with self.server.client(self.key) as client:
            self.space: str = client.post("/v1/spaces", json={"name": "Lakes"}).json()["id"]
        self.kills = 0

    @property
    def endpoint(self) -> str:
        return f"{self.server.http}/v1/spaces/{self.space}/uploads"

    def again(self) -> None:
        """Killed in the middle of what it does, and started."""
        self.server.kill()
        self.kills += 1
        self.server = Server(self._folder, **self._settings)

    def kill_at(self, marks: list[int], arrived: Callable[[], int], over: Callable[[], bool]) -> None:
        """Kill it each time when so many bytes are in its stages, until the upload is over."""
        until = time.monotonic() + 3 * PATIENCE
        while not over() and time.monotonic() < until:
            if marks and arrived() >= marks[0]:
                marks.pop(0)
                self.again()
            time.sleep(0.002)

    def staged(self) -> int:
        """How many bytes of uploads are on the disk or in the object store, durable or not."""
        if self._store is not None:
            pieces = obstore.list(self._store.open(f"{PREFIX}/uploads")).collect()
            return sum(piece["size"] for piece in pieces)
        total = 0
        for file in (self._folder / "data/blobs/uploads").rglob("*"):
            try:
                total += file.stat().st_size if file.is_file() else 0
            except FileNotFoundError:
                continue
        return total

    def one_artifact(self, file: Path) -> None:
        """Exactly one artifact is there, and it is the file."""
        with self.server.client(self.key) as client:
            rows: list[Any] = client.get(f"/v1/spaces/{self.space}/artifacts").json()["data"]
            assert [(row["name"], row["size"]) for row in rows] == [("lake.bin", SIZE)]
            content = client.get(rows[0]["download_url"]).content
            held = client.get(f"/v1/spaces/{self.space}/usage").json()
        assert hashlib.sha256(content).digest() == hashlib.sha256(file.read_bytes()).digest()
        assert (held["bytes"], held["artifacts"], held["reserved"]) == (SIZE, 1, 0)


@pytest.fixture
def killed(where: dict[str, str], folder: Path) -> Iterator[Killed]:
    made = Killed(folder, where)
    yield made
    made.server.end()


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("chunk", "parallel"), [(0, 1), (5 * MIB, 1), (0, 3)], ids=["whole", "chunks", "parallel"])
def test_the_official_client_resumes_after_the_server_was_killed(
    killed: Killed, node: dict[str, str], file: Path, chunk: int, parallel: int
) -> None:
    command = ["node", str(SCRIPT), killed.endpoint, killed.key, str(file), str(chunk), str(parallel)]
    client = subprocess.Popen(command, env=node, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        killed.kill_at([11 * MIB], killed.staged, lambda: client.poll() is not None)
        printed, _ = client.communicate(timeout=PATIENCE)
    finally:
        client.kill()
        client.wait()
    assert client.returncode == 0, printed[-2_000:]
    assert "done " in printed
    assert killed.kills == 1
    killed.one_artifact(file)


@pytest.fixture
def killed_at_store(where: dict[str, str], folder: Path, seaweed: Seaweed) -> Iterator[Killed]:
    """Its files are in an object store."""
    made = Killed(folder, where, seaweed)
    yield made
    made.server.end()


@pytest.mark.timeout(240)
def test_tuspy_resumes_after_the_server_was_killed(killed: Killed, file: Path) -> None:
    resumed_by_tuspy(killed, file, 7 * MIB)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_it_resumes_too_where_the_files_are_in_an_object_store(killed_at_store: Killed, file: Path) -> None:
    resumed_by_tuspy(killed_at_store, file, SIZE)


def resumed_by_tuspy(killed: Killed, file: Path, chunk: int) -> None:
    client = TusClient(killed.endpoint, headers={"X-API-Key": killed.key})
    with file.open("rb") as stream:
        uploader = client.uploader(
            file_stream=stream, chunk_size=chunk, metadata={"filename": "lake.bin"}, retries=100, retry_delay=1
        )
        sending = threading.Thread(target=uploader.upload, daemon=True)
        sending.start()
        killed.kill_at([11 * MIB], killed.staged, lambda: not sending.is_alive())
        sending.join(PATIENCE)
    assert not sending.is_alive()
    assert killed.kills == 1
    killed.one_artifact(file)
