"""What answers of the Spaces API look like: its shapes, its lists, its refusals, and a walk through a list."""

from collections.abc import Callable
from typing import Any

from httpx2 import AsyncClient, Response

Clients = Callable[[str], AsyncClient]
CUSTOMER = ["object", "id", "name", "email", "created", "space"]
SPACE = ["object", "id", "created", "url"]
HOOK = ["object", "id", "event", "target_url", "api_version", "created"]
UNKNOWN = "cus_" + "0" * 32
TYPES = {401: "authentication_error", 503: "api_error", 507: "api_error"}


def refused(response: Response, status: int | None = None, param: str | None = "any") -> str:
    """The message of a refusal; `param` is the parameter that it must blame, None for none."""
    assert response.status_code >= 400
    assert response.status_code not in (403, 409, 410, 412, 415, 422), response.text
    assert status is None or response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    said = response.json()
    assert list(said) == ["message", "error"]
    assert list(said["error"]) == ["message", "type", "param"]
    assert said["message"] == said["error"]["message"]
    assert isinstance(said["message"], str)
    assert said["message"]
    assert said["error"]["type"] == TYPES.get(response.status_code, "invalid_request_error")
    challenge = 'Basic realm="Spaces"' if response.status_code == 401 else None
    assert response.headers.get("www-authenticate") == challenge
    assert param == "any" or said["error"]["param"] == param, response.text
    return said["message"]


def told(response: Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """Everything that an answer tells, but for its request id."""
    headers = sorted((name, value) for name, value in response.headers.items() if name != "x-request-id")
    return response.status_code, headers, response.content


async def got(client: AsyncClient, path: str, **params: Any) -> Any:
    """What a GET shows."""
    response = await client.get("/api/v1/" + path, params=params or None)
    assert response.status_code == 200, response.text
    return response.json()


async def listed(client: AsyncClient, path: str, **params: Any) -> tuple[list[Any], bool]:
    """The ids on a page, and whether there are more."""
    page = await got(client, path, **params)
    assert list(page) == ["object", "url", "count", "has_more", "data"]
    assert (page["object"], page["url"], page["count"]) == ("list", "/v1/" + path, len(page["data"]))
    return [row["id"] for row in page["data"]], page["has_more"]


async def walk(
    client: AsyncClient, path: str, *, limit: int, cursor: str = "starting_after", start: Any = None, **params: Any
) -> list[list[Any]]:
    """The ids of every page from `start` on, in the direction of the cursor's name."""
    pages: list[list[Any]] = []
    more, last = True, start
    while more:
        at = {} if last is None else {cursor: last}
        ids, more = await listed(client, path, limit=limit, **at, **params)
        assert len(ids) <= limit
        assert len(ids) == limit or not more
        pages.append(ids)
        last = ids[-1 if cursor == "starting_after" else 0] if ids else None
    return pages
