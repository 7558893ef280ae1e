"""Beginning uploads, adding to them under a lease, and ending them one way or another."""

from typing import LiteralString

import msgspec

from courtyard.core import artifacts, clock, events, ids, quota
from courtyard.core.actor import Actor
from courtyard.core.errors import NotFound
from courtyard.core.spaces import Space
from courtyard.core.uploads.model import Locked, NewUpload, Upload, UploadGone, WrongLength, WrongOffset
from courtyard.core.uploads.queries import NAMES, find
from courtyard.storage.blobs import Blob
from courtyard.storage.database import Pair, Read, Write

LEASE = 6 * clock.SECOND
"""So long the upload of a killed process stays locked; whoever lives prolongs it in time."""
SWEPT = 100

INSERT_NAMES: LiteralString = (
    "insert into upload (id, space_id, kind, state, stage, length, received, reserved, said, joins, facts, sha256,"
    " artifact_id, created_by, created_at, expires_at)"
)
_INSERT: LiteralString = (
    INSERT_NAMES
    + " select :id, s.id, :kind, case when cast(:length as bigint) = 0 then 'full' else 'open' end, :stage,"
    " cast(:length as bigint), 0, :reserved, :said, '[]', :facts, cast(:sha256 as text), null, cast(:person as text),"
    " :now, :expires from space s where s.id = :space"
)
INSERT = Pair(sqlite=_INSERT, postgres=_INSERT + " for key share")
_SPACE: LiteralString = "select id from space where id = :id"
HOLD_SPACE = Pair(sqlite=_SPACE, postgres=_SPACE + " for key share")
_SEIZE: LiteralString = (
    "update upload set fence = fence + 1, lease_until = :lease, expires_at = :expires,"
    " length = coalesce(length, cast(:length as bigint)),"
    # Its length may be said after its last byte.
    " state = case when coalesce(length, cast(:length as bigint)) = received then 'full' else state end"
    " where id = :id and state in ('open', 'full') and received = :offset and expires_at > :now"
    " and (lease_until is null or lease_until < :now)"
    " and coalesce(length, cast(:length as bigint), received) >= received"
    " and coalesce(length = cast(:length as bigint), true) returning " + NAMES
)
_ADVANCE: LiteralString = (
    "update upload set received = :received, reserved = :reserved, lease_until = :lease,"
    " state = case when length = :received then 'full' else 'open' end"
    " where id = :id and fence = :fence and state = 'open' returning " + NAMES
)
_MINE: LiteralString = " where id = :id and fence = :fence and state in ('open', 'full')"
_EXPIRED: LiteralString = (
    "delete from upload where id in (select id from upload where expires_at < :now"
    " and (lease_until is null or lease_until < :now) order by expires_at limit :limit"
)
EXPIRED = Pair(
    sqlite=_EXPIRED + ") returning " + NAMES, postgres=_EXPIRED + " for update skip locked) returning " + NAMES
)


async def create(tx: Write, actor: Actor, space: Space, new: NewUpload, stage: str) -> Upload:
    """Begin one in a space found with WRITE; its room is reserved. Raises Invalid, TooLarge, NotFound, QuotaExceeded."""
    if new.new is not None:
        await artifacts.check(tx, space, new.new)
    upload_id, now, size = ids.new(), clock.now(), new.length or 0
    kind = "partial" if new.new is None else "whole"
    made = await tx.run(
        INSERT,
        id=upload_id,
        space=space.id,
        kind=kind,
        stage=stage,
        length=new.length,
        reserved=size,
        said=new.said,
        facts="{}" if new.new is None else msgspec.json.encode(new.new).decode(),
        sha256=new.sha256,
        person=actor.person_id or None,
        now=now,
        expires=now + new.life,
    )
    if not made:
        raise NotFound
    await events.record(tx, actor, "upload.created", space_id=space.id, object_id=upload_id)
    begun = await find(tx, space, upload_id)
    await quota.reserve(tx, space.id, size=size, count=begun.count)
    return begun


async def seize(
    tx: Write, space: Space, upload: Upload, offset: int, *, length: int | None = None, life: int
) -> Upload:
    """Become the one who adds to it from `offset` on, or closes it; `length` is said now, if it was not before.

    Raises NotFound, UploadGone, WrongOffset, WrongLength, Locked, QuotaExceeded.
    """
    now = clock.now()
    seized = await tx.one(
        Upload,
        _SEIZE,
        id=upload.id,
        offset=offset,
        length=length,
        now=now,
        lease=now + LEASE,
        expires=now + life,
    )
    if seized is None:
        await _explain(tx, space, upload.id, offset, length)
        raise Locked
    if seized.length is not None and seized.length > seized.reserved:
        await _reserve(tx, seized, seized.length)
        seized = msgspec.structs.replace(seized, reserved=seized.length)
    return seized


