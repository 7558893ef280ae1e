"""News: what happens in spaces, for whoever watches them now; written with its cause and forgotten after a day."""

from typing import Any, LiteralString

import msgspec

from courtyard.core import clock
from courtyard.storage.database import Pair, Write

KEPT = clock.DAY
BATCH = 1_000
TOLD = frozenset(
    "artifact.created artifact.updated artifact.trashed artifact.restored artifact.purged artifact.inspected"
    " artifact.replaced artifact.version_restored artifact.versions_thinned artifact.alias_set artifact.alias_removed"
    " artifact.previewed artifact.generated artifact.failed"
    " thread.created thread.updated thread.deleted message.created customer.created customer.updated customer.deleted"
    " member.added member.left member.removed member.role_set space.updated space.transferred"
    " space.background_set space.background_cleared job.cancelled job.retried".split()
)
"""What of the audit trail is news for every member. Invitations are not: they are for admins alone."""

_INSERT: LiteralString = "insert into news (tx, at, space_id, action, object_id, person_id, detail) values ("
_VALUES: LiteralString = ", :at, :space_id, :action, :object_id, :person_id, :detail)"
INSERT = Pair(
    sqlite=_INSERT + "0" + _VALUES, postgres=_INSERT + "cast(cast(pg_current_xact_id() as text) as bigint)" + _VALUES
)


async def tell(
    tx: Write, space_id: str, action: str, object_id: str | None, person_id: str | None, detail: dict[str, Any]
) -> None:
    """Add one, in the transaction of its cause. `detail` is plain facts: names and numbers, no bodies."""
    await tx.run(
        INSERT,
        at=clock.now(),
        space_id=space_id,
        action=action,
        object_id=object_id,
        person_id=person_id,
        detail=msgspec.json.encode(detail).decode() if detail else "{}",
    )


async def forget(tx: Write) -> bool:
    """Drop the oldest that are more than a day old, at most 1,000; whether there may be more of them."""
    oldest = await tx.one(int, "select number from news order by number limit 1")
    if oldest is None:
        return False
    gone = await tx.run(
        "delete from news where number < :end and at < :before", end=oldest + BATCH, before=clock.now() - KEPT
    )
    # Numbers have gaps: fewer than a thousand says nothing about those behind them.
    return gone > 0
