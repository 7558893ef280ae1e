"""What the caller was invited to."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core.clock import rfc3339
from courtyard.core.membership import received
from courtyard.core.membership.received import Received
from courtyard.dialects.v1.pages import PageShape, Paging, asked, page
from courtyard.dialects.v1.shapes import OrganizationName, PersonName
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Whole

router = APIRouter(route_class=Route, tags=["Self"])


class PlaceName(TypedDict):
    id: str
    name: str


class ReceivedShape(TypedDict):
    """An invitation that the caller got; `space` is null where it was to the organization, `by` once they left."""

    id: str
    role: str
    space: PlaceName | None
    organization: OrganizationName
    by: PersonName | None
    created_at: str


def shape(fact: Received) -> ReceivedShape:
    return {
        "id": fact.id,
        "role": fact.role,
        "space": {"id": fact.space_id, "name": fact.space_name} if fact.space_id and fact.space_name else None,
        "organization": {"name": fact.organization_name, "handle": fact.organization_handle},
        "by": {"id": fact.invited_by, "username": fact.inviter} if fact.invited_by and fact.inviter else None,
        "created_at": rfc3339(fact.created_at),
    }


@router.get("/v1/me/invitations", summary="What I was invited to", response_model=PageShape[ReceivedShape])
async def list_received(tx: Read, caller: Caller, call: Whole, paging: Annotated[Paging, Query()]) -> Response:
    """Newest first, as long as you belong there. Who has an account is a member at once: to decline is to leave."""
    return page(call, await received.page(tx, caller, asked(call, paging)), shape)
