"""Uploads that come in one request: their room is kept from its first byte on, by a lease that ends with whoever dies."""

from typing import LiteralString

import msgspec

from courtyard.core import clock, ids, quota
from courtyard.core.errors import NotFound
from courtyard.core.spaces import Space
from courtyard.core.uploads.actions import HOLD_SPACE
from courtyard.storage.database import Pair, Write

LEASE = 60 * clock.SECOND
SWEPT = 100
_INSERT: LiteralString = (
    "insert into reservation (id, space_id, size, lease_until) select :id, s.id, :size, :lease from space s"
    " where s.id = :space"
)
INSERT = Pair(sqlite=_INSERT, postgres=_INSERT + " for key share")
_LAPSED: LiteralString = (
    "delete from reservation where id in (select id from reservation where lease_until < :now order by lease_until"
    " limit :limit"
)
LAPSED = Pair(
    sqlite=_LAPSED + ") returning space_id, size",
    postgres=_LAPSED + " for update skip locked) returning space_id, size",
)


class _Lapsed(msgspec.Struct, frozen=True):
    space_id: str
    size: int


async def hold(tx: Write, space: Space, size: int) -> str:
    """Keep room for one artifact of so many bytes, in a space found with WRITE; its id. Raises QuotaExceeded, NotFound."""
    held_id = ids.new()
    if not await tx.run(INSERT, id=held_id, space=space.id, size=size, lease=clock.now() + LEASE):
        raise NotFound
    await quota.reserve(tx, space.id, size=size)
    return held_id


async def beat(tx: Write, held_id: str) -> bool:
    """Prolong the lease; False when it is over."""
    prolong = "update reservation set lease_until = :lease where id = :id"
    return bool(await tx.run(prolong, id=held_id, lease=clock.now() + LEASE))


async def claim(tx: Write, space_id: str, held_id: str) -> int | None:
    """How many bytes are kept, for whoever stores or releases them in this transaction; None when the lease ran out."""
    # The space before what is in it, as whoever deletes it does.
    await tx.one(str, HOLD_SPACE, id=space_id)
    return await tx.one(int, "delete from reservation where id = :id returning size", id=held_id)


async def give_up(tx: Write, space_id: str, held_id: str) -> None:
    """Nothing came of it."""
    size = await claim(tx, space_id, held_id)
    if size is not None:
        await quota.release(tx, space_id, size=size)


async def lapse(tx: Write) -> int:
    """Give back the room of those who died, a few at a time; how many."""
    lapsed = await tx.all(_Lapsed, LAPSED, now=clock.now(), limit=SWEPT)
    # In one order, so that two who sweep never wait for each other.
    for one in sorted(lapsed, key=lambda one: one.space_id):
        await quota.release(tx, one.space_id, size=one.size)
    return len(lapsed)
