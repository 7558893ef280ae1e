"""Bytes on their way in: uploads, background images."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from courtyard import imaging
from courtyard.core import artifacts, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.artifacts import NewArtifact
from courtyard.core.errors import Invalid, NotFound, Refusal
from courtyard.core.membership import holds
from courtyard.core.spaces import Background, Space
from courtyard.dialects.v1 import contents, shapes
from courtyard.dialects.v1.doors import Seen, Writable
from courtyard.web.answer import Answer
from courtyard.web.call import Call
from courtyard.web.download import Download, File
from courtyard.web.files import Blob, Transaction, discard, named, raw, raw_type, receive, whole
from courtyard.web.input import json
from courtyard.web.preconditions import expect, hold_tag, one
from courtyard.web.room import Room, kept
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Visitor, Whole, Write

router = APIRouter(route_class=Route, tags=["Artifacts"])
images = APIRouter(route_class=Route, tags=["Spaces"])
IMAGE_LIMIT = 10 * 1024 * 1024
PLACE = "/v1/spaces/{space_id}/artifacts"
BACKGROUND = "/v1/spaces/{space_id}/background"
FILE_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
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


@router.post(
    PLACE, status_code=201, summary="Upload an artifact", response_model=contents.ArtifactShape, openapi_extra=FILE_FORM
)
async def upload_artifact(caller: Caller, call: Whole, space: Writable) -> Response:
    """The raw body (with `?name=`), or a form with `file` and optional `name`, `type`, `thread_id`, `metadata`."""
    call.services.rates.take("upload", caller.person_id)
    if raw(call):
        # All there is to know stands in the head of the request.
        new = _uploaded(dict(call.query()), "", raw_type(call))
        async with call.reading() as tx:
            await artifacts.check(tx, space, new)
    async with kept(call, space) as room:
        received = await receive(call, call.services.policy.upload_limit, room.left)

        def described() -> NewArtifact:
            return _uploaded({**dict(call.query()), **received.fields}, received.name, received.content_type)

        return await keep(call, space, received.blob, described, received.canonical(), room)


async def keep(
    call: Call,
    space: Space,
    blob: Blob,
    new: Callable[[], NewArtifact],
    canonical: bytes | None = None,
    room: Room | None = None,
) -> Response:
    """Name the stored bytes in one transaction; a replayed or refused request leaves none behind."""

    async def create(tx: Transaction, actor: Actor) -> Response:
        reserved = None if room is None else await room.claim(tx)
        place = await spaces.find(tx, actor, space.id, Permission.WRITE)
        artifact = await artifacts.create(tx, actor, place, new(), blob, reserved=reserved)
        location = f"/v1/spaces/{space.id}/artifacts/{artifact.id}"
        return one(call, contents.artifact(actor, place, artifact), 201, location)

    return await named(call, blob, create, canonical)


def _uploaded(said: dict[str, str], file_name: str, content_type: str | None) -> NewArtifact:
    """What an upload says about itself, in the form or in the query. Raises Invalid, Malformed."""
    name = said.get("name") or file_name
    if not name:
        raise Invalid("name", "An upload needs a name.", code="required")
    metadata = said.get("metadata")
    return NewArtifact(
        name=name,
        document_type=said.get("type") or "file",
        content_type=content_type or "application/octet-stream",
        thread_id=said.get("thread_id"),
        metadata={} if metadata is None else json(metadata.encode()),
    )


@images.get(BACKGROUND, summary="Get the background image", response_class=Response)
async def get_background(tx: Read, caller: Visitor, call: Whole, space: Seen) -> Response:
    """The image; 404 while there is none."""
    background = await spaces.background(tx, space)
    if background is None:
        raise NotFound("This space has no background image.")
    expect(call, _tag(background))
    file = File(background.key, background.size, background.sha256, background.type, "background")
    return Download(call.services.blobs, file)


@images.put(BACKGROUND, summary="Set the background image", response_model=shapes.SpaceShape, openapi_extra=FILE_FORM)
async def set_background(caller: Caller, call: Whole, space: Writable) -> Response:
    """PNG, JPEG, WebP or GIF by its content, at most 10 MiB and 25 megapixels; re-encoded, metadata dropped."""
    received = await receive(call, IMAGE_LIMIT)
    try:
        image, content_type = await imaging.reencode(await whole(call, received.blob))
    finally:
        await discard(call, [received.blob])

    async def chunks() -> AsyncIterator[bytes]:
        yield image

    blob = await call.services.blobs.put(chunks(), limit=len(image))
    background = Background(blob.key, content_type, blob.size, blob.sha256)
    try:
        async with call.services.database.write() as tx:
            place = await holds.space(tx, caller, space, Permission.WRITE)
            hold_tag(call, _tag(await spaces.background(tx, place)))
            changed = await spaces.set_background(tx, caller, place, background)
    except Refusal:
        await discard(call, [blob])
        raise
    return one(call, shapes.space(caller, changed))


@images.delete(BACKGROUND, status_code=204, summary="Remove the background image")
async def delete_background(tx: Write, caller: Caller, call: Whole, space: Writable) -> Response:
    """204 also while there is none."""
    place = await holds.space(tx, caller, space, Permission.WRITE)
    hold_tag(call, _tag(await spaces.background(tx, place)))
    await spaces.clear_background(tx, caller, place)
    return Answer(204)


def _tag(background: Background | None) -> str | None:
    """The entity tag under which the image is shown."""
    return None if background is None else f'"{background.sha256}"'
