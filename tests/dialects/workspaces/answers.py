"""What the refusals of workspaces look like."""

from collections.abc import Callable
from typing import Any

from httpx2 import AsyncClient, Response

Clients = Callable[[str], AsyncClient]
UNKNOWN = "01890000-0000-7000-8000-000000000000"


def refused(response: Response, status: int | None = None) -> Any:
    """The `detail` of a refusal: a list for validation alone, else a sentence."""
    assert response.status_code >= 400
    assert status is None or response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    said = response.json()
    assert set(said) == {"detail"}
    detail = said["detail"]
    if response.status_code == 422:
        assert detail
        assert all(set(one) == {"loc", "msg", "type"} for one in detail)
        assert all(one["loc"][0] in ("body", "query", "header") and one["msg"] and one["type"] for one in detail)
    else:
        assert isinstance(detail, str)
        assert detail
    assert (response.headers.get("www-authenticate") == "Bearer") == (response.status_code == 401)
    return detail


def places(response: Response) -> list[list[str | int]]:
    """Where a 422 says that the request is wrong."""
    return [one["loc"] for one in refused(response, 422)]
