"""Versions of artifacts: new bytes, older ones, names for them."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core import artifacts, quota, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.artifacts import Artifact, versions
from courtyard.core.artifacts.versions import Alias, Version
from courtyard.core.clock import rfc3339
from courtyard.core.errors import Refusal
from courtyard.dialects.v1 import contents
from courtyard.dialects.v1.doors import InSpace, Joined, TheArtifact, Writable
from courtyard.dialects.v1.models import Body
from courtyard.dialects.v1.pages import PageShape, Paging, asked, page
from courtyard.dialects.v1.uploads import FILE_FORM
from courtyard.web.answer import Answer
from courtyard.web.call import Call
from courtyard.web.download import Download, File
from courtyard.web.files import discard, raw, raw_type, receive
from courtyard.web.preconditions import etag, expect, hold, hold_tag, one
from courtyard.web.room import Room, kept
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Whole, Write

router = APIRouter(route_class=Route, tags=["Versions"])
ONE = "/v1/spaces/{space_id}/artifacts/{artifact_id}"
EVERY = ONE + "/versions"
VERSION = EVERY + "/{version}"
ALIAS = ONE + "/aliases/{alias}"
"""Where an alias is set; `VERSION` takes its name wherever it takes a number."""
UNTYPED = "application/octet-stream"
"""What bytes are called whose sender does not say: their inspection finds out."""


class VersionShape(TypedDict):
    """What an artifact held, or holds now (`current`). `created_by` brought these bytes at `created_at`."""

    number: int
    artifact_id: str
    name: str
    content_type: str
    size: int
    checksum: str
    created_by: str | None
    created_at: str
    aliases: list[str]
    current: bool
    download_url: str


class AliasShape(TypedDict):
    """A name for a version, until it stands for another."""

    name: str
    version: int
    created_at: str


class AliasChange(Body):
    """Which version the name is to stand for."""

    version: Annotated[int, Field(ge=1)]


def _version(space_id: str, artifact: Artifact, fact: Version, names: list[Alias]) -> VersionShape:
    return {
        "number": fact.number,
        "artifact_id": artifact.id,
        "name": fact.name,
        "content_type": fact.content_type,
        "size": fact.size,
        "checksum": f"sha256:{fact.sha256}",
        "created_by": fact.created_by,
        "created_at": rfc3339(fact.created_at),
        "aliases": [alias.name for alias in names if alias.version == fact.number],
        "current": bool(fact.current),
        "download_url": f"/v1/spaces/{space_id}/artifacts/{artifact.id}/versions/{fact.number}/download",
    }


def _alias(fact: Alias) -> AliasShape:
    return {"name": fact.name, "version": fact.version, "created_at": rfc3339(fact.created_at)}


class VersionDoor(InSpace):
    """A version of the artifact in the path, by its number, an alias or `current`; for members."""

    def __call__(self, version: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Version:
        space, _ = self._place(call)
        async with call.reading() as tx:
            artifact = await artifacts.find(tx, call.actor, space, call.params["artifact_id"])
            return await versions.find(tx, artifact, call.params["version"])


TheVersion = Annotated[Version, Depends(VersionDoor())]


async def _held(tx: Write, call: Call, space_id: str, artifact_id: str) -> tuple[spaces.Space, Artifact]:
    """Space and artifact for a change of its bytes, nobody else changing it till the commit. Raises PreconditionFailed."""
    space = await spaces.find(tx, call.actor, space_id, Permission.WRITE)
    artifact = await artifacts.find(tx, call.actor, space, artifact_id, hold=True)
    hold(call, contents.artifact(call.actor, space, artifact))
    return space, artifact


@router.put(
    ONE + "/content", summary="Replace the content", response_model=contents.ArtifactShape, openapi_extra=FILE_FORM
)
async def replace_content(caller: Caller, call: Whole, space: Writable, artifact: TheArtifact) -> Response:
    """New bytes under the same id, raw or as `file` of a form; what was there is kept as a version.

    The same bytes again change nothing. 409 while the artifact is not completed.
    """
    call.services.rates.take("upload", caller.person_id)
    if artifact.status != "completed":
        raise artifacts.NotReady
    if raw(call):
        artifacts.media_type(raw_type(call) or UNTYPED)
    async with kept(call, space) as room:
        return await _replaced(call, space, artifact, room)


async def _replaced(call: Call, space: spaces.Space, artifact: Artifact, room: Room) -> Response:
    received, caller = await receive(call, call.services.policy.upload_limit, room.left), call.actor
    try:
        content_type = artifacts.media_type(received.content_type or UNTYPED)
        async with call.services.database.write() as tx:
            reserved = await room.claim(tx)
            place, held = await _held(tx, call, space.id, artifact.id)
            if reserved is not None:
                await quota.release(tx, space.id, size=reserved)
            changed = await versions.replace(tx, caller, place, held, received.blob, content_type)
            response = one(call, contents.artifact(caller, place, changed))
    except Refusal:
        await discard(call, [received.blob])
        raise
    if changed.blob_key != received.blob.key:
        await discard(call, [received.blob])
    return response


@router.get(EVERY, summary="List versions", response_model=PageShape[VersionShape])
async def list_versions(
    tx: Read, caller: Caller, call: Whole, space: Joined, artifact: TheArtifact, paging: Annotated[Paging, Query()]
) -> Response:
    """Newest first, the present one too; for members."""
    found = await versions.page(tx, artifact, asked(call, paging))
    names = await versions.aliases(tx, artifact)
    return page(
        call, found, lambda fact: _version(space.id, artifact, fact, names), position=lambda fact: str(fact.number)
    )


@router.get(VERSION, summary="Get a version", response_model=VersionShape)
async def get_version(
    tx: Read, caller: Caller, call: Whole, space: Joined, artifact: TheArtifact, version: TheVersion
) -> Response:
    """By its number, an alias, or `current`; for members."""
    return one(call, _version(space.id, artifact, version, await versions.aliases(tx, artifact)))


@router.get(VERSION + "/download", summary="Download a version", response_class=Response)
async def download_version(
    tx: Read, caller: Caller, call: Whole, space: Joined, artifact: TheArtifact, version: TheVersion
) -> Response:
    """Its bytes, whole or a range of them; for members."""
    expect(call, f'"{version.sha256}"')
    file = File(version.blob_key, version.size, version.sha256, version.content_type, version.name)
    return Download(call.services.blobs, file)


@router.post(VERSION + "/restore", status_code=201, summary="Restore a version", response_model=contents.ArtifactShape)
async def restore_version(
    tx: Write, caller: Caller, call: Whole, space: Writable, artifact: TheArtifact, version: TheVersion
) -> Response:
    """A new version that holds what this one held; 409 when the artifact holds that already."""
    place, held = await _held(tx, call, space.id, artifact.id)
    changed = await versions.restore(tx, caller, place, held, await versions.find(tx, held, str(version.number)))
    location = f"/v1/spaces/{space.id}/artifacts/{artifact.id}/versions/{changed.version}"
    return one(call, contents.artifact(caller, place, changed), 201, location)


@router.put(ALIAS, summary="Name a version", response_model=AliasShape)
async def set_alias(
    tx: Write, caller: Caller, call: Whole, space: Writable, artifact_id: str, alias: str, body: AliasChange
) -> Response:
    """The name stands for this version from now on; a version with a name is never thinned out."""
    artifact = await artifacts.find(tx, caller, space, artifact_id, hold=True)
    _as_seen(call, await versions.seek_alias(tx, artifact, alias))
    return one(call, _alias(await versions.set_alias(tx, caller, artifact, alias, body.version)))


@router.delete(ALIAS, status_code=204, summary="Remove the name of a version")
async def remove_alias(
    tx: Write, caller: Caller, call: Whole, space: Writable, artifact_id: str, alias: str
) -> Response:
    """The version stays."""
    artifact = await artifacts.find(tx, caller, space, artifact_id, hold=True)
    _as_seen(call, await versions.seek_alias(tx, artifact, alias))
    await versions.remove_alias(tx, caller, artifact, alias)
    return Answer(204)


def _as_seen(call: Call, alias: Alias | None) -> None:
    """Refuse when the name does not stand for what the client last saw. Raises PreconditionFailed."""
    hold_tag(call, None if alias is None else etag(msgspec.json.encode(_alias(alias))))
