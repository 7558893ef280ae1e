"""`run`: a program or a tool of ours in a child process that can do little and is gone afterwards, whatever happens."""

import asyncio
import contextlib
import importlib.util
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

MIB = 1024 * 1024
TOO_MUCH, REFUSED = 3, 4
SAID = 16_384
AT_ONCE = 2
PREFIX = "courtyard-scratch-"
HERE = Path(__file__).parent
# One thread each: a renderer is alone in its child, and every thread takes address space.
_SURROUNDINGS = {
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKIO_WORKER_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds on the clock and of CPU; bytes of addresses, of memory of its own, of any file (or stdout) that is written.

    With the libraries that it shares with others a child that holds all it may has 512 MiB.
    """

    seconds: float = 10
    cpu: int = 8
    memory: int = 512 * MIB
    held: int = 416 * MIB
    file: int = 64 * MIB


@dataclass(frozen=True, slots=True)
class Program:
    """A program somewhere else; the child may read the folder that it lies in."""

    path: str
    arguments: Sequence[str]


@dataclass(frozen=True, slots=True)
class Tool:
    """A module in `rendering/tools`, the packages that it needs, and what its `main` is given."""

    module: str
    packages: Sequence[str]
    arguments: Sequence[str] = ()
    folder: Path = HERE / "tools"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended (a negative code: the signal), what it printed and complained of, the files it left, its time."""

    code: int
    output: bytes
    said: str
    files: dict[str, bytes]
    seconds: float = 0.0


class Queue:
    """At most so many children at once in this process; the first who waits is the first who goes on."""

    def __init__(self) -> None:
        self.at_once = AT_ONCE
        self._slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        loop = asyncio.get_running_loop()
        async with self._slots.setdefault(loop, asyncio.Semaphore(self.at_once)):
            yield


QUEUE = Queue()


class Missing(Exception):
    """A package that a tool needs is not installed."""


async def run(
    what: Program | Tool,
    *,
    files: Mapping[str, bytes | Path] | None = None,
    wanted: Sequence[str] = (),
    data: bytes = b"",
    limits: Limits = Limits(),
    queue: Queue = QUEUE,
) -> Ended:
    """Run it in an empty directory with `files` in it, `data` on stdin; the files `wanted` are read when it has ended.

    A file is its content, or where it lies: then the child is handed that file itself.

    Too slow is the code `TOO_MUCH`. Cancelled, or whatever else happens here, it is killed with all that it started.
    Raises Missing.
    """
    readable, paths, work = _work(what)
    async with queue.turn():
        begun = time.monotonic()
        scratch = await asyncio.to_thread(_laid_out, files or {})
        try:
            code, output, said = await _child(_command(readable, paths, work, scratch, limits), scratch, data, limits)
            left = await asyncio.to_thread(_left, scratch, wanted, limits.file)
            return Ended(code, output, said, left, time.monotonic() - begun)
        finally:
            # Also when cancelled: to be waited for, a thread would need a loop that goes on.
            shutil.rmtree(scratch, ignore_errors=True)


def _work(what: Program | Tool) -> tuple[list[str], list[str], list[str]]:
    """What may be read, where modules are found, what to do."""
    if isinstance(what, Program):
        return [str(Path(what.path).parent)], [], ["exec", what.path, *what.arguments]
    places = [str(what.folder), *dict.fromkeys(place(package) for package in what.packages)]
    return [], places, ["tool", what.module, *what.arguments]


def place(package: str) -> str:
    """The folder from which a package is imported. Raises Missing."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise Missing(package)
    return str(Path(found.origin).parent.parent)


def _command(readable: list[str], paths: list[str], work: list[str], scratch: Path, limits: Limits) -> list[str]:
    terms = {
        "parent": os.getpid(),
        "cpu": limits.cpu,
        "memory": limits.memory,
        "held": limits.held,
        "file": limits.file,
        "paths": paths,
        "readable": readable,
        "scratch": str(scratch),
    }
    return [sys.executable, "-I", "-S", str(HERE / "confinement.py"), json.dumps(terms), *work]


def _laid_out(files: Mapping[str, bytes | Path]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    for name, content in files.items():
        if isinstance(content, Path):
            (folder / name).hardlink_to(content)
        else:
            (folder / name).write_bytes(content)
    return folder


@contextlib.contextmanager
def scratch() -> Generator[Path]:
    """A directory for files that children are handed; it is gone afterwards, or swept when its process was killed."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _left(scratch: Path, wanted: Sequence[str], most: int) -> dict[str, bytes]:
    """Those of the wanted files that are there: ordinary ones, and none that a link leads to elsewhere."""
    found: dict[str, bytes] = {}
    for name in wanted:
        path = scratch / name
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= most:
            found[name] = path.read_bytes()
    return found


async def _child(command: list[str], scratch: Path, data: bytes, limits: Limits) -> tuple[int, bytes, str]:
    places = {"HOME": str(scratch), "TMPDIR": str(scratch)}
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE if data else DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env={**_SURROUNDINGS, **places},
        cwd=scratch,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(limits.seconds):
            _, output, said = await asyncio.gather(
                _feed(child, data), _take(child.stdout, limits.file), _take(child.stderr, MIB)
            )
            code = await child.wait()
    except (TimeoutError, _TooLong):
        return TOO_MUCH, b"", ""
    finally:
        await _end(child)
    return code, output, said[:SAID].decode(errors="replace").strip()


async def _end(child: Process) -> None:
    """Kill its whole group: also what a child has left behind that has ended by itself."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    # `wait` also waits for the end of what it printed, and a pipe with more in it than anybody reads has none.
    child._transport.close()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - no public name has it
    if child.returncode is None:
        await child.wait()


class _TooLong(Exception):
    """The child prints more than it may."""


async def _feed(child: Process, data: bytes) -> None:
    if child.stdin is None:
        return
    with contextlib.suppress(ConnectionError):
        child.stdin.write(data)
        await child.stdin.drain()
    child.stdin.close()
    with contextlib.suppress(ConnectionError):
        await child.stdin.wait_closed()


async def _take(stream: asyncio.StreamReader | None, most: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while stream is not None and (piece := await stream.read(1 << 18)):
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise _TooLong
    return b"".join(pieces)


def sweep(now: float | None = None) -> int:
    """Remove scratch directories that whoever was killed has left an hour ago; how many."""
    before = (time.time() if now is None else now) - 3_600
    removed = 0
    for entry in os.scandir(tempfile.gettempdir()):
        with contextlib.suppress(OSError):
            if entry.name.startswith(PREFIX) and entry.is_dir(follow_symlinks=False) and _old(entry, before):
                shutil.rmtree(entry.path)
                removed += 1
    return removed


def _old(entry: os.DirEntry[str], before: float) -> bool:
    """Whether it is ours, and nobody has touched it since."""
    seen = entry.stat(follow_symlinks=False)
    return seen.st_uid == os.getuid() and seen.st_mtime < before
