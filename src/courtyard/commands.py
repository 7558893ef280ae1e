"""What the command line does to people, their sessions, keys and applications: plain values in, plain values out.

Each runs where the database is open: in the command itself or, asked through the control socket, in the server that
owns the file.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import UNSET

from courtyard.bagging import asking
from courtyard.core import accounts, clock, garbage, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import RANK, SCOPES, Actor, Origin, system
from courtyard.core.errors import Invalid, NotFound
from courtyard.core.identity import credentials, passwords, people, rotation, sessions, standing
from courtyard.core.identity.credentials import Credential
from courtyard.core.identity.people import Person
from courtyard.core.identity.sessions import Session
from courtyard.core.indexing import backlog
from courtyard.core.membership import organization_keys
from courtyard.core.oauth import applications, consents
from courtyard.core.oauth.applications import Application, NewApplication
from courtyard.core.oauth.scopes import WORDS, Word
from courtyard.core.paging import Page
from courtyard.storage.database import Database, Read

Row = dict[str, Any]
ME = system("cli")
MOST = 10_000


async def add_person(database: Database, *, email: str, username: str, password: str, administrator: bool) -> Row:
    """Make an account; the person as a row."""
    password_hash = await passwords.hashed(password)
    async with database.write() as tx:
        return _person(
            await people.add(
                tx, ME, email=email, username=username, password_hash=password_hash, administrator=administrator
            )
        )


async def list_people(database: Database) -> list[Row]:
    """Everybody, newest first."""
    async with database.scan() as tx:
        return (await people.page(tx, ME, Page(MOST))).map(_person)


async def disable_person(database: Database, *, person: str) -> Row:
    """Close an account; `person` is an e-mail address or an id."""
    async with database.write() as tx:
        found = await _find(tx, person)
        await standing.disable(tx, ME, found.id)
        return _person(await people.find(tx, found.id))


async def promote_person(database: Database, *, person: str) -> Row:
    """Make somebody a platform administrator."""
    async with database.write() as tx:
        found = await _find(tx, person)
        await standing.promote(tx, ME, found.id)
        return _person(await people.find(tx, found.id))


async def enable_person(database: Database, *, person: str) -> Row:
    """Open a closed account again; what ended stays ended."""
    async with database.write() as tx:
        return _person(await standing.enable(tx, ME, (await _find(tx, person)).id))


async def demote_person(database: Database, *, person: str) -> Row:
    """Make a platform administrator an ordinary person."""
    async with database.write() as tx:
        return _person(await standing.demote(tx, ME, (await _find(tx, person)).id))


async def list_sessions(database: Database, *, person: str) -> list[Row]:
    """The browsers in which somebody is signed in, newest first."""
    async with database.read() as tx:
        return (await sessions.page(tx, _as(await _find(tx, person)), Page(MOST))).map(_session)


async def end_sessions(database: Database, *, person: str, session: str | None) -> Row:
    """End one session by its id, or all of them, with the tokens that somebody signed in for."""
    async with database.write() as tx:
        actor = _as(await _find(tx, person))
        if session is not None:
            await sessions.end(tx, actor, await sessions.find(tx, actor, session))
        else:
            await accounts.sign_out_everywhere(tx, actor)
        return {"person": actor.person_id, "ended": session or "all"}


class Wanted(msgspec.Struct, frozen=True):
    """A key as the command line asks for it: `days` that it lives, `spaces` by id or slug; None sets no limit."""

    name: str
    scopes: list[str]
    days: int | None
    spaces: list[str] | None
    networks: list[str] | None


async def create_key(database: Database, *, person: str, organization: str | None, key: Row) -> Row:
    """Make a key, of a person or of an organization that they administer; its secret is in the row, here only.

    `key` is what is `Wanted`.
    """
    wanted = msgspec.convert(key, Wanted)
    if any(scope not in RANK for scope in wanted.scopes):
        raise Invalid("scopes", f"One or more of: {', '.join(SCOPES)}.", code="choice")
    async with database.write() as tx:
        actor = _as(await _find(tx, person))
        new = credentials.NewKey(
            name=wanted.name,
            scopes=[scope for scope in SCOPES if scope in wanted.scopes],
            expires_at=None if wanted.days is None else clock.now() + wanted.days * clock.DAY,
            spaces=None if wanted.spaces is None else [await _space(tx, actor, each) for each in wanted.spaces],
            networks=wanted.networks,
        )
        if organization is None:
            made, secret = await credentials.create(tx, actor, new)
        else:
            made, secret = await organization_keys.create(tx, actor, organization, new)
        return {**_key(made), "key": secret}


async def _space(tx: Read, actor: Actor, named: str) -> str:
    """The id of a space that somebody sees, by its id or slug. Raises NotFound."""
    try:
        return (await spaces.find(tx, actor, named, Permission.LOOK)).id
    except NotFound:
        return (await spaces.find_by_slug(tx, actor, named, Permission.LOOK)).id


async def list_keys(database: Database, *, person: str, organization: str | None = None) -> list[Row]:
    """Somebody's keys, or those of an organization that they administer, newest first."""
    async with database.read() as tx:
        actor = _as(await _find(tx, person))
        if organization is not None:
            return (await organization_keys.page(tx, actor, organization, Page(MOST))).map(_key)
        return (await credentials.page(tx, actor, Page(MOST))).map(_key)


