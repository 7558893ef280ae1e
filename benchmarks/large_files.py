"""One large file up and down, raw and by tus: how long, how much memory, and how long others wait meanwhile.

`make bench-large`, or `python -m benchmarks.large_files --size 128 --stores local` for a shorter one. It ends by itself and
leaves nothing.
"""

import argparse
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import httpx2

from benchmarks import machine
from benchmarks.peers import processes
from tests.seaweed import Seaweed
from tests.server.running import Server

MIB = 1024 * 1024
BLOCK = os.urandom(4 * MIB)
PATIENCE = 600.0
STORES = ("local", "seaweedfs")
PAUSE = 0.02
MOST, LATE = 64, 250.0
"""What is promised: so many MiB more memory, and p99 of the others in milliseconds."""


class Seen(NamedTuple):
    """What a transfer took: seconds, bytes of memory more than before, waits of others in seconds, in their order."""

    seconds: float
    grown: int
    waits: list[float]

    def wait(self, part: float) -> float:
        """Milliseconds within which that part of the others was answered."""
        return self.waits[min(len(self.waits) - 1, int(len(self.waits) * part))] * 1_000


class Watch:
    """Looks at the server's memory and asks for a list of spaces, one request every 20 ms, until it is left."""

    def __init__(self, server: Server, key: str) -> None:
        self._server, self._key = server, key
        self._over = threading.Event()
        self._threads = [threading.Thread(target=act, daemon=True) for act in (self._look, self._ask)]
        self._waits: list[float] = []
        self._before = self._most = processes.memory([server.pid])
        self._since = 0.0
        self.seconds = 0.0

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self._since = time.monotonic()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.seconds = time.monotonic() - self._since
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def seen(self) -> Seen:
        return Seen(self.seconds, self._most - self._before, sorted(self._waits))

    def _look(self) -> None:
        while not self._over.wait(0.1):
            self._most = max(self._most, processes.memory([self._server.pid]))

    def _ask(self) -> None:
        with self._server.client(self._key) as client:
            while not self._over.wait(PAUSE):
                asked = time.monotonic()
                client.get("/v1/spaces").raise_for_status()
                self._waits.append(time.monotonic() - asked)


class Mover:
    """Moves one file of that many bytes between here and a space."""

    def __init__(self, client: httpx2.Client, size: int) -> None:
        self._client, self._size = client, size
        self._place = f"/v1/spaces/{client.post('/v1/spaces', json={'name': 'Lakes'}).json()['id']}"
        self._hash = hashlib.sha256()
        for block in self._bytes():
            self._hash.update(block)
        self._held = ""

    def raw(self) -> None:
        """Up in one request."""
        path, head = f"{self._place}/artifacts?name=lake.bin", {"Content-Length": str(self._size)}
        answer = self._client.post(path, content=self._bytes(), headers=head)
        self._keep(answer.raise_for_status().json()["id"])

    def tus(self) -> None:
        """Up as an upload that can be resumed."""
        head = {"Tus-Resumable": "1.0.0", "Upload-Length": str(self._size), "Upload-Metadata": "filename bGFrZS5iaW4="}
        address = self._client.post(f"{self._place}/uploads", headers=head).raise_for_status().headers["location"]
        head = {
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(self._size),
        }
        self._client.patch(address, content=self._bytes(), headers=head).raise_for_status()
        self._keep(self._client.get(address).raise_for_status().json()["artifact_id"])

    def down(self) -> None:
        """The last one, whole; its bytes are those that went up."""
        found = hashlib.sha256()
        with self._client.stream("GET", f"{self._place}/artifacts/{self._held}/download") as answer:
            for chunk in answer.raise_for_status().iter_raw():
                found.update(chunk)
        if found.digest() != self._hash.digest():
            raise SystemExit("other bytes came down than went up")

    def _keep(self, artifact_id: str) -> None:
        """The one before goes: there is room for few of them."""
        if self._held:
            self._client.delete(f"{self._place}/artifacts/{self._held}?purge=true").raise_for_status()
        self._held = artifact_id

    def _bytes(self) -> Iterator[bytes]:
        for start in range(0, self._size, len(BLOCK)):
            yield BLOCK[: min(len(BLOCK), self._size - start)]


def measured(folder: Path, store: Seaweed | None, size: int) -> dict[str, Seen]:
    """Each transfer by its name."""
    place = {} if store is None else {"blobs_url": store.url("large"), **store.settings}
    server = Server(folder, upload_limit=str(2 * size), tus_limit=str(2 * size), **place)
    try:
        key = server.log_in()
        with httpx2.Client(base_url=server.http, headers={"X-API-Key": key}, timeout=PATIENCE) as client:
            # What a server takes for its first of everything is not for the large one.
            small = Mover(client, 64 * 1024)
            for act in (small.raw, small.tus, small.down):
                act()
            large = Mover(client, size)
            acts: dict[str, Callable[[], None]] = {"raw up": large.raw, "tus up": large.tus, "down": large.down}
            found: dict[str, Seen] = {}
            for name, act in acts.items():
                with Watch(server, key) as watch:
                    act()
                found[name] = watch.seen
            return found
    finally:
        server.end()


def main() -> None:
    """See `--help`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_024, help="MiB")
    parser.add_argument("--stores", nargs="+", choices=STORES, default=STORES)
    asked = parser.parse_args()
    print(f"one file of {asked.size} MiB; load average {machine.busy()}\n")
    print(
        "| store | transfer | seconds | MiB/s | server's memory grew by | others p50 / p99 |\n|---|---|--:|--:|--:|--:|"
    )
    worst: list[Seen] = []
    for name in asked.stores:
        with ExitStack() as ending:
            folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="courtyard-large-")))
            store = _store(folder, ending) if name == "seaweedfs" else None
            for act, seen in measured(folder / "home", store, asked.size * MIB).items():
                worst.append(seen)
                print(
                    f"| {name} | {act} | {seen.seconds:.1f} | {asked.size / seen.seconds:.0f} | {seen.grown / MIB:.0f} MiB"
                    f" | {seen.wait(0.5):.1f} / {seen.wait(0.99):.0f} ms |",
                    flush=True,
                )
    met = all(seen.grown <= MOST * MIB and seen.wait(0.99) <= LATE for seen in worst)
    print(f"\ngoal {MOST} MiB and p99 <= {LATE:.0f} ms: {'met' if met else 'missed'}")


def _store(folder: Path, ending: ExitStack) -> Seaweed:
    place = folder / "seaweed"
    place.mkdir()
    store = Seaweed(place)
    ending.callback(store.stop)
    store.start()
    return store


if __name__ == "__main__":
    main()
