"""Mixed load: four of five calls read, 15 % write, 5 % move files; then the same from three times as many clients.

`make bench-mixed`, or `python -m benchmarks.mixed --seconds 20 --postgres` for a shorter one on PostgreSQL.
"""

import argparse
import os
import tempfile
from pathlib import Path

from benchmarks import machine
from benchmarks.load import Measured, mix
from benchmarks.measure import plan
from benchmarks.peers import environments, processes
from benchmarks.peers.courtyard import Courtyard
from benchmarks.peers.peer import CREATE, DOWNLOAD, GET, KIB, PAGE, UPLOAD, Call, Running
from benchmarks.run import WRK

CLIENTS = 256
TIMES = 3
LATE, GOOD = 250.0, 0.8


def calls(running: Running) -> list[tuple[Call, int]]:
    """The mix, in percent."""
    known, upload = running.calls, running.calls[UPLOAD]
    small = Call(upload.path, upload.headers, "POST", os.urandom(64 * KIB), 201)
    return [(known[GET], 60), (known[PAGE], 20), (known[CREATE], 15), (known[DOWNLOAD], 3), (small, 2)]


def main() -> None:
    """See `--help`."""
    asked = _asked()
    how, wrk = plan(asked.seconds, 1, asked.items), environments.program("wrk", WRK)
    server = Courtyard("postgres" if asked.postgres else "sqlite")
    with tempfile.TemporaryDirectory() as folder:
        try:
            running = server.start(Path(folder), asked.items, how.server_core)
            wanted = calls(running)
            before = processes.memory(running.pids)
            normal = mix(wrk, running.base, wanted, connections=CLIENTS, seconds=asked.seconds, core=how.load_core)
            crowd = asked.seconds / TIMES
            more = mix(wrk, running.base, wanted, connections=CLIENTS * TIMES, seconds=crowd, core=how.load_core)
            grown = processes.memory(running.pids) - before
        finally:
            server.stop()
    print(f"{server.name}, {asked.items:,} spaces; load average {machine.busy()}")
    _tell(f"{CLIENTS} in flight", normal)
    _tell(f"{CLIENTS * TIMES} in flight", more)
    kept = (more.answers - more.refused) / more.seconds / (normal.answers / normal.seconds)
    print(f"goodput of the crowd {kept:.0%} of that before (goal {GOOD:.0%}); memory grew by {grown / 2**20:.0f} MiB")
    reached = normal.p99 <= LATE and not normal.refused and not normal.broken
    print(
        f"goal p99 <= {LATE:.0f} ms without refusals: {'met' if reached else 'missed'}; goodput: {'met' if kept >= GOOD else 'missed'}"
    )


def _tell(what: str, came: Measured) -> None:
    print(
        f"{what}: {came.answers / came.seconds:,.0f} answers/s, p50 {came.p50:.1f} ms, p99 {came.p99:.1f} ms,"
        f" {came.refused} answers above 399, {came.broken} broken connections or time-outs, {came.seconds:.0f} s"
    )


class _Asked(argparse.Namespace):
    seconds: float
    items: int
    postgres: bool


def _asked() -> _Asked:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mixed", description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=180, help="seconds of the first load; the second takes a third"
    )
    parser.add_argument("--items", type=int, default=100_000, help="spaces that are there")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL")
    return parser.parse_args(namespace=_Asked())


if __name__ == "__main__":
    main()