async def revoke_key(database: Database, *, person: str, key: str) -> Row:
    """End a key, by its id."""
    async with database.write() as tx:
        actor = _as(await _find(tx, person))
        found = await credentials.find(tx, actor, key)
        await credentials.revoke(tx, actor, found)
        return _key(found)


async def rotate_key(database: Database, *, person: str, key: str, grace_hours: int, days: int | None) -> Row:
    """Put a new key in the place of one; its secret is in the row, here only. `days` that it lives; None: as the old one."""
    expires_at = UNSET if days is None else None if days == 0 else clock.now() + days * clock.DAY
    async with database.write() as tx:
        actor = _as(await _find(tx, person))
        found = await credentials.find(tx, actor, key)
        new, secret = await rotation.rotate(tx, actor, found, hours=grace_hours, expires_at=expires_at)
        return {**_key(new), "key": secret}


async def create_app(
    database: Database, *, person: str, name: str, redirects: list[str], scopes: list[str], public: bool
) -> Row:
    """Make an application; its secret is in the row, here only."""
    wanted: list[Word] = [word for word in WORDS if word in scopes]
    if len(wanted) != len(set(scopes)):
        raise Invalid("scopes", f"One or more of: {', '.join(WORDS)}.", code="choice")
    new = NewApplication(name=name, redirect_uris=redirects, scopes=wanted, public=public)
    async with database.write() as tx:
        application, secret = await applications.create(tx, _as(await _find(tx, person)), new)
        return {**_app(application), "secret": secret}


async def list_apps(database: Database, *, person: str | None) -> list[Row]:
    """Everybody's applications, or one person's, newest first."""
    async with database.scan() as tx:
        if person is not None:
            return (await applications.page(tx, _as(await _find(tx, person)), Page(MOST))).map(_app)
        return (await applications.everybodys(tx, ME, Page(MOST))).map(_app)


async def show_app(database: Database, *, client: str) -> Row:
    """One application, by its client id."""
    async with database.read() as tx:
        found = await _find_app(tx, client)
        return {**_app(found), "people": await consents.count(tx, found)}


async def rotate_app(database: Database, *, client: str) -> Row:
    """Give an application another secret; it is in the row, here only."""
    async with database.write() as tx:
        found = await _find_app(tx, client)
        renewed, secret = await applications.renew_secret(tx, _owner(found), found)
        return {**_app(renewed), "secret": secret}


async def delete_app(database: Database, *, client: str) -> Row:
    """End an application, with its tokens and the consents to it."""
    async with database.write() as tx:
        found = await _find_app(tx, client)
        await applications.remove(tx, _owner(found), found)
        return _app(found)


