"""What holds in every dialect alike, and what one of them makes the others see."""

import importlib
import json
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from httpx2 import AsyncClient, Response

import courtyard
from courtyard.app import DIALECTS
from courtyard.core import accounts, hooks, links, uploads
from courtyard.core.errors import Refusal, Unauthenticated, Unavailable
from courtyard.core.identity import people
from courtyard.core.membership import invitations
from courtyard.core.oauth import applications, consents
from courtyard.core.oauth.applications import NewApplication
from courtyard.core.spaces import Space
from courtyard.core.uploads import NewUpload
from courtyard.web.route import Route
from tests.dialects.conftest import PUBLISHED, Clients
from tests.world import World

Client = Callable[..., AsyncClient]
PROTOCOLS = [module for module in DIALECTS if module.SPEECH.name in PUBLISHED]
NAMES = [module.SPEECH.name for module in PROTOCOLS]
PUBLIC = {
    "v1 GET /v1/spaces",
    "v1 GET /v1/spaces/{space_id}",
    "v1 GET /v1/spaces/{space_id}/background",
    "v1 POST /v1/invitations/accept",
    "v1 OPTIONS /v1/spaces/{space_id}/uploads",
    "workspaces GET /workspaces/public/",
    "workspaces GET /workspaces/public/{id}",
    "workspaces POST /auth/register/",
    "workspaces POST /auth/login/",
}
"""Routes that answer without a credential. Whoever adds one says so here."""


def routes(module: Any) -> list[Route]:
    return [route for router in module.ROUTERS for route in router.routes]


def calls(module: Any) -> Iterator[tuple[str, Route]]:
    for route in routes(module):
        for method in sorted(route.methods or ()):
            yield method, route


