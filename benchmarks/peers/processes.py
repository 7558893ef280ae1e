"""Processes of servers: started on one core, watched through /proc, ended by their own number."""

import contextlib
import os
import signal
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
            # A session of its own: what it leaves behind when it ends is still known.
            start_new_session=True,
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
    """Ask it to end, then end it, and whatever of its session is left."""
    if server is None:
        return
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(patience)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    for pid in _session(server.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    # Until it is gone its port still answers, in the place of whoever comes next.
    end = time.monotonic() + patience
    while _session(server.pid) and time.monotonic() < end:
        time.sleep(0.05)


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


def family(pids: Sequence[int]) -> set[int]:
    """These processes, the children of their children, and what else is of their sessions."""
    return {one for pid in pids for member in {pid, *_session(pid)} for one in _descendants(member)}


def _descendants(pid: int) -> Iterator[int]:
    if not _stat(pid):
        return
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(task).split():
            yield from _descendants(int(child))


def _session(leader: int) -> list[int]:
    """Everybody in the session that this process leads, or led."""
    everybody = [int(place.name) for place in Path("/proc").iterdir() if place.name.isdigit()]
    return [pid for pid in everybody if _stat(pid)[3:4] == [str(leader)]]


def _stat(pid: int) -> list[str]:
    return _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()


def _read(place: Path) -> str:
    """Empty for a process that is gone."""
    try:
        return place.read_text()
    except OSError:
        return ""
