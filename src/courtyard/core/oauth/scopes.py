"""What an application may ask for: scopes that act, and those that only tell who its person is (OpenID Connect Core, 5.4)."""

from collections.abc import Iterable
from typing import Literal

from courtyard.core.actor import RANK, SCOPES

Telling = Literal["openid", "profile", "email"]
Word = Literal["read", "write", "admin", "openid", "profile", "email"]
TELLING: tuple[Telling, ...] = ("openid", "profile", "email")
"""They open nothing: see `credentials.authenticate`."""
WORDS: tuple[Word, ...] = (*SCOPES, *TELLING)


def words(scope: str) -> list[str]:
    """Scopes asked for, each once, known ones first; `read_write` is the original's word for both."""
    asked = dict.fromkeys(each for word in scope.split() for each in word.replace("read_write", "read write").split())
    return [*(word for word in WORDS if word in asked), *(word for word in asked if word not in WORDS)]


def granted(held: str, scope: str | None) -> list[str] | None:
    """What comes of asking for `scope` (nothing: all that is held); None when it is more than is held."""
    asked = words(scope or "") or words(held)
    return asked if set(asked) <= set(held.split()) else None


def within(scopes: str, most: str) -> str:
    """Those of `scopes` that `most` covers: one that acts contains the ones before it, one that tells stands for itself."""
    held = most.split()
    reach = max((RANK.get(word, 0) for word in held), default=0)
    return " ".join(word for word in scopes.split() if (RANK[word] <= reach if word in RANK else word in held))


def acting(scopes: Iterable[str]) -> list[str]:
    """Those that do something: all that a program has which acts for no person who could be told of."""
    return [word for word in scopes if word not in TELLING]
