"""Guessing that was stopped: written down once for each window, or the trail would be as long as the guessing."""

from courtyard.core.accounts import signing_in
from courtyard.core.actor import Origin
from courtyard.storage.database import Busy, Database, Down, Full
from courtyard.web.rates import RateExceeded

GUESSING = frozenset({"failed_login", "bad_credentials"})


async def note(database: Database, refused: RateExceeded, origin: Origin) -> None:
    """Write it down if it is the first refusal of a guess in its window. It never refuses: the answer is made already."""
    if not refused.first or refused.allowance.name not in GUESSING:
        return
    try:
        async with database.write() as tx:
            await signing_in.note_locked(tx, origin, refused.allowance.name, refused.who)
    except (Full, Down, Busy):
        return
