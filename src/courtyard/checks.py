"""What can be wrong with an installation, and what to do about it: for `courtyard doctor` and for `GET /v1/health`."""

import asyncio
import difflib
import os
import shutil
import stat
from collections.abc import Iterator
from importlib.metadata import version

from courtyard.core import statistics
from courtyard.settings import Settings
from courtyard.storage.blobs import Blobs
from courtyard.storage.database import Database, Down, Full
from courtyard.storage.migrate import Changed, Newer, migrations, pending
from courtyard.web.overview import Finding, Health

LEAST_ROOM = 1024**3
PATIENCE = 5.0
"""Seconds that the files have to answer."""
HERE = ("127.0.0.1", "::1", "localhost")


async def examine(settings: Settings, database: Database, blobs: Blobs) -> Health:
    """Everything that can be looked at while the server runs."""
    disk = shutil.disk_usage(settings.data_dir)
    return Health(
        version=version("courtyard"),
        engine=database.engine,
        migration=migrations(None)[-1].name,
        disk_free=disk.free,
        disk_total=disk.total,
        findings=[
            await schema(database),
            await _files(settings, blobs),
            await _workers(database),
            *data_dir(settings),
            *names(),
            *outside(settings),
        ],
    )


def names() -> Iterator[Finding]:
    """Settings nobody reads are mostly misspelt ones."""
    known = {f"COURTYARD_{name.upper()}{end}" for name in Settings.model_fields for end in ("", "_FILE")}
    for name in sorted(os.environ):
        if name.startswith("COURTYARD_") and not name.startswith("COURTYARD_TEST_") and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            advice = f"Did you mean {near[0]}?" if near else "See docs/settings.md."
            yield Finding("settings", "wrong", f"{name} is no setting.", advice)


def data_dir(settings: Settings) -> Iterator[Finding]:
    """Whose the data directory is, and how much room it has."""
    folder = settings.data_dir
    if not folder.exists():
        yield Finding("data", "note", f"The data directory {folder} does not exist yet; the first start makes it.")
        return
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield Finding("data", "wrong", f"Others on this machine can look into {folder}.", f"chmod 700 {folder}")
    elif not os.access(folder, os.W_OK):
        yield Finding(
            "data", "wrong", f"{folder} cannot be written to.", "Start as its owner, or set COURTYARD_DATA_DIR."
        )
    else:
        yield Finding("data", "ok", f"The data directory {folder} is ours alone.")
    free = shutil.disk_usage(folder).free
    if free >= LEAST_ROOM:
        yield Finding("disk", "ok", f"{free / 1e9:.1f} GB are free.")
    else:
        yield Finding("disk", "wrong", f"{free / 1e9:.1f} GB are free.", "Make room, or writes fail.")


async def schema(database: Database) -> Finding:
    """Whether the database answers, and has every migration."""
    try:
        waiting = await pending(database)
    except (Changed, Newer, Down) as error:
        return Finding("database", "wrong", str(error))
    if waiting:
        advice = "`courtyard migrate`, or the next start, applies them."
        return Finding("database", "note", f"{len(waiting)} migrations wait.", advice)
    return Finding("database", "ok", f"The {database.engine} database is up to date.")


async def _files(settings: Settings, blobs: Blobs) -> Finding:
    where = settings.blobs_url or "the data directory"
    try:
        async with asyncio.timeout(PATIENCE):
            await blobs.ping()
    except (Down, Full, OSError, TimeoutError) as error:
        reason = str(error) or "no answer"
        return Finding(
            "files",
            "wrong",
            f"Files in {where} cannot be reached: {reason}",
            "See COURTYARD_BLOBS_URL and what follows it.",
        )
    return Finding("files", "ok", f"Files in {where} can be reached.")


async def _workers(database: Database) -> Finding:
    try:
        async with database.read() as tx:
            seen = len(await statistics.workers(tx))
    except Down as error:
        return Finding("workers", "wrong", str(error))
    if not seen:
        return Finding(
            "workers",
            "wrong",
            "No worker is alive; jobs and mails wait.",
            "Start `courtyard work`, or see COURTYARD_WORKER.",
        )
    return Finding("workers", "ok", f"{seen} worker{'' if seen == 1 else 's'} alive.")


def outside(settings: Settings) -> Iterator[Finding]:
    """What is left to whoever runs it."""
    if settings.smtp_url.get_secret_value():
        yield Finding("mail", "ok", "Mails are sent by SMTP.")
    else:
        yield Finding(
            "mail", "note", "Mails become files in the data directory.", "Set COURTYARD_SMTP_URL to send them."
        )
    if settings.host not in HERE and settings.tls_cert is None and not settings.trusted_proxies:
        advice = "See docs/operations.md."
        yield Finding("certificate", "note", "Others reach this server with a development certificate.", advice)
