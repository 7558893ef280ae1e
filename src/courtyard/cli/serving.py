"""What `serve`, `work` and `migrate` do."""

import asyncio
import contextlib
import gc
import secrets
import signal
import ssl
import sys

import typer
from pydantic import ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from courtyard import control, demo
from courtyard.cli.complaints import or_say_why
from courtyard.core.accounts import setting_up
from courtyard.installation import Installation, noting, opened, prepare, site, worker
from courtyard.settings import Settings
from courtyard.storage.blob_opening import WrongStore
from courtyard.storage.database import Down, Full
from courtyard.storage.migrate import Changed, Newer
from courtyard.storage.sqlite import Owned
from courtyard.web import certificate, listen, logs
from courtyard.web.streams import Streams

REFUSED_TO_START = (
    Owned,
    Down,
    Full,
    WrongStore,
    Changed,
    Newer,
    listen.PortTaken,
    ValidationError,
    OSError,
    ssl.SSLError,
)


class _Late:
    """The application's place at the listener, filled once the database is open."""

    app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.app is not None:
            await self.app(scope, receive, send)


class Server:
    """One server process: listeners, application, worker, control socket."""

    def __init__(self, settings: Settings, *, with_demo: bool) -> None:
        if with_demo and "registration" not in settings.model_fields_set:
            settings = settings.model_copy(update={"registration": "open"})
        self._settings = settings
        self._with_demo = with_demo
        self._log = logs.configure(settings.log_level)
        self._app = _Late()
        self._streams: Streams | None = None
        self._open = contextlib.AsyncExitStack()
        self._lines: list[str] = []

    def run(self) -> None:
        """Serve until a signal comes. Raises one of REFUSED_TO_START."""
        prepare(self._settings.data_dir)
        settings = self._settings
        where = listen.Listen(
            host=settings.host,
            port=settings.port,
            tls_port=settings.tls_port or None,
            tls=self._tls() if settings.tls_port else None,
        )
        hooks = listen.Hooks(start=self._start, ready=self._ready, stopping=self._end_streams, stop=self._open.aclose)
        listen.run(self._app, where, hooks)

    def _tls(self) -> ssl.SSLContext:
        cert, key = self._settings.tls_cert, self._settings.tls_key
        if cert is not None and key is not None:
            return certificate.server_context(cert, key)
        made = certificate.development_certificate(self._settings.data_dir / "tls")
        return certificate.server_context(made.cert, made.key)

    async def _start(self, bound: listen.Bound) -> None:
        settings = self._settings
        if not settings.public_url:
            settings = settings.model_copy(update={"public_url": bound.http or bound.https or ""})
        installation = await self._open.enter_async_context(opened(settings))
        await self._greet(installation, bound)
        if settings.worker == "inside":
            await self._open.enter_async_context(worker(installation))
        await self._open.enter_async_context(noting(installation))
        if installation.services.database.engine == "sqlite":
            path = control.socket_path(settings.data_dir)
            socket = await control.listen(installation.services.database, path)
            self._open.callback(socket.close)
        self._streams = installation.services.streams
        self._app.app = site(installation, self._log.requests)

    async def _end_streams(self) -> None:
        """Who watches would otherwise be waited for."""
        if self._streams is not None:
            self._streams.close()

    async def _greet(self, installation: Installation, bound: listen.Bound) -> None:
        """What a person who started it needs to know."""
        settings = installation.settings
        self._lines = [f"HTTP address: {bound.http}"]
        if bound.https:
            self._lines.append(f"HTTPS address: {bound.https}")
        made = None
        if self._with_demo or settings.admin_email or settings.admin_password.get_secret_value():
            made = await self._administrator(installation)
        else:
            await self._offer_set_up(installation)
        if self._with_demo:
            self._lines += await demo.prepare(installation, bound, settings.data_dir, introduced=made is not None)

    async def _administrator(self, installation: Installation) -> demo.Administrator | None:
        """Whoever the settings name becomes the first administrator, without a browser."""
        settings = installation.settings
        password = settings.admin_password.get_secret_value()
        made = await demo.first_administrator(
            installation.services.database, settings.admin_email, password or secrets.token_urlsafe(15)
        )
        if made is not None:
            shown = "(the one you set)" if password else f"{made.password} (shown once)"
            self._lines.append(f"Administrator: {made.email}, password {shown}")
        return made

    async def _offer_set_up(self, installation: Installation) -> None:
        """Where somebody makes the first administrator, as long as there is none."""
        async with installation.services.database.write() as tx:
            token = await setting_up.offer(tx)
        if token is not None:
            address = f"{installation.services.policy.public_url}/setup?token={token}"
            self._lines.append(f"Set-up address: {address} (for one use, within a day)")

    async def _ready(self, _: listen.Bound) -> None:
        # What the start made stays: to look through it for garbage again and again stopped everybody for 40 ms each time.
        gc.collect()
        gc.freeze()
        sys.stdout.write("\n".join(["Courtyard is ready.", *self._lines, ""]))
        sys.stdout.flush()


def run(*, demo: bool) -> None:
    """`courtyard serve`."""
    or_say_why(lambda: Server(Settings(), with_demo=demo).run(), REFUSED_TO_START)


def run_migrations() -> None:
    """`courtyard migrate`."""

    async def migrate() -> None:
        async with opened(Settings()) as installation:
            for name in installation.migrated:
                typer.echo(f"Applied {name}.")
            if not installation.migrated:
                typer.echo("The database is up to date.")

    or_say_why(lambda: asyncio.run(migrate()), REFUSED_TO_START)


def run_worker() -> None:
    """`courtyard work`."""
    settings = _settings()
    if not settings.database_url.get_secret_value():
        typer.echo(
            "error: With SQLite the worker runs inside `courtyard serve`. Set COURTYARD_DATABASE_URL first.", err=True
        )
        raise typer.Exit(2)
    logs.configure(settings.log_level)

    async def work() -> None:
        end = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, end.set)
        async with opened(settings) as installation, worker(installation):
            typer.echo("Working.")
            await end.wait()

    or_say_why(lambda: asyncio.run(work()), REFUSED_TO_START)


def _settings() -> Settings:
    found: list[Settings] = []
    or_say_why(lambda: found.append(Settings()), REFUSED_TO_START)
    return found[0]
