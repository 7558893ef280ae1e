"""Whole spaces: out as a ZIP in BagIt layout (RFC 8493), and in again."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from courtyard.bagging import Broken, Export
from courtyard.bagging.local_rows import LocalRows
from courtyard.core import events
from courtyard.core.actor import Actor
from courtyard.core.bags import Terms, imports
from courtyard.dialects.v1 import contents
from courtyard.dialects.v1.doors import Overseen
from courtyard.web.answer import Answer
from courtyard.web.arrival import BrokenOff
from courtyard.web.call import Call
from courtyard.web.download import ALWAYS, TROUBLE
from courtyard.web.files import Transaction, named, receive
from courtyard.web.names import attachment
from courtyard.web.preconditions import one
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Whole

router = APIRouter(route_class=Route, tags=["Export and import"])
ZIP_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}


class Wanted(BaseModel):
    """What goes into a bag besides the present."""

    versions: Literal["true", "false"] = "false"
    trash: Literal["true", "false"] = "false"


class NewPlace(BaseModel):
    """Where an imported space goes. `members=true` invites the members that the bag names."""

    organization: str | None = None
    name: str | None = None
    visibility: str = "private"
    members: Literal["true", "false"] = "false"

    def core(self) -> Terms:
        return Terms(
            organization=self.organization, name=self.name, visibility=self.visibility, members=self.members == "true"
        )


class Leaving(Response):
    """A bag while it is made. What breaks off in the middle is seen to: the transfer has no end."""

    def __init__(self, chunks: AsyncGenerator[bytes], name: str) -> None:
        self.status_code = 200
        self.background = None
        self.body = b""
        self.raw_headers = [
            *ALWAYS,
            (b"content-type", b"application/zip"),
            (b"content-disposition", attachment(name)),
        ]
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises Down or Broken before anything is sent, BrokenOff after that."""
        if scope["method"] == "HEAD":
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": b""})
            return
        async with aclosing(self._chunks) as chunks:
            piece = await anext(chunks)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            try:
                while True:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    piece = await anext(chunks)
            except StopAsyncIteration:
                await send({"type": "http.response.body", "body": b""})
            except (Broken, *TROUBLE) as error:
                raise BrokenOff(str(error)) from error


@router.get("/v1/spaces/{space_id}/export", summary="Export a space", response_class=StreamingResponse)
async def export_space(caller: Caller, call: Whole, space: Overseen, wanted: Annotated[Wanted, Query()]) -> Response:
    """A ZIP in BagIt layout, made while it is read: everything in the space but its history and its jobs."""
    rows = await LocalRows.of(
        call.services.database, space, versions=wanted.versions == "true", trash=wanted.trash == "true"
    )
    if call.method != "HEAD":
        async with call.services.database.write() as tx:
            await events.record(tx, caller, "space.exported", space_id=space.id, object_id=space.id)
    return Leaving(Export(rows, call.services.blobs, space.slug).chunks(), f"{space.slug}.zip")


@router.post(
    "/v1/spaces/import",
    status_code=202,
    summary="Import a space",
    response_model=contents.JobShape,
    openapi_extra=ZIP_FORM,
)
async def import_space(caller: Caller, call: Whole, wanted: Annotated[NewPlace, Query()]) -> Response:
    """A ZIP as `export` gives it, or any other bag. A job makes the space, which appears whole or not at all."""
    terms = wanted.core()
    call.services.rates.take("upload", caller.person_id)
    async with call.reading() as tx:
        await imports.check(tx, caller, terms)
    received = await receive(call, call.services.policy.import_limit)

    async def promise(tx: Transaction, actor: Actor) -> Response:
        return _promised(call, await imports.promise(tx, actor, terms, received.blob))

    return await named(call, received.blob, promise, received.canonical())


def _promised(call: Call, job: contents.queue.Job) -> Answer:
    return one(call, contents.job(job), 202, f"/v1/jobs/{job.id}")
