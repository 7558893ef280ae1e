"""One installation: its database, blobs and services opened from the settings, and the whole application over them."""

import asyncio
import os
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from courtyard import checks, effective, rendering
from courtyard.app import DIALECTS, Front, beginning, health, policy
from courtyard.core import installation as own
from courtyard.core import quota
from courtyard.settings import Settings
from courtyard.storage.blob_opening import Access, open_blobs
from courtyard.storage.blobs import Blobs
from courtyard.storage.migrate import migrate
from courtyard.storage.moving_blobs import MovingBlobs
from courtyard.storage.opening import open_database
from courtyard.web.arrival import Arrival
from courtyard.web.cursors import Cursors
from courtyard.web.dialect import Services
from courtyard.web.guard import Guard
from courtyard.web.https import Proxies, parse_proxies
from courtyard.web.journal import Journal
from courtyard.web.logs import RequestLine
from courtyard.web.openid.relying import Providers
from courtyard.web.overview import Overview
from courtyard.web.rates import POLICIES, Rates
from courtyard.web.reference import Document, reference
from courtyard.web.usage import Usage
from courtyard.worker import Setup, Worker, note_down

BACKGROUND_LIMIT = 10 * 1024 * 1024 + 64 * 1024
"""Ten MiB of image, and what a multipart form adds around it."""
RESUMABLE = re.compile(r"/(v1|console/api)/spaces/[^/]+/uploads(/[^/]+)?$")


@dataclass(frozen=True, slots=True)
class Installation:
    """What is open: services for dialects and worker, and which migrations were applied just now."""

    settings: Settings
    services: Services
    usage: Usage
    migrated: list[str]


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Installation]:
    """Open what rests, bring its schema up to date, close it at the end.

    Raises Owned, Down, Full, Changed, Newer, WrongStore.
    """
    prepare(settings.data_dir)
    database = await open_database(database_address(settings), most=settings.database_pool)
    try:
        migrated = await migrate(database)
        blobs = open_stores(settings)
        usage, journal = Usage(), Journal(keeps=bool(settings.request_log_days))
        try:
            await blobs.check()
            async with database.write() as tx:
                cursors = Cursors(await own.key(tx, "cursors"))
                await quota.limit(tx, bytes=settings.space_bytes, artifacts=settings.space_artifacts)
            yield Installation(
                settings,
                Services(
                    database,
                    blobs,
                    cursors,
                    rates(settings),
                    usage,
                    policy(settings),
                    providers(settings),
                    journal=journal,
                ),
                usage,
                migrated,
            )
        finally:
            await usage.flush(database)
            await journal.flush(database)
            await blobs.close()
    finally:
        await database.close()


def prepare(data_dir: Path) -> None:
    """The data directory, for us alone."""
    os.umask(0o077)
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)


def database_address(settings: Settings) -> str:
    """Where the rows are: the set URL, or a file in the data directory."""
    return settings.database_url.get_secret_value() or str(settings.data_dir / "courtyard.db")


def open_stores(settings: Settings) -> Blobs:
    """Where the files are; while they move, with the store behind it that they come from. Raises WrongStore."""
    blobs = open_store(settings, settings.blobs_url)
    if not settings.blobs_fallback_url:
        return blobs
    return MovingBlobs(blobs, open_store(settings, settings.blobs_fallback_url))


def open_store(settings: Settings, url: str) -> Blobs:
    """The blob store of that URL, reached as the settings say. Raises WrongStore."""
    access = Access(
        endpoint=settings.blobs_endpoint,
        region=settings.blobs_region,
        access_key_id=settings.blobs_access_key_id,
        secret_access_key=settings.blobs_secret_access_key.get_secret_value(),
        plain_http=settings.blobs_plain_http,
    )
    return open_blobs(url, settings.data_dir, access)


def rates(settings: Settings) -> Rates:
    """How much of what anybody may take: `COURTYARD_RATE_<NAME>`."""
    policies = {name: rate._replace(limit=getattr(settings, f"rate_{name}")) for name, rate in POLICIES.items()}
    return Rates(policies, on=settings.rate_limits == "on")


def providers(settings: Settings) -> Providers:
    """The outside providers to sign in with."""
    return Providers(settings.providers, settings.provider_ca)


def worker(installation: Installation) -> Worker:
    """What does this installation's background work, as an async context."""
    settings, services = installation.settings, installation.services
    rendering.QUEUE.at_once = settings.renderers
    setup = Setup(
        data_dir=settings.data_dir,
        public_url=settings.public_url,
        mail_from=settings.mail_from,
        smtp_url=settings.smtp_url.get_secret_value(),
        hooks_allow_private=settings.hooks_allow_private,
        trash_days=settings.trash_days,
        history_days=settings.history_days,
        versions_keep=settings.versions_keep,
        import_limit=settings.import_limit,
        request_log_days=settings.request_log_days,
    )
    return Worker(services.database, services.blobs, setup, usage=installation.usage)


@asynccontextmanager
async def noting(installation: Installation) -> AsyncGenerator[None]:
    """What is noted on the way of requests is written down, off it."""
    services = installation.services
    task = asyncio.create_task(note_down(services.database, installation.usage, services.journal))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def site(installation: Installation, log: RequestLine | None = None) -> Guard:
    """The whole application, the guard before it."""
    settings = installation.settings
    services = replace(installation.services, overview=overview(installation))
    dialects = [module.dialect(services) for module in DIALECTS]
    documents = [
        Document(one.name, one.speech.title, one.speech.openapi_path) for one in dialects if one.speech.openapi_path
    ]
    front = Front(dialects, {"": beginning, **health(services), **reference(documents)})
    return Guard(
        front,
        limit=body_limit(settings),
        refuse=front.refuse,
        proxies=Proxies(parse_proxies(settings.trusted_proxies)),
        log=_both(log, services.journal.note),
    )


def _both(log: RequestLine | None, note: RequestLine) -> RequestLine:
    """One after the other."""
    if log is None:
        return note

    def both(arrival: Arrival, method: str, status: int, seconds: float) -> None:
        log(arrival, method, status, seconds)
        note(arrival, method, status, seconds)

    return both


def overview(installation: Installation) -> Overview:
    """What the process knows of itself."""
    settings, services = installation.settings, installation.services
    return Overview(effective.settings(settings), lambda: checks.examine(settings, services.database, services.blobs))


def body_limit(settings: Settings) -> Callable[[str, str], int]:
    """The largest body of a route, known before anything is read."""

    def limit(_method: str, path: str) -> int:
        path = path.rstrip("/")
        if path.endswith("/artifacts/generate"):
            return settings.generate_limit
        if path.endswith("/background"):
            return BACKGROUND_LIMIT
        if path.endswith("/spaces/import"):
            return settings.import_limit
        if RESUMABLE.search(path):
            # A client that is not told otherwise sends the whole file in one request.
            return settings.tus_limit
        return settings.upload_limit if path.endswith(("/artifacts", "/content")) else settings.body_limit

    return limit
