"""What keys, tokens and sessions did: one's own, and those of an organization for its admins."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core import request_log
from courtyard.core.clock import rfc3339
from courtyard.core.request_log import Filters, Request
from courtyard.dialects.v1.doors import Administered
from courtyard.dialects.v1.pages import PageShape, Paging, asked, page
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Whole

router = APIRouter(route_class=Route, tags=["Self"])
Method = Literal["", "GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]


class CredentialShape(TypedDict):
    """By which key, token of an application, login or session; without a name where that is gone, or is a session."""

    id: str
    kind: Literal["key", "login", "access", "session"] | None
    name: str | None
    prefix: str | None


class RequestShape(TypedDict):
    """One request: `route` is its path with the names of what varies, `ms` how long the answer took."""

    id: str
    at: str
    dialect: str
    method: str
    route: str
    path: str
    status: int
    ms: float
    credential: CredentialShape | None
    application_id: str | None
    address: str
    request_id: str


class RequestFilters(Paging):
    """What narrows the request log. `key`: the id of a key, token or session; `path`: how it begins."""

    key: str = ""
    method: Method = ""
    status: Literal["", "1xx", "2xx", "3xx", "4xx", "5xx"] = ""
    dialect: str = ""
    path: str = ""

    def core(self) -> Filters:
        return Filters(self.key, self.method, int(self.status[:1] or 0), self.dialect, self.path)


def request(fact: Request) -> RequestShape:
    return {
        "id": str(fact.number),
        "at": rfc3339(fact.at),
        "dialect": fact.dialect,
        "method": fact.method,
        "route": fact.route,
        "path": fact.path,
        "status": fact.status,
        "ms": fact.micros / 1_000,
        "credential": _credential(fact),
        "application_id": fact.application_id,
        "address": fact.address,
        "request_id": fact.request_id,
    }


def _credential(fact: Request) -> CredentialShape | None:
    if fact.credential_id is None:
        return None
    return {
        "id": fact.credential_id,
        "kind": fact.kind,  # pyright: ignore[reportReturnType] - the schema allows no other kind
        "name": fact.name,
        "prefix": fact.prefix,
    }


def _place(fact: Request) -> str:
    return str(fact.number)


@router.get("/v1/me/requests", summary="What my keys and sessions did", response_model=PageShape[RequestShape])
async def list_requests(caller: Caller, call: Whole, filters: Annotated[RequestFilters, Query()]) -> Response:
    """Every request of the last days, a few seconds late, newest first; never a body or a query. Needs the scope `admin`."""
    wanted = asked(call, filters)
    async with call.services.database.scan() as tx:
        return page(call, await request_log.of_person(tx, caller, filters.core(), wanted), request, _place)


@router.get(
    "/v1/organizations/{handle}/requests",
    tags=["Organizations"],
    summary="What the keys of an organization did",
    response_model=PageShape[RequestShape],
)
async def list_organization_requests(
    caller: Caller, call: Whole, organization: Administered, filters: Annotated[RequestFilters, Query()]
) -> Response:
    """Of its service keys, for its owners and admins; newest first. Needs the scope `admin`."""
    caller.needs("admin")
    wanted = asked(call, filters)
    async with call.services.database.scan() as tx:
        found = await request_log.of_organization(tx, organization.id, filters.core(), wanted)
    return page(call, found, request, _place)