async def _find_app(tx: Read, client: str) -> Application:
    found = await applications.seek(tx, client)
    if found is None:
        raise NotFound(f"There is no application with the client id {client}.")
    return found


def _owner(application: Application) -> Actor:
    return Actor(Origin("cli"), application.owner_id, RANK["admin"])


def _app(application: Application) -> Row:
    return {
        "client": application.client_id,
        "name": application.name,
        "public": bool(application.public),
        "scopes": application.scopes,
        "redirects": " ".join(application.redirects),
        "secret": application.secret_last4 and f"…{application.secret_last4}",
        "owner": application.owner_id,
        "created_at": clock.rfc3339(application.created_at),
    }


def _as(person: Person) -> Actor:
    """The machine's own user acts for anybody."""
    return Actor(Origin("cli"), person.id, RANK["admin"])


async def _find(tx: Read, person: str) -> Person:
    found = await people.seek_by_email(tx, person) if "@" in person else await people.find(tx, person)
    if found is None:
        raise NotFound(f"There is nobody with the address {person}.")
    return found


def _person(person: Person) -> Row:
    return {
        "id": person.id,
        "email": person.email,
        "username": person.username,
        "state": person.state,
        "administrator": bool(person.is_administrator),
        "created_at": clock.rfc3339(person.created_at),
    }


def _session(session: Session) -> Row:
    return {
        "id": session.id,
        "address": session.address,
        "agent": session.agent,
        "created_at": clock.rfc3339(session.created_at),
        "last_used_at": clock.rfc3339(session.seen_at),
    }


def _listed(names: str | None) -> str | None:
    """JSON as people read it."""
    return None if names is None else " ".join(msgspec.json.decode(names, type=list[str]))


def _key(key: Credential) -> Row:
    return {
        "id": key.id,
        "name": key.name,
        "key": f"{key.prefix}…{key.last4}",
        "scopes": key.scopes,
        "spaces": _listed(key.spaces),
        "networks": _listed(key.networks),
        "created_at": clock.rfc3339(key.created_at),
        "expires_at": None if key.expires_at is None else clock.rfc3339(key.expires_at),
        "last_used_at": None if key.last_used_at is None else clock.rfc3339(key.last_used_at),
    }


async def referenced_blobs(database: Database, *, after: str, limit: int) -> list[Row]:
    """Blobs that rows name, by their keys, past `after`."""
    async with database.scan() as tx:
        return [msgspec.structs.asdict(one) for one in await garbage.referenced(tx, after, limit)]


async def unreferenced_blobs(database: Database, *, keys: list[str]) -> list[str]:
    """Those of the keys that no row names."""
    async with database.scan() as tx:
        return await garbage.unreferenced(tx, keys)


async def rebuild_search(database: Database) -> Row:
    """Make every document of the search again; how many there are."""
    async with database.write() as tx:
        await backlog.begin(tx)
    more = True
    while more:
        async with database.write() as tx:
            more = await backlog.step(tx)
        # Those who write meanwhile do not wait for the whole of it.
        await asyncio.sleep(0.005)
    async with database.scan() as tx:
        return {"documents": await backlog.documents_made(tx)}


COMMANDS: dict[str, Callable[..., Awaitable[Any]]] = {
    "people.add": add_person,
    "people.list": list_people,
    "people.disable": disable_person,
    "people.promote": promote_person,
    "people.enable": enable_person,
    "people.demote": demote_person,
    "sessions.list": list_sessions,
    "sessions.end": end_sessions,
    "keys.create": create_key,
    "keys.list": list_keys,
    "keys.revoke": revoke_key,
    "keys.rotate": rotate_key,
    "apps.create": create_app,
    "apps.list": list_apps,
    "apps.show": show_app,
    "apps.rotate": rotate_app,
    "apps.delete": delete_app,
    "blobs.referenced": referenced_blobs,
    "blobs.unreferenced": unreferenced_blobs,
    **asking.COMMANDS,
    "search.rebuild": rebuild_search,
}
