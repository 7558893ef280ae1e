"""Versions of artifacts: new bytes under the same id, what was there before, and names for versions."""

import re
from typing import LiteralString

import msgspec

from courtyard.core import clock, events, indexing, queue, quota
from courtyard.core.actor import Actor
from courtyard.core.artifacts import history
from courtyard.core.artifacts.model import Artifact, NotReady
from courtyard.core.artifacts.queries import find as find_artifact
from courtyard.core.errors import Conflict, Invalid, NotFound
from courtyard.core.paging import Page, Slice, cut
from courtyard.core.spaces import Space
from courtyard.storage.blobs import Blob
from courtyard.storage.database import Read, Write

ALIASES = 32
CURRENT = "current"
END = 2**62
_ALIAS = re.compile(r"[a-z][a-z0-9._-]{0,63}")
RESERVED = frozenset((CURRENT, "latest", "restore", "download"))


class SameContent(Conflict):
    """The artifact holds these bytes already."""


class Version(msgspec.Struct, frozen=True):
    """What an artifact held, or holds now (`current`); `created_by` brought the bytes at `created_at`."""

    number: int
    name: str
    content_type: str
    size: int
    sha256: str
    blob_key: str
    created_by: str | None
    created_at: int
    current: int


class Alias(msgspec.Struct, frozen=True):
    """A name for a version; whoever asks by that name gets whichever version it names at that moment."""

    name: str
    version: int
    created_at: int


_NOW: LiteralString = (
    "select a.version as number, a.name, a.content_type, a.size, a.sha256, a.blob_key,"
    " case when a.content_at is null then a.created_by else a.content_by end as created_by,"
    " coalesce(a.content_at, a.created_at) as created_at, 1 as current from artifact a where a.id = :id"
    " and a.status = 'completed'"
)
_BEFORE: LiteralString = (
    "select v.version as number, v.name, v.content_type, v.size, v.sha256, v.blob_key, v.created_by, v.created_at,"
    " 0 as current from artifact_version v where v.artifact_id = :id"
)
_PAGE: LiteralString = (
    "select * from (" + _NOW + " and a.version < :past union all select * from (" + _BEFORE + " and v.version < :past"
    " order by v.version desc limit :limit) w) x order by x.number desc limit :limit"
)
_ONE: LiteralString = _NOW + " and a.version = :number union all " + _BEFORE + " and v.version = :number"
_KEEP: LiteralString = (
    "insert into artifact_version (version, name, content_type, size, sha256, blob_key, created_by, created_at,"
    " artifact_id) select x.number, x.name, x.content_type, x.size, x.sha256, x.blob_key, x.created_by, x.created_at,"
    " :id from (" + _NOW + ") x"
)
_REPLACE: LiteralString = (
    "update artifact set version = version + 1, content_type = :content_type, size = :size, sha256 = :sha256,"
    " blob_key = :key, text_excerpt = null, content_at = :now, content_by = :person,"
    + history.MOVED
    + ", updated_at = case when updated_at < :now then :now else updated_at + 1 end where id = :id"
)


async def page(tx: Read, artifact: Artifact, page: Page) -> Slice[Version]:
    """The versions of an artifact found in a space with JOIN, newest first; `after` is a version's number."""
    past = int(page.after) if page.after else END
    return cut(await tx.all(Version, _PAGE, id=artifact.id, past=past, limit=page.limit + 1), page.limit)


async def find(tx: Read, artifact: Artifact, word: str) -> Version:
    """A version by its number, an alias or `current`, of an artifact found with JOIN. Raises NotFound."""
    number = artifact.version if word == CURRENT else await _number(tx, artifact, word)
    version = None if number is None else await tx.one(Version, _ONE, id=artifact.id, number=number)
    if version is None:
        raise NotFound
    return version


async def _number(tx: Read, artifact: Artifact, word: str) -> int | None:
    if word.isascii() and word.isdigit():
        return int(word) if len(word) < 18 else None
    alias = await seek_alias(tx, artifact, word)
    return None if alias is None else alias.version


async def replace(tx: Write, actor: Actor, space: Space, artifact: Artifact, blob: Blob, content_type: str) -> Artifact:
    """Give an artifact of a space found with WRITE new bytes, and keep the old ones as a version.

    `artifact` is held by this transaction. The same bytes again change nothing, so that a repeated request makes no
    second version: then the blob is named by no row, and its caller discards it. Raises NotReady, QuotaExceeded.
    """
    if (artifact.sha256, artifact.size) == (blob.sha256, blob.size):
        return artifact
    await _supersede(tx, actor, artifact, blob, content_type)
    await events.record(
        tx, actor, "artifact.replaced", space_id=space.id, object_id=artifact.id, version=artifact.version + 1
    )
    await quota.charge(tx, space.id, size=blob.size)
    return await find_artifact(tx, actor, space, artifact.id)


