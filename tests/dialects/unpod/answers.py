"""What answers of the platform look like: its envelopes, its refusals."""

from collections.abc import Callable
from typing import Any

from httpx2 import AsyncClient, Response

Clients = Callable[..., AsyncClient]
PLACE = "/api/v2/platform/"
SPACES = PLACE + "spaces/"
ORGANIZATIONS = PLACE + "organizations/"
SPACE = "name slug token description logo privacy_type space_type content_type organization".split()
ORGANIZATION = "name token domain domain_handle is_private_domain role".split()
TASK = "task_id run_id status task created modified".split()
RUN = "run_id status created modified".split()
UNKNOWN = "8KZRTQP7BNW5XEDLORYUHMJC"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def refused(response: Response, status: int | None = None) -> str:
    """The message of a refusal."""
    assert response.status_code >= 400
    assert response.headers["content-type"] == "application/json"
    said = response.json()
    assert list(said) == ["status_code", "message"]
    assert said["status_code"] == response.status_code
    assert status is None or response.status_code == status, response.text
    assert isinstance(said["message"], str)
    assert said["message"]
    assert response.headers.get("www-authenticate") == ("Token" if response.status_code == 401 else None)
    return said["message"]


def told(response: Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """Everything that an answer tells, but for its request id."""
    headers = sorted((name, value) for name, value in response.headers.items() if name != "x-request-id")
    return response.status_code, headers, response.content


async def listed(client: AsyncClient, path: str, **params: Any) -> tuple[int, list[Any]]:
    """The total and the rows of a list."""
    response = await client.get(path, params=params or None)
    assert response.status_code == 200, response.text
    page = response.json()
    assert list(page) == ["count", "status_code", "message", "data"]
    assert page["status_code"] == 200
    return page["count"], page["data"]


async def names(client: AsyncClient, **params: Any) -> list[str]:
    """The names of the spaces on a page."""
    return [space["name"] for space in (await listed(client, SPACES, **params))[1]]
