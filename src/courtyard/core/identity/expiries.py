"""Keys that are about to expire: their people are told a week before, and once more on the last day."""

from typing import LiteralString

import msgspec

from courtyard.core import clock, events
from courtyard.storage.database import Read, Write

NOTICES = (7 * clock.DAY, clock.DAY)
"""So long before its end a key is spoken of; one that never had that long to live is not."""
BATCH = 100


class Expiring(msgspec.Struct, frozen=True):
    """What a mail says of a key. `organization` is the name of the one whose service key it is."""

    id: str
    name: str
    prefix: str
    last4: str
    expires_at: int
    organization: str | None


# Rotated keys are spoken of no more: their end is what somebody asked for.
_ALIVE: LiteralString = " c.kind = 'key' and c.revoked_at is null and c.successor_id is null and c.expires_at > :now"
_DUE: LiteralString = (
    "select c.id from credential c join person p on p.id = c.person_id where"
    + _ALIVE
    + " and c.expires_at <= :now + :notice and c.created_at < c.expires_at - :notice"
    " and (c.warned_at is null or c.warned_at < c.expires_at - :notice) and p.state = 'active'"
    " order by c.expires_at limit :limit"
)
_TOLD: LiteralString = (
    "update credential set warned_at = :now where id = :id and (warned_at is null or warned_at < expires_at - :notice)"
)
# Whose it is; of a service key, whoever administers the organization.
_READERS: LiteralString = (
    "select p.id, p.email from credential c join person p on p.id = c.person_id"
    " where c.id = :id and c.organization_id is null and p.state = 'active'"
    " union select p.id, p.email from credential c join organization_member g on g.organization_id = c.organization_id"
    " join person p on p.id = g.person_id where c.id = :id and g.role in ('owner', 'admin') and p.state = 'active'"
    " and p.id <> c.person_id"
)


class _Reader(msgspec.Struct, frozen=True):
    id: str
    email: str


async def warn(tx: Write) -> int:
    """Promise the mails that are due, each once, in any number of processes at once; of how many keys."""
    keys = 0
    # The last day first: who is told that has no need of the other.
    for notice in sorted(NOTICES):
        for key_id in await tx.all(str, _DUE, now=clock.now(), notice=notice, limit=BATCH):
            if await tx.run(_TOLD, now=clock.now(), id=key_id, notice=notice):
                await _tell(tx, key_id)
                keys += 1
    return keys


async def _tell(tx: Write, key_id: str) -> None:
    for reader in await tx.all(_Reader, _READERS, id=key_id):
        await events.post(tx, "key_expiring", reader.email, key_id=key_id, person_id=reader.id)


async def seek(tx: Read, key_id: str) -> Expiring | None:
    """What there is to say of a key; None when it has ended or was rotated meanwhile."""
    return await tx.one(
        Expiring,
        "select c.id, c.name, c.prefix, c.last4, c.expires_at, o.name as organization from credential c"
        " left join organization o on o.id = c.organization_id where c.id = :id and" + _ALIVE,
        id=key_id,
        now=clock.now(),
    )
