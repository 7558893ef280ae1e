"""Uploads made of others: parts that came beside each other become one artifact."""

import msgspec

from courtyard.core import artifacts, clock, events, ids, quota
from courtyard.core.actor import Actor
from courtyard.core.artifacts import NewArtifact
from courtyard.core.spaces import Space
from courtyard.core.uploads.actions import HOLD_SPACE, INSERT_NAMES
from courtyard.core.uploads.model import NewUpload, PartsInUse, Upload
from courtyard.core.uploads.queries import find
from courtyard.storage.blobs import Blob
from courtyard.storage.database import Read, Write


async def joined(tx: Read, space: Space, parts: list[Upload]) -> Upload | None:
    """The upload that these parts, in this order, have become already; None when they can still be joined.

    Whoever did not hear the answer may so ask again. Raises PartsInUse.
    """
    wanted = _json([part.id for part in parts])
    whole = parts[0].joined_in
    if whole is not None and all(part.joined_in == whole for part in parts):
        made = await find(tx, space, whole)
        if made.joins == wanted:
            return made
    if any(part.kind != "partial" or part.state != "finished" for part in parts):
        raise PartsInUse
    return None


async def join(tx: Write, actor: Actor, space: Space, new: NewUpload, parts: list[Upload], blob: Blob) -> Upload:
    """Make an artifact of the parts' bytes, stored anew in `blob`, in a space found with WRITE; the parts are used up.

    Raises PartsInUse, and what making an artifact raises.
    """
    upload_id, now = ids.new(), clock.now()
    # The space before what is in it, as whoever deletes it does.
    await tx.one(str, HOLD_SPACE, id=space.id)
    for part in sorted(parts, key=lambda part: part.id):
        used = "update upload set state = 'joined', joined_in = :whole, blob_key = null, reserved = 0"
        if not await tx.run(used + " where id = :id and state = 'finished'", whole=upload_id, id=part.id):
            raise PartsInUse
        await tx.run(
            "insert into blob_garbage (key, at) values (:key, :now) on conflict (key) do nothing",
            key=part.blob_key,
            now=now,
        )
    await events.record(tx, actor, "upload.created", space_id=space.id, object_id=upload_id)
    # The room of the parts becomes that of the whole; nobody else gets it in between.
    await quota.release(tx, space.id, size=sum(part.reserved for part in parts), count=0)
    facts = new.new or NewArtifact(name="", document_type="")
    artifact = await artifacts.create(tx, actor, space, facts, blob)
    await tx.run(
        INSERT_NAMES + " values (:id, :space, 'final', 'finished', null, :size, :size, 0, :said, :joins, '{}',"
        " cast(:sha256 as text), :artifact, cast(:person as text), :now, :expires)",
        id=upload_id,
        space=space.id,
        size=blob.size,
        said=new.said,
        joins=_json([part.id for part in parts]),
        sha256=new.sha256,
        artifact=artifact.id,
        person=actor.person_id or None,
        now=now,
        expires=now + new.life,
    )
    return await find(tx, space, upload_id)


def _json(values: list[str]) -> str:
    return msgspec.json.encode(values).decode()
