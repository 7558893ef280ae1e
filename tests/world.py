"""The world of a test: people, spaces and what is in them, built through the core in the words of the domain."""

import hashlib
from collections.abc import Sequence
from typing import Any

from courtyard.core import artifacts, clock, customers, organizations, spaces, threads
from courtyard.core.access.roles import OrganizationRole, Permission, Role, Visibility
from courtyard.core.actor import RANK, Actor, Origin, Scope, system
from courtyard.core.artifacts import Artifact, NewArtifact
from courtyard.core.customers import Customer, NewCustomer
from courtyard.core.identity import credentials, people
from courtyard.core.identity.credentials import NewKey
from courtyard.core.identity.people import Person
from courtyard.core.organizations import Organization
from courtyard.core.queue import Job
from courtyard.core.spaces import NewSpace, Space
from courtyard.core.threads import NewThread, Thread
from courtyard.storage.blobs import Blob
from courtyard.storage.database import Database

ORIGIN = Origin("test", "192.0.2.1", "request-1")
ANYBODY = Actor(ORIGIN)


class World:
    """Everybody is called by one word; whoever is named for the first time is made."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.people: dict[str, Person] = {}
        self.organizations: dict[str, Organization] = {}

    async def person(self, name: str, *, administrator: bool = False) -> Person:
        """The person of that name: `ada` has the address ada@example.org and no password."""
        if name not in self.people:
            async with self.database.write() as tx:
                self.people[name] = await people.add(
                    tx,
                    system("test"),
                    email=f"{name}@example.org",
                    username=name,
                    password_hash=None,
                    administrator=administrator,
                )
        return self.people[name]

    async def actor(self, name: str, *, scope: Scope = "admin", spaces: Sequence[Space] | None = None) -> Actor:
        """The person as a request's caller; with `spaces` by a credential that is limited to these."""
        person = await self.person(name)
        async with self.database.read() as tx:
            administrator = bool((await people.find(tx, person.id)).is_administrator)
        limits = None if spaces is None else frozenset(space.id for space in spaces)
        return Actor(ORIGIN, person.id, RANK[scope], administrator and scope == "admin", None, None, limits)

    async def administrator(self, name: str = "root") -> Actor:
        """A platform administrator as a caller."""
        await self.person(name, administrator=True)
        return await self.actor(name)

    async def key(
        self, name: str, *, scopes: Sequence[Scope] = ("read", "write", "admin"), spaces: Sequence[Space] | None = None
    ) -> str:
        """The secret of a new key."""
        limits = None if spaces is None else [space.id for space in spaces]
        new = NewKey(name="test", scopes=list(scopes), spaces=limits, expires_at=None)
        person = await self.person(name)
        async with self.database.write() as tx:
            return (await credentials.create(tx, system("test"), new, person_id=person.id))[1]

    async def organization(
        self, name: str, *, owner: str, admins: Sequence[str] = (), members: Sequence[str] = ()
    ) -> Organization:
        """An organization with its people; its handle is its name."""
        actor = await self.actor(owner)
        async with self.database.write() as tx:
            made = await organizations.create(tx, actor, name, name)
        for member in admins:
            await self.enroll(made, member, "admin")
        for member in members:
            await self.enroll(made, member, "member")
        self.organizations[name] = made
        return made

    async def space(
        self,
        owner: str = "ada",
        name: str = "Library",
        *,
        admins: Sequence[str] = (),
        editors: Sequence[str] = (),
        viewers: Sequence[str] = (),
        visibility: Visibility = "private",
        organization: str | None = None,
        **facts: Any,
    ) -> Space:
        """A space as its owner meets it, with its members; in the owner's personal organization unless one is named."""
        actor = await self.actor(owner)
        async with self.database.write() as tx:
            home = await organizations.home(tx, actor, organization)
            space = await spaces.create(tx, actor, home, NewSpace(name=name, visibility=visibility, **facts))
        wanted: dict[Role, Sequence[str]] = {"admin": admins, "editor": editors, "viewer": viewers}
        for role, names in wanted.items():
            for member in names:
                await self.admit(space, member, role)
        return space

    async def admit(self, space: Space, name: str, role: Role) -> None:
        """Make a person a member of a space, or give a member another role."""
        person = await self.person(name)
        async with self.database.write() as tx:
            await tx.run(
                "insert into member (space_id, person_id, role, created_at) values (:space, :person, :role, :now)"
                " on conflict (space_id, person_id) do update set role = excluded.role",
                space=space.id,
                person=person.id,
                role=role,
                now=clock.now(),
            )

    async def dismiss(self, space: Space, name: str) -> None:
        """End a membership."""
        person = await self.person(name)
        async with self.database.write() as tx:
            await tx.run(
                "delete from member where space_id = :space and person_id = :person", space=space.id, person=person.id
            )

    async def enroll(self, organization: Organization, name: str, role: OrganizationRole) -> None:
        """Make a person a member of an organization, or give a member another role."""
        person = await self.person(name)
        async with self.database.write() as tx:
            await tx.run(
                "insert into organization_member (organization_id, person_id, role, created_at)"
                " values (:organization, :person, :role, :now)"
                " on conflict (organization_id, person_id) do update set role = excluded.role",
                organization=organization.id,
                person=person.id,
                role=role,
                now=clock.now(),
            )

    async def meet(self, actor: Actor, space: Space, permission: Permission = Permission.LOOK) -> Space:
        """The space as that caller meets it."""
        async with self.database.read() as tx:
            return await spaces.find(tx, actor, space.id, permission)

    async def customer(self, space: Space, name: str = "Carol", email: str | None = None, *, by: str = "") -> Customer:
        """A customer of a space, added by its owner unless somebody else is named."""
        actor = await self.actor(by) if by else self._owner(space)
        async with self.database.write() as tx:
            return await customers.create(tx, actor, space, NewCustomer(name=name, email=email))

    async def thread(self, space: Space, title: str = "Questions", *, by: str = "") -> Thread:
        """An open thread in a space."""
        actor = await self.actor(by) if by else self._owner(space)
        async with self.database.write() as tx:
            return await threads.create(tx, actor, space, NewThread(title=title))

    async def artifact(
        self, space: Space, name: str = "report.txt", *, by: str = "", blob: Blob | None = None, **facts: Any
    ) -> Artifact:
        """An artifact in a space, with its inspection waiting. Without a blob its bytes are nowhere."""
        actor = await self.actor(by) if by else self._owner(space)
        new = NewArtifact(name=name, document_type=facts.pop("document_type", "document"), **facts)
        async with self.database.write() as tx:
            return await artifacts.create(tx, actor, space, new, blob or nothing())

    async def jobs(self) -> list[Job]:
        """Every job there is, oldest first."""
        async with self.database.read() as tx:
            return await tx.all(
                Job,
                "select number, id, kind, space_id, artifact_id, payload, status, progress, message, attempt,"
                " max_attempts, error, fence, due_at, created_at, started_at, completed_at from job order by number",
            )

    async def events(self) -> list[str]:
        """What the audit trail says, oldest first."""
        async with self.database.read() as tx:
            return await tx.all(str, "select action from event order by number")

    def _owner(self, space: Space) -> Actor:
        return Actor(ORIGIN, space.owner_id, RANK["admin"])


_blobs = 0


def nothing(size: int = 11) -> Blob:
    """A blob that is described but not stored."""
    global _blobs  # noqa: PLW0603 - no two blobs have the same key
    _blobs += 1
    key = hashlib.sha256(str(_blobs).encode()).hexdigest()
    return Blob(key=key, size=size, sha256=key)
