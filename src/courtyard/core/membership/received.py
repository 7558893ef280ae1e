"""What somebody was invited to: by whom, as what, and where it leads, as long as they belong there."""

from typing import LiteralString

import msgspec

from courtyard.core.actor import Actor
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.storage.database import Read


class Received(msgspec.Struct, frozen=True):
    """An invitation as the invited one sees it; without a space it is to the organization. `role` is the present one."""

    id: str
    role: str
    created_at: int
    space_id: str | None
    space_name: str | None
    organization_handle: str
    organization_name: str
    invited_by: str | None
    inviter: str | None


# Of several invitations to one place the last one counts.
_PAGE: LiteralString = (
    "select i.id, coalesce(m.role, g.role) as role, i.created_at, i.space_id, s.name as space_name,"
    " o.handle as organization_handle, o.name as organization_name, i.invited_by, b.username as inviter"
    " from invitation i left join space s on s.id = i.space_id"
    " join organization o on o.id = coalesce(s.organization_id, i.organization_id)"
    " left join member m on m.space_id = i.space_id and m.person_id = i.person_id"
    " left join organization_member g on g.organization_id = i.organization_id and g.person_id = i.person_id"
    " left join person b on b.id = i.invited_by"
    " where i.person_id = :person and i.state = 'accepted' and i.id < :past and coalesce(m.role, g.role) is not null"
    " and not exists (select 1 from invitation n where n.person_id = :person and n.state = 'accepted' and n.id > i.id"
    " and coalesce(n.space_id, n.organization_id) = coalesce(i.space_id, i.organization_id))"
    " order by i.id desc limit :limit"
)


async def page(tx: Read, actor: Actor, page: Page) -> Slice[Received]:
    """What the caller was invited to and still belongs to, newest first. Raises Unauthenticated, Forbidden."""
    actor.needs("read")
    actor.in_person()
    rows = await tx.all(Received, _PAGE, person=actor.person_id, past=page.after or LAST, limit=page.limit + 1)
    return cut(rows, page.limit)