def told(response: Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """Everything that an answer tells but its request id, which these tests choose themselves."""
    return response.status_code, sorted(response.headers.items()), response.content


# --- every route, every refusal ---


def test_every_route_names_its_caller_or_is_listed_as_public() -> None:
    open_routes = {
        f"{module.SPEECH.name} {method} {route.path}"
        for module in PROTOCOLS
        for method, route in calls(module)
        if not route.names_caller
    }
    assert open_routes == PUBLIC


def refusals() -> list[type[Refusal]]:
    """Every refusal there is, once all modules are there."""
    for module in pkgutil.walk_packages(courtyard.__path__, "courtyard."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: list[type[Refusal]] = []
    waiting = Refusal.__subclasses__()
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return sorted(found, key=lambda kind: f"{kind.__module__}.{kind.__name__}")


def speaks_of(module: Any) -> list[type[Refusal]]:
    """The refusals that a dialect may have to say: all but those of the other dialects."""
    own = f"courtyard.dialects.{module.SPEECH.name}."
    return [
        kind for kind in refusals() if not kind.__module__.startswith("courtyard.dialects.") or own in kind.__module__
    ]


def instance(kind: type[Refusal]) -> Refusal:
    """A refusal of that kind, however it is usually made."""
    refusal = kind.__new__(kind)
    refusal.message = (kind.__doc__ or "").partition("\n")[0]
    facts: dict[str, Any] = {"field": "name", "retry_after": 1}
    for name, value in facts.items():
        setattr(refusal, name, value)
    return refusal


@pytest.mark.parametrize("module", PROTOCOLS, ids=NAMES)
def test_every_refusal_has_a_status_and_words_in_every_dialect(module: Any) -> None:
    kinds = speaks_of(module)
    assert len(kinds) > 40
    for kind in kinds:
        answer = module.SPEECH.refuse(instance(kind), "request-1")
        assert 400 <= answer.status_code < 600, kind
        assert (answer.status_code >= 500) == issubclass(kind, Unavailable), kind
        assert (answer.status_code == 401) == issubclass(kind, Unauthenticated), kind
        assert json.loads(answer.body), kind
        assert kind.__doc__, f"{kind} has no message"


# --- one space, four APIs ---


class Names(NamedTuple):
    """What each dialect calls one space."""

    id: str
    number: int
    token: str
    slug: str


async def seen_everywhere(clients: Clients, name: str, org: str, space: Names) -> dict[str, Any]:
    """The space as each dialect shows it to that person."""
    paths = {
        "v1": f"/v1/spaces/{space.id}",
        "spaces_pe": f"/api/v1/spaces/{space.number}",
        "unpod": f"/api/v2/platform/spaces/{space.token}/",
        "workspaces": f"/workspaces/{space.id}",
    }
    answers = {
        dialect: await clients.of(name, dialect, **({"Org-Handle": org} if dialect == "unpod" else {})).get(path)
        for dialect, path in paths.items()
    }
    return {dialect: answer.json() if answer.is_success else answer.status_code for dialect, answer in answers.items()}


async def named_in_v1(client: AsyncClient, id: str) -> tuple[Names, str]:  # noqa: A002 - the wire's word
    space = (await client.get(f"/v1/spaces/{id}")).json()
    return Names(space["id"], space["number"], space["token"], space["slug"]), space["organization"]["handle"]


async def made_through_v1(clients: Clients) -> str:
    return (await clients.of("ada", "v1").post("/v1/spaces", json={"name": "Water quality"})).json()["id"]


async def made_through_workspaces(clients: Clients) -> str:
    made = await clients.of("ada", "workspaces").post("/workspaces/", json={"name": "Water quality"})
    return made.json()["data"]["id"]


@pytest.mark.parametrize("make", [made_through_v1, made_through_workspaces])
async def test_a_space_made_through_one_api_is_there_in_all_under_their_names(clients: Clients, make: Any) -> None:
    space, org = await named_in_v1(clients.of("ada", "v1"), await make(clients))
    seen = await seen_everywhere(clients, "ada", org, space)
    assert (seen["v1"]["name"], seen["v1"]["visibility"], seen["v1"]["role"]) == ("Water quality", "private", "owner")
    assert (seen["spaces_pe"]["object"], seen["spaces_pe"]["id"], seen["spaces_pe"]["url"]) == (
        "space",
        space.number,
        None,
    )
    there = seen["unpod"]["data"]
    assert (there["name"], there["slug"], there["token"]) == ("Water quality", space.slug, space.token)
    assert (there["privacy_type"], there["organization"]["domain_handle"]) == ("private", org)
    here = seen["workspaces"]["data"]
    assert (here["id"], here["name"], here["type"], here["rol"]) == (space.id, "Water quality", "private", "owner")


async def test_a_change_in_one_api_is_seen_in_the_others_by_the_very_next_request(clients: Clients) -> None:
    id = await made_through_v1(clients)  # noqa: A001 - the wire's word
    space, org = await named_in_v1(clients.of("ada", "v1"), id)
    changed = await clients.of("ada", "workspaces").put(
        f"/workspaces/{id}", json={"name": "Open lake", "type": "public"}
    )
    assert changed.status_code == 200
    seen = await seen_everywhere(clients, "ada", org, space)
    assert (seen["v1"]["name"], seen["v1"]["visibility"], seen["v1"]["slug"]) == ("Open lake", "public", space.slug)
    assert (seen["unpod"]["data"]["name"], seen["unpod"]["data"]["privacy_type"]) == ("Open lake", "public")
    assert seen["spaces_pe"]["url"]
    await clients.of("ada", "v1").delete(f"/v1/spaces/{id}")
    assert await seen_everywhere(clients, "ada", org, space) == dict.fromkeys(PUBLISHED, 404)


async def test_a_customer_and_a_guest_are_the_same_in_the_apis_that_have_them(world: World, clients: Clients) -> None:
    space = await world.space("ada")
    form = {"name": "Lake Board", "email": "board@example.org", "space": str(space.number)}
    made = (await clients.of("ada", "spaces_pe").post("/api/v1/customers", data=form)).json()
    there = (await clients.of("ada", "v1").get(f"/v1/spaces/{space.id}/customers/{made['id']}")).json()
    assert (there["id"], there["name"], there["email"]) == (made["id"], "Lake Board", "board@example.org")
    await world.person("bob")
    invited = await clients.of("ada", "workspaces").post(
        f"/workspaces/{space.id}/guest/", json={"guest": "bob@example.org", "rol": "editor"}
    )
    members = (await clients.of("ada", "v1").get(f"/v1/spaces/{space.id}/members")).json()["data"]
    assert (members[0]["user"]["id"], members[0]["role"]) == (invited.json()["guest"]["uid"], "editor")


# --- who may not see a thing hears what they would hear for one that does not exist ---

UNKNOWN: Mapping[str, str] = {
    "space_id": "01900000-0000-7000-8000-000000000000",
    "id": "01900000-0000-7000-8000-000000000000",
    "number": "987654321",
    "space_token": "8KZRTQP7BNW5XEDLORYUHMJC",
    "handle": "nobody-here",
    "customer_id": "cus_nobodyhere",
    "job_id": "01900000-0000-7000-8000-000000000001",
    "key_id": "01900000-0000-7000-8000-000000000002",
    **dict.fromkeys(
        ("application_id", "consent_id", "session_id", "passkey_id", "person_id", "upload_id", "link_id"),
        "01900000-0000-7000-8000-000000000003",
    ),
}
"""Something of each kind that no path leads to."""


async def belongings(world: World, space: Space) -> dict[str, str]:
    """Something of each kind that is in the space or is Ada's own, by the names of the parameters in paths."""
    ada = await world.actor("ada")
    await world.key("ada")
    async with world.database.write() as tx:
        hook = await hooks.create(tx, ada, "customer.created", "https://hooks.example.org/")
        invited = await invitations.invite(tx, ada, space, "eve@example.org", "viewer")
        key = await tx.one(str, "select id from credential where person_id = :id", id=ada.person_id)
        program = NewApplication(name="Reports", redirect_uris=[], scopes=["read"])
        application, _ = await applications.create(tx, ada, program)
        await consents.grant(tx, ada, application, ["read"])
        consent = await consents.seek(tx, ada.person_id, application)
        session, _ = await accounts.enter(tx, await people.find(tx, ada.person_id), ada.origin, "a browser")
        await tx.run(
            "insert into passkey (id, person_id, credential_id, public_key, sign_count, name, created_at)"
            " values ('01900000-0000-7000-8000-000000000009', :person, :bytes, :bytes, 0, 'Laptop', 1)",
            person=ada.person_id,
            bytes=b"x",
        )
    assert consent is not None
    assert invited.invitation is not None
    artifact = await world.artifact(space)
    [job] = await world.jobs()
    upload = NewUpload(length=5, new=None, life=60_000)
    async with world.database.write() as tx:
        upload_id = (await uploads.create(tx, ada, space, upload, "a stage")).id
        link, _ = await links.create(tx, ada, artifact, links.NewLink())
    return {
        "space_id": space.id,
        "upload_id": upload_id,
        "link_id": link.id,
        "id": space.id,
        "number": str(space.number),
        "space_token": space.token,
        "handle": "ada",
        "artifact_id": artifact.id,
        "version": "1",
        "alias": "final",
        "thread_id": (await world.thread(space)).id,
        "customer_id": (await world.customer(space)).id,
        "user_id": (await world.person("ada")).id,
        "guest": (await world.person("eve2")).id,
        "invitation_id": invited.invitation.id,
        "job_id": job.id,
        "key_id": str(key),
        "application_id": application.id,
        "consent_id": consent.id,
        "session_id": session.id,
        "passkey_id": "01900000-0000-7000-8000-000000000009",
        "person_id": ada.person_id,
        "hook": str(hook.number),
    }


def addressed(route: Route, things: Mapping[str, str]) -> str:
    if route.path.startswith("/api/v1/resource_subscriptions"):
        things = {**things, "number": things["hook"]}
    return re.sub(r"\{(\w+)\}", lambda name: things[name[1]], route.path)


async def ask(client: AsyncClient, method: str, path: str) -> Response:
    body = {} if method in ("POST", "PUT", "PATCH") else None
    return await client.request(method, path, headers={"X-Request-Id": "the-same", "Tus-Resumable": "1.0.0"}, json=body)


@pytest.mark.parametrize("who", ["bob", None], ids=["a stranger", "nobody in particular"])
@pytest.mark.parametrize("module", PROTOCOLS, ids=NAMES)
async def test_what_may_not_be_seen_sounds_like_what_does_not_exist(
    module: Any, who: str | None, world: World, clients: Clients
) -> None:
    space = await world.space("ada")
    await world.organization("bobs", owner="bob")
    hidden = await belongings(world, space)
    absent = {**hidden, **UNKNOWN, "hook": "987654321"}
    headers = {"Org-Handle": "bobs"} if module.SPEECH.name == "unpod" else {}
    client = clients.of(who, module.SPEECH.name, **headers)
    asked = 0
    for method, route in calls(module):
        if "{" not in route.path or method == "OPTIONS":
            continue
        of_hidden = await ask(client, method, addressed(route, hidden))
        of_absent = await ask(client, method, addressed(route, absent))
        assert told(of_hidden) == told(of_absent), f"{method} {route.path}"
        assert of_hidden.status_code in ((401, 404) if who is None else (404,)), f"{method} {route.path}"
        asked += 1
    assert asked


# --- what was taken away is gone with the very next request ---


def readings(space: Space) -> dict[str, str]:
    """The call by which each dialect shows one space."""
    return {
        "v1": f"/v1/spaces/{space.id}",
        "spaces_pe": f"/api/v1/spaces/{space.number}",
        "unpod": f"/api/v2/platform/spaces/{space.token}/",
        "workspaces": f"/workspaces/{space.id}",
    }


async def statuses(anonymous: AsyncClient, key: str, space: Space) -> dict[str, int]:
    """What the holder of a key hears of a space in each dialect."""
    return {
        dialect: (await anonymous.get(path, headers={**PUBLISHED[dialect](key), "Org-Handle": "acme"})).status_code
        for dialect, path in readings(space).items()
    }


@pytest.fixture
async def shared(world: World) -> Space:
    """A private space of Ada's, in an organization that Bob is in too, with Bob as viewer."""
    await world.organization("acme", owner="ada", members=["bob"])
    return await world.space("ada", organization="acme", viewers=["bob"])


async def test_a_revoked_key_is_refused_by_the_next_request_in_every_dialect(
    world: World, clients: Clients, anonymous: AsyncClient, shared: Space
) -> None:
    key = await world.key("bob")
    assert await statuses(anonymous, key, shared) == dict.fromkeys(PUBLISHED, 200)
    kept = clients.of("bob", "v1")
    last = [each for each in (await kept.get("/v1/keys")).json()["data"] if each["last4"] == key[-4:]]
    assert (await kept.delete(f"/v1/keys/{last[0]['id']}")).status_code == 204
    assert await statuses(anonymous, key, shared) == dict.fromkeys(PUBLISHED, 401)


async def test_a_removed_member_is_a_stranger_with_the_next_request_in_every_dialect(
    world: World, clients: Clients, anonymous: AsyncClient, shared: Space
) -> None:
    key, bob = await world.key("bob"), await world.person("bob")
    assert await statuses(anonymous, key, shared) == dict.fromkeys(PUBLISHED, 200)
    removed = await clients.of("ada", "workspaces").delete(f"/workspaces/{shared.id}/guest/{bob.id}")
    assert removed.status_code == 200
    assert await statuses(anonymous, key, shared) == dict.fromkeys(PUBLISHED, 404)


async def test_a_changed_role_holds_with_the_next_request_in_every_dialect(
    world: World, clients: Clients, shared: Space
) -> None:
    bob = await world.person("bob")
    customer = {"name": "Lake Board"}

    async def heard() -> list[Any]:
        there = {**customer, "space": str(shared.number)}
        return [
            (await clients.of("bob", "v1").post(f"/v1/spaces/{shared.id}/customers", json=customer)).status_code,
            (await clients.of("bob", "spaces_pe").post("/api/v1/customers", data=there)).status_code,
            (await clients.of("bob", "workspaces").get(f"/workspaces/{shared.id}")).json()["data"]["rol"],
        ]

    members = f"/v1/spaces/{shared.id}/members/{bob.id}"
    assert await heard() == [403, 400, "viewer"]
    await clients.of("ada", "v1").put(members, json={"role": "editor"})
    assert await heard() == [201, 200, "editor"]
    await clients.of("ada", "v1").put(members, json={"role": "viewer"})
    assert await heard() == [403, 400, "viewer"]


async def test_another_dialects_form_is_no_credential(world: World, anonymous: AsyncClient, shared: Space) -> None:
    key = await world.key("bob")
    accepted = {"v1": {"v1", "workspaces"}, "spaces_pe": {"spaces_pe", "workspaces"}}
    for dialect, path in readings(shared).items():
        for form, headers in PUBLISHED.items():
            answer = await anonymous.get(path, headers={**headers(key), "Org-Handle": "acme"})
            opens = form in accepted.get(dialect, {dialect})
            assert answer.status_code == (200 if opens else 401), (dialect, form)
            assert opens or "www-authenticate" in answer.headers
