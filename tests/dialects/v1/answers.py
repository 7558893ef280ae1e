"""What answers of v1 look like: the keys of each shape as the contract names them, problems, pages, entity tags."""

import json
from collections.abc import Callable
from typing import Any

from httpx2 import AsyncClient, Response

Clients = Callable[[str], AsyncClient]

SPACE = set(
    "id space_id number token slug name description visibility organization owner role space_type content_type"
    " logo_url background_url metadata created_at updated_at".split()
)
ARTIFACT = set(
    "id artifact_id space_id name type document_type status thread_id thread_ids content_type size checksum version"
    " download_url preview_url metadata tags created_by created_at updated_at error".split()
)
JOB = set(
    "id job_id artifact_id space_id kind status progress message attempt max_attempts error created_at started_at"
    " completed_at".split()
)
PROBLEM = set("type title status detail instance code".split())
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
UUID7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
UNKNOWN = "01890000-0000-7000-8000-000000000000"
REPORT = {"name": "Report", "type": "document", "content": "cGggNy4yCg=="}
"""A document to generate: `ph 7.2` and a line feed."""


def problem(response: Response, status: int, code: str | None = None) -> dict[str, Any]:
    """The problem document (RFC 9457) that this answer must be."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    said = response.json()
    assert set(said) == (PROBLEM | {"errors"} if status == 422 else PROBLEM)
    assert (said["status"], said["instance"]) == (status, f"urn:request:{response.headers['x-request-id']}")
    assert all(isinstance(said[name], str) and said[name] for name in PROBLEM - {"status"})
    for error in said.get("errors", []):
        assert set(error) == {"pointer", "code", "detail"}
    if status == 401:
        assert response.headers["www-authenticate"] == 'ApiKey realm="courtyard"'
    assert code is None or said["code"] == code, said
    return said


def pointers(response: Response) -> set[str]:
    """Where a 422 says that the request is wrong."""
    return {error["pointer"] for error in problem(response, 422)["errors"]}


def told(response: Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """Everything that an answer tells, but for its request id."""
    number = response.headers["x-request-id"]
    body = response.content.replace(number.encode(), b"REQUEST")
    headers = {**response.headers, "content-length": str(len(body)), "x-request-id": "REQUEST"}
    return response.status_code, sorted(headers.items()), body


async def made(client: AsyncClient, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    """What a POST has made: 201, and a `Location` under the collection."""
    response = await client.post(path, json={} if body is None else body, **more)
    assert response.status_code == 201, response.text
    assert response.headers["location"].startswith(path.removesuffix("/generate").removesuffix("/rotate"))
    return response.json()


async def got(client: AsyncClient, path: str, **params: Any) -> Any:
    """What a GET shows."""
    response = await client.get(path, params=params or None)
    assert response.status_code == 200, response.text
    return json.loads(response.content)


async def walk(client: AsyncClient, path: str, *, limit: int, **params: Any) -> list[dict[str, Any]]:
    """All rows of a list, page by page; the cursor and the `Link` must lead to the same next page."""
    rows: list[dict[str, Any]] = []
    response = await client.get(path, params={"limit": limit, **params})
    while True:
        assert response.status_code == 200, response.text
        page = response.json()
        assert set(page) == {"data", "cursor"}
        assert len(page["data"]) <= limit
        rows += page["data"]
        if page["cursor"] is None:
            assert "link" not in response.headers
            return rows
        assert len(page["data"]) == limit
        target, _, relation = response.headers["link"].partition("; ")
        assert relation == 'rel="next"'
        linked = await client.get(target.strip("<>"))
        response = await client.get(path, params={"limit": limit, "cursor": page["cursor"], **params})
        assert linked.json()["data"] == response.json()["data"]
