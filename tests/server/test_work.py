"""Workers as processes of their own, beside servers that do no background work."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.server.running import PATIENCE, Process, Server

DOCUMENTS = 40


@pytest.fixture
def shared(anyio_backend: str, postgres_address: str) -> dict[str, str]:
    """What processes of one installation have in common."""
    return {"database_url": postgres_address, "worker": "none"}


def worker(folder: Path, request: pytest.FixtureRequest, shared: dict[str, str]) -> Process:
    process = Process(folder, "work", ready="Working.\n", **shared)
    request.addfinalizer(process.end)
    return process


def wait_for_jobs(client: httpx2.Client, artifacts: list[Any]) -> list[Any]:
    """The jobs of these artifacts, once all of them have ended."""
    end = time.monotonic() + PATIENCE
    while True:
        jobs = [job for each in artifacts for job in client.get(f"{place(each)}/jobs").json()["data"]]
        if all(job["status"] == "completed" for job in jobs) or time.monotonic() > end:
            return jobs
        time.sleep(0.1)


def place(artifact: Any) -> str:
    return f"/v1/spaces/{artifact['space_id']}/artifacts/{artifact['id']}"


def documents(client: httpx2.Client, count: int) -> list[Any]:
    space = client.post("/v1/spaces", json={"name": "Library"}).json()["id"]
    body = {"type": "document", "content": "UGxhaW4gd29yZHMu"}
    made = [
        client.post(f"/v1/spaces/{space}/artifacts/generate", json={"name": f"{number}.txt", **body})
        for number in range(count)
    ]
    assert {answer.status_code for answer in made} == {201}
    return [answer.json() for answer in made]


def test_two_workers_do_every_job_once(folder: Path, shared: dict[str, str], request: pytest.FixtureRequest) -> None:
    server = Server(folder, **shared)
    request.addfinalizer(server.end)
    with server.client(server.log_in()) as client:
        made = documents(client, DOCUMENTS)
        waiting = client.get(f"{place(made[0])}/jobs").json()["data"]
        assert [job["status"] for job in waiting] == ["pending"]
        workers = [worker(folder, request, shared) for _ in range(2)]
        jobs = wait_for_jobs(client, made)
        assert {(job["status"], job["attempt"]) for job in jobs} == {("completed", 1)}
        assert Counter(job["kind"] for job in jobs)["inspect"] == DOCUMENTS
        assert client.get(place(made[0])).json()["content_type"] == "text/plain"
    for each in workers:
        each.terminate()
    assert [each.ended() for each in workers] == [0, 0]


def test_two_servers_share_one_installation(
    folder: Path, shared: dict[str, str], request: pytest.FixtureRequest
) -> None:
    servers = [Server(folder, **shared) for _ in range(2)]
    for server in servers:
        request.addfinalizer(server.end)
    key = servers[0].log_in()
    with servers[0].client(key) as first, servers[1].client(key) as second:
        made = first.post("/v1/spaces", json={"name": "Library"})
        assert second.get(made.headers["location"]).json() == made.json()
        first.delete(made.headers["location"])
        assert second.get(made.headers["location"]).status_code == 404
