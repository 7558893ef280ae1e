"""What artifacts look like: pictures of the version that was drawn last, its pages and its size."""

import msgspec

from courtyard.core import clock, queue
from courtyard.core.artifacts.model import Artifact
from courtyard.core.queue import Job
from courtyard.storage.blobs import Blob
from courtyard.storage.database import Read, Write


class Preview(msgspec.Struct, frozen=True):
    """A stored WebP picture, `width` pixels wide at most."""

    width: int
    blob_key: str
    size: int
    sha256: str


class Look(msgspec.Struct, frozen=True):
    """Pages of a document, and its size: of an image in pixels, of a page in points."""

    pages: int | None = None
    width: int | None = None
    height: int | None = None


async def find(tx: Read, artifact: Artifact) -> list[Preview]:
    """The pictures of the present version, the smallest first; none while there are none."""
    return await tx.all(
        Preview,
        "select width, blob_key, size, sha256 from preview where artifact_id = :id and version = :version order by width",
        id=artifact.id,
        version=artifact.version,
    )


async def look(tx: Read, artifact: Artifact) -> Look:
    """What is known of the present version."""
    found = await tx.one(
        Look,
        "select pages, width, height from artifact_look where artifact_id = :id and version = :version",
        id=artifact.id,
        version=artifact.version,
    )
    return found or Look()


async def learn(tx: Write, artifact: Artifact, seen: Look) -> None:
    """Keep what an inspection found out about the present version, in the transaction that settles it."""
    await tx.run(
        "insert into artifact_look (artifact_id, version, pages, width, height)"
        " select :id, :version, cast(:pages as bigint), cast(:width as bigint), cast(:height as bigint)"
        " where exists (select 1 from artifact where id = :id and version = :version)"
        " on conflict (artifact_id) do update set version = excluded.version, pages = excluded.pages,"
        " width = excluded.width, height = excluded.height",
        id=artifact.id,
        version=artifact.version,
        pages=seen.pages,
        width=seen.width,
        height=seen.height,
    )


async def keep(tx: Write, job: Job, artifact: Artifact, pictures: list[tuple[int, Blob]]) -> bool:
    """Name the pictures of a version, with the job's fence, instead of those before; False when the job was lost."""
    if not await queue.complete(tx, job):
        return False
    shown = "update artifact set previewed = :version where id = :id and version = :version"
    if not await tx.run(shown, id=artifact.id, version=artifact.version):
        # There is a newer version meanwhile, and a job that draws it. These are swept.
        return True
    await _let_go(tx, artifact.id)
    for width, blob in pictures:
        await tx.run(
            "insert into preview (artifact_id, version, width, blob_key, size, sha256)"
            " values (:id, :version, :width, :key, :size, :sha256)",
            id=artifact.id,
            version=artifact.version,
            width=width,
            key=blob.key,
            size=blob.size,
            sha256=blob.sha256,
        )
    return True


async def _let_go(tx: Write, artifact_id: str) -> None:
    await tx.run(
        "insert into blob_garbage (key, at) select blob_key, :now from preview where artifact_id = :id"
        " on conflict (key) do nothing",
        id=artifact_id,
        now=clock.now(),
    )
    await tx.run("delete from preview where artifact_id = :id", id=artifact_id)
