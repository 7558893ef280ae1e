"""What time it is: integer milliseconds UTC, everywhere."""

import time
from datetime import UTC, datetime

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def now() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def rfc3339(at: int) -> str:
    """`2026-11-20T20:38:00.000Z` (RFC 3339, section 5.6), always with milliseconds."""
    seconds, milliseconds = divmod(at, 1_000)
    t = time.gmtime(seconds)
    return f"{t[0]:04}-{t[1]:02}-{t[2]:02}T{t[3]:02}:{t[4]:02}:{t[5]:02}.{milliseconds:03}Z"


def parse(text: str) -> int:
    """Milliseconds of an RFC 3339 time with its offset. Raises ValueError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time needs its offset")
    return int(at.astimezone(UTC).timestamp() * 1_000)
