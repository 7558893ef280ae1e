"""Something to look at in a space that is new: a few files, customers, and the beginning of a talk."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from courtyard.core import artifacts, customers, threads
from courtyard.core.actor import Actor
from courtyard.core.spaces import Space
from courtyard.storage.blobs import Blob, Blobs
from courtyard.storage.database import Write

READINGS = "date,site,ph,temperature\n2026-05-01,North shore,7.2,11.4\n2026-05-08,North shore,7.1,12.0\n"
NOTES = "# Spring survey\n\n- Two sites, weekly readings\n- Next meeting on Friday\n"
FILES = (("Spring survey.md", "text/markdown", NOTES), ("Readings.csv", "text/csv", READINGS))
CUSTOMERS = ("Lake Board", "North Shore School")


class File(NamedTuple):
    """A file whose bytes are stored, for `fill`."""

    new: artifacts.NewArtifact
    blob: Blob


async def stored(blobs: Blobs) -> list[File]:
    """The files, before any transaction: bytes move first."""
    return [
        File(
            artifacts.NewArtifact(name=name, document_type="document", content_type=content_type),
            await blobs.put(_once(content.encode()), limit=len(content.encode())),
        )
        for name, content_type, content in FILES
    ]


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def fill(tx: Write, actor: Actor, space: Space, files: list[File]) -> None:
    """Put it into a space of the caller's. Raises what making each of them raises."""
    for name in CUSTOMERS:
        email = f"{name.split()[0].lower()}@example.org"
        await customers.create(tx, actor, space, customers.NewCustomer(name=name, email=email))
    thread = await threads.create(tx, actor, space, threads.NewThread(title="Spring survey"))
    await threads.say(tx, actor, thread, threads.NewMessage(content="The first readings are in."))
    for new, blob in files:
        await artifacts.create(tx, actor, space, new, blob)
