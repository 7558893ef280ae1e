"""Blobs that no row names: those that were let go of, and those whose row never came."""

from typing import LiteralString

import msgspec

from courtyard.storage.database import Pair, Read, Write

BATCH = 200

_WITHOUT_ROW: LiteralString = (
    " where not exists (select 1 from artifact a where a.blob_key = k.value)"
    " and not exists (select 1 from artifact_version v where v.blob_key = k.value)"
    " and not exists (select 1 from space s where s.background_key = k.value)"
    " and not exists (select 1 from preview p where p.blob_key = k.value)"
    " and not exists (select 1 from generation g where g.source_key = k.value)"
    " and not exists (select 1 from upload u where u.blob_key = k.value)"
    " and not exists (select 1 from space_import i where i.blob_key = k.value)"
)
UNREFERENCED = Pair(
    sqlite="select k.value from json_each(:keys) k" + _WITHOUT_ROW,
    postgres="select k.value from jsonb_array_elements_text(cast(:keys as jsonb)) k (value)" + _WITHOUT_ROW,
)


REFERENCED: LiteralString = """
select r.key, max(r.size) as size, max(r.sha256) as sha256 from (
    select blob_key as key, size, sha256 from artifact
    union all select blob_key, size, sha256 from artifact_version
    union all select background_key, background_size, background_sha256 from space where background_key is not null
    union all select blob_key, size, sha256 from preview
    union all select source_key, source_size, source_sha256 from generation
    union all select blob_key, received, null from upload where blob_key is not null
    union all select blob_key, size, sha256 from space_import
) r where r.key > :after and r.key not like 'pending:%'
group by r.key order by r.key limit :limit
"""


class Referenced(msgspec.Struct, frozen=True):
    """A blob that a row names: its size, and its SHA-256 where the row says it."""

    key: str
    size: int
    sha256: str | None


async def referenced(tx: Read, after: str, limit: int) -> list[Referenced]:
    """Blobs that rows name, by their keys, past one of them."""
    return await tx.all(Referenced, REFERENCED, after=after, limit=limit)


async def waiting(tx: Read) -> list[str]:
    """Keys that committed rows have let go of, the oldest first."""
    return await tx.all(str, "select key from blob_garbage order by at, key limit :limit", limit=BATCH)


async def forget(tx: Write, keys: list[str]) -> None:
    """These are out of the store."""
    for key in keys:
        await tx.run("delete from blob_garbage where key = :key", key=key)


async def unreferenced(tx: Read, keys: list[str]) -> list[str]:
    """Those of the keys that no row names."""
    return await tx.all(str, UNREFERENCED, keys=msgspec.json.encode(keys).decode())
