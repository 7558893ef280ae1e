"""Artifacts: list, look, download, change, put into the trash and take out again; their jobs (seed 002)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response

from courtyard.core import artifacts, clock, jobs, search
from courtyard.core.access.roles import Permission, require, role
from courtyard.core.artifacts import history
from courtyard.core.errors import Invalid
from courtyard.core.paging import Slice
from courtyard.dialects.v1 import contents
from courtyard.dialects.v1.doors import (
    EndedArtifact,
    Joined,
    Readable,
    Reviewed,
    TheArtifact,
    TrashedArtifact,
    Writable,
)
from courtyard.dialects.v1.models import ArtifactFilters, ArtifactPatch, time
from courtyard.dialects.v1.pages import PageShape, Paging, asked, page
from courtyard.web.answer import Answer
from courtyard.web.download import Download, File
from courtyard.web.preconditions import expect, one
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Whole, Write

router = APIRouter(route_class=Route, tags=["Artifacts"])
PLACE = "/v1/spaces/{space_id}/artifacts"
ONE = PLACE + "/{artifact_id}"


class Listing(ArtifactFilters):
    """`as_of` is an RFC 3339 time: the list as it was then. `q` is what is looked for, as in a search."""

    as_of: str | None = None
    q: str = ""

    def moment(self, history_days: int) -> int | None:
        """That time in milliseconds. Raises Invalid."""
        if self.as_of is None:
            return None
        # The plus sign of an offset reads as a space in a query string.
        at, now = time("as_of", self.as_of.replace(" ", "+") if "T" in self.as_of else self.as_of), clock.now()
        if at > now:
            raise Invalid("as_of", "This is in the future.", code="future")
        if self.q:
            raise Invalid("q", "The past cannot be searched.", code="unsupported")
        if history_days and at < now - history_days * clock.DAY:
            raise Invalid("as_of", f"The past is known for {history_days} days.", code="forgotten")
        return at


class Ending(BaseModel):
    """`purge=true` ends it for good instead of putting it into the trash."""

    purge: Literal["true", "false"] = "false"


@router.get(PLACE, summary="List artifacts", response_model=PageShape[contents.ArtifactShape])
async def list_artifacts(
    tx: Read, caller: Caller, call: Whole, space: Readable, filters: Annotated[Listing, Query()]
) -> Response:
    """Newest first, without those in the trash; with `as_of`, for members, as they were at that time.

    With `q` those in which it is found: by the name first, then by the text, tags and metadata.
    """
    wanted, narrowed = asked(call, filters), filters.core()
    at = filters.moment(call.services.policy.history_days)
    if at is not None:
        require(caller, space, Permission.JOIN)
        async with call.services.database.scan() as past:
            then = await history.page(past, space, at, wanted, narrowed)
        return page(call, then, lambda artifact: contents.artifact_then(caller, space, artifact))
    if narrowed.thread_id is not None and role(caller, space) is None:
        # Threads are hidden from strangers, so none of them has an artifact that they could see.
        return page(call, Slice[artifacts.Artifact]([], more=False), lambda artifact: artifact)
    if filters.q:
        async with call.services.database.scan() as scan:
            hits = await search.artifacts(scan, caller, space, search.parse(filters.q), wanted, narrowed)
        return page(call, hits, lambda hit: contents.artifact(caller, space, hit.artifact), lambda hit: hit.position)
    found = await artifacts.page(tx, space, wanted, narrowed)
    return page(call, found, lambda artifact: contents.artifact(caller, space, artifact))


@router.get(ONE, summary="Get an artifact", response_model=contents.ArtifactShape)
async def get_artifact(tx: Read, caller: Caller, call: Whole, space: Readable, artifact: TheArtifact) -> Response:
    return one(call, contents.artifact(caller, space, artifact))


@router.get(ONE + "/download", summary="Download an artifact", response_class=Response)
async def download_artifact(tx: Read, caller: Caller, call: Whole, space: Readable, artifact: TheArtifact) -> Response:
    """The bytes, whole or a range of them; never a redirect."""
    if artifact.status != "completed":
        raise artifacts.NotReady
    expect(call, f'"{artifact.sha256}"')
    file = File(artifact.blob_key, artifact.size, artifact.sha256, artifact.content_type, artifact.name)
    return Download(call.services.blobs, file)


@router.patch(ONE, summary="Change an artifact", response_model=contents.ArtifactShape)
async def update_artifact(
    tx: Write, caller: Caller, call: Whole, space: Writable, artifact: TheArtifact, body: ArtifactPatch
) -> Response:
    """A merge patch; the whole artifact comes back."""
    changed = await artifacts.change(tx, caller, space, artifact, body.core())
    return one(call, contents.artifact(caller, space, changed))


@router.delete(ONE, status_code=204, summary="Delete an artifact")
async def delete_artifact(
    tx: Write, caller: Caller, space: Writable, artifact: EndedArtifact, ending: Annotated[Ending, Query()]
) -> Response:
    """Into the trash; with `purge=true` (admins) for good, also from there."""
    if ending.purge == "true":
        require(caller, space, Permission.MANAGE)
        await artifacts.purge(tx, caller, artifact)
    else:
        await artifacts.trash(tx, caller, artifact)
    return Answer(204)


@router.get("/v1/spaces/{space_id}/trash", summary="List the trash", response_model=PageShape[contents.ArtifactShape])
async def list_trash(
    tx: Read, caller: Caller, call: Whole, space: Reviewed, paging: Annotated[Paging, Query()]
) -> Response:
    """For editors and up, newest artifact first."""
    found = await artifacts.trashed(tx, space, asked(call, paging))
    return page(call, found, lambda artifact: contents.artifact(caller, space, artifact))


@router.post(ONE + "/restore", summary="Take out of the trash", response_model=contents.ArtifactShape)
async def restore_artifact(
    tx: Write, caller: Caller, call: Whole, space: Writable, artifact: TrashedArtifact
) -> Response:
    return one(call, contents.artifact(caller, space, await artifacts.restore(tx, caller, space, artifact)))


@router.get(
    ONE + "/jobs", summary="List an artifact's jobs", response_model=PageShape[contents.JobShape], tags=["Jobs"]
)
async def list_artifact_jobs(
    tx: Read, caller: Caller, call: Whole, space: Joined, artifact: TheArtifact, paging: Annotated[Paging, Query()]
) -> Response:
    """Newest first; for members."""
    return page(call, await jobs.of_artifact(tx, artifact.id, asked(call, paging)), contents.job)
