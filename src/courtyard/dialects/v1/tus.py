"""Uploads that can be resumed: tus 1.0 (https://tus.io/protocols/resumable-upload) and what an upload has become."""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core import quota, uploads
from courtyard.core.clock import rfc3339
from courtyard.core.errors import Forbidden, Refusal, TooLarge
from courtyard.core.spaces import Space
from courtyard.core.uploads import NewUpload, Upload, UploadGone
from courtyard.dialects.v1 import tus_headers as headers
from courtyard.dialects.v1.doors import Writable
from courtyard.web import resumable
from courtyard.web.answer import Answer, answer
from courtyard.web.call import Call, Once
from courtyard.web.files import discard
from courtyard.web.input import UnsupportedType
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Supplier, Whole

PLACE = "/v1/spaces/{space_id}/uploads"
ONE = PLACE + "/{upload_id}"
BYTES: dict[str, Any] = {
    "requestBody": {"content": {headers.OFFSET_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
}


class TusRoute(Route):
    """A route that speaks tus alone: another version hears so at once, and every answer names ours."""

    async def serve(self, call: Call) -> Response:
        call.arrival.bears = ((b"tus-resumable", headers.VERSION.encode()),)
        try:
            headers.version(call)
        except headers.OtherVersion as refusal:
            response = call.speech.refusal(refusal, call.arrival.request_id)
            response.headers["tus-version"] = headers.VERSION
            return response
        return await super().serve(call)


router = APIRouter(route_class=Route, tags=["Uploads"])
speaking = APIRouter(route_class=TusRoute, tags=["Uploads"])


class UploadDoor(Supplier):
    """An upload of the space that the door before has let in to."""

    def __call__(self, upload_id: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Upload:
        async with call.reading() as tx:
            return await uploads.find(tx, call.found["space"], call.params["upload_id"])


TheUpload = Annotated[Upload, Depends(UploadDoor())]


class UploadShape(TypedDict):
    """How far an upload is; `length` is null until it is said, `artifact_id` until there is one."""

    id: str
    space_id: str
    state: Literal["uploading", "finished", "failed", "joined"]
    partial: bool
    offset: int
    length: int | None
    artifact_id: str | None
    created_at: str
    expires_at: str


@router.options(PLACE, status_code=204, summary="See what of tus is spoken")
async def upload_options(call: Whole) -> Response:
    """For everybody: version, extensions, the largest upload, the algorithms of checksums."""
    return Answer(
        204,
        headers={
            "Tus-Resumable": headers.VERSION,
            "Tus-Version": headers.VERSION,
            "Tus-Extension": headers.EXTENSIONS,
            "Tus-Max-Size": str(call.services.policy.tus_limit),
            "Tus-Checksum-Algorithm": ",".join(headers.ALGORITHMS),
        },
    )


@router.get(ONE, summary="Get an upload", response_model=UploadShape)
async def get_upload(caller: Caller, call: Whole, space: Writable, upload: TheUpload) -> Response:
    """How far it is, and the artifact that it has become."""
    return answer(200, _shape(await resumable.settle(call, space, upload)), {"Cache-Control": "no-store"})


@speaking.head(ONE, summary="See how far an upload is", response_class=Response)
async def head_upload(caller: Caller, call: Whole, space: Writable, upload: TheUpload) -> Response:
    """`Upload-Offset` bytes are safe; go on from there."""
    upload = await resumable.settle(call, space, upload)
    if upload.state == "failed":
        raise UploadGone
    return Answer(200, headers=headers.shown(upload, msgspec.json.decode(upload.joins)))


@speaking.post(PLACE, status_code=201, summary="Begin an upload", response_class=Response, openapi_extra=BYTES)
async def create_upload(caller: Caller, call: Whole, space: Writable) -> Response:
    """Empty, or with its first bytes; or the parts that came before, joined."""
    call.services.rates.take("upload", caller.person_id)
    parts = headers.parts(call, space.id)
    if parts is not None:
        return await _join(call, space, headers.described(call, None), parts)
    new = headers.described(call, headers.length(call))
    sent = _sent(call)
    checksum = headers.checksum(call)
    if sent and new.length is not None and sent > new.length:
        raise TooLarge("The upload has no room for so many bytes.")
    once = call.once(_canonical(call))
    made = await _begin(call, space, new, once)
    if isinstance(made, Response):
        return await _replayed(call, space, made)
    if sent or new.length == 0:
        made = await _first(call, space, made, checksum, once)
    return Answer(201, headers={**headers.told(made), "Location": headers.place(made)})


@speaking.patch(ONE, status_code=204, summary="Add to an upload", response_class=Response, openapi_extra=BYTES)
async def add_to_upload(caller: Caller, call: Whole, space: Writable, upload: TheUpload) -> Response:
    """The body belongs at `Upload-Offset`; with the last byte the upload becomes an artifact."""
    if call.header(b"content-type") != headers.OFFSET_TYPE:
        raise UnsupportedType
    if upload.kind == "final":
        raise Forbidden("What was joined takes no bytes.")
    offset, checksum = headers.offset(call), headers.checksum(call)
    length = headers.bounded(call, headers.number(call, b"upload-length"))
    most = upload.length if length is None else length
    announced = int(call.header(b"content-length") or 0)
    if announced and most is not None and offset == upload.received and offset + announced > most:
        raise TooLarge("The upload has no room for so many bytes.")
    if upload.state != "finished" or offset != upload.received:
        upload = await resumable.receive(call, space, upload, offset, length=length, checksum=checksum)
    return Answer(204, headers=headers.told(upload))


@speaking.delete(ONE, status_code=204, summary="Give up an upload")
async def end_upload(caller: Caller, call: Whole, space: Writable, upload: TheUpload) -> Response:
    """What came of it goes; an artifact that it has become stays."""
    async with call.services.database.write() as tx:
        await uploads.end(tx, caller, upload)
    if upload.stage is not None:
        await call.services.blobs.abandon(upload.stage)
    return Answer(204)


@speaking.post(ONE, summary="Do with an upload what `X-HTTP-Method-Override` says", response_class=Response)
async def override_upload(caller: Caller, call: Whole, space: Writable, upload: TheUpload) -> Response:
    """For clients that can say neither PATCH nor DELETE."""
    acts = {"PATCH": add_to_upload, "DELETE": end_upload, "HEAD": head_upload}
    act = acts.get(call.header(b"x-http-method-override") or "")
    if act is None:
        words = 'Method "POST" not allowed.'
        refused = call.speech.say(405, "method_not_allowed", words, call.arrival.request_id)
        refused.headers["allow"] = "DELETE, GET, HEAD, PATCH"
        return refused
    return await act(caller, call, space, upload)


def _sent(call: Call) -> int:
    """How many bytes come with the creation as far as one knows; 1 stands for an unknown number. Raises UnsupportedType."""
    length, chunked = int(call.header(b"content-length") or 0), call.header(b"transfer-encoding") is not None
    if (length or chunked) and call.header(b"content-type") != headers.OFFSET_TYPE:
        raise UnsupportedType
    return 1 if chunked else length


async def _begin(call: Call, space: Space, new: NewUpload, once: Once | None) -> Upload | Response:
    """A row and a stage for it; or what was answered before under the same Idempotency-Key."""
    blobs = call.services.blobs
    stage = await blobs.begin()
    try:
        async with call.services.database.write() as tx:
            replayed = None if once is None else await once.claim(tx)
            if replayed is None:
                made = await uploads.create(tx, call.actor, space, new, stage)
                if once is not None:
                    await once.keep(tx, Answer(201, headers={"Location": headers.place(made)}))
                return made
    except Refusal:
        await blobs.abandon(stage)
        raise
    await blobs.abandon(stage)
    return replayed


async def _replayed(call: Call, space: Space, response: Response) -> Response:
    """The answer of before, with how far its upload is now. Raises UploadGone."""
    async with call.reading() as tx:
        made = await uploads.seek(tx, space, response.headers["location"].rpartition("/")[2])
    if made is None or made.state == "failed":
        raise UploadGone
    response.headers.update(headers.told(made))
    return response


async def _first(
    call: Call, space: Space, upload: Upload, checksum: resumable.Checksum | None, once: Once | None
) -> Upload:
    """The bytes that came with the creation. When they are refused there is no upload: nobody would know where it is."""
    try:
        return await resumable.receive(call, space, upload, 0, checksum=checksum)
    except resumable.REFUSED:
        async with call.services.database.write() as tx:
            await uploads.end(tx, call.actor, upload)
            if once is not None:
                await once.let_go(tx)
        if upload.stage is not None:
            await call.services.blobs.abandon(upload.stage)
        raise


async def _join(call: Call, space: Space, new: NewUpload, part_ids: list[str]) -> Response:
    checksum = headers.checksum(call)
    if checksum is not None and checksum.algorithm != "sha256":
        raise headers.BadHeader("upload-checksum", "The whole is checked by its sha256.")
    async with call.reading() as tx:
        parts = await uploads.parts(tx, space, part_ids)
        made = await uploads.joined(tx, space, parts)
        if made is None:
            await quota.check(tx, space.id, size=0)
    if made is None:
        headers.bounded(call, sum(part.received for part in parts))
        made = await _joined(call, space, new, parts, new.sha256 or (checksum and checksum.digest.hex()))
    return Answer(201, headers={**headers.told(made), "Location": headers.place(made)})


async def _joined(call: Call, space: Space, new: NewUpload, parts: list[Upload], sha256: str | None) -> Upload:
    blob = await resumable.joined(call, parts, sha256)
    try:
        async with call.services.database.write() as tx:
            return await uploads.join(tx, call.actor, space, new, parts, blob)
    except Refusal:
        await discard(call, [blob])
        raise


def _canonical(call: Call) -> bytes:
    """What makes two creations the same."""
    said = (b"upload-length", b"upload-defer-length", b"upload-metadata", b"upload-concat", b"upload-checksum")
    return msgspec.json.encode([call.header(name) for name in said])


def _shape(fact: Upload) -> UploadShape:
    return {
        "id": fact.id,
        "space_id": fact.space_id,
        "state": "uploading" if fact.state in ("open", "full") else fact.state,
        "partial": fact.kind == "partial",
        "offset": fact.received,
        "length": fact.length,
        "artifact_id": fact.artifact_id,
        "created_at": rfc3339(fact.created_at),
        "expires_at": rfc3339(fact.expires_at),
    }
