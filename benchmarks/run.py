"""`make bench`: install the peers, start all of them, measure them in turn, write RESULTS.md and the chart."""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import chart, machine, report
from benchmarks.measure import Figures, Plan, measure, plan
from benchmarks.peers import environments, processes
from benchmarks.peers.courtyard import Courtyard
from benchmarks.peers.directus import Directus
from benchmarks.peers.fastapi_orm import FastApiOrm
from benchmarks.peers.kinto import Kinto
from benchmarks.peers.limits import Constant, Nginx
from benchmarks.peers.peer import Missing, Peer, Running, send
from benchmarks.peers.pocketbase import PocketBase
from benchmarks.report import Entry

HERE = Path(__file__).resolve().parent
CHART = HERE.parent / "docs" / "performance.svg"
WRK = ("wrk", "libluajit-5.1-2", "libluajit-5.1-common")


def peers() -> list[Peer]:
    """Everybody, in the order of the report."""
    return [
        Courtyard("sqlite"),
        Courtyard("postgres"),
        PocketBase(),
        Directus(),
        Kinto("postgresql"),
        Kinto("memory"),
        FastApiOrm(),
        Constant("asgi"),
        Constant("rsgi"),
        Nginx(),
    ]


def main() -> None:
    """See `--help`."""
    asked = _asked()
    words = [word.lower() for word in asked.peers]
    wanted = [peer for peer in peers() if not words or any(word in peer.name.lower() for word in words)]
    if not wanted:
        sys.exit(f"Nobody is called so; there are {', '.join(peer.name for peer in peers())}.")
    try:
        wrk = environments.program("wrk", WRK)
    except Missing as missing:
        sys.exit(f"The load is made by wrk, which is not here: {missing}")
    before = machine.busy()
    with tempfile.TemporaryDirectory() as folder:
        entries, figures = contest(wrk, wanted, plan(asked.seconds, asked.rounds, asked.items), Path(folder))
    left = [peer for peer in peers() if all(peer.name != one.name for one in wanted)]
    entries += [Entry(peer.name, peer.about, peer.lacks, missing="Not asked for in this run.") for peer in left]
    command = " ".join(["python -m benchmarks.run", *sys.argv[1:]])
    how = plan(asked.seconds, asked.rounds, asked.items)
    said = report.written(entries, figures, how, [before, machine.busy()], command)
    print(said)
    if not asked.dry:
        (HERE / "RESULTS.md").write_text(said)
        note = f"{machine.today()}, one core, {asked.items:,} items, durable; benchmarks/RESULTS.md"
        CHART.write_text(chart.drawn(figures, note))


def contest(wrk: list[str], wanted: list[Peer], how: Plan, folder: Path) -> tuple[list[Entry], Figures]:
    """Start everybody who can be started, measure, end them."""
    entries: list[Entry] = []
    running: dict[str, Running] = {}
    with ExitStack() as stack:
        for number, peer in enumerate(wanted):
            entry = Entry(peer.name, peer.about, peer.lacks)
            entries.append(entry)
            print(f"starting {peer.name} ...", flush=True)
            stack.callback(peer.stop)
            place = folder / str(number)
            place.mkdir()
            try:
                entry.version = peer.install()
                started = peer.start(place, how.items, how.server_core)
                for call in started.calls.values():
                    send(started.base, call)
                running[peer.name] = started
            except Exception as missing:  # noqa: BLE001 - whatever is wrong with one of them, the others are measured
                entry.missing = str(missing) or repr(missing)
                print(f"  without it: {entry.missing}", flush=True)
        figures, failed = measure(wrk, running, how)
        for entry in entries:
            entry.missing = entry.missing or failed.get(entry.name, "")
            if entry.name in figures:
                entry.memory = processes.memory(running[entry.name].pids)
                if not entry.memory:
                    # Whoever answered was not who was watched: no figure of it is to be believed.
                    entry.missing = "its process ended while it was measured"
                    del figures[entry.name]
    return entries, figures


class _Asked(argparse.Namespace):
    quick: bool
    items: int
    seconds: float
    rounds: int
    peers: list[str]
    dry: bool


def _asked() -> _Asked:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="at most three minutes: 10,000 items, 2 rounds of 1 s")
    parser.add_argument("--items", type=int, default=0, help="items in each peer (100,000)")
    parser.add_argument("--seconds", type=float, default=0, help="seconds of each load (3)")
    parser.add_argument("--rounds", type=int, default=0, help="rounds (5)")
    parser.add_argument("--peers", nargs="*", default=[], help="only those whose names contain one of these words")
    parser.add_argument("--dry", action="store_true", help="print, write nothing")
    asked = parser.parse_args(namespace=_Asked())
    asked.items = asked.items or (10_000 if asked.quick else 100_000)
    asked.seconds = asked.seconds or (1 if asked.quick else 3)
    asked.rounds = asked.rounds or (2 if asked.quick else 5)
    return asked


if __name__ == "__main__":
    main()
