"""Lists of what the original sells and Courtyard does not have: there, and empty."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core.paging import Slice
from courtyard.dialects.spaces_pe.errors import RESPONSES
from courtyard.dialects.spaces_pe.pages import ListShape, Paging, asked, nowhere, page
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read

router = APIRouter(route_class=Route, tags=["Empty lists"], responses=RESPONSES)
NAMES = ("events", "webhooks", "captured_emails", "invoices", "subscriptions")


def _empty(name: str) -> Callable[..., Awaitable[Response]]:
    async def list_nothing(tx: Read, caller: Caller, paging: Annotated[Paging, Query()]) -> Response:
        """Always empty; `limit` and cursors are looked at all the same."""
        caller.needs("read")
        await asked(paging, nowhere)
        nothing: Slice[dict[str, Any]] = Slice([], more=False)
        return page(f"/v1/{name}", nothing, dict)

    return list_nothing


for _name in NAMES:
    router.get(
        f"/api/v1/{_name}", summary=f"List all {_name.replace('_', ' ')}", response_model=ListShape[dict[str, Any]]
    )(_empty(_name))
