"""What the first start makes: the administrator, and with `serve --demo` something to look at and a way to call it."""

import secrets
from pathlib import Path
from typing import NamedTuple

from courtyard.core import accounts, organizations, samples, spaces
from courtyard.core.actor import RANK, Actor, Origin
from courtyard.core.errors import Refusal
from courtyard.core.identity import credentials, passwords, people
from courtyard.core.membership import invitations
from courtyard.core.paging import Page
from courtyard.installation import Installation
from courtyard.storage.database import Database
from courtyard.web.listen import Bound

ORIGIN = Origin("demo")
KEY_FILE = "administrator.key"
ADMINISTRATOR = "admin@localhost.localdomain"
GUESTS = (("grace@example.org", "editor"), ("alan@example.org", "viewer"))


class Administrator(NamedTuple):
    """The first administrator, made just now."""

    email: str
    password: str


async def first_administrator(database: Database, email: str, password: str) -> Administrator | None:
    """Make the administrator of an empty installation; None when there are people already. Raises Invalid."""
    async with database.read() as tx:
        if await people.any_yet(tx):
            return None
    password = password or secrets.token_urlsafe(15)
    password_hash = await passwords.hashed(password)
    async with database.write() as tx:
        made = await accounts.first_administrator(tx, email or ADMINISTRATOR, password_hash)
    return None if made is None else Administrator(made.email, password)


async def prepare(installation: Installation, bound: Bound, data_dir: Path, *, introduced: bool) -> list[str]:
    """Fill an installation without spaces, and say how to call each of its APIs; `introduced`: who administers it is said."""
    database = installation.services.database
    async with database.read() as tx:
        administrators = await people.administrators(tx)
    if not administrators:
        return []
    me = Actor(ORIGIN, administrators[0].id, RANK["admin"])
    key = await _key(database, me, data_dir / KEY_FILE)
    await _fill(installation, me)
    who = [] if introduced else [f"Administrator: {administrators[0].email}"]
    return [*who, f"Administrator key: {key}", "", *await _lines(database, me, bound, key, data_dir)]


async def _key(database: Database, me: Actor, file: Path) -> str:
    """The administrator's key for trying things out, kept beside the data for its owner's eyes."""
    kept = _read(file)
    async with database.read() as tx:
        try:
            await credentials.authenticate(tx, kept, ORIGIN)
        except Refusal:
            pass
        else:
            return kept
    new = credentials.NewKey(name="make run", scopes=["read", "write", "admin"], expires_at=None)
    async with database.write() as tx:
        _, key = await credentials.create(tx, me, new)
    _write(file, key)
    return key


def _read(file: Path) -> str:
    return file.read_text().strip() if file.exists() else ""


def _write(file: Path, key: str) -> None:
    file.touch(mode=0o600)
    file.write_text(key + "\n")


async def _fill(installation: Installation, me: Actor) -> None:
    """One organization, a space of each visibility, guests, customers, a thread and files."""
    database = installation.services.database
    async with database.read() as tx:
        if (await spaces.with_role(tx, me, Page(1))).items:
            return
    files = await samples.stored(installation.services.blobs)
    async with database.write() as tx:
        organization = await organizations.create(tx, me, "Lakeside Lab", "lakeside-lab")
        team = await spaces.create(
            tx,
            me,
            organization,
            spaces.NewSpace(name="Water quality", description="Readings of the lake", visibility="shared"),
        )
        await spaces.create(tx, me, organization, spaces.NewSpace(name="Budget", description="For us alone"))
        await spaces.create(
            tx, me, organization, spaces.NewSpace(name="Open data", description="For everybody", visibility="public")
        )
        for email, role in GUESTS:
            await invitations.invite(tx, me, team, email, role)
        await samples.fill(tx, me, team, files)


async def _lines(database: Database, me: Actor, bound: Bound, key: str, data_dir: Path) -> list[str]:
    """One line for each API, to be pasted."""
    async with database.read() as tx:
        organization = (await organizations.page(tx, me, Page(100))).items[0]
    token = f'-H "Authorization: Token {key}" -H "Org-Handle: {organization.handle}"'
    lines = [
        f'v1:          curl {bound.http}/v1/spaces -H "X-API-Key: {key}"',
        f"Platform:    curl {bound.http}/api/v2/platform/spaces/ {token}",
        f'Workspaces:  curl {bound.http}/workspaces/ -H "Authorization: Bearer {key}"',
    ]
    if bound.https:
        trust = f"--cacert {data_dir / 'tls' / 'authority.pem'}"
        lines.insert(1, f"Spaces API:  curl {trust} {bound.https}/api/v1/customers -u {key}:")
    return lines
