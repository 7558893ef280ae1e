"""Room for the body of one request in the quota of its space: kept while it comes in, used or given back at its end."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from courtyard.core import clock, quota
from courtyard.core.quota import QuotaExceeded
from courtyard.core.spaces import Space
from courtyard.core.uploads import direct
from courtyard.storage.database import Busy, Database, Down, Full, Write
from courtyard.web.call import Call
from courtyard.web.files import least

BEAT = direct.LEASE / clock.SECOND / 3


class Room:
    """`left`: how many bytes the file may have, None without a limit. Where a space has no limits nothing is kept."""

    def __init__(self, space: Space, left: int | None = None, held: str = "") -> None:
        self.left = left
        self.claimed = False
        self._space, self._held = space, held

    async def claim(self, tx: Write) -> int | None:
        """How many of the bytes that this transaction stores have their room already; None: none of them, and no row."""
        self.claimed = True
        return await direct.claim(tx, self._space.id, self._held) if self._held else None

    async def prolong(self, database: Database) -> None:
        """Keep the lease until it is over or this is cancelled."""
        going_on = bool(self._held)
        while going_on:
            await asyncio.sleep(BEAT)
            with contextlib.suppress(Busy, Down, Full):
                async with database.write() as tx:
                    going_on = await direct.beat(tx, self._held)

    async def give_up(self, database: Database) -> None:
        """What cannot be given back now is when the lease is over."""
        if self._held:
            with contextlib.suppress(Busy, Down, Full):
                async with database.write() as tx:
                    await direct.give_up(tx, self._space.id, self._held)


@asynccontextmanager
async def kept(call: Call, space: Space) -> AsyncGenerator[Room]:
    """Room for what the head of the request announces, in a space found with WRITE. Raises QuotaExceeded, NotFound.

    Whoever names the bytes claims it in that transaction.
    """
    database, size = call.services.database, least(call)
    async with call.reading() as tx:
        usage = await quota.usage(tx, space.id)
    if not usage.room(size, 1):
        raise QuotaExceeded
    room = Room(space)
    if usage.limited:
        async with database.write() as tx:
            room = Room(space, usage.left, await direct.hold(tx, space, size))
    prolonging = asyncio.create_task(room.prolong(database))
    try:
        yield room
    except BaseException:
        await room.give_up(database)
        raise
    else:
        if not room.claimed:
            await room.give_up(database)
    finally:
        prolonging.cancel()
        await asyncio.gather(prolonging, return_exceptions=True)
