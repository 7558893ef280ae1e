"""What a space holds and may hold, and what an organization holds."""

from fastapi import APIRouter
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core import quota
from courtyard.dialects.v1.doors import Belonged, Joined
from courtyard.web.answer import answer
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read

router = APIRouter(route_class=Route, tags=["Spaces"])


class Limits(TypedDict):
    """How much a space may hold; null is no limit."""

    bytes: int | None
    artifacts: int | None


class UsageShape(TypedDict):
    """What a space holds: bytes and artifacts, each version as one, the trash too; bytes reserved for what is under way."""

    bytes: int
    artifacts: int
    reserved: int
    limits: Limits


@router.get("/v1/spaces/{space_id}/usage", summary="See what a space holds", response_model=UsageShape)
async def get_usage(tx: Read, caller: Caller, space: Joined) -> Response:
    """For members."""
    return answer(200, shape(await quota.usage(tx, space.id)))


def shape(fact: quota.Usage) -> UsageShape:
    return {
        "bytes": fact.bytes,
        "artifacts": fact.artifacts,
        "reserved": fact.reserved_bytes,
        "limits": {"bytes": fact.bytes_limit or None, "artifacts": fact.artifacts_limit or None},
    }


class HoldingsShape(TypedDict):
    """What an organization holds: spaces, bytes and artifacts in them (each version as one, the trash too), members."""

    spaces: int
    bytes: int
    artifacts: int
    members: int


@router.get("/v1/organizations/{handle}/usage", summary="See what an organization holds", response_model=HoldingsShape)
async def get_organization_usage(tx: Read, caller: Caller, organization: Belonged) -> Response:
    """For members: also of spaces that they do not see."""
    found = await quota.of_organization(tx, organization.id)
    return answer(
        200,
        {"spaces": found.spaces, "bytes": found.bytes, "artifacts": found.artifacts, "members": found.members},
    )
