"""The whole application in the test's own process, and for each dialect a client that speaks as it was published."""

import base64
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from pathlib import Path

import httpx2
import pytest

from courtyard import installation
from courtyard.installation import Installation
from courtyard.settings import Settings
from courtyard.storage.database import Database
from courtyard.storage.local import LocalBlobs
from courtyard.web.cursors import Cursors
from courtyard.web.dialect import Services
from courtyard.web.guard import Guard
from courtyard.web.usage import Usage
from tests.world import World

Form = Callable[[str], Mapping[str, str]]
PUBLISHED: dict[str, Form] = {
    "v1": lambda key: {"X-API-Key": key},
    "spaces_pe": lambda key: {"Authorization": f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"},
    "unpod": lambda key: {"Authorization": f"Token {key}"},
    "workspaces": lambda key: {"Authorization": f"Bearer {key}"},
}
"""How each dialect is given a credential."""


class Presenting(httpx2.Auth):
    """A key of that person, in one form, with every request that brings no credential of its own."""

    def __init__(self, world: World, name: str, form: Form) -> None:
        self._world, self._name, self._form = world, name, form
        self._key = ""

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        self._key = self._key or await self._world.key(self._name)
        for header, value in self._form(self._key).items():
            request.headers.setdefault(header, value)
        yield request


class Clients:
    """Every client of one test; `of` gives the same one for the same person, form and headers."""

    def __init__(self, site: Guard, world: World) -> None:
        self._transport = httpx2.ASGITransport(site)
        self._world = world
        self._made: dict[object, httpx2.AsyncClient] = {}

    def of(self, name: str | None, dialect: str = "v1", **headers: str) -> httpx2.AsyncClient:
        """A client over HTTPS; give it an absolute `http://…` address to speak in clear. Without a name: anonymous."""
        which = (name, dialect, *headers.items())
        if which not in self._made:
            auth = None if name is None else Presenting(self._world, name, PUBLISHED[dialect])
            self._made[which] = httpx2.AsyncClient(
                transport=self._transport, base_url="https://courtyard.test", auth=auth, headers=headers
            )
        return self._made[which]

    async def close(self) -> None:
        for client in self._made.values():
            await client.aclose()


@pytest.fixture
def world(database: Database) -> World:
    """An empty world on a fresh database, once on each engine."""
    return World(database)


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Everybody may register and nothing is counted; other settings by `parametrize("settings", [{…}], indirect=True)`."""
    chosen = {"registration": "open", "rate_limits": "off", **getattr(request, "param", {})}
    return Settings(_env_file=None, data_dir=tmp_path, **chosen)  # pyright: ignore[reportCallIssue] - pydantic's own


@pytest.fixture
async def services(database: Database, settings: Settings) -> AsyncIterator[Services]:
    """What the installation lends to its dialects, its files in the test's own directory."""
    blobs = LocalBlobs(settings.data_dir / "blobs")
    rates = installation.rates(settings)
    yield Services(
        database,
        blobs,
        Cursors(b"k" * 32),
        rates,
        Usage(),
        installation.policy(settings),
        installation.providers(settings),
    )
    await blobs.close()


@pytest.fixture
def site(services: Services, settings: Settings) -> Guard:
    """The application as it is served."""
    return installation.site(Installation(settings, services, Usage(), []))


@pytest.fixture
async def clients(site: Guard, world: World) -> AsyncIterator[Clients]:
    """Makes clients, and closes them after the test."""
    made = Clients(site, world)
    yield made
    await made.close()


@pytest.fixture
def v1(clients: Clients) -> Callable[[str], httpx2.AsyncClient]:
    """`v1("ada")` speaks v1 as Ada, whom the world makes when it must."""
    return lambda name: clients.of(name, "v1")


@pytest.fixture
def spaces_pe(clients: Clients) -> Callable[[str], httpx2.AsyncClient]:
    """`spaces_pe("ada")` speaks the Spaces API as Ada."""
    return lambda name: clients.of(name, "spaces_pe")


@pytest.fixture
def unpod(clients: Clients) -> Callable[..., httpx2.AsyncClient]:
    """`unpod("ada", org="acme")` speaks the platform's API as Ada; without `org` no `Org-Handle` is sent."""

    def of(name: str, org: str | None = None) -> httpx2.AsyncClient:
        return clients.of(name, "unpod", **({} if org is None else {"Org-Handle": org}))

    return of


@pytest.fixture
def workspaces(clients: Clients) -> Callable[[str], httpx2.AsyncClient]:
    """`workspaces("ada")` speaks workspaces as Ada."""
    return lambda name: clients.of(name, "workspaces")


@pytest.fixture
def anonymous(clients: Clients) -> httpx2.AsyncClient:
    """Speaks any dialect, without a credential."""
    return clients.of(None)
