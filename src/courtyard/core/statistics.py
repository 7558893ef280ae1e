"""The installation in numbers, for its administrators: what is there now, and what happened hour by hour."""

from typing import LiteralString

import msgspec

from courtyard.core import clock
from courtyard.core.actor import Actor
from courtyard.storage.database import Read, Write

KEPT = 92 * clock.DAY
ALIVE = 90 * clock.SECOND
"""A worker says every thirty seconds that it is there."""
FARTHEST = 2 * clock.DAY
"""So far back a measurement looks, when nobody has measured for a while."""
UPLOADED = ("artifact.created", "artifact.replaced")


class Numbers(msgspec.Struct, frozen=True):
    """What is there. Personal organizations and the trash are not counted; `bytes` are, with versions and trash.

    `oldest_pending` is how many milliseconds ago the job was due that waits longest; `unlogged` requests are those of the
    last day that were too many for the log.
    """

    people: int
    spaces: int
    organizations: int
    artifacts: int
    bytes: int
    oldest_pending: int | None
    unlogged: int


class JobCount(msgspec.Struct, frozen=True):
    """How many jobs are in a state."""

    status: str
    count: int


class Worker(msgspec.Struct, frozen=True):
    """A process that does background work, or did a moment ago."""

    id: str
    name: str
    version: str
    started_at: int
    seen_at: int


class Value(msgspec.Struct, frozen=True):
    """One number of a bucket."""

    at: int
    name: str
    value: int


_NUMBERS: LiteralString = (
    "select (select count(*) from person where email_folded not like 'service:%') as people,"
    " (select count(*) from space) as spaces,"
    " (select count(*) from organization where personal_of is null) as organizations,"
    " (select count(*) from artifact where deleted_at is null) as artifacts,"
    " (select cast(coalesce(sum(bytes), 0) as bigint) from space_usage) as bytes,"
    " (select cast(:now as bigint) - min(due_at) from job where status = 'pending' and due_at <= :now) as oldest_pending,"
    " (select cast(coalesce(sum(value), 0) as bigint) from statistic where hour > :yesterday"
    " and name = 'requests.unlogged') as unlogged"
)
_ADD: LiteralString = (
    "insert into statistic (hour, name, value) values (:hour, :name, :value)"
    " on conflict (hour, name) do update set value = statistic.value + excluded.value"
)
_SET: LiteralString = (
    "insert into statistic (hour, name, value) values (:hour, :name, :value)"
    " on conflict (hour, name) do update set value = excluded.value"
)
_SUMS: LiteralString = (
    "select hour / :width * :width as at, name, cast(sum(value) as bigint) as value from statistic"
    " where hour >= :since and name <> 'bytes' group by 1, 2"
)
_BYTES: LiteralString = "select hour / :width * :width as at, name, value from statistic where hour >= :since and name = 'bytes' order by hour"
_JOBS: LiteralString = (
    "select status, count(*) as count from job where completed_at >= :since and completed_at < :until group by status"
)
_MEASURED: LiteralString = "select coalesce(max(hour), 0) from statistic where name = 'bytes' and hour > :past"


async def now(tx: Read, actor: Actor) -> Numbers:
    """What is there; `tx` may take long (`scan`). Raises Forbidden for all but administrators."""
    actor.administers()
    at = clock.now()
    found = await tx.one(Numbers, _NUMBERS, now=at, yesterday=at - clock.DAY)
    if found is None:
        raise AssertionError("a select without a table has one row")
    return found


async def jobs(tx: Read) -> dict[str, int]:
    """How many jobs are in each state."""
    rows = await tx.all(JobCount, "select status, count(*) as count from job group by status")
    return {row.status: row.count for row in rows}


async def workers(tx: Read) -> list[Worker]:
    """The workers that were there a moment ago, the oldest first."""
    return await tx.all(
        Worker,
        "select id, name, version, started_at, seen_at from worker where seen_at > :past order by started_at, id",
        past=clock.now() - ALIVE,
    )


async def series(tx: Read, actor: Actor, since: int, width: int) -> list[Value]:
    """Everything since then, summed up by so many milliseconds; of what is measured the last of each bucket comes last.

    Raises Forbidden for all but administrators.
    """
    actor.administers()
    sums = await tx.all(Value, _SUMS, since=since, width=width)
    return [*sums, *await tx.all(Value, _BYTES, since=since, width=width)]


async def count(tx: Write, at: int, counts: dict[str, int]) -> None:
    """Add to the numbers of that hour."""
    for name in sorted(counts):
        await tx.run(_ADD, hour=hour(at), name=name, value=counts[name])


async def unmeasured(tx: Read, at: int) -> list[int]:
    """The hours to measure: the one before the last that was measured, for its end, and all since."""
    last = await tx.one(int, _MEASURED, past=at - FARTHEST)
    first = hour(at) if not last else last - clock.HOUR
    return list(range(first, hour(at) + 1, clock.HOUR))


async def measure(tx: Read, since: int) -> dict[str, int]:
    """What happened in the hour that begins then; `tx` may take long (`scan`)."""
    until = since + clock.HOUR
    counts = {f"jobs.{row.status}": row.count for row in await tx.all(JobCount, _JOBS, since=since, until=until)}
    uploads = 0
    for action in UPLOADED:
        # Ids begin with the time, and the trail is long.
        uploads += (
            await tx.one(
                int,
                "select count(*) from event where id >= :first and id < :last and action = :action",
                first=_first_id(since),
                last=_first_id(until),
                action=action,
            )
            or 0
        )
    if uploads:
        counts["uploads"] = uploads
    return counts


async def stored(tx: Read) -> int:
    """The bytes of all files."""
    return await tx.one(int, "select cast(coalesce(sum(bytes), 0) as bigint) from space_usage") or 0


async def put(tx: Write, at: int, values: dict[str, int]) -> None:
    """Set the numbers of that hour."""
    for name in sorted(values):
        await tx.run(_SET, hour=hour(at), name=name, value=values[name])


async def appear(tx: Write, worker: Worker) -> None:
    """Say that a worker is there; those that have not been seen for a day are forgotten."""
    await tx.run(
        "insert into worker (id, name, version, started_at, seen_at) values (:id, :name, :version, :started, :seen)"
        " on conflict (id) do update set seen_at = excluded.seen_at",
        id=worker.id,
        name=worker.name,
        version=worker.version,
        started=worker.started_at,
        seen=worker.seen_at,
    )
    await tx.run("delete from worker where seen_at < :past", past=worker.seen_at - clock.DAY)


async def leave(tx: Write, worker_id: str) -> None:
    """Say that a worker ends."""
    await tx.run("delete from worker where id = :id", id=worker_id)


async def forget(tx: Write, *, at: int | None = None) -> None:
    """Drop what is older than anybody may ask for."""
    await tx.run("delete from statistic where hour < :past", past=(clock.now() if at is None else at) - KEPT)


def hour(at: int) -> int:
    """The beginning of the hour, UTC."""
    return at // clock.HOUR * clock.HOUR


def _first_id(at: int) -> str:
    stamp = f"{at:012x}"
    return f"{stamp[:8]}-{stamp[8:]}-"
