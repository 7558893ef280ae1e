"""People with a password who sign in, in the stories about accounts."""

from courtyard.core import accounts
from courtyard.core.actor import Actor, Origin
from courtyard.core.errors import InvalidCredential
from courtyard.core.identity import credentials, passwords, sessions
from courtyard.core.identity.people import Person
from tests.core.mailing import delivered, link
from tests.world import ANYBODY, ORIGIN, World

GOOD = "a quiet place for papers"
OTHER = "an even quieter place for it"
PHONE = Origin("pages", "198.51.100.7", "request-2")


async def register(world: World, name: str = "ada") -> Person:
    """A person with the password GOOD, and no mail waiting."""
    hashed = await passwords.hashed(GOOD)
    async with world.database.write() as tx:
        world.people[name] = await accounts.register(
            tx, ANYBODY, "open", email=f"{name}@example.org", username=name, password_hash=hashed
        )
    await delivered(world)
    return world.people[name]


async def sign_in(world: World, password: str = GOOD, name: str = "ada") -> tuple[Actor, str]:
    _, secret = await accounts.sign_in(world.database, f"{name}@example.org", password, PHONE, "test")
    return await enter(world, secret), secret


async def enter(world: World, secret: str) -> Actor:
    async with world.database.read() as tx:
        if secret.startswith("cys_"):
            return (await sessions.authenticate(tx, secret, PHONE))[0]
        return (await credentials.authenticate(tx, secret, PHONE))[0]


async def log_in(world: World) -> str:
    return (await accounts.log_in(world.database, "ada@example.org", GOOD, ORIGIN))[1]


async def alive(world: World, secrets: dict[str, str]) -> set[str]:
    """The names of those that still open something."""
    found: set[str] = set()
    for name, secret in secrets.items():
        try:
            await enter(world, secret)
        except InvalidCredential:
            continue
        found.add(name)
    return found


async def asked_reset(world: World, name: str = "ada") -> str:
    await accounts.ask_reset(world.database, f"{name}@example.org", PHONE)
    return await link(world, "reset")
