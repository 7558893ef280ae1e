"""Passwords: argon2id, in a thread, at most two at once."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from courtyard.core.errors import Invalid

SHORTEST, LONGEST = 12, 1_024
_hasher = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)
_turns = asyncio.Semaphore(2)
_NOBODY = "$argon2id$v=19$m=47104,t=1,p=1$bm9ib2R5IGlzIGhlcmU$QHY8s5Xx8c6X2TnqB8tQ2n5r1m2pWQZ8q0m3kq2f0nA"
"""A well-formed hash of nothing: an unknown account costs the same time as a wrong password."""


async def hashed(password: str) -> str:
    """The hash to store. Raises Invalid for fewer than 12 or more than 1024 characters, and for a common password."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid("password", f"Between {SHORTEST} and {LONGEST} characters.", code="length")
    async with _turns:
        return await asyncio.to_thread(_hasher.hash, password)


async def verified(stored: str | None, password: str) -> bool:
    """Whether the password fits; as slow for an account without one."""
    async with _turns:
        return await asyncio.to_thread(_verify, stored or _NOBODY, password) and stored is not None


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password[:LONGEST])
    except VerificationError:
        return False
