"""The guests of a workspace: every member but the owner, who alone may call these."""

from fastapi import APIRouter
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core.membership import invitations, members
from courtyard.core.membership.model import Member
from courtyard.core.paging import Page
from courtyard.dialects.workspaces import shapes
from courtyard.dialects.workspaces.doors import Owned, OwnerSeen, TheGuest
from courtyard.dialects.workspaces.errors import RESPONSES
from courtyard.dialects.workspaces.models import ROLES, GuestChange, NewGuest
from courtyard.web.answer import answer
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Whole, Write

router = APIRouter(route_class=Route, tags=["Guests"], responses=RESPONSES)
GUESTS = "/workspaces/{id}/guest/"
GUEST = "/workspaces/{id}/guest/{guest}"
BATCH = 500


class GuestList(TypedDict):
    message: str
    guests: list[shapes.GuestShape]


class OneGuest(TypedDict):
    message: str
    guest: shapes.GuestShape


@router.get(GUESTS, summary="Get Workspace Guests", response_model=GuestList)
async def list_guests(tx: Read, caller: Caller, space: OwnerSeen) -> Response:
    """All of them in the order in which they came, invited ones too."""
    rows: list[Member] = []
    more = True
    while more:
        found = await members.guests(tx, space, Page(BATCH, after=rows[-1].position if rows else None))
        rows += found.items
        more = found.more
    return answer(200, {"message": "Guests retrieved successfully", "guests": [shapes.guest(row) for row in rows]})


@router.post(GUESTS, summary="Add Guest to Workspace", response_model=OneGuest)
async def add_guest(tx: Write, caller: Caller, call: Whole, space: Owned, body: NewGuest) -> Response:
    """Whoever has that address is a guest at once and is told by mail; without an account the mail lets them claim one."""
    call.services.rates.take("invite", space.id)
    invited = await invitations.invite(tx, caller, space, body.guest, ROLES[body.rol])
    return _one("Guest created successfully", await members.find(tx, space, invited.member.person_id))


@router.put(GUEST, summary="Update Guest Role", response_model=OneGuest)
async def update_guest(tx: Write, caller: Caller, space: Owned, guest: TheGuest, body: GuestChange) -> Response:
    """It holds from the guest's very next request on."""
    changed = await members.set_role(tx, caller, space, guest.person_id, ROLES[body.rol])
    return _one("Guest updated successfully", changed)


@router.delete(GUEST, summary="Remove Guest from Workspace", response_model=OneGuest)
async def remove_guest(tx: Write, caller: Caller, space: Owned, guest: TheGuest) -> Response:
    """The one who was removed comes back once more in the answer."""
    return _one("Guest deleted successfully", await members.remove(tx, caller, space, guest.person_id))


def _one(message: str, member: Member) -> Response:
    return answer(200, {"message": message, "guest": shapes.guest(member)})
