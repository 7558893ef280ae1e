"""What `doctor` looks at: one line each, and what to do about it."""

import asyncio
import difflib
import os
import shutil
import socket
import sqlite3
import stat
import sys
from collections.abc import Iterator
from typing import NamedTuple

import typer
from pydantic import ValidationError

from courtyard import control
from courtyard.cli.complaints import complaints
from courtyard.installation import database_address, open_stores, providers
from courtyard.settings import Settings
from courtyard.storage.blob_opening import WrongStore
from courtyard.storage.database import Down, Full
from courtyard.storage.migrate import Changed, Newer, pending
from courtyard.storage.opening import open_database
from courtyard.storage.sqlite import Owned
from courtyard.web.openid.fetching import Refused, Trouble
from courtyard.web.openid.relying import Party

LEAST_ROOM = 1024**3
SAFE_SQLITE = (3, 51, 3)


class Finding(NamedTuple):
    """`ok`, `note` or `wrong`; what was seen; what to do."""

    level: str
    seen: str
    advice: str = ""


def run_checks() -> int:
    """Print every finding; 1 when something is wrong."""
    wrong = 0
    for finding in _findings():
        wrong |= finding.level == "wrong"
        typer.echo(f"{finding.level:6} {finding.seen}" + (f"\n       {finding.advice}" if finding.advice else ""))
    return int(wrong)


def _findings() -> Iterator[Finding]:
    yield _python()
    try:
        settings = Settings()
    except ValidationError as error:
        for complaint in complaints(error):
            yield Finding("wrong", complaint, "Mend the setting; docs/settings.md lists them.")
        return
    yield from _names()
    yield from _data_dir(settings)
    running = asyncio.run(_running(settings))
    yield Finding("ok" if running else "note", "A server is running here." if running else "No server is running here.")
    if not running:
        yield from _ports(settings)
        yield asyncio.run(_database(settings))
    yield asyncio.run(_blobs(settings))
    yield from _outside(settings)
    yield from asyncio.run(_providers(settings))


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("ok", f"Python {version}.")


def _names() -> Iterator[Finding]:
    """Settings nobody reads are mostly misspelt ones."""
    known = {f"COURTYARD_{name.upper()}{end}" for name in Settings.model_fields for end in ("", "_FILE")}
    for name in sorted(os.environ):
        if name.startswith("COURTYARD_") and not name.startswith("COURTYARD_TEST_") and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            yield Finding(
                "wrong", f"{name} is no setting.", f"Did you mean {near[0]}?" if near else "See docs/settings.md."
            )


def _data_dir(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    if not folder.exists():
        yield Finding("note", f"The data directory {folder} does not exist yet; the first start makes it.")
        return
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield Finding("wrong", f"Others on this machine can look into {folder}.", f"chmod 700 {folder}")
    elif not os.access(folder, os.W_OK):
        yield Finding("wrong", f"{folder} cannot be written to.", "Start as its owner, or set COURTYARD_DATA_DIR.")
    else:
        yield Finding("ok", f"The data directory {folder} is ours alone.")
    free = shutil.disk_usage(folder).free
    enough = free >= LEAST_ROOM
    yield Finding(
        "ok" if enough else "wrong", f"{free / 1e9:.1f} GB are free.", "" if enough else "Make room, or writes fail."
    )


async def _running(settings: Settings) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(control.socket_path(settings.data_dir))
    except OSError:
        return False
    writer.close()
    return True


def _ports(settings: Settings) -> Iterator[Finding]:
    for name, port in (("PORT", settings.port), ("TLS_PORT", settings.tls_port)):
        if not port:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
            except OSError as error:
                yield Finding("wrong", f"Port {port} cannot be used: {error.strerror}.", f"Set COURTYARD_{name}.")
            else:
                yield Finding("ok", f"Port {port} is free.")


async def _database(settings: Settings) -> Finding:
    address = database_address(settings)
    if address == str(settings.data_dir / "courtyard.db") and not settings.data_dir.exists():
        return Finding("note", "The database does not exist yet; the first start makes it.")
    try:
        database = await open_database(address)
    except (Owned, Down, OSError, sqlite3.Error) as error:
        return Finding(
            "wrong", f"The database cannot be opened: {error}", "See COURTYARD_DATABASE_URL and COURTYARD_DATA_DIR."
        )
    try:
        waiting = await pending(database)
    except (Changed, Newer) as error:
        return Finding("wrong", str(error))
    finally:
        await database.close()
    if waiting:
        return Finding(
            "note", f"{len(waiting)} migrations wait.", "`courtyard migrate`, or the next start, applies them."
        )
    return Finding("ok", f"The {database.engine} database is up to date.")


async def _blobs(settings: Settings) -> Finding:
    where = settings.blobs_url or "the data directory"
    if not settings.blobs_url and not settings.data_dir.exists():
        return Finding("note", "The place of the files does not exist yet; the first start makes it.")
    try:
        blobs = open_stores(settings)
        try:
            await blobs.check()
        finally:
            await blobs.close()
    except (WrongStore, Down, Full, OSError) as error:
        return Finding(
            "wrong", f"Files cannot be kept in {where}: {error}", "See COURTYARD_BLOBS_URL and what follows it."
        )
    return Finding("ok", f"Files can be kept in {where}.")


async def _providers(settings: Settings) -> list[Finding]:
    """Whether each outside provider says of itself what a sign-in needs."""
    parties = providers(settings).parties
    return list(await asyncio.gather(*(_provider(party) for party in parties)))


async def _provider(party: Party) -> Finding:
    name, issuer = party.provider.shown, party.provider.issuer
    try:
        keys = await party.keys()
    except (Trouble, Refused) as trouble:
        return Finding("wrong", f"{name} at {issuer} cannot be used: {trouble}.", "See docs/providers.md.")
    return Finding("ok", f"{name} answers at {issuer}, with {keys} signing key{'' if keys == 1 else 's'}.")


def _outside(settings: Settings) -> Iterator[Finding]:
    if not settings.database_url.get_secret_value() and sqlite3.sqlite_version_info < SAFE_SQLITE:
        yield Finding(
            "note",
            f"SQLite {sqlite3.sqlite_version} can damage a database that several connections write to.",
            "Courtyard writes through one connection only; let no other program write to the file.",
        )
    if not settings.smtp_url.get_secret_value():
        yield Finding("note", "Mails become files in the data directory.", "Set COURTYARD_SMTP_URL to send them.")
    if (
        settings.host not in ("127.0.0.1", "::1", "localhost")
        and settings.tls_cert is None
        and not settings.trusted_proxies
    ):
        yield Finding("note", "Others reach this server with a development certificate.", "See docs/operations.md.")
