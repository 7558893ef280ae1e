"""How often who may do what: bounded counters in memory, one per policy and key."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from ipaddress import IPv6Address, ip_network
from math import ceil
from time import monotonic
from typing import NamedTuple

from courtyard.core import text
from courtyard.core.errors import TooMany

_KEYS = 100_000
LONGEST = 254
"""So much of an e-mail address is looked at."""


class Rate(NamedTuple):
    """At most `limit` in `seconds`; `by_address` says that keys begin with the client's address."""

    limit: int
    seconds: int
    by_address: bool = False


# What is promised by default; the settings change the numbers.
POLICIES: Mapping[str, Rate] = {
    "login": Rate(10, 60, by_address=True),
    "failed_login": Rate(5, 900, by_address=True),
    "bad_credentials": Rate(60, 60, by_address=True),
    "anonymous": Rate(120, 60, by_address=True),
    "api": Rate(1200, 60),
    "generate": Rate(30, 60),
    "upload": Rate(60, 60),
    "invite": Rate(20, 3600),
}


class Allowance(NamedTuple):
    """What is left of a policy for one key: `reset` is in whole seconds, when the whole limit is there again."""

    name: str
    rate: Rate
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """`RateLimit` and `RateLimit-Policy` as in draft-ietf-httpapi-ratelimit-headers."""
        return {
            "RateLimit": f'"{self.name}";r={self.remaining};t={self.reset}',
            "RateLimit-Policy": f'"{self.name}";q={self.rate.limit};w={self.rate.seconds}',
        }


class RateExceeded(TooMany):
    """Too many requests. Try again later."""

    code = TooMany.code

    def __init__(self, allowance: Allowance, who: tuple[str, ...] = (), *, first: bool = False) -> None:
        """`who` was counted; `first` says that nobody was refused before in this window."""
        super().__init__(allowance.reset)
        self.allowance = allowance
        self.who = who
        self.first = first

    def headers(self) -> dict[str, str]:
        """`Retry-After` and the two `RateLimit` headers."""
        return {"Retry-After": str(self.retry_after), **self.allowance.headers()}


class Rates:
    """The counters. A window opens with the first use of a key and counts until its time is over.

    So a client never waits longer than it is told, and what it is told is exact; across the border of two windows it
    may do twice the limit, as with a token bucket. Counters are this process's own and are gone with it.
    """

    def __init__(self, policies: Mapping[str, Rate] = POLICIES, *, on: bool = True, keys: int = _KEYS) -> None:
        self._policies = policies
        self._on = on
        self._keys = keys
        self._held = 0
        # Per policy: key -> (end of the window, uses in it), in the order in which the windows opened.
        self._windows: dict[str, dict[str, tuple[float, int]]] = {name: {} for name in policies}

    def take(self, name: str, key: str, *more: str) -> Allowance | None:
        """Count one use by `key` (and what else tells it apart). None when rates are off. Raises RateExceeded."""
        if not self._on:
            return None
        rate = self._policies[name]
        windows = self._windows[name]
        whole = _key(rate, key, more)
        now = monotonic()
        known = windows.get(whole)
        if known is None or known[0] <= now:
            self._open(windows, whole, now + rate.seconds)
            return Allowance(name, rate, rate.limit - 1, rate.seconds)
        end, used = known
        allowance = Allowance(name, rate, max(0, rate.limit - used - 1), ceil(end - now))
        # One more than there are, once somebody was refused.
        windows[whole] = (end, min(used, rate.limit) + 1)
        if used >= rate.limit:
            raise RateExceeded(allowance, (key, *more), first=used == rate.limit)
        return allowance

    def check(self, name: str, key: str, *more: str) -> None:
        """Refuse when nothing is left, without counting: for what counts only when it fails. Raises RateExceeded."""
        if not self._on:
            return
        rate = self._policies[name]
        known = self._windows[name].get(_key(rate, key, more))
        now = monotonic()
        if known is not None and known[0] > now and known[1] >= rate.limit:
            raise RateExceeded(Allowance(name, rate, 0, ceil(known[0] - now)))

    def forget(self, name: str, key: str, *more: str) -> None:
        """Give back what `key` has used: a sign-in that succeeds ends the count of those that failed."""
        if self._windows[name].pop(_key(self._policies[name], key, more), None) is not None:
            self._held -= 1

    @contextmanager
    def tried(self, name: str, key: str, *more: str) -> Generator[None, None, None]:
        """Count a try of a secret before it is judged, or twenty at once would all be the first; a right one ends the count.

        What is raised within is a wrong one. Raises RateExceeded.
        """
        self.take(name, key, *more)
        yield
        self.forget(name, key, *more)

    @contextmanager
    def signing_in(self, client: str, email: str) -> Generator[None, None, None]:
        """Count a sign-in with a password: each by the client's address, wrong ones by the account too. Raises RateExceeded."""
        self.take("login", client)
        with self.tried("failed_login", client, text.fold(email.strip())[:LONGEST]):
            yield

    def _open(self, windows: dict[str, tuple[float, int]], key: str, end: float) -> None:
        if windows.pop(key, None) is None:
            self._held += 1
        windows[key] = (end, 1)
        if self._held > self._keys:
            self._drop()

    def _drop(self) -> None:
        """Forget the oldest of the fullest policy: who floods one policy must not empty the others."""
        fullest = max(self._windows.values(), key=len)
        del fullest[next(iter(fullest))]
        self._held -= 1


def _key(rate: Rate, key: str, more: tuple[str, ...]) -> str:
    first = _network(key) if rate.by_address and ":" in key else key
    return "\n".join((first, *more)) if more else first


@lru_cache(maxsize=4096)
def _network(address: str) -> str:
    """One subscriber of IPv6 has a whole /64; its addresses are one client."""
    try:
        return str(ip_network((IPv6Address(address), 64), strict=False))
    except ValueError:
        return address
