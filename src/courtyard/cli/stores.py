"""What `courtyard blobs` does: every blob that a row names, copied or checked, while a server may run."""

import asyncio
import hashlib
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
import typer

from courtyard.cli.direct import Ask, asking
from courtyard.core.garbage import Referenced
from courtyard.installation import open_store, open_stores, prepare
from courtyard.settings import Settings
from courtyard.storage.blob_opening import LOCAL, WrongStore
from courtyard.storage.blobs import Blob, Blobs, Damaged

PAGE = 1000
AT_ONCE = 4
PIECE = 1 << 20
PASSES = 10
HOUR = 3_600_000
TELL_EVERY = 2.0


class Progress:
    """What was done, told now and then on standard error."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.wrong: dict[str, str] = {}
        self._told = time.monotonic()

    def count(self, what: str) -> None:
        self.counts[what] += 1
        if time.monotonic() > self._told + TELL_EVERY:
            self._told = time.monotonic()
            typer.echo(self.summary(), err=True)

    def summary(self) -> str:
        return ", ".join(f"{number} {what}" for what, number in sorted(self.counts.items())) or "nothing to do"


@dataclass(frozen=True, slots=True)
class Move:
    """From where to where."""

    source: Blobs
    target: Blobs


async def migrate(to: str) -> bool:
    """Copy until a pass finds nothing more to copy; whether all is there now."""
    settings = Settings()
    prepare(settings.data_dir)
    async with _move(settings, to) as move, asking(settings) as ask:
        await move.target.check()
        progress = Progress()
        for _ in range(PASSES):
            progress = Progress()
            await _each(_rows(ask), lambda row, progress=progress: _copy(move, row, progress))
            typer.echo(progress.summary(), err=True)
            # What came meanwhile may have a key that the pass had left behind.
            if not progress.counts["copied"]:
                break
        well = await _told(ask, progress)
        if well:
            typer.echo("Every file is in the new store.")
        return well


async def verify(sample: int) -> bool:
    """Whether every blob, or so many of them, is as its row says."""
    settings = Settings()
    prepare(settings.data_dir)
    blobs = open_stores(settings)
    progress = Progress()
    try:
        async with asking(settings) as ask:
            rows = _listed(await _sampled(_rows(ask), sample)) if sample else _rows(ask)
            await _each(rows, lambda row: _check(blobs, row, progress))
            typer.echo(progress.summary(), err=True)
            return await _told(ask, progress)
    finally:
        await blobs.close()


async def sweep(*, delete: bool) -> bool:
    """Print what no row names, and delete it if asked to."""
    settings = Settings()
    prepare(settings.data_dir)
    blobs = open_stores(settings)
    try:
        async with asking(settings) as ask:
            before = time.time_ns() // 1_000_000 - HOUR
            async for keys in _pages(blobs.keys(older_than=before)):
                for key in await ask("blobs.unreferenced", {"keys": keys}):
                    typer.echo(key)
                    if delete:
                        await blobs.delete(key)
        return True
    finally:
        await blobs.close()


@asynccontextmanager
async def _move(settings: Settings, to: str) -> AsyncGenerator[Move]:
    """Raises WrongStore when they are one and the same, or when there is nowhere to copy from."""
    source, target = (settings.blobs_url, to) if to else (settings.blobs_fallback_url, settings.blobs_url)
    if not to and not source:
        raise WrongStore("Say where to with --to, or set COURTYARD_BLOBS_FALLBACK_URL to the store to copy from.")
    if (source or LOCAL).rstrip("/") == (target or LOCAL).rstrip("/"):
        raise WrongStore("This is where the files are.")
    move = Move(open_store(settings, source), open_store(settings, target))
    try:
        yield move
    finally:
        await move.source.close()
        await move.target.close()


async def _copy(move: Move, row: Referenced, progress: Progress) -> None:
    if await move.target.size(row.key) == row.size:
        progress.count("there already")
        return
    try:
        sha256 = row.sha256 or await _sha256(move.source, row)
        await move.target.adopt(Blob(row.key, row.size, sha256), _chunks(move.source, row))
        progress.count("copied")
    except FileNotFoundError:
        progress.wrong[row.key] = "missing"
    except Damaged:
        progress.wrong[row.key] = "other bytes than its row says"


async def _check(blobs: Blobs, row: Referenced, progress: Progress) -> None:
    size = await blobs.size(row.key)
    if size is None:
        progress.wrong[row.key] = "missing"
    elif size != row.size:
        progress.wrong[row.key] = f"{size} bytes instead of {row.size}"
    elif row.sha256 is not None and await _sha256_or_none(blobs, row) != row.sha256:
        progress.wrong[row.key] = "other bytes than its row says"
    progress.count("checked")


async def _sha256_or_none(blobs: Blobs, row: Referenced) -> str | None:
    try:
        return await _sha256(blobs, row)
    except FileNotFoundError:
        return None


async def _told(ask: Ask, progress: Progress) -> bool:
    """Print what is wrong with blobs that rows still name; whether nothing is."""
    keys = sorted(progress.wrong)
    gone = set[str](await ask("blobs.unreferenced", {"keys": keys})) if keys else set[str]()
    for key in keys:
        if key not in gone:
            typer.echo(f"{key}: {progress.wrong[key]}")
    return set(keys) <= gone


async def _chunks(blobs: Blobs, row: Referenced) -> AsyncIterator[bytes]:
    for start in range(0, row.size, PIECE):
        yield await blobs.read(row.key, start, PIECE)


async def _sha256(blobs: Blobs, row: Referenced) -> str:
    digest = hashlib.sha256()
    async for chunk in _chunks(blobs, row):
        await asyncio.to_thread(digest.update, chunk)
    return digest.hexdigest()


async def _rows(ask: Ask) -> AsyncIterator[list[Referenced]]:
    after = ""
    while page := msgspec.convert(await ask("blobs.referenced", {"after": after, "limit": PAGE}), list[Referenced]):
        yield page
        after = page[-1].key


async def _each(rows: AsyncIterator[list[Referenced]], act: Callable[[Referenced], Awaitable[None]]) -> None:
    """A few at once."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(row: Referenced) -> None:
        async with room:
            await act(row)

    async for page in rows:
        # The first failure ends all of them, and is what the person hears of.
        tasks = [asyncio.create_task(one(row)) for row in page]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _sampled(rows: AsyncIterator[list[Referenced]], count: int) -> list[Referenced]:
    """So many of them, each as likely as any other."""
    kept: list[Referenced] = []
    seen = 0
    async for page in rows:
        for row in page:
            seen += 1
            if len(kept) < count:
                kept.append(row)
            elif (place := random.randrange(seen)) < count:  # noqa: S311 - nobody gains by guessing it
                kept[place] = row
    return kept


async def _listed(rows: list[Referenced]) -> AsyncIterator[list[Referenced]]:
    for start in range(0, len(rows), PAGE):
        yield rows[start : start + PAGE]


async def _pages(keys: AsyncIterator[str]) -> AsyncIterator[list[str]]:
    page: list[str] = []
    async for key in keys:
        page.append(key)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page