async def restore(tx: Write, actor: Actor, space: Space, artifact: Artifact, version: Version) -> Artifact:
    """Make a new version that holds what an older one held, in a space found with WRITE; no byte is copied.

    `artifact` is held by this transaction. Raises NotReady, SameContent, QuotaExceeded.
    """
    if (artifact.sha256, artifact.size) == (version.sha256, version.size):
        raise SameContent
    blob = Blob(version.blob_key, version.size, version.sha256)
    await _supersede(tx, actor, artifact, blob, version.content_type)
    await events.record(
        tx,
        actor,
        "artifact.version_restored",
        space_id=space.id,
        object_id=artifact.id,
        version=artifact.version + 1,
        restored=version.number,
    )
    # It is one more version, and not one more byte.
    await quota.charge(tx, space.id, size=0)
    return await find_artifact(tx, actor, space, artifact.id)


async def _supersede(tx: Write, actor: Actor, artifact: Artifact, blob: Blob, content_type: str) -> None:
    now = clock.now()
    await history.keep(tx, artifact.id, now)
    if not await tx.run(_KEEP, id=artifact.id):
        raise NotReady
    person = actor.person_id or None
    await tx.run(
        _REPLACE,
        id=artifact.id,
        content_type=content_type,
        size=blob.size,
        sha256=blob.sha256,
        key=blob.key,
        person=person,
        now=now,
    )
    await indexing.artifact(tx, artifact.id)
    # What a job finds out about these bytes is kept while they are the present ones.
    await queue.enqueue(
        tx,
        "inspect",
        space_id=artifact.space_id,
        artifact_id=artifact.id,
        created_by=person,
        version=artifact.version + 1,
    )


async def aliases(tx: Read, artifact: Artifact) -> list[Alias]:
    """Every alias of an artifact found in a space with JOIN, by name; at most 32."""
    return await tx.all(
        Alias,
        "select name, version, created_at from artifact_alias where artifact_id = :id order by name",
        id=artifact.id,
    )


async def seek_alias(tx: Read, artifact: Artifact, name: str) -> Alias | None:
    """One alias of an artifact found with JOIN; None when there is none of that name."""
    return await tx.one(
        Alias,
        "select name, version, created_at from artifact_alias where artifact_id = :id and name = :name",
        id=artifact.id,
        name=name,
    )


async def set_alias(tx: Write, actor: Actor, artifact: Artifact, name: str, number: int) -> Alias:
    """Let a name stand for a version, whatever it stood for before, in a space found with WRITE.

    `artifact` is held by this transaction. A version that has a name is never thinned out. Raises Invalid.
    """
    if not _ALIAS.fullmatch(name) or name in RESERVED:
        raise Invalid("name", "1 to 64 of a-z, 0-9, '.', '-', '_', a letter first.", code="alias")
    if not 0 < number < END or await tx.one(Version, _ONE, id=artifact.id, number=number) is None:
        raise Invalid("version", "There is no such version.", code="unknown")
    known = await aliases(tx, artifact)
    if len(known) >= ALIASES and name not in [alias.name for alias in known]:
        raise Invalid("name", f"At most {ALIASES} aliases.", code="too_many")
    await tx.run(
        "insert into artifact_alias (artifact_id, name, version, created_at) values (:id, :name, :version, :now)"
        " on conflict (artifact_id, name) do update set version = excluded.version, created_at = excluded.created_at",
        id=artifact.id,
        name=name,
        version=number,
        now=clock.now(),
    )
    await events.record(
        tx, actor, "artifact.alias_set", space_id=artifact.space_id, object_id=artifact.id, alias=name, version=number
    )
    alias = await seek_alias(tx, artifact, name)
    if alias is None:
        raise NotFound
    return alias


async def remove_alias(tx: Write, actor: Actor, artifact: Artifact, name: str) -> None:
    """Let a name stand for nothing any more, in a space found with WRITE. Raises NotFound."""
    gone = await tx.run(
        "delete from artifact_alias where artifact_id = :id and name = :name", id=artifact.id, name=name
    )
    if not gone:
        raise NotFound
    await events.record(
        tx, actor, "artifact.alias_removed", space_id=artifact.space_id, object_id=artifact.id, alias=name
    )
