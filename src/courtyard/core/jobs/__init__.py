"""Jobs: background work, as people see it and as workers do it (see `courtyard.core.queue`)."""

from courtyard.core.jobs.actions import Ended, NotEnded, cancel, retry
from courtyard.core.jobs.model import Filters, Run, SpaceJob
from courtyard.core.jobs.queries import find, of_artifact, of_caller, of_space, runs
from courtyard.core.jobs.ranks import ranked_of_space, ranked_run
from courtyard.core.queue import (
    ATTEMPTS,
    FARTHEST,
    LEASE,
    Job,
    Status,
    any_lost,
    beat,
    claim,
    complete,
    enqueue,
    fail,
    next_due,
    pause,
    recover,
    release,
)

__all__ = [
    "ATTEMPTS",
    "FARTHEST",
    "LEASE",
    "Ended",
    "Filters",
    "Job",
    "NotEnded",
    "Run",
    "SpaceJob",
    "Status",
    "any_lost",
    "beat",
    "cancel",
    "claim",
    "complete",
    "enqueue",
    "fail",
    "find",
    "next_due",
    "of_artifact",
    "of_caller",
    "of_space",
    "pause",
    "ranked_of_space",
    "ranked_run",
    "recover",
    "release",
    "retry",
    "runs",
]
