"""Where a command about people or keys runs."""

from typing import Any

from courtyard import control
from courtyard.settings import Settings
from courtyard.storage.blob_opening import WrongStore
from courtyard.storage.database import Down, Full
from courtyard.storage.migrate import Changed, Newer
from courtyard.storage.sqlite import Owned

REFUSED = (control.Refused, Owned, Down, Full, WrongStore, Changed, Newer, OSError)


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
