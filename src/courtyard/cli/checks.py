"""What `doctor` looks at: one line each, and what to do about it."""

import asyncio
import socket
import sys
from collections.abc import Iterator

import apsw
import typer
from pydantic import ValidationError

from courtyard import checks, control, rendering
from courtyard.cli.complaints import complaints
from courtyard.core import audit, clock
from courtyard.installation import database_address, open_stores, providers
from courtyard.settings import Settings
from courtyard.storage.blob_opening import WrongStore
from courtyard.storage.database import Database, Down, Full
from courtyard.storage.opening import open_database
from courtyard.storage.sqlite import Owned
from courtyard.web.openid.fetching import Refused, Trouble
from courtyard.web.openid.relying import Party
from courtyard.web.overview import Finding


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
            yield Finding("settings", "wrong", complaint, "Mend the setting; docs/settings.md lists them.")
        return
    yield from checks.names()
    yield from checks.data_dir(settings)
    running = asyncio.run(_running(settings))
    yield Finding(
        "server", "ok" if running else "note", "A server is running here." if running else "No server is running here."
    )
    if not running:
        yield from _ports(settings)
        yield from asyncio.run(_database(settings))
    yield asyncio.run(_blobs(settings))
    yield asyncio.run(_confinement())
    yield from checks.outside(settings)
    yield from asyncio.run(_providers(settings))


async def _confinement() -> Finding:
    """Documents are read in child processes that reach nothing, as far as this machine can do that."""
    doors = await rendering.open_doors()
    if not doors:
        return Finding(
            "confinement", "ok", "Children that read documents reach no files and no network of this machine."
        )
    advice = "It takes Landlock and user namespaces; see docs/documents.md."
    return Finding("confinement", "note", f"Children that read documents can reach {' and '.join(doors)} here.", advice)


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("python", "ok", f"Python {version}.")


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
                yield Finding(
                    "port", "wrong", f"Port {port} cannot be used: {error.strerror}.", f"Set COURTYARD_{name}."
                )
            else:
                yield Finding("port", "ok", f"Port {port} is free.")


async def _database(settings: Settings) -> list[Finding]:
    address = database_address(settings)
    if address == str(settings.data_dir / "courtyard.db") and not settings.data_dir.exists():
        return [Finding("database", "note", "The database does not exist yet; the first start makes it.")]
    try:
        database = await open_database(address)
    except (Owned, Down, OSError, apsw.Error) as error:
        advice = "See COURTYARD_DATABASE_URL and COURTYARD_DATA_DIR."
        return [Finding("database", "wrong", f"The database cannot be opened: {error}", advice)]
    try:
        schema = await checks.schema(database)
        return [schema, await _trail(database)] if schema.level == "ok" else [schema]
    finally:
        await database.close()


async def _trail(database: Database) -> Finding:
    async with database.scan() as tx:
        broken = await audit.verify(tx)
    if broken is None:
        return Finding("trail", "ok", "The audit trail fits its seals.")
    said = f"The audit trail does not fit seal {broken.number}, made {clock.rfc3339(broken.at)}."
    return Finding("trail", "wrong", said, "Somebody changed events in the database; compare with a backup.")


async def _blobs(settings: Settings) -> Finding:
    where = settings.blobs_url or "the data directory"
    if not settings.blobs_url and not settings.data_dir.exists():
        return Finding("files", "note", "The place of the files does not exist yet; the first start makes it.")
    try:
        blobs = open_stores(settings)
        try:
            await blobs.check()
        finally:
            await blobs.close()
    except (WrongStore, Down, Full, OSError) as error:
        return Finding(
            "files",
            "wrong",
            f"Files cannot be kept in {where}: {error}",
            "See COURTYARD_BLOBS_URL and what follows it.",
        )
    return Finding("files", "ok", f"Files can be kept in {where}.")


async def _providers(settings: Settings) -> list[Finding]:
    """Whether each outside provider says of itself what a sign-in needs."""
    parties = providers(settings).parties
    return list(await asyncio.gather(*(_provider(party) for party in parties)))


async def _provider(party: Party) -> Finding:
    name, issuer = party.provider.shown, party.provider.issuer
    try:
        keys = await party.keys()
    except (Trouble, Refused) as trouble:
        return Finding("provider", "wrong", f"{name} at {issuer} cannot be used: {trouble}.", "See docs/providers.md.")
    return Finding("provider", "ok", f"{name} answers at {issuer}, with {keys} signing key{'' if keys == 1 else 's'}.")
