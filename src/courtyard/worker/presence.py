"""A worker says that it is there, so that administrators see which ones are."""

import os
import socket
from importlib.metadata import version

from courtyard.core import clock, ids, statistics
from courtyard.storage.database import Database


class Presence:
    """One worker, from its first word to its last."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._id = ids.new()
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._since = clock.now()

    async def appear(self) -> None:
        """Say that it is there now."""
        me = statistics.Worker(self._id, self._name, version("courtyard"), self._since, clock.now())
        async with self._database.write() as tx:
            await statistics.appear(tx, me)

    async def leave(self) -> None:
        """Say that it ends."""
        async with self._database.write() as tx:
            await statistics.leave(tx, self._id)
