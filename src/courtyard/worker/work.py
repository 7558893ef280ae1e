"""What a job is given, and how it ends."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from courtyard.core.artifacts import thinning
from courtyard.core.queue import Job
from courtyard.storage.blobs import Blobs
from courtyard.storage.database import Database, Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The settings that background work depends on (see `courtyard.settings` for each)."""

    data_dir: Path
    public_url: str
    mail_from: str = "courtyard@localhost"
    smtp_url: str = ""
    hooks_allow_private: bool = False
    trash_days: int = 30
    history_days: int = 365
    versions_keep: str = thinning.DEFAULT
    import_limit: int = 10 * 1024 * 1024 * 1024
    request_log_days: int = 7


@dataclass(frozen=True, slots=True)
class Tools:
    """What a job works with."""

    database: Database
    blobs: Blobs
    setup: Setup


class Failed(Exception):
    """The job could not be done. The message is for people who look at the job; `final`: trying again will not help."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.final = final


Settle = Callable[[Write], Awaitable[bool]]
"""Writes the result and settles the job with its fence, in one transaction; False when the job was lost meanwhile."""

Task = Callable[[Tools, Job], Awaitable[Settle | None]]
"""Does the work with no transaction open while bytes move; None: there is nothing to write but that it is done."""
