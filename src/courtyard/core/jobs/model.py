"""Jobs as people see them: with the name of what they are about, and as runs."""

import msgspec

from courtyard.core.queue import Job, Status


class SpaceJob(Job, frozen=True):
    """A job among all those of its space; `artifact_name` is None when it is about no artifact."""

    artifact_name: str | None

    @property
    def changed_at(self) -> int:
        return self.completed_at or self.started_at or self.created_at


class Run(msgspec.Struct, frozen=True):
    """All the jobs of one artifact. `status` is what goes on now, else what waits, else how the newest job ended."""

    artifact_id: str
    artifact_name: str
    status: Status
    jobs: int
    created_at: int
    changed_at: int


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What narrows the list of one's jobs; None means everything, a value that nothing has gives an empty page."""

    status: str | None = None
    kind: str | None = None
    space_id: str | None = None
