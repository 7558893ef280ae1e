"""A person with a password, and a browser in which they are signed in: v1 under the prefix of the console."""

from typing import Any

from httpx2 import AsyncClient, Response

from courtyard.core.actor import Origin
from courtyard.core.errors import InvalidCredential
from courtyard.core.identity import passwords, sessions
from tests.world import World

PASSWORD = "a quiet place for papers"
OTHER = "an even quieter place for it"
HOME = Origin("pages", "192.0.2.7", "r-1")
COOKIE = "__Host-courtyard_session"
_hashes: dict[str, str] = {}


async def with_password(world: World, name: str = "ada", **more: bool) -> None:
    """That person has the password PASSWORD."""
    if PASSWORD not in _hashes:
        _hashes[PASSWORD] = await passwords.hashed(PASSWORD)
    person = await world.person(name, **more)
    async with world.database.write() as tx:
        await tx.run("update person set password_hash = :hash where id = :id", hash=_hashes[PASSWORD], id=person.id)


class Browser:
    """One that is signed in. It keeps the secret that it was given last."""

    def __init__(self, client: AsyncClient, session_id: str, secret: str) -> None:
        self._client = client
        self.session_id = session_id
        self.secret = secret

    async def ask(self, method: str, path: str, json: Any = None) -> Response:
        """A call of v1 by the session."""
        headers = {"Cookie": f"{COOKIE}={self.secret}", "Sec-Fetch-Site": "same-origin"}
        body = {} if json is None else {"json": json}
        response = await self._client.request(
            method, f"/console/api{path.removeprefix('/v1')}", headers=headers, **body
        )
        given = response.headers.get("set-cookie", "")
        if given.startswith(f"{COOKIE}="):
            assert "; Path=/; HttpOnly; SameSite=Lax" in given
            assert given.endswith("; Secure")
            self.secret = given.partition("=")[2].partition(";")[0]
        self._client.cookies.clear()
        return response


async def browser(world: World, client: AsyncClient, name: str = "ada") -> Browser:
    """That person signs in now."""
    person = await world.person(name)
    async with world.database.write() as tx:
        session, secret = await sessions.begin(tx, person, HOME, "Firefox on Linux", second=False)
    return Browser(client, session.id, secret)


async def opens(world: World, secret: str) -> bool:
    """Whether the secret of a session still opens something."""
    async with world.database.read() as tx:
        try:
            await sessions.authenticate(tx, secret, HOME)
        except InvalidCredential:
            return False
        return True
