"""Which old versions are kept: all of the last day, and fewer the older they are, as the policy of the installation says."""

import re
from typing import LiteralString, NamedTuple

import msgspec

from courtyard.core import clock, events, quota
from courtyard.core.actor import system
from courtyard.storage.database import Pair, Read, Write

BATCH = 100
DEFAULT = "1d:all,7d:1h,30d:1d,rest:7d"
_UNITS = {"h": clock.HOUR, "d": clock.DAY, "w": 7 * clock.DAY}
_STEP = re.compile(r"(?:(\d{1,5})([hdw])|rest):(?:all|(\d{1,5})([hdw]))")


class Step(NamedTuple):
    """Of the versions younger than `until` one is kept in each `every` milliseconds; 0 keeps all of them."""

    until: int
    every: int


class Policy(NamedTuple):
    """Either the `newest` so many older versions are kept, or what `steps` say; neither keeps all."""

    newest: int | None = None
    steps: tuple[Step, ...] = ()

    def doomed(self, versions: "list[Old]", now: int) -> "list[Old]":
        """Those of an artifact's older versions (newest first) that go. A version with an alias stays."""
        if self.newest is not None:
            return [old for old in versions[self.newest :] if not old.named]
        seen: set[tuple[int, int]] = set()
        return [old for old in versions if self._repeats(old, now, seen) and not old.named]

    def _repeats(self, old: "Old", now: int, seen: set[tuple[int, int]]) -> bool:
        """Whether a newer version stands for the same stretch of time."""
        every = next((step.every for step in self.steps if now - old.created_at < step.until), 0)
        place = (every, old.created_at // every if every else 0)
        repeated = bool(every) and place in seen
        seen.add(place)
        return repeated

    @property
    def spares(self) -> int:
        """Versions younger than so many milliseconds are never looked at."""
        return self.steps[0].until if self.steps and not self.steps[0].every else 0


class Old(msgspec.Struct, frozen=True):
    """An older version, as much of it as a policy asks for."""

    version: int
    created_at: int
    named: int


class _Gone(msgspec.Struct, frozen=True):
    key: str
    size: int


class _Place(msgspec.Struct, frozen=True):
    id: str
    space_id: str


def parse(text: str) -> Policy:
    """`all`; a number, of older versions to keep; or steps: `1d:all,7d:1h,30d:1d,rest:7d`. Raises ValueError."""
    text = text.replace(" ", "").lower()
    if text == "all":
        return Policy()
    if text.isdigit() and len(text) <= 6:
        return Policy(newest=int(text))
    steps: list[Step] = []
    for part in text.split(","):
        match = _STEP.fullmatch(part)
        if match is None:
            raise ValueError(f"`{part}` is no step such as `7d:1h`, `1d:all` or `rest:7d`.")
        until = int(match[1]) * _UNITS[match[2]] if match[1] else 2**62
        steps.append(Step(until, int(match[3]) * _UNITS[match[4]] if match[3] else 0))
    if [step.until for step in steps] != sorted({step.until for step in steps}):
        raise ValueError("The steps go from the youngest versions to the oldest.")
    return Policy(steps=tuple(steps))


_LOCK: LiteralString = "select id, space_id from artifact where id = :id"
LOCK = Pair(sqlite=_LOCK, postgres=_LOCK + " for no key update")
_OLD: LiteralString = (
    "select v.version, v.created_at, case when exists (select 1 from artifact_alias l where l.artifact_id = v.artifact_id"
    " and l.version = v.version) then 1 else 0 end as named from artifact_version v where v.artifact_id = :id"
    " order by v.version desc"
)
# Its bytes go with the last version that has them.
_LET_GO: LiteralString = (
    "delete from artifact_version where artifact_id = :id and version = :version returning blob_key as key,"
    " case when exists (select 1 from artifact a where a.id = :id and a.blob_key = artifact_version.blob_key)"
    " or exists (select 1 from artifact_version o where o.artifact_id = :id and o.blob_key = artifact_version.blob_key"
    " and o.version <> :version) then 0 else size end as size"
)


async def candidates(tx: Read, policy: Policy, past: str) -> list[str]:
    """Artifacts (ids after `past`, in their order) that may have a version too many; at most 100. `tx` may take long."""
    return await tx.all(
        str,
        "select artifact_id from artifact_version where artifact_id > :past and created_at <= :before"
        " group by artifact_id having count(*) > :most order by artifact_id limit :limit",
        past=past,
        before=clock.now() - policy.spares,
        most=1 if policy.newest is None else policy.newest,
        limit=BATCH,
    )


async def thin(tx: Write, policy: Policy, artifact_id: str) -> int:
    """Drop the versions of an artifact that the policy does not keep; how many."""
    place = await tx.one(_Place, LOCK, id=artifact_id)
    if place is None:
        return 0
    doomed = policy.doomed(await tx.all(Old, _OLD, id=artifact_id), clock.now())
    size = 0
    for old in doomed:
        gone = await tx.one(_Gone, _LET_GO, id=artifact_id, version=old.version)
        if gone is not None and gone.size:
            size += gone.size
            await tx.run(
                "insert into blob_garbage (key, at) values (:key, :now) on conflict (key) do nothing",
                key=gone.key,
                now=clock.now(),
            )
    if doomed:
        numbers = [old.version for old in doomed]
        await events.record(
            tx,
            system("worker"),
            "artifact.versions_thinned",
            space_id=place.space_id,
            object_id=artifact_id,
            versions=numbers,
        )
        await quota.refund(tx, place.space_id, size=size, count=len(doomed))
    return len(doomed)
