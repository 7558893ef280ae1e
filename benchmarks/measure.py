"""Interleaved rounds: every peer is called in turn, so that a machine that slows down slows all of them."""

import os
import statistics
import subprocess
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from benchmarks.load import Measured, load
from benchmarks.peers import processes
from benchmarks.peers.peer import CALLS, HEAVY, Running

CONNECTIONS, FEW = 32, 4
ENOUGH, LONGEST = 8, 4.0


class Figure(msgspec.Struct, frozen=True):
    """Medians over the rounds: CPU of all server processes in microseconds per request, requests per second, milliseconds.

    `refused` counts answers above 399 and broken connections over all rounds: it must be 0.
    """

    cpu: float
    rate: float
    p50: float
    p99: float
    refused: int


class Plan(msgspec.Struct, frozen=True):
    """How it is measured. The servers have one core, the load another."""

    seconds: float
    rounds: int
    items: int
    server_core: int
    load_core: int
    calls: Sequence[str] = CALLS


Figures = dict[str, dict[str, Figure]]


def plan(seconds: float, rounds: int, items: int, calls: Sequence[str] = CALLS) -> Plan:
    """The first core that we may use for the servers, the last one for the load."""
    cores = sorted(os.sched_getaffinity(0))
    return Plan(seconds, rounds, items, cores[0], cores[-1], calls)


def measure(wrk: list[str], running: Mapping[str, Running], how: Plan) -> tuple[Figures, dict[str, str]]:
    """The figures of each call of each peer; who could not be loaded to the end, and why."""
    failed: dict[str, str] = {}
    seen: dict[str, dict[str, list[tuple[float, Measured]]]] = defaultdict(lambda: defaultdict(list))
    for turn in range(how.rounds):
        print(f"round {turn + 1} of {how.rounds}", flush=True)
        for name in how.calls:
            for who, peer in running.items():
                if name not in peer.calls or who in failed:
                    continue
                try:
                    seen[who][name].append(once(wrk, peer, name, how))
                except (subprocess.SubprocessError, StopIteration, OSError) as trouble:
                    failed[who] = f"{name}: {trouble!r}"
    figures = {who: {name: _figure(rounds) for name, rounds in calls.items()} for who, calls in seen.items()}
    return {who: calls for who, calls in figures.items() if who not in failed}, failed


def once(wrk: list[str], peer: Running, name: str, how: Plan, connections: int = 0) -> tuple[float, Measured]:
    """One load: the seconds of CPU that it cost, and what came of it. Who has answered too little is given more time."""
    connections = connections or (FEW if name in HEAVY else CONNECTIONS)
    seconds = how.seconds
    while True:
        before = processes.cpu(peer.pids)
        came = load(wrk, peer.base, peer.calls[name], connections=connections, seconds=seconds, core=how.load_core)
        spent = _settled(peer) - before
        # What is still under way at the end has cost CPU and is not counted: it must be little beside what is.
        if came.answers >= ENOUGH * connections or seconds >= LONGEST:
            return spent, came
        seconds = min(LONGEST, seconds * 2)


def _settled(peer: Running) -> float:
    """The CPU after what the load has left behind is done, or two seconds later."""
    now = processes.cpu(peer.pids)
    for _ in range(20):
        time.sleep(0.1)
        before, now = now, processes.cpu(peer.pids)
        if now - before < 0.02:
            break
    return now


def _figure(rounds: Sequence[tuple[float, Measured]]) -> Figure:
    return Figure(
        cpu=statistics.median(spent * 1e6 / max(1, came.answers) for spent, came in rounds),
        rate=statistics.median(came.answers / came.seconds for _, came in rounds),
        p50=statistics.median(came.p50 for _, came in rounds),
        p99=statistics.median(came.p99 for _, came in rounds),
        refused=sum(came.refused + came.broken for _, came in rounds),
    )
