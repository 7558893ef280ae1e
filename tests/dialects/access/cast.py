"""Everybody who calls, with what opens something for them, and the things that they call for."""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

from courtyard.core import clock, ids
from courtyard.core.actor import RANK, Actor, system
from courtyard.core.identity import sessions
from courtyard.core.oauth import applications, tokens
from courtyard.core.oauth.applications import Application, NewApplication
from courtyard.core.oauth.tokens import Granted
from courtyard.core.organizations import Organization
from courtyard.core.spaces import Space
from courtyard.web.dialect import Services
from tests.core.authenticator import Authenticator
from tests.dialects.access import things, ways
from tests.dialects.access.table import PEOPLE
from tests.dialects.v1.browsing import with_password
from tests.world import ORIGIN, World

OTHERS = {"disabled": "closed", "program": "stranger"}
ENDED = ("expired", "revoked", "disabled")
_numbers = count(1)


class Cast:
    """The people of one row, or of many that change nothing about them."""

    def __init__(self, world: World, services: Services) -> None:
        self.world, self.services = world, services
        self.number = next(_numbers)
        self.keys: dict[str, str] = {}
        self.sessions: dict[str, str] = {}
        self.challenges: dict[str, str] = {}
        self.devices: dict[str, Authenticator] = {}
        self._found: dict[str, Any] = {}
        self._space: Space | None = None
        self._organization: Organization | None = None
        self._application: Application | None = None

    def called(self, who: str) -> str:
        """The username of whoever plays this part; what ended, and what is limited, is the owner's."""
        part = OTHERS.get(who, who if who in (*PEOPLE, "halfway") else "owner")
        return f"{part}-{self.number}"

    async def come(self) -> "Cast":
        """Everybody gets an account, a key and a session."""
        for part in PEOPLE:
            await with_password(self.world, self.called(part), administrator=part == "root")
            self.keys[part] = await self.world.key(self.called(part))
            self.sessions[part] = await self._session(part)
        await with_password(self.world, self.called("disabled"))
        for part in ENDED:
            self.keys[part] = await self.world.key(self.called(part))
            self.sessions[part] = await self._session(part)
        await self._end()
        self.sessions["forged"] = self.sessions["owner"]
        elsewhere = await self.world.space(self.called("owner"), "Attic")
        self.keys["elsewhere"] = await self.world.key(self.called("owner"), spaces=[elsewhere])
        self.keys["reader"] = await self._token("read")
        self.keys["identity"] = await self._token("openid profile email")
        self.keys["program"] = await self._program()
        return self

    async def halfway(self) -> None:
        """Two more browsers: one that waits for the second factor, and one in which the owner is for long."""
        await with_password(self.world, self.called("halfway"))
        await ways.device_of(self, "halfway")
        self.sessions["halfway"] = await self._session("halfway", second=True)
        self.sessions["stale"] = await self._session("owner")
        async with self.world.database.write() as tx:
            await tx.run(
                "update session set confirmed_at = confirmed_at - :by where hash = :hash",
                by=20 * clock.MINUTE,
                hash=ids.digest(self.sessions["stale"]),
            )

    async def _session(self, part: str, *, second: bool = False) -> str:
        person = await self.world.person(self.called(part))
        async with self.world.database.write() as tx:
            return (await sessions.begin(tx, person, ORIGIN, "a browser", second=second))[1]

    async def _end(self) -> None:
        """By hand: that each ends the other is told elsewhere, here each has to suffice."""
        past = clock.now() - clock.MINUTE
        hashed = {part: ids.digest(self.keys[part]) for part in ENDED}
        opened = {part: ids.digest(self.sessions[part]) for part in ENDED}
        async with self.world.database.write() as tx:
            await tx.run("update credential set expires_at = :at where hash = :hash", at=past, hash=hashed["expired"])
            await tx.run("update credential set revoked_at = :at where hash = :hash", at=past, hash=hashed["revoked"])
            await tx.run("update session set expires_at = :at where hash = :hash", at=past, hash=opened["expired"])
            await tx.run("update session set state = 'ended' where hash = :hash", hash=opened["revoked"])
            await tx.run("update person set state = 'disabled' where username = :name", name=self.called("disabled"))

    async def application(self) -> Application:
        """The owner's, and let in by them."""
        if self._application is None:
            owner = await self.actor("owner")
            new = NewApplication(
                name="Reports", redirect_uris=[things.BACK], scopes=["read", "openid", "profile", "email"]
            )
            async with self.world.database.write() as tx:
                self._application, _ = await applications.create(tx, owner, new)
        return self._application

    async def _token(self, scopes: str) -> str:
        application, owner = await self.application(), await self.world.person(self.called("owner"))
        granted = Granted(owner.id, ids.new(), scopes)
        async with self.world.database.write() as tx:
            return (await tokens.issue(tx, system("test"), application, granted, refresh=False)).access

    async def _program(self) -> str:
        """A token of an application that is the stranger's, who lets it do everything."""
        stranger = await self.actor("stranger")
        new = NewApplication(name="Scraper", redirect_uris=[things.BACK], scopes=["read", "write", "admin"])
        async with self.world.database.write() as tx:
            made, _ = await applications.create(tx, stranger, new)
            granted = Granted(stranger.person_id, ids.new(), made.scopes)
            return (await tokens.issue(tx, system("test"), made, granted, refresh=False)).access

    async def actor(self, who: str) -> Actor:
        """That person as the core meets them."""
        person = await self.world.person(self.called(who))
        return Actor(ORIGIN, person.id, RANK["admin"], who == "root")

    # --- the things ---

    def renew(self) -> None:
        """Whoever asks from now on finds other things than those before."""
        self._found, self._space, self._organization = {}, None, None

    async def organization(self) -> Organization:
        """Where the space is."""
        if self._organization is None:
            called = self.called
            self._organization = await self.world.organization(
                f"house-{self.number}-{next(_numbers)}",
                owner=called("owner"),
                admins=[called("admin")],
                members=[called("viewer"), called("editor")],
            )
        return self._organization

    async def space(self) -> Space:
        """The space that it is all about."""
        if self._space is None:
            called = self.called
            self._space = await self.world.space(
                called("owner"),
                organization=(await self.organization()).handle,
                admins=[called("admin"), called("disabled")],
                editors=[called("editor")],
                viewers=[called("viewer")],
            )
        return self._space

    async def find(self, wanted: set[str], who: str) -> dict[str, Any]:
        """The things of these names, made when they are not there; what is somebody's own is the caller's."""
        found: dict[str, Any] = {}
        for name in sorted(wanted):
            own = name.startswith("my_")
            key = f"{name} {who}" if own else name
            if key not in self._found:
                make: Callable[[Cast, str], Awaitable[Any]] | None = getattr(things, name, None) or getattr(
                    ways, name, None
                )
                assert make is not None, f"tests/dialects/access/things.py makes no {name}"
                self._found[key] = await make(self, who)
            found[name] = self._found[key]
        return found
