"""Passwords: argon2id, in a thread, at most two at once."""

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from courtyard.core.errors import Invalid
from courtyard.core.identity.guessable import is_guessable

SHORTEST, LONGEST = 12, 1_024
_hasher = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)
# Two threads rather than a semaphore: whoever is cancelled while they wait leaves no third hash running, and threads
# belong to no event loop.
_threads = ThreadPoolExecutor(2, thread_name_prefix="passwords")
NOBODY = "$argon2id$v=19$m=47104,t=1,p=1$bm9ib2R5IGlzIGhlcmUuLg$3VjPTVxhXrJ1z8wIQdQH3pIHn0nWq8JqkQbJ0b0Yq1Y"
"""A well-formed hash that no password has: an unknown account costs the same time as a wrong password."""


class CommonPassword(Invalid):
    """This password is among the first that somebody would guess. Choose another one."""


async def hashed(password: str, *, field: str = "password", shortest: int = SHORTEST) -> str:
    """The hash to store; `field` is what a refusal calls it. Raises Invalid for fewer than 12 or more than 1024 characters, CommonPassword."""
    if not shortest <= len(password) <= LONGEST:
        raise Invalid(field, f"Between {shortest} and {LONGEST} characters.", code="length")
    if is_guessable(password):
        raise CommonPassword(field)
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, _plain(password))


async def verified(stored: str | None, password: str) -> bool:
    """Whether the password fits; as slow for an account without one."""
    fits = await asyncio.get_running_loop().run_in_executor(_threads, _verify, stored or NOBODY, password)
    return fits and stored is not None


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, _plain(password[: LONGEST + 1])) and len(password) <= LONGEST
    except VerificationError:
        return False


def _plain(password: str) -> bytes:
    """The same bytes for what looks the same on every keyboard; any character there is."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
