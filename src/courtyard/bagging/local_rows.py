"""The rows of an export, read from the database that is open here: one short statement after the other."""

from courtyard.core import clock
from courtyard.core.bags import Belonging, Client, Conversation, Document, Place, Utterance, leaving
from courtyard.core.spaces import Space
from courtyard.storage.database import Database


class LocalRows:
    """What a space found with OVERSEE holds now; see `exporting.Rows`."""

    def __init__(self, database: Database, space: Place, *, versions: bool, trash: bool, until: int) -> None:
        self.space = space
        self._database = database
        self._versions = versions
        self._trash = trash
        self._until = until

    @classmethod
    async def of(cls, database: Database, space: Space, *, versions: bool, trash: bool) -> "LocalRows":
        async with database.read() as tx:
            place = await leaving.place(tx, space)
        return cls(database, place, versions=versions, trash=trash, until=clock.now())

    async def members(self, after: str) -> tuple[str, list[Belonging]]:
        async with self._database.read() as tx:
            return await leaving.members(tx, self.space.id, after)

    async def customers(self, after: str) -> list[Client]:
        async with self._database.read() as tx:
            return await leaving.customers(tx, self.space.id, after, self._until)

    async def conversations(self, after: str) -> list[Conversation]:
        async with self._database.read() as tx:
            return await leaving.conversations(tx, self.space.id, after, self._until)

    async def utterances(self, thread_id: str, after: str) -> list[Utterance]:
        async with self._database.read() as tx:
            return await leaving.utterances(tx, thread_id, after, self._until)

    async def documents(self, after: str) -> list[str]:
        async with self._database.read() as tx:
            return await leaving.documents(tx, self.space.id, after, self._until, trash=self._trash)

    async def document(self, artifact_id: str) -> Document | None:
        async with self._database.read() as tx:
            return await leaving.document(tx, self.space.id, artifact_id, versions=self._versions, trash=self._trash)
