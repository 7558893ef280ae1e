"""Server CPU per request of the hot calls: get a space, a page of 20 of many, create, a 64 KiB download.

`make bench` runs it on SQLite; `python benchmarks/hot.py --database-url postgresql://…` on an empty PostgreSQL database.
The server has one core, the load another; CPU is what the kernel counted for the server, also while it waited for disks.
"""

import argparse
import asyncio
import base64
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from load import load, request

from courtyard.core import organizations
from courtyard.core import spaces as nouns
from courtyard.core.actor import Actor, Origin, system
from courtyard.core.identity import credentials, people
from courtyard.installation import opened
from courtyard.settings import Settings

TICK = os.sysconf("SC_CLK_TCK")
EMAIL = "bench@localhost.localdomain"
GOALS = {"get space": 110, "page of 20": 200, "create": 240, "download 64 KiB": 200}


def environment(folder: str, database_url: str) -> dict[str, str]:
    """Rates off, everything else as it comes; durable."""
    return {
        **os.environ,
        "COURTYARD_DATA_DIR": folder,
        "COURTYARD_DATABASE_URL": database_url,
        "COURTYARD_PORT": "0",
        "COURTYARD_TLS_PORT": "0",
        "COURTYARD_RATE_LIMITS": "off",
        "COURTYARD_ADMIN_EMAIL": EMAIL,
        "COURTYARD_LOG_LEVEL": "warning",
    }


async def fill(spaces: int) -> str:
    """Make a person with so many spaces, straight through the core; a key of theirs."""
    async with opened(Settings()) as installation:
        database = installation.services.database
        async with database.write() as tx:
            person = await people.add(tx, system("bench"), email="b@example.org", username="bench", password_hash=None)
            actor = Actor(Origin("bench"), person.id, 3)
            _, key = await credentials.create(tx, actor, credentials.NewKey(name="bench", scopes=["read", "write"]))
        for begin in range(0, spaces, 1_000):
            async with database.write() as tx:
                home = await organizations.home(tx, actor, None)
                for number in range(begin, min(begin + 1_000, spaces)):
                    await nouns.create(tx, actor, home, nouns.NewSpace(name=f"Space {number}"))
    return key


def call(url: str, key: str, body: object = None) -> dict[str, object]:
    """One request, by the standard library."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
        return json.load(answer)


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has had, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def calls(base: str, key: str) -> dict[str, tuple[bytes, int]]:
    """The requests to measure and the status each must have."""
    headers = {"X-API-Key": key}
    sending = {**headers, "Content-Type": "application/json"}
    new = json.dumps({"name": "New Space", "description": "A description of the space"}).encode()
    space = call(f"{base}/v1/spaces", key, {"name": "Measured"})
    content = base64.b64encode(os.urandom(65_536)).decode()
    document = {"name": "bytes", "type": "document", "content": content}
    artifact = call(f"{base}/v1/spaces/{space['id']}/artifacts/generate", key, document)
    return {
        "get space": (request("GET", f"{base}/v1/spaces/{space['id']}", headers), 200),
        "page of 20": (request("GET", f"{base}/v1/spaces", headers), 200),
        "create": (request("POST", f"{base}/v1/spaces", sending, new), 201),
        "download 64 KiB": (request("GET", base + str(artifact["download_url"]), headers), 200),
    }


def measure(base: str, pid: int, key: str, *, seconds: float, rounds: int) -> None:
    """Interleaved rounds, medians."""
    port = int(base.rpartition(":")[2])
    wanted = calls(base, key)
    costs: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in wanted}
    for _ in range(rounds):
        for name, (sent, status) in wanted.items():
            before = cpu(pid)
            seen = asyncio.run(load(port, sent, connections=32, seconds=seconds, expect=status))
            spent = (cpu(pid) - before) * 1e6 / seen.answers
            costs[name].append((spent, seen.answers / seen.seconds, seen.p50, seen.p99))
    print(f"{'call':16} {'CPU µs':>8} {'goal':>6} {'per s':>8} {'p50 ms':>8} {'p99 ms':>8}")
    for name, rows in costs.items():
        spent, rate, p50, p99 = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{name:16} {spent:8.0f} {GOALS[name]:6} {rate:8.0f} {p50:8.2f} {p99:8.2f}")


def main() -> None:
    """Fill, serve, measure, end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database-url", default="")
    parser.add_argument("--spaces", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(environment(folder, asked.database_url))
        key = asyncio.run(fill(asked.spaces))
        server = subprocess.Popen([sys.executable, "-m", "courtyard", "serve"], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            line = next(line for line in server.stdout if line.startswith("HTTP address"))
            cores = sorted(os.sched_getaffinity(0))
            for task in Path(f"/proc/{server.pid}/task").iterdir():
                os.sched_setaffinity(int(task.name), {cores[0]})
            os.sched_setaffinity(0, {cores[-1]})
            found = re.search(r"http://\S+", line)
            assert found is not None
            measure(found[0], server.pid, key, seconds=asked.seconds, rounds=asked.rounds)
        finally:
            server.terminate()
            server.wait(30)


if __name__ == "__main__":
    main()
