"""What is in a space, made from the records of a bag: some in each transaction, while the space is out of sight."""

import re
from typing import LiteralString

import msgspec

from courtyard.core import artifacts, clock, customers, quota, spaces, text, threads
from courtyard.core.actor import Actor
from courtyard.core.artifacts import Artifact, NewArtifact, versions
from courtyard.core.artifacts.actions import THREADS, link
from courtyard.core.bags.model import Belonging, Client, Conversation, Document, Edition, Record, Utterance
from courtyard.core.customers import NewCustomer
from courtyard.core.errors import Invalid
from courtyard.core.membership import invitations, members
from courtyard.core.membership.invitations import Offer
from courtyard.core.spaces import Background, Space
from courtyard.core.threads import NewMessage, NewThread, Thread
from courtyard.storage.blobs import Blob
from courtyard.storage.database import Write

VERSIONS = 10_000
AN_HOUR = 20
"""So many of those who are invited are mailed in an hour, as many as anybody may invite to a space."""
_HASH = re.compile(r"[0-9a-f]{64}")
_SETTLE: LiteralString = (
    "update artifact set version = :version, thread_ids = :thread_ids, created_at = :created, updated_at = :updated,"
    " since = :now, content_at = :content_at, content_by = :person, deleted_at = :deleted where id = :id"
)


