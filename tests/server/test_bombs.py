"""A document that is a bomb, sent to a running server: it fails in time, and everybody else is served meanwhile."""

import base64
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

from tests.server.conftest import Start
from tests.server.running import Server

PATIENCE = 10.0
GROWTH = 64 * 1024 * 1024
DEEP = b"".join(b" " * 2 * depth + b"- a\n" for depth in range(3_000))


def test_a_bomb_fails_in_time_and_the_server_stays_well(start: Start) -> None:
    server = start()
    with server.client(server.log_in()) as client:
        space = client.post("/v1/spaces", json={"name": "Lakes"}).json()["id"]
        place = f"/v1/spaces/{space}/artifacts"
        warm = generated(client, place, b"# hello")
        assert ended(client, warm)["status"] == "completed"
        before = resident(server)
        bomb = generated(client, place, DEEP)
        job: dict[str, Any] = {"status": ""}
        waits: list[float] = []
        while job["status"] not in ("completed", "failed"):
            asked = time.monotonic()
            (job,) = client.get(f"{place}/{bomb}/jobs?limit=1").json()["data"]
            waits.append(time.monotonic() - asked)
            time.sleep(0.05)
        assert job["status"] == "failed"
        assert seconds(job["completed_at"]) - seconds(job["started_at"]) < PATIENCE
        assert max(waits) < 1.0
        assert resident(server) - before < GROWTH
        # Whoever comes next is served.
        assert ended(client, generated(client, place, b"# hello"))["status"] == "completed"


def generated(client: httpx2.Client, place: str, content: bytes) -> str:
    order = {"name": "list.md", "type": "list", "content": base64.b64encode(content).decode(), "format": "docx"}
    answer = client.post(f"{place}/generate", json=order)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def ended(client: httpx2.Client, artifact_id: str) -> dict[str, Any]:
    (space,) = client.get("/v1/spaces?mine=true").json()["data"]
    path, until = f"/v1/spaces/{space['id']}/artifacts/{artifact_id}", time.monotonic() + 30
    while (found := client.get(path).json())["status"] in ("pending", "processing"):
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


def seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def resident(server: Server) -> int:
    """Bytes of memory that the server's process holds."""
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024
