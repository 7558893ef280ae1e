"""Jobs: look at one, stop it, try it again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response, StreamingResponse

from courtyard.core import jobs, streams
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.errors import Refusal
from courtyard.core.jobs import Job
from courtyard.dialects.v1 import contents
from courtyard.dialects.v1.pages import PageShape, Paging, asked, page
from courtyard.web.answer import Answer
from courtyard.web.call import Call
from courtyard.web.preconditions import etag, one
from courtyard.web.route import Route
from courtyard.web.streams import EVENTS, HEADERS, CountedStream, holder
from courtyard.web.suppliers import Caller, Looking, Read, Supplier, Whole, Write

router = APIRouter(route_class=Route, tags=["Jobs"])

ENDED = frozenset({"completed", "failed", "cancelled"})
PAUSE, BEAT = 0.25, 15.0
"""Seconds between two looks at a watched job, and between two signs of life when nothing changes."""


class JobFilters(Paging):
    """What narrows the list; a value that nothing has gives an empty page."""

    status: str | None = None
    kind: str | None = None
    space: str | None = None

    def core(self) -> jobs.Filters:
        return jobs.Filters(status=self.status, kind=self.kind, space_id=self.space)


class JobDoor(Supplier):
    """The job in the path, for a caller who may do that in its space."""

    def __init__(self, permission: Permission) -> None:
        self._permission = permission

    def __call__(self, job_id: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Job:
        async with call.reading() as tx:
            return await jobs.find(tx, call.actor, call.params["job_id"], self._permission)


Watched = Annotated[Job, Depends(JobDoor(Permission.JOIN))]
Steered = Annotated[Job, Depends(JobDoor(Permission.WRITE))]


@router.get("/v1/jobs", summary="List jobs", response_model=PageShape[contents.JobShape])
async def list_jobs(caller: Caller, call: Whole, filters: Annotated[JobFilters, Query()]) -> Response:
    """The jobs of all spaces in which the caller has a role, newest first, without those of things in the trash."""
    wanted = asked(call, filters)
    async with call.services.database.scan() as tx:
        found = await jobs.of_caller(tx, caller, wanted, filters.core())
    return page(call, found, contents.job)


@router.get("/v1/jobs/{job_id}", summary="Get a job", response_model=contents.JobShape)
async def get_job(tx: Read, caller: Caller, call: Whole, job: Watched) -> Response:
    return one(call, contents.job(job))


@router.post("/v1/jobs/{job_id}/cancel", summary="Cancel a job", response_model=contents.JobShape)
async def cancel_job(tx: Write, caller: Caller, call: Whole, job: Steered) -> Response:
    """One that waits never runs; the result of one that runs is refused. 409 when it has ended."""
    return one(call, contents.job(await jobs.cancel(tx, caller, job)))


@router.post("/v1/jobs/{job_id}/retry", summary="Retry a job", response_model=contents.JobShape)
async def retry_job(tx: Write, caller: Caller, call: Whole, job: Steered) -> Response:
    """For one that failed or was cancelled; 409 otherwise."""
    return one(call, contents.job(await jobs.retry(tx, caller, job)))


@router.get("/v1/jobs/{job_id}/events", summary="Watch a job", response_class=StreamingResponse)
async def watch_job(call: Whole, caller: Caller, job: Watched) -> Response:
    """Server-sent events, one for each change, until the job has ended; `Last-Event-ID` leaves out what is known."""
    if call.method == "HEAD":
        return Answer(200, b"", None, {**HEADERS, "Content-Type": EVENTS})
    return CountedStream(call.services.streams, call.actor, _watch(call, job))


async def _watch(call: Call, job: Job) -> AsyncIterator[bytes]:
    known, quiet = call.header(b"last-event-id") or "", 0.0
    while True:
        body = msgspec.json.encode(contents.job(job))
        state = etag(body).strip('"')
        if state != known:
            known, quiet = state, 0.0
            yield b"event: job\nid: " + state.encode() + b"\ndata: " + body + b"\n\n"
        if job.status in ENDED:
            return
        if quiet >= BEAT:
            quiet = 0.0
            yield b":\n\n"
        await asyncio.sleep(PAUSE)
        quiet += PAUSE
        try:
            async with call.services.database.read() as tx:
                if call.services.streams.closed or not await _may_stay(tx, call.actor):
                    return
                # Through the door again: whoever may no longer see the job hears no more of it.
                job = await jobs.find(tx, call.actor, job.id)
        except Refusal:
            return


async def _may_stay(tx: Looking, actor: Actor) -> bool:
    """Whether the credential that opened the stream still opens anything, as the administrator's that it was."""
    wanted = {holder(actor), actor.person_id} if actor.administrator else {holder(actor)}
    return wanted <= await streams.holding(tx, wanted)
