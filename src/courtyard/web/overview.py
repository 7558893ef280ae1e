"""What a process knows of itself, for administrators: how it does, and which settings it goes by."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Level = Literal["ok", "note", "wrong"]


class Finding(NamedTuple):
    """What was looked at, how it is, what was seen, and what to do about it."""

    name: str
    level: Level
    seen: str
    advice: str = ""


class Setting(NamedTuple):
    """A setting as it is in effect. The value of a secret is never told; `is_set` says whether it has one.

    `source`: where the value comes from; `start` is what the process worked out or was told when it began.
    """

    name: str
    variable: str
    description: str
    value: Any
    default: Any
    secret: bool
    is_set: bool
    source: Literal["default", "environment", "file", "dotenv", "start"]


class Health(NamedTuple):
    """What was found, and some figures. `migration` is the newest one; disk space is of the data directory."""

    version: str
    engine: str
    migration: str
    disk_free: int
    disk_total: int
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Overview:
    """`examine` looks at everything anew."""

    settings: Sequence[Setting]
    examine: Callable[[], Awaitable[Health]]
