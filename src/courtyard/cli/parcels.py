"""What `courtyard space` does: a space into a file and out of one, while a server may run."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec
import typer

from courtyard import control, installation
from courtyard.bagging import Broken, Export
from courtyard.bagging.asking import AskedRows
from courtyard.cli.direct import Ask, asking, listens
from courtyard.control import Refused, socket_path
from courtyard.core.bags import Place
from courtyard.installation import open_stores, prepare
from courtyard.settings import Settings
from courtyard.storage.blobs import TooLong

PIECE = 1 << 20
PAUSE = 0.2


async def export(space: str, target: str, *, versions: bool, trash: bool) -> bool:
    """Write the ZIP; a file has its name when it is whole."""
    settings = Settings()
    prepare(settings.data_dir)
    blobs = open_stores(settings)
    try:
        async with asking(settings) as ask:
            place, slug, until = await ask("bags.begin", {"space": space})
            rows = AskedRows(ask, msgspec.convert(place, Place), until, versions=versions, trash=trash)
            try:
                await _written(Export(rows, blobs, slug).chunks(), target)
            except Broken as broken:
                raise Refused(str(broken)) from None
    finally:
        await blobs.close()
    return True


async def _written(chunks: AsyncIterator[bytes], target: str) -> None:
    if target == "-":
        await _copied(chunks, sys.stdout.buffer)
        return
    part = Path(f"{target}.part")
    with _open(part) as file:
        await _copied(chunks, file)
    await asyncio.to_thread(part.replace, target)


@contextmanager
def _open(part: Path) -> Generator[IO[bytes]]:
    """A file that is durable at its end, and gone when it has none."""
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        part.unlink(missing_ok=True)
        raise


async def _copied(chunks: AsyncIterator[bytes], target: IO[bytes]) -> None:
    async for chunk in chunks:
        target.write(chunk)
    target.flush()


async def bring(file: Path, owner: str, terms: dict[str, Any]) -> bool:
    """Store the ZIP, have the space made, and wait until it is there."""
    settings = Settings()
    prepare(settings.data_dir)
    blobs = open_stores(settings)
    try:
        async with _working(settings) as ask:
            try:
                blob = await blobs.put(_chunks(file), limit=settings.import_limit)
            except TooLong:
                raise Refused(f"At most {settings.import_limit} bytes; see COURTYARD_IMPORT_LIMIT.") from None
            asked = {"owner": owner, "blob": [blob.key, blob.size, blob.sha256], "terms": terms}
            job_id = await ask("bags.promise", asked)
            return await _awaited(ask, job_id)
    finally:
        await blobs.close()


async def _awaited(ask: Ask, job_id: str) -> bool:
    told = ""
    while True:
        job = await ask("bags.job", {"job": job_id})
        if job is None or job["status"] in ("failed", "cancelled"):
            raise Refused((job and job["error"]) or "The import was cancelled.")
        if job["status"] == "completed":
            typer.echo(job["space_id"])
            return True
        if job["message"] and job["message"] != told:
            told = job["message"]
            typer.echo(f"{job['progress']:3} %  {told}", err=True)
        await asyncio.sleep(PAUSE)


@asynccontextmanager
async def _working(settings: Settings) -> AsyncGenerator[Ask]:
    """Something that does jobs: the server that listens, or a worker here."""
    async with AsyncExitStack() as stack:
        if await listens(socket_path(settings.data_dir)):
            yield await stack.enter_async_context(asking(settings))
            return
        opened = await stack.enter_async_context(installation.opened(settings))
        await stack.enter_async_context(installation.worker(opened))

        async def ask(command: str, arguments: dict[str, Any]) -> Any:
            return await control.run(opened.services.database, command, arguments)

        yield ask


async def _chunks(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as source:
        while chunk := await asyncio.to_thread(source.read, PIECE):
            yield chunk
