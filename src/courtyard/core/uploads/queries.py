"""The door to uploads."""

from typing import LiteralString

import msgspec

from courtyard.core.errors import NotFound
from courtyard.core.spaces import Space
from courtyard.core.uploads.model import Upload
from courtyard.storage.database import Pair, Read

NAMES: LiteralString = (
    "number, id, space_id, kind, state, stage, blob_key, length, received, reserved, said, joins, joined_in, facts, sha256,"
    " fence, lease_until, artifact_id, created_by, created_at, expires_at"
)
_UNKNOWN: LiteralString = " where not exists (select 1 from upload u where u.stage = k.value)"
UNKNOWN = Pair(
    sqlite="select k.value from json_each(:stages) k" + _UNKNOWN,
    postgres="select k.value from jsonb_array_elements_text(cast(:stages as jsonb)) k (value)" + _UNKNOWN,
)


async def find(tx: Read, space: Space, upload_id: str) -> Upload:
    """The upload in a space found with WRITE. Raises NotFound."""
    upload = await seek(tx, space, upload_id)
    if upload is None:
        raise NotFound
    return upload


async def seek(tx: Read, space: Space, upload_id: str) -> Upload | None:
    """The upload in a space found with WRITE, if it is still there."""
    return await tx.one(
        Upload,
        "select " + NAMES + " from upload where id = :id and space_id = :space",
        id=upload_id,
        space=space.id,
    )


async def parts(tx: Read, space: Space, part_ids: list[str]) -> list[Upload]:
    """The uploads in that order. Raises NotFound."""
    return [await find(tx, space, part_id) for part_id in part_ids]


async def unknown(tx: Read, stages: list[str]) -> list[str]:
    """Those of the stages that no upload has."""
    return await tx.all(str, UNKNOWN, stages=msgspec.json.encode(stages).decode())
