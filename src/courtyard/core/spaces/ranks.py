"""Where a numbered page of spaces begins, for protocols that count pages instead of carrying a cursor."""

from typing import LiteralString

from courtyard.core.access.roles import READABLE
from courtyard.core.actor import Actor
from courtyard.core.paging import Page
from courtyard.core.spaces.queries import in_organization
from courtyard.storage.database import Read

_RANKED: LiteralString = (
    "select s.id from space s left join member m on m.space_id = s.id and m.person_id = :person"
    " left join organization_member g on g.organization_id = s.organization_id and g.person_id = :person"
    " where s.organization_id = :organization and (:everything = 1 or " + READABLE + ")"
    " order by s.organization_id desc, s.id desc limit 1 offset :skipped"
)


async def ranked_in_organization(tx: Read, actor: Actor, organization_id: str, rank: int) -> str | None:
    """The id of the space at that rank (from 1) in `in_organization`, for `Page.after`; None beyond its end.

    It counts through the rows before: give it a transaction that may take long.
    """
    if actor.spaces is not None:
        _, whole = await in_organization(tx, actor, organization_id, Page(len(actor.spaces)))
        return whole.items[rank - 1].id if rank <= len(whole.items) else None
    return await tx.one(
        str,
        _RANKED,
        organization=organization_id,
        person=actor.person_id,
        everything=int(actor.administrator),
        skipped=rank - 1,
    )
