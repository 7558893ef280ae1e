"""The job `preview`: WebP pictures of an image, of the first page of a PDF, of a text."""

from courtyard import rendering
from courtyard.core import artifacts
from courtyard.core.artifacts import Artifact, previews
from courtyard.core.queue import Job
from courtyard.storage.blobs import Blob
from courtyard.storage.database import Write
from courtyard.worker.reading import at_hand, kept
from courtyard.worker.work import Failed, Settle, Tools

LARGEST = 8 * 1024 * 1024


def wanted(artifact: Artifact, kind: str) -> bool:
    """Whether there can be a preview of a file of that media type and size."""
    return 0 < artifact.size <= rendering.LARGEST and rendering.showable(kind)


async def preview(tools: Tools, job: Job) -> Settle | None:
    """A file that cannot be drawn fails the job for good, and nothing else."""
    async with tools.database.read() as tx:
        artifact = await artifacts.seek(tx, job.artifact_id or "")
    if artifact is None or artifact.status != "completed" or not wanted(artifact, artifact.content_type):
        return None
    try:
        async with at_hand(tools.blobs, Blob(artifact.blob_key, artifact.size, artifact.sha256)) as file:
            drawn = await rendering.show(artifact.content_type, artifact.name, file)
    except rendering.Refused as refused:
        raise Failed(str(refused), final=True) from None
    pictures = [(each.size, await kept(tools.blobs, each.content, limit=LARGEST)) for each in drawn]

    async def settle(tx: Write) -> bool:
        return await previews.keep(tx, job, artifact, pictures)

    return settle
