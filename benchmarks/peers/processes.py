"""Processes of servers: started on one core, watched through /proc, ended by their own number."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.peers.peer import Missing

TICK = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def start(
    command: Sequence[str | Path],
    folder: Path,
    core: int,
    *,
    environment: Mapping[str, str] | None = None,
    user: int | None = None,
) -> "subprocess.Popen[bytes]":
    """A server on that core; what it says goes to `log` in the folder."""
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            ["taskset", "-c", str(core), *command],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )


def reachable(server: "subprocess.Popen[bytes]", port: int, folder: Path, patience: float = 60) -> None:
    """Wait until the port answers. Raises Missing with the end of its log."""
    end = time.monotonic() + patience
    while time.monotonic() < end and server.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    said = (folder / "log").read_text(errors="replace")[-600:]
    stop(server)
    raise Missing(f"it does not serve: {said}")


def stop(server: "subprocess.Popen[bytes] | None", patience: float = 30) -> None:
    """Ask it to end, then end it."""
    if server is None or server.poll() is not None:
        return
    server.terminate()
    try:
        server.wait(patience)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def cpu(pids: Sequence[int]) -> float:
    """Seconds of CPU, user and system, that these processes and their children have had."""
    return sum(sum(map(int, _stat(pid)[11:15])) for pid in family(pids)) / TICK


def memory(pids: Sequence[int]) -> int:
    """Bytes: what is theirs alone, and their share of what they share (PSS)."""
    total = 0
    for pid in family(pids):
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
    return total


def family(pids: Sequence[int]) -> Iterator[int]:
    """These processes, and the children of their children."""
    for pid in pids:
        if not _stat(pid):
            continue
        yield pid
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            yield from family([int(child) for child in _read(task).split()])


def _stat(pid: int) -> list[str]:
    return _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()


def _read(place: Path) -> str:
    """Empty for a process that is gone."""
    try:
        return place.read_text()
    except OSError:
        return ""
