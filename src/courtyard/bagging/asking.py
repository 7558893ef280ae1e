"""Bags on the command line: what it asks of the server that owns the database, in plain values, one page at a time."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from courtyard.core import clock, events, queue, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import RANK, Actor, Origin, system
from courtyard.core.bags import Belonging, Client, Conversation, Document, Place, Terms, Utterance, imports, leaving
from courtyard.core.errors import NotFound
from courtyard.core.identity import people
from courtyard.core.queue import Job
from courtyard.storage.blobs import Blob
from courtyard.storage.database import Database

ME = system("cli")
Ask = Callable[[str, dict[str, Any]], Awaitable[Any]]


async def begin(database: Database, *, space: str) -> Any:
    """A space by its id or slug: its facts, the name for its folder, and the moment up to which it is told."""
    async with database.write() as tx:
        try:
            found = await spaces.find(tx, ME, space, Permission.OVERSEE)
        except NotFound:
            found = await spaces.find_by_slug(tx, ME, space, Permission.OVERSEE)
        await events.record(tx, ME, "space.exported", space_id=found.id, object_id=found.id)
        place = await leaving.place(tx, found)
    return msgspec.to_builtins([place, found.slug, clock.now()])


async def members(database: Database, *, space: str, after: str) -> Any:
    async with database.read() as tx:
        return msgspec.to_builtins(await leaving.members(tx, space, after))


async def customers(database: Database, *, space: str, after: str, until: int) -> Any:
    async with database.read() as tx:
        return msgspec.to_builtins(await leaving.customers(tx, space, after, until))


async def conversations(database: Database, *, space: str, after: str, until: int) -> Any:
    async with database.read() as tx:
        return msgspec.to_builtins(await leaving.conversations(tx, space, after, until))


async def utterances(database: Database, *, thread: str, after: str, until: int) -> Any:
    async with database.read() as tx:
        return msgspec.to_builtins(await leaving.utterances(tx, thread, after, until))


async def documents(database: Database, *, space: str, after: str, until: int, trash: bool) -> Any:
    async with database.read() as tx:
        return await leaving.documents(tx, space, after, until, trash=trash)


async def document(database: Database, *, space: str, artifact: str, versions: bool, trash: bool) -> Any:
    async with database.read() as tx:
        return msgspec.to_builtins(await leaving.document(tx, space, artifact, versions=versions, trash=trash))


async def promise(database: Database, *, owner: str, blob: list[Any], terms: dict[str, Any]) -> str:
    """The id of the job that makes a space of a stored ZIP for that person. Raises Refusal."""
    async with database.write() as tx:
        person = await people.seek_by_email(tx, owner) if "@" in owner else await people.find(tx, owner)
        if person is None:
            raise NotFound(f"There is nobody with the address {owner}.")
        actor = Actor(Origin("cli"), person.id, RANK["admin"])
        return (await imports.promise(tx, actor, Terms(**terms), Blob(*blob))).id


async def job(database: Database, *, job: str) -> Any:
    """How an import is."""
    async with database.read() as tx:
        found = await tx.one(Job, "select " + queue.COLUMNS + " from job where id = :id", id=job)
    return None if found is None else msgspec.to_builtins(found)


COMMANDS: dict[str, Callable[..., Awaitable[Any]]] = {
    "bags.begin": begin,
    "bags.members": members,
    "bags.customers": customers,
    "bags.conversations": conversations,
    "bags.utterances": utterances,
    "bags.documents": documents,
    "bags.document": document,
    "bags.promise": promise,
    "bags.job": job,
}


class AskedRows:
    """The rows of an export as a server tells them; see `exporting.Rows`."""

    def __init__(self, ask: Ask, place: Place, until: int, *, versions: bool, trash: bool) -> None:
        self.space = place
        self._ask = ask
        self._until = until
        self._versions = versions
        self._trash = trash

    async def members(self, after: str) -> tuple[str, list[Belonging]]:
        told = await self._ask("bags.members", {"space": self.space.id, "after": after})
        return msgspec.convert(told, tuple[str, list[Belonging]])

    async def customers(self, after: str) -> list[Client]:
        return msgspec.convert(await self._page("bags.customers", after), list[Client])

    async def conversations(self, after: str) -> list[Conversation]:
        return msgspec.convert(await self._page("bags.conversations", after), list[Conversation])

    async def utterances(self, thread_id: str, after: str) -> list[Utterance]:
        told = await self._ask("bags.utterances", {"thread": thread_id, "after": after, "until": self._until})
        return msgspec.convert(told, list[Utterance])

    async def documents(self, after: str) -> list[str]:
        return await self._page("bags.documents", after, trash=self._trash)

    async def document(self, artifact_id: str) -> Document | None:
        asked = {"space": self.space.id, "artifact": artifact_id, "versions": self._versions, "trash": self._trash}
        return msgspec.convert(await self._ask("bags.document", asked), Document | None)

    async def _page(self, command: str, after: str, **more: Any) -> Any:
        return await self._ask(command, {"space": self.space.id, "after": after, "until": self._until, **more})
