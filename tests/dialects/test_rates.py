"""How often who may do what: every route that takes something counts it, and says which policy refused."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from httpx2 import AsyncClient

from courtyard.core.identity import sessions
from courtyard.dialects import pages
from courtyard.web.dialect import Services
from courtyard.web.rates import POLICIES
from courtyard.web.route import Route
from tests.dialects.conftest import Clients
from tests.dialects.oauth.programs import program
from tests.dialects.v1.uploading import TUS
from tests.world import ORIGIN, World

WRONG = "cyk_wrong"
FEW = 2
SECRET = "f" * 32
SESSION, FORM = "__Host-courtyard_session", "__Host-courtyard_form"
STATIC = {"/pages/style.css", "/passkeys.js"}
"""They come out of memory, and every page asks for them."""


@dataclass(frozen=True)
class Case:
    """One call: who makes it, in which dialect, of what, and with what along. `{…}` is filled in from the world."""

    policy: str
    call: str
    who: str = ""
    dialect: str = "v1"
    json: Any = None
    form: dict[str, str] | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    cookie: str = ""

    def __str__(self) -> str:
        return f"{self.policy} {self.call} {self.dialect if self.who or self.headers else ''}{self.cookie}"


def page(policy: str, path: str) -> Case:
    """A form of a page, posted by nobody in particular."""
    return Case(policy, f"POST {path}", form={}, cookie="form")


GENERATED = {"name": "Report", "type": "document", "content": "cGggNy4yCg=="}
ARTIFACTS = "/v1/spaces/{space}/artifacts"
INVITED = {"email": "{n}@example.org", "role": "viewer"}
CLAIM = {"token": "cyi_wrong", "password": "a quiet place for papers"}
CASES = [
    Case("anonymous", "GET /v1/spaces"),
    Case("anonymous", "GET /v1/spaces/{space}"),
    Case("anonymous", "GET /workspaces/public/"),
    Case("anonymous", "GET /workspaces/public/{space}"),
    Case("anonymous", "POST /auth/register/", json={"email": "x"}),
    Case("anonymous", "GET /oauth/jwks"),
    Case("anonymous", "GET /oauth/userinfo"),
    Case("anonymous", "POST /oauth/token", form={"grant_type": "refresh_token"}),
    Case("anonymous", "POST /oauth/revoke", form={"client_id": "{public}", "token": "cyo_x"}),
    Case("anonymous", "POST /oauth/device_authorization", form={"client_id": "{public}"}),
    Case("anonymous", "GET /l/unknown"),
    page("anonymous", "/verify/x"),
    page("anonymous", "/email/x"),
    page("anonymous", "/invite/x/decline"),
    page("anonymous", "/login/second"),
    Case("api", "GET /v1/me", "ada"),
    Case("api", "GET /api/v1/account", "ada", "spaces_pe"),
    Case("api", "GET /api/v2/platform/organizations/", "ada", "unpod"),
    Case("api", "GET /users/me", "ada", "workspaces"),
    Case("api", "GET /account", cookie="session"),
    Case("api", "GET /console/api/me", cookie="session", headers={"Sec-Fetch-Site": "same-origin"}),
    Case("api", "GET /oauth/authorize", cookie="session"),
    Case("api", "POST /oauth/introspect", form={"token": "cyo_x", "client_id": "{id}", "client_secret": "{secret}"}),
    Case("api", "POST /oauth/revoke", form={"token": "cyo_x", "client_id": "{id}", "client_secret": "{secret}"}),
    Case("bad_credentials", "GET /v1/me", headers={"X-API-Key": WRONG}),
    Case("bad_credentials", "GET /api/v1/account", dialect="spaces_pe", headers={"Authorization": "Basic eDo="}),
    Case(
        "bad_credentials",
        "GET /api/v2/platform/spaces/",
        dialect="unpod",
        headers={"Authorization": f"Token {WRONG}"},
    ),
    Case("bad_credentials", "GET /users/me", dialect="workspaces", headers={"Authorization": f"Bearer {WRONG}"}),
    Case("bad_credentials", "GET /oauth/userinfo", headers={"Authorization": f"Bearer {WRONG}"}),
    Case("bad_credentials", "POST /v1/invitations/accept", json=CLAIM),
    Case("bad_credentials", "GET /account", cookie="wrong"),
    Case("bad_credentials", "GET /console/api/me", cookie="wrong", headers={"Sec-Fetch-Site": "same-origin"}),
    Case("bad_credentials", "GET /setup?token=wrong"),
    Case("bad_credentials", "GET /invite/wrong"),
    Case("bad_credentials", "GET /reset/wrong"),
    Case("bad_credentials", "GET /verify/wrong"),
    Case("bad_credentials", "GET /email/wrong"),
    Case("bad_credentials", "GET /l/wrong"),
    page("bad_credentials", "/invite/wrong"),
    page("bad_credentials", "/invite/wrong/decline"),
    page("bad_credentials", "/reset/wrong"),
    page("bad_credentials", "/verify/wrong"),
    page("bad_credentials", "/email/wrong"),
    *(
        Case("bad_credentials", f"POST /oauth/{one}", form={**more, "client_id": "{id}", "client_secret": "cyc_wrong"})
        for one, more in (
            ("token", {"grant_type": "client_credentials"}),
            ("introspect", {"token": "cyo_x"}),
            ("revoke", {"token": "cyo_x"}),
            ("device_authorization", {}),
        )
    ),
    Case("login", "POST /auth/register/", json={"email": "{n}@example.org", "username": "a", "password": "short"}),
    Case("login", "POST /auth/login/", json={"email": "{n}@example.org", "password": "not that one"}),
    Case("login", "GET /login/with/nobody"),
    *(
        page("login", path)
        for path in (
            "/login",
            "/register",
            "/reset",
            "/reset/x",
            "/invite/x",
            "/setup",
            "/login/passkey/ask",
            "/login/passkey",
            "/login/second/passkey/ask",
            "/login/second/passkey",
        )
    ),
    Case("generate", f"POST {ARTIFACTS}/generate", "ada", json=GENERATED),
    Case("upload", f"POST {ARTIFACTS}?name=x", "ada", headers={"Content-Type": "text/plain"}),
    Case("upload", "POST /v1/spaces/{space}/uploads", "ada", headers={**TUS, "Upload-Length": "1"}),
    Case(
        "upload", "PUT /v1/spaces/{space}/artifacts/{artifact}/content", "ada", headers={"Content-Type": "text/plain"}
    ),
    Case("upload", "POST /v1/spaces/import?name=x", "ada", headers={"Content-Type": "application/zip"}),
    Case("invite", "POST /v1/spaces/{space}/invitations", "ada", json=INVITED),
    Case("invite", "POST /v1/organizations/acme/invitations", "ada", json={**INVITED, "role": "member"}),
    Case(
        "invite", "POST /workspaces/{space}/guest/", "ada", "workspaces", {"guest": "{n}@example.org", "rol": "viewer"}
    ),
]


def allowing(policy: str) -> Any:
    """Settings under which this policy has an end soon, and no other."""
    assert policy in POLICIES
    return {"rate_limits": "on", f"rate_{policy}": FEW}


@pytest.mark.parametrize(
    ("settings", "case"),
    [pytest.param(allowing(case.policy), case, id=str(case)) for case in CASES],
    indirect=["settings"],
)
async def test_what_is_taken_has_an_end(world: World, clients: Clients, services: Services, case: Case) -> None:
    ask = await asking(world, clients, services, case)
    answers = [await ask(n) for n in range(FEW + 1)]
    assert 429 not in [answer.status_code for answer in answers[:FEW]]
    assert answers[-1].status_code == 429, answers[-1].text
    assert answers[-1].headers["ratelimit-policy"].startswith(f'"{case.policy}";q={FEW};')


def paths() -> list[str]:
    """Every page that there is, whoever it is for."""
    routes = [route for router in pages.ROUTERS for route in router.routes if isinstance(route, Route)]
    return sorted({route.path for route in routes if "GET" in (route.methods or ())} - STATIC)


@pytest.mark.parametrize("settings", [{"rate_limits": "on", "rate_anonymous": FEW, "rate_login": FEW}], indirect=True)
@pytest.mark.parametrize("path", paths())
async def test_no_page_is_asked_for_without_end(anonymous: AsyncClient, path: str) -> None:
    asked = path.replace("{", "").replace("}", "")
    statuses = [(await anonymous.get(asked)).status_code for _ in range(FEW + 1)]
    assert statuses[-1] == 429
    assert 429 not in statuses[:-1]


async def asking(world: World, clients: Clients, services: Services, case: Case) -> Callable[[int], Any]:
    """How the call of a case is made, once everything in it is there."""
    known = await filled(world)
    method, path = case.call.split(" ", 1)
    headers = {**case.headers, **({"Cookie": await cookie(world, case.cookie)} if case.cookie else {})}
    client = clients.of(case.who or None, case.dialect)

    async def ask(n: int) -> Any:
        values = {**known, "n": f"person{n}"}
        sent: dict[str, Any] = {"headers": headers}
        if case.json is not None:
            sent["json"] = {name: put(value, values) for name, value in case.json.items()}
        if case.form is not None:
            token = {"token": services.cursors.sign("form", SECRET)} if case.cookie else {}
            sent["data"] = {**token, **{name: put(value, values) for name, value in case.form.items()}}
        return await client.request(method, put(path, values), **sent)

    return ask


async def filled(world: World) -> dict[str, str]:
    """What the calls name: a space with an artifact, an organization, a public application and another one."""
    await world.organization("acme", owner="ada")
    space = await world.space("ada", visibility="public")
    artifact = await world.artifact(space, "ada")
    known, public = await program(world), await program(world, public=True)
    return {
        "space": space.id,
        "artifact": artifact.id,
        "public": public.id,
        "id": known.id,
        "secret": known.secret or "",
    }


async def cookie(world: World, kind: str) -> str:
    """What the browser brings along: a session, a wrong one, or what its forms are signed with."""
    if kind == "form":
        return f"{FORM}={SECRET}"
    if kind == "wrong":
        return f"{SESSION}=cys_wrong"
    person = await world.person("ada")
    async with world.database.write() as tx:
        _, secret = await sessions.begin(tx, person, ORIGIN, "test", second=False)
    return f"{SESSION}={secret}"


def put(text: str, values: dict[str, str]) -> str:
    """The text with what stands in braces filled in."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text
