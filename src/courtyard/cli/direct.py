"""Where a command about people or keys runs."""

import asyncio
import functools
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from courtyard import control
from courtyard.settings import Settings
from courtyard.storage.blob_opening import WrongStore
from courtyard.storage.database import Down, Full
from courtyard.storage.migrate import Changed, Newer
from courtyard.storage.sqlite import Owned

REFUSED = (control.Refused, Owned, Down, Full, WrongStore, Changed, Newer, OSError)


Ask = Callable[[str, dict[str, Any]], Awaitable[Any]]


@asynccontextmanager
async def asking(settings: Settings) -> AsyncGenerator[Ask]:
    """Many commands, one after the other: to the server, or here with everything opened once."""
    path = control.socket_path(settings.data_dir)
    if await listens(path):

        async def ask(command: str, arguments: dict[str, Any]) -> Any:
            try:
                return await control.ask(path, command, arguments)
            except control.NoServer:
                raise control.Refused("The server has gone; run it again.") from None

        yield ask
        return
    from courtyard.installation import opened

    async with opened(settings) as installation:
        yield functools.partial(control.run, installation.services.database)


async def listens(path: Path) -> bool:
    """Whether a server takes commands there."""
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True


async def run(command: str, arguments: dict[str, Any]) -> Any:
    """In the server that listens in the data directory; without one, here. Raises control.Refused, Owned, Down."""
    settings = Settings()
    try:
        return await control.ask(control.socket_path(settings.data_dir), command, arguments)
    except control.NoServer:
        # The whole application, which a command beside a server does without.
        from courtyard.installation import opened

        # With the dialects and their libraries behind it this takes most of a second to import.

        async with opened(settings) as installation:
            return await control.run(installation.services.database, command, arguments)