class Arrival:
    """Everything that comes belongs to the importer: who made it is told by the bag alone, which anybody can write."""

    def __init__(self, actor: Actor, space: Space) -> None:
        self._tx: Write
        self.actor = actor
        self.space = space
        self._now = clock.now()
        self._threads: dict[str, str] = {}
        self._thread: tuple[Thread, Conversation] | None = None
        self._invited = 0

    def within(self, tx: Write) -> None:
        """All that follows is of this transaction."""
        self._tx = tx

    async def take(self, record: Record) -> None:
        """Add what comes next. Raises what the five below raise."""
        match record:
            case Belonging():
                await self.member(record)
            case Client():
                await self.customer(record)
            case Conversation():
                await self.conversation(record)
            case Utterance():
                await self.utterance(record)
            case Document():
                await self.document(record)

    async def background(self, background: Background) -> None:
        """Show an image that we have re-encoded."""
        await spaces.set_background(self._tx, self.actor, self.space, background)

    async def member(self, member: Belonging) -> None:
        """Invite somebody with their role; an owner of theirs becomes an admin. Raises what `offer` raises."""
        role = "admin" if member.role == "owner" else member.role
        if role not in members.ROLES:
            raise Invalid("role", "There is no such role.", code="choice")
        if text.fold(member.email.strip()) != text.fold(self.space.owner_email):
            offer = Offer(role, after=self._invited // AN_HOUR * clock.HOUR)
            await invitations.offer(self._tx, self.actor, self.space, member.email, offer)
            self._invited += 1

    async def customer(self, client: Client) -> None:
        """Add a customer. Raises Invalid, TooLarge, EmailInUse."""
        new = NewCustomer(name=client.name, email=client.email, metadata=client.metadata)
        made = await customers.create(self._tx, self.actor, self.space, new)
        created, updated = self._times(client.created_at, client.updated_at)
        await self._tx.run(
            "update customer set created_at = :created, updated_at = :updated where id = :id",
            id=made.id,
            created=created,
            updated=updated,
        )

    async def conversation(self, conversation: Conversation) -> None:
        """Open a thread; what was said in it comes right after. Raises Invalid, TooLarge."""
        await self._close()
        if conversation.id in self._threads:
            raise Invalid("id", "A thread is there twice.", code="twice")
        new = NewThread(title=conversation.title, metadata=conversation.metadata)
        thread = await threads.create(self._tx, self.actor, self.space, new)
        self._threads[conversation.id] = thread.id
        self._thread = thread, conversation

    async def utterance(self, utterance: Utterance) -> None:
        """Say something in the thread that came last. Raises Invalid, TooLarge."""
        if self._thread is None:
            raise Invalid("id", "A message without its thread.", code="unknown")
        new = NewMessage(content=utterance.content, role=utterance.role, metadata=utterance.metadata)
        said = await threads.say(self._tx, self.actor, self._thread[0], new)
        await self._tx.run(
            "update message set created_at = :created where id = :id",
            id=said.id,
            created=self._time(utterance.created_at),
        )

    async def _close(self) -> None:
        if self._thread is None:
            return
        thread, told = self._thread
        created, updated = self._times(told.created_at, told.updated_at)
        await self._tx.run(
            "update thread set status = :status, created_at = :created, updated_at = :updated where id = :id",
            id=thread.id,
            status=told.status,
            created=created,
            updated=updated,
        )
        self._thread = None

    async def document(self, document: Document) -> None:
        """Name the stored bytes of an artifact and of its versions. Raises Invalid, TooLarge, QuotaExceeded."""
        self._check(document)
        present = document.versions[-1]
        new = NewArtifact(
            name=document.name,
            document_type=document.document_type,
            content_type=present.content_type,
            metadata=document.metadata,
            tags=document.tags,
        )
        artifact = await artifacts.create(self._tx, self.actor, self.space, new, _blob(present))
        await self._settle(artifact, document)
        await self._older(artifact, document.versions)
        known = {edition.version for edition in document.versions}
        for name, number in sorted(document.aliases.items()):
            if number in known:
                await versions.set_alias(self._tx, self.actor, artifact, name, number)

    def _check(self, document: Document) -> None:
        numbers = [edition.version for edition in document.versions]
        if (
            not 0 < len(numbers) <= VERSIONS
            or numbers != sorted(set(numbers))
            or not 0 < numbers[0] <= numbers[-1] < 2**31
        ):
            raise Invalid("versions", "An artifact has versions with growing numbers.", code="versions")
        if not all(edition.key and _HASH.fullmatch(edition.sha256) for edition in document.versions):
            raise Invalid("versions", "A version has no bytes.", code="versions")

    async def _settle(self, artifact: Artifact, document: Document) -> None:
        present = document.versions[-1]
        mapped = list(dict.fromkeys(self._threads[one] for one in document.thread_ids if one in self._threads))[
            :THREADS
        ]
        await link(self._tx, self.space.id, artifact.id, mapped, "thread_ids")
        created, updated = self._times(document.created_at, document.updated_at)
        moved = present.version > 1 or present.created_at != document.created_at
        await self._tx.run(
            _SETTLE,
            id=artifact.id,
            version=present.version,
            thread_ids=msgspec.json.encode(mapped).decode(),
            created=created,
            updated=updated,
            now=self._now,
            content_at=self._time(present.created_at) if moved else None,
            person=(self.actor.person_id or None) if moved else None,
            # What lies in the trash lies there from now on, lest it be purged in the next minute.
            deleted=None if document.deleted_at is None else self._now,
        )
        if present.version > 1:
            await self._tx.run(
                "update job set payload = :payload where artifact_id = :id and kind = 'inspect'",
                id=artifact.id,
                payload=msgspec.json.encode({"version": present.version}).decode(),
            )

    async def _older(self, artifact: Artifact, editions: list[Edition]) -> None:
        if len(editions) == 1:
            return
        for edition in editions[:-1]:
            await self._tx.run(
                "insert into artifact_version (artifact_id, version, name, content_type, size, sha256, blob_key,"
                " created_by, created_at) values (:id, :version, :name, :content_type, :size, :sha256, :key, :person,"
                " :created)",
                id=artifact.id,
                version=edition.version,
                name=text.name("name", edition.name),
                content_type=artifacts.media_type(edition.content_type),
                size=edition.size,
                sha256=edition.sha256,
                key=edition.key,
                person=self.actor.person_id or None,
                created=self._time(edition.created_at),
            )
        sizes = {edition.key: edition.size for edition in editions}
        del sizes[editions[-1].key]
        await quota.charge(self._tx, self.space.id, size=sum(sizes.values()), count=len(editions) - 1)

    async def end(self) -> None:
        """All of it is there."""
        await self._close()

    def _times(self, created: str, updated: str) -> tuple[int, int]:
        at = self._time(created)
        return at, max(at, self._time(updated))

    def _time(self, told: str) -> int:
        """Nothing was made in the future, or before there were computers to make it."""
        try:
            return min(max(clock.parse(told), 0), self._now)
        except (ValueError, OverflowError):
            raise Invalid("created_at", "This is no time.", code="time") from None


def _blob(edition: Edition) -> Blob:
    return Blob(edition.key, edition.size, edition.sha256)
