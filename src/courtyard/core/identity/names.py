"""Names of which there is only one: held while somebody looks whether they are free."""

from typing import Literal

from courtyard.storage.database import Pair, Write

_HOLD = Pair(
    # SQLite lets one transaction write at a time: whoever looks is alone already.
    sqlite="select 1",
    postgres="select 1 from pg_advisory_xact_lock(hashtextextended(:name, 0))",
)


async def hold(tx: Write, kind: Literal["email", "username", "handle", "administrators"], folded: str) -> None:
    """Until this transaction ends nobody else who holds a name first takes this one.

    An insert can do without (`on conflict do nothing`), but an update has no such clause: two at once would both find the
    name free, and the second would be a violation instead of a refusal.
    """
    await tx.one(int, _HOLD, name=f"{kind} {folded}")
