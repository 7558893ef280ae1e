"""Programs of the tests: applications with what they know, and how they ask for tokens."""

import base64
import hashlib
from typing import Any, NamedTuple

from httpx2 import AsyncClient, Response

from courtyard.core import clock
from courtyard.core.oauth import applications, codes, devices
from courtyard.core.oauth.applications import Application, NewApplication
from courtyard.core.oauth.scopes import Word
from courtyard.storage.database import Database
from tests.world import World

REDIRECT = "https://app.example.org/back"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
TOKEN, REVOKE, INTROSPECT = "/oauth/token", "/oauth/revoke", "/oauth/introspect"
BEGIN = "/oauth/device_authorization"
Form = dict[str, str]


class Program(NamedTuple):
    """An application and its secret; public ones have none."""

    application: Application
    secret: str | None

    @property
    def id(self) -> str:
        return self.application.client_id

    def proof(self) -> Form:
        """How it says who it is, in the form."""
        return {"client_id": self.id} if self.secret is None else {"client_id": self.id, "client_secret": self.secret}


async def program(world: World, *, public: bool = False, scopes: tuple[Word, ...] = ("read", "write")) -> Program:
    """An application of ada's."""
    ada = await world.actor("ada")
    new = NewApplication(name="Reports", redirect_uris=[REDIRECT], scopes=list(scopes), public=public)
    async with world.database.write() as tx:
        return Program(*await applications.create(tx, ada, new))


async def code(world: World, by: Program, *, scopes: str = "read write", person: str = "bob") -> str:
    """A code for what the person lets it do, as the consent page gives it out."""
    new = codes.NewCode(
        person_id=(await world.person(person)).id,
        redirect_uri=REDIRECT,
        scopes=scopes,
        challenge=CHALLENGE,
        nonce=None,
        authenticated_at=clock.now(),
    )
    async with world.database.write() as tx:
        return await codes.issue(tx, by.application, new)


def exchange(by: Program, secret: str, **change: str) -> Form:
    """The form of a code exchange."""
    return {
        "grant_type": "authorization_code",
        "code": secret,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
        **by.proof(),
        **change,
    }


def renewal(by: Program, refresh: str, **change: str) -> Form:
    """The form of a refresh."""
    return {"grant_type": "refresh_token", "refresh_token": refresh, **by.proof(), **change}


async def granted(client: AsyncClient, form: Form, **options: Any) -> dict[str, Any]:
    """What a token request gives: it must, and nobody may store it on the way."""
    response = await client.post(TOKEN, data=form, **options)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")
    return response.json()


async def tokens(client: AsyncClient, world: World, by: Program, **facts: str) -> dict[str, Any]:
    """The tokens of a whole consent."""
    return await granted(client, exchange(by, await code(world, by, **facts)))


def denied(response: Response, status: int, error: str) -> None:
    """A refusal as RFC 6749, section 5.2, has it."""
    assert response.status_code == status, response.text
    refused(response)
    assert response.json()["error"] == error, response.text


def refused(response: Response) -> None:
    """Any refusal of this dialect."""
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    said = response.json()
    assert set(said) == {"error", "error_description"}
    assert all(said.values()), said
    challenged = response.headers.get("www-authenticate")
    if response.request.url.path.rstrip("/") == "/oauth/userinfo" and response.status_code in (401, 403):
        assert (challenged or "").startswith('Bearer realm="courtyard"')
    else:
        assert challenged == ('Basic realm="courtyard"' if response.status_code == 401 else None)


async def opens(client: AsyncClient, token: str) -> int:
    """What the Spaces API says to that token as its Basic user name."""
    return (await client.get("/api/v1/customers", auth=(token, ""))).status_code


async def age(database: Database, milliseconds: int) -> None:
    """Let that much time pass for every code, device and token."""
    async with database.write() as tx:
        await tx.run("update authorization_code set expires_at = expires_at - :by", by=milliseconds)
        await tx.run(
            "update device_code set expires_at = expires_at - :by, polled_at = polled_at - :by", by=milliseconds
        )
        await tx.run(
            "update credential set expires_at = expires_at - :by where application_id is not null", by=milliseconds
        )


async def decide(world: World, user_code: str, *, allow: bool, person: str = "bob") -> None:
    """What the person says on the page of the device."""
    actor = await world.actor(person)
    async with world.database.write() as tx:
        device = await devices.seek(tx, user_code)
        assert device is not None
        assert await devices.decide(tx, actor, device, allow=allow)
