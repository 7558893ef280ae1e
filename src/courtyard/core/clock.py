"""What time it is: integer milliseconds UTC, everywhere."""

import time
from datetime import UTC, datetime
from functools import lru_cache

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def now() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


@lru_cache(maxsize=8192)
def rfc3339(at: int) -> str:
    """`2026-11-20T20:38:00.000Z` (RFC 3339, section 5.6), always with milliseconds.

    Kept, because the same few times are shown again and again, and writing one out costs more than the rest of a row.
    """
    seconds, milliseconds = divmod(at, 1_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{milliseconds:03}Z"


def parse(text: str) -> int:
    """Milliseconds of an RFC 3339 time with its offset. Raises ValueError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time needs its offset")
    return int(at.astimezone(UTC).timestamp() * 1_000)
