"""What is over is removed now and then: sessions, challenges, mailed links."""

from courtyard.core.identity import mailed, passkeys, sessions
from courtyard.storage.database import Write


async def forget(tx: Write) -> int:
    """Remove sessions that have ended, challenges that nobody answered, and links that are long over; how many."""
    return await sessions.forget(tx) + await passkeys.forget(tx) + await mailed.forget(tx)
