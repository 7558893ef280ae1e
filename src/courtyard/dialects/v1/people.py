"""Who belongs to a space or an organization: members, invitations, transfer."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core import spaces
from courtyard.core.access.roles import RANK, role
from courtyard.core.identity import passwords
from courtyard.core.membership import invitations, members, organization_members
from courtyard.core.membership.invitations import InvitationOver
from courtyard.core.membership.model import Member, OrganizationMember
from courtyard.dialects.v1 import shapes
from courtyard.dialects.v1.doors import Administered, Belonged, Joined, Managed, Overseen, Owned
from courtyard.dialects.v1.models import Acceptance, NewInvitation, RoleChange, Transfer
from courtyard.dialects.v1.pages import PageShape, Paging, asked, page
from courtyard.web.answer import Answer, answer
from courtyard.web.preconditions import one
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Visitor, Whole, Write

router = APIRouter(route_class=Route, tags=["People"])
SPACE = "/v1/spaces/{space_id}"
ORGANIZATION = "/v1/organizations/{handle}"
MEMBERS = PageShape[shapes.MemberShape]
INVITATIONS = PageShape[shapes.InvitationShape]


def _position(member: Member | OrganizationMember) -> str:
    return member.position


@router.get(SPACE + "/members", summary="List members", response_model=MEMBERS)
async def list_members(
    tx: Read, caller: Caller, call: Whole, space: Joined, paging: Annotated[Paging, Query()]
) -> Response:
    """Those who joined last first; e-mail addresses are for admins."""
    with_email = RANK[role(caller, space)] >= RANK["admin"]
    found = await members.page(tx, space, asked(call, paging))
    return page(call, found, lambda member: shapes.member(member, with_email=with_email), _position)


@router.get(SPACE + "/members/{user_id}", summary="Get a member", response_model=shapes.MemberShape)
async def get_member(tx: Read, caller: Caller, call: Whole, space: Joined, user_id: str) -> Response:
    """404 for whoever has no role of their own in the space."""
    with_email = RANK[role(caller, space)] >= RANK["admin"]
    return one(call, shapes.member(await members.find(tx, space, user_id), with_email=with_email))


@router.put(SPACE + "/members/{user_id}", summary="Change a member's role", response_model=shapes.MemberShape)
async def update_member(tx: Write, caller: Caller, space: Managed, user_id: str, body: RoleChange) -> Response:
    """`viewer`, `editor` or `admin`; the owner changes by a transfer only."""
    member = await members.set_role(tx, caller, space, user_id, body.role)
    return answer(200, shapes.member(member, with_email=True))


@router.delete(SPACE + "/members/{user_id}", status_code=204, summary="Remove a member, or leave")
async def delete_member(tx: Write, caller: Caller, space: Joined, user_id: str) -> Response:
    """Admins remove anybody but the owner; everybody may remove themselves."""
    await members.remove(tx, caller, space, user_id)
    return Answer(204)


@router.get(SPACE + "/invitations", summary="List open invitations", response_model=INVITATIONS)
async def list_invitations(
    tx: Read, caller: Caller, call: Whole, space: Overseen, paging: Annotated[Paging, Query()]
) -> Response:
    """Newest first; for admins."""
    return page(call, await invitations.page(tx, space, asked(call, paging)), shapes.invitation)


@router.post(SPACE + "/invitations", status_code=201, summary="Invite", response_model=shapes.InvitationShape)
async def create_invitation(tx: Write, caller: Caller, call: Whole, space: Managed, body: NewInvitation) -> Response:
    """Who has an account becomes a member at once; an unknown address gets a mail to claim one. Both are mailed."""
    call.services.rates.take("invite", space.id)
    invited = await invitations.invite(tx, caller, space, body.email, body.role, body.expires_in_days)
    return answer(201, shapes.invitation(invited.invitation), {"Location": f"/v1/spaces/{space.id}/invitations"})


@router.post(
    SPACE + "/invitations/{invitation_id}/resend",
    summary="Mail an invitation again",
    response_model=shapes.InvitationShape,
)
async def resend_invitation(tx: Write, caller: Caller, space: Managed, invitation_id: str) -> Response:
    """The older link dies; 429 within 60 seconds of the last mail."""
    found = await invitations.find(tx, space, invitation_id)
    return answer(200, shapes.invitation(await invitations.resend(tx, caller, found)))


@router.delete(SPACE + "/invitations/{invitation_id}", status_code=204, summary="Revoke an invitation")
async def delete_invitation(tx: Write, caller: Caller, space: Managed, invitation_id: str) -> Response:
    """The pending member goes with it."""
    await invitations.revoke(tx, caller, await invitations.find(tx, space, invitation_id))
    return Answer(204)


@router.post("/v1/invitations/accept", summary="Accept an invitation", response_model=shapes.AcceptedShape)
async def accept_invitation(caller: Visitor, call: Whole, body: Acceptance) -> Response:
    """Single use, for the invited address alone; needs no credential, since its owner has none yet."""
    rates, client = call.services.rates, call.arrival.client
    try:
        async with call.reading() as tx:
            await invitations.look(tx, body.token)
    except InvitationOver:
        rates.take("bad_credentials", client)
        raise
    password_hash = None
    if body.password is not None:
        rates.take("login", client, "claim")
        password_hash = await passwords.hashed(body.password)
    async with call.services.database.write() as tx:
        accepted = await invitations.accept(tx, caller, body.token, username=body.username, password_hash=password_hash)
    return answer(200, shapes.accepted(accepted))


@router.post(SPACE + "/transfer", summary="Transfer a space", response_model=shapes.SpaceShape)
async def transfer_space(tx: Write, caller: Caller, call: Whole, space: Owned, body: Transfer) -> Response:
    """To a member (409 otherwise); the old owner stays as admin."""
    return one(call, shapes.space(caller, await spaces.transfer(tx, caller, space, body.user_id)))


@router.get(ORGANIZATION + "/members", summary="List members of an organization", response_model=MEMBERS)
async def list_organization_members(
    tx: Read, caller: Caller, call: Whole, organization: Belonged, paging: Annotated[Paging, Query()]
) -> Response:
    """Those who joined last first; e-mail addresses are for owners and admins, by credentials without limits."""
    with_email = caller.spaces is None and organization.belonging(caller) in ("owner", "admin")
    found = await organization_members.page(tx, organization, asked(call, paging))
    return page(call, found, lambda member: shapes.member(member, with_email=with_email), _position)


@router.get(
    ORGANIZATION + "/members/{user_id}", summary="Get a member of an organization", response_model=shapes.MemberShape
)
async def get_organization_member(
    tx: Read, caller: Caller, call: Whole, organization: Belonged, user_id: str
) -> Response:
    with_email = caller.spaces is None and organization.belonging(caller) in ("owner", "admin")
    found = await organization_members.find(tx, organization, user_id)
    return one(call, shapes.member(found, with_email=with_email))


@router.put(
    ORGANIZATION + "/members/{user_id}", summary="Change a role in an organization", response_model=shapes.MemberShape
)
async def update_organization_member(
    tx: Write, caller: Caller, organization: Administered, user_id: str, body: RoleChange
) -> Response:
    """`owner`, `admin` or `member`; owners are made and unmade by owners."""
    member = await organization_members.set_role(tx, caller, organization, user_id, body.role)
    return answer(200, shapes.member(member, with_email=True))


@router.delete(ORGANIZATION + "/members/{user_id}", status_code=204, summary="Remove from an organization, or leave it")
async def delete_organization_member(tx: Write, caller: Caller, organization: Belonged, user_id: str) -> Response:
    """There is always at least one owner (409)."""
    await organization_members.remove(tx, caller, organization, user_id)
    return Answer(204)


@router.get(
    ORGANIZATION + "/invitations", summary="List open invitations of an organization", response_model=INVITATIONS
)
async def list_organization_invitations(
    tx: Read, caller: Caller, call: Whole, organization: Administered, paging: Annotated[Paging, Query()]
) -> Response:
    """Newest first; for owners and admins."""
    return page(call, await invitations.page(tx, organization, asked(call, paging)), shapes.invitation)


@router.post(
    ORGANIZATION + "/invitations",
    status_code=201,
    summary="Invite to an organization",
    response_model=shapes.InvitationShape,
)
async def create_organization_invitation(
    tx: Write, caller: Caller, call: Whole, organization: Administered, body: NewInvitation
) -> Response:
    """As for a space, with the roles `owner`, `admin`, `member`."""
    call.services.rates.take("invite", organization.id)
    invited = await invitations.invite(tx, caller, organization, body.email, body.role, body.expires_in_days)
    location = f"/v1/organizations/{organization.handle}/invitations"
    return answer(201, shapes.invitation(invited.invitation), {"Location": location})


@router.post(
    ORGANIZATION + "/invitations/{invitation_id}/resend",
    summary="Mail an invitation to an organization again",
    response_model=shapes.InvitationShape,
)
async def resend_organization_invitation(
    tx: Write, caller: Caller, organization: Administered, invitation_id: str
) -> Response:
    """The older link dies; 429 within 60 seconds of the last mail."""
    found = await invitations.find(tx, organization, invitation_id)
    return answer(200, shapes.invitation(await invitations.resend(tx, caller, found)))


@router.delete(
    ORGANIZATION + "/invitations/{invitation_id}", status_code=204, summary="Revoke an invitation to an organization"
)
async def delete_organization_invitation(
    tx: Write, caller: Caller, organization: Administered, invitation_id: str
) -> Response:
    """The pending member goes with it."""
    await invitations.revoke(tx, caller, await invitations.find(tx, organization, invitation_id))
    return Answer(204)
