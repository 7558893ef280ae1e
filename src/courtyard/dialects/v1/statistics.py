"""The installation in numbers, for its administrators."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core import clock, statistics
from courtyard.core.clock import rfc3339
from courtyard.core.statistics import Numbers, Value, Worker
from courtyard.web.answer import answer
from courtyard.web.input import whole_number
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Whole

router = APIRouter(route_class=Route, tags=["Administration"])


class EndedJobs(TypedDict):
    completed: int
    failed: int
    cancelled: int


class JobsShape(EndedJobs):
    """Jobs by state; `oldest_pending_seconds` is how long the one waits that has waited longest, null when none does."""

    pending: int
    processing: int
    oldest_pending_seconds: float | None


class WorkerShape(TypedDict):
    """A process that does background work: `name` is its machine and process."""

    id: str
    name: str
    version: str
    started_at: str
    seen_at: str


class NowShape(TypedDict):
    """What is there now. `bytes` are of all files, with versions and trash; `artifacts` without them; no personal
    organizations. `unlogged_requests`: of the last day, too many at once for the request log.
    """

    at: str
    people: int
    spaces: int
    organizations: int
    artifacts: int
    bytes: int
    unlogged_requests: int
    jobs: JobsShape
    workers: list[WorkerShape]


class StatisticsShape(TypedDict):
    now: NowShape


def worker(fact: Worker) -> WorkerShape:
    return {
        "id": fact.id,
        "name": fact.name,
        "version": fact.version,
        "started_at": rfc3339(fact.started_at),
        "seen_at": rfc3339(fact.seen_at),
    }


def _now(numbers: Numbers, jobs: dict[str, int], workers: list[Worker]) -> NowShape:
    oldest = numbers.oldest_pending
    return {
        "at": rfc3339(clock.now()),
        "people": numbers.people,
        "spaces": numbers.spaces,
        "organizations": numbers.organizations,
        "artifacts": numbers.artifacts,
        "bytes": numbers.bytes,
        "unlogged_requests": numbers.unlogged,
        "jobs": {
            **_ended(jobs, ""),
            "pending": jobs.get("pending", 0),
            "processing": jobs.get("processing", 0),
            "oldest_pending_seconds": None if oldest is None else oldest / 1_000,
        },
        "workers": [worker(one) for one in workers],
    }


Requests = TypedDict("Requests", {"2xx": int, "3xx": int, "4xx": int, "5xx": int})
"""Requests to all APIs and pages by the class of their status."""


class BucketShape(TypedDict):
    """What happened in the hour or day (UTC) that begins `at`. `uploads`: artifacts that were uploaded, generated or got
    new content; `bytes`: what was stored at its end, null when nobody measured.
    """

    at: str
    requests: Requests
    uploads: int
    bytes: int | None
    jobs: EndedJobs


class SeriesShape(TypedDict):
    """Oldest first, up to now, without a gap."""

    days: int
    bucket: Literal["hour", "day"]
    data: list[BucketShape]


class Span(BaseModel):
    """How far back."""

    days: Annotated[Literal[1, 7, 30, 90], BeforeValidator(whole_number)] = 1


def _bucket(at: int, values: dict[str, int]) -> BucketShape:
    return {
        "at": rfc3339(at),
        "requests": {
            "2xx": values.get("requests.2xx", 0),
            "3xx": values.get("requests.3xx", 0),
            "4xx": values.get("requests.4xx", 0),
            "5xx": values.get("requests.5xx", 0),
        },
        "uploads": values.get("uploads", 0),
        "bytes": values.get("bytes"),
        "jobs": _ended(values, "jobs."),
    }


def _ended(values: dict[str, int], prefix: str) -> EndedJobs:
    return {
        "completed": values.get(prefix + "completed", 0),
        "failed": values.get(prefix + "failed", 0),
        "cancelled": values.get(prefix + "cancelled", 0),
    }


def _buckets(found: list[Value], since: int, width: int, number: int) -> list[BucketShape]:
    values: dict[int, dict[str, int]] = {}
    for one in found:
        values.setdefault(one.at, {})[one.name] = one.value
    return [_bucket(at, values.get(at, {})) for at in range(since, since + number * width, width)]


@router.get("/v1/statistics", summary="The installation in numbers", response_model=StatisticsShape)
async def get_statistics(caller: Caller, call: Whole) -> Response:
    """What is there now; for platform administrators."""
    async with call.services.database.scan() as tx:
        numbers = await statistics.now(tx, caller)
        return answer(200, {"now": _now(numbers, await statistics.jobs(tx), await statistics.workers(tx))})


@router.get("/v1/statistics/series", summary="What happened over time", response_model=SeriesShape)
async def get_series(caller: Caller, call: Whole, span: Annotated[Span, Query()]) -> Response:
    """Requests, uploads, stored bytes and jobs by hour (1 or 7 days) or by day (30 or 90); for platform administrators."""
    hourly = span.days <= 7
    width = clock.HOUR if hourly else clock.DAY
    number = span.days * 24 if hourly else span.days
    since = clock.now() // width * width - (number - 1) * width
    async with call.services.database.scan() as tx:
        found = await statistics.series(tx, caller, since, width)
    data = _buckets(found, since, width, number)
    return answer(200, {"days": span.days, "bucket": "hour" if hourly else "day", "data": data})