async def advance(tx: Write, upload: Upload, received: int) -> Upload:
    """So many bytes are durable now. Raises Locked when it is no longer the caller's, QuotaExceeded."""
    reserved = max(upload.reserved, received)
    advanced = await tx.one(
        Upload,
        _ADVANCE,
        id=upload.id,
        fence=upload.fence,
        received=received,
        reserved=reserved,
        lease=clock.now() + LEASE,
    )
    if advanced is None:
        raise Locked
    if reserved > upload.reserved:
        await quota.reserve(tx, upload.space_id, size=reserved - upload.reserved, count=0)
    return advanced


async def beat(tx: Write, upload: Upload) -> bool:
    """Prolong the lease; False when it is no longer the caller's."""
    return bool(
        await tx.run(
            "update upload set lease_until = :lease" + _MINE,
            id=upload.id,
            fence=upload.fence,
            lease=clock.now() + LEASE,
        )
    )


async def let_go(tx: Write, upload: Upload) -> None:
    """Others may add to it."""
    await tx.run("update upload set lease_until = null" + _MINE, id=upload.id, fence=upload.fence)


async def finish(tx: Write, actor: Actor, space: Space, upload: Upload, blob: Blob) -> None:
    """Its bytes are stored: as an artifact of a space found with WRITE, or a part kept for joining.

    Raises Locked when it is no longer the caller's, and what making an artifact raises.
    """
    artifact_id: str | None = None
    key: str | None = blob.key
    # The space before what is in it, as whoever deletes it does; then the row, which lets this happen once.
    await tx.one(str, HOLD_SPACE, id=space.id)
    if not await tx.run("update upload set state = 'finished'" + _MINE, id=upload.id, fence=upload.fence):
        raise Locked
    if upload.kind == "whole":
        # Its bytes may have been on their way for days: they are not lost for a thread that went meanwhile.
        new = await artifacts.outlived(tx, space, upload.new)
        artifact_id, key = (await artifacts.create(tx, actor, space, new, blob, reserved=upload.reserved)).id, None
    await tx.run(
        "update upload set stage = null, lease_until = null, blob_key = cast(:key as text),"
        " artifact_id = cast(:artifact as text), reserved = :reserved where id = :id",
        key=key,
        artifact=artifact_id,
        reserved=0 if artifact_id else upload.reserved,
        id=upload.id,
    )


async def fail(tx: Write, upload: Upload) -> None:
    """Its bytes are not what was promised. Raises Locked when it is no longer the caller's."""
    failed = "update upload set state = 'failed', stage = null, lease_until = null, reserved = 0"
    if not await tx.run(failed + _MINE, id=upload.id, fence=upload.fence):
        raise Locked
    await quota.release(tx, upload.space_id, size=upload.reserved, count=upload.count)


async def end(tx: Write, actor: Actor, upload: Upload) -> None:
    """Drop it, in a space found with WRITE; an artifact that it became stays. Its stage is the caller's to abandon.

    Raises NotFound, Locked.
    """
    ended = await tx.one(
        Upload,
        "delete from upload where id = :id and (lease_until is null or lease_until < :now) returning " + NAMES,
        id=upload.id,
        now=clock.now(),
    )
    if ended is None:
        if await tx.one(int, "select 1 from upload where id = :id", id=upload.id):
            raise Locked
        raise NotFound
    await events.record(tx, actor, "upload.ended", space_id=ended.space_id, object_id=ended.id)
    await _drop(tx, ended)


async def expire(tx: Write) -> list[str | None]:
    """Drop those whose time is over, a few at a time; their stages, which are the caller's to abandon."""
    expired = await tx.all(Upload, EXPIRED, now=clock.now(), limit=SWEPT)
    # In one order, so that two who sweep never wait for each other.
    for upload in sorted(expired, key=lambda upload: upload.space_id):
        await _drop(tx, upload)
    return [upload.stage for upload in expired]


async def _drop(tx: Write, upload: Upload) -> None:
    """What a row that is gone held."""
    if upload.blob_key is not None:
        await tx.run(
            "insert into blob_garbage (key, at) values (:key, :now) on conflict (key) do nothing",
            key=upload.blob_key,
            now=clock.now(),
        )
    if upload.state in ("open", "full") or upload.reserved:
        count = upload.count if upload.state in ("open", "full") else 0
        await quota.release(tx, upload.space_id, size=upload.reserved, count=count)


async def _reserve(tx: Write, upload: Upload, size: int) -> None:
    await tx.run("update upload set reserved = :size where id = :id", size=size, id=upload.id)
    await quota.reserve(tx, upload.space_id, size=size - upload.reserved, count=0)


async def _explain(tx: Read, space: Space, upload_id: str, offset: int, length: int | None) -> None:
    """Why it could not be seized, if it is not because somebody else has it."""
    upload = await find(tx, space, upload_id)
    if upload.state in ("failed", "joined") or upload.expires_at <= clock.now():
        raise UploadGone
    if upload.received != offset or upload.state == "finished":
        raise WrongOffset
    if length is not None and (length < upload.received or upload.length not in (None, length)):
        raise WrongLength("upload-length")
