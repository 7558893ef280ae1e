"""Who hears what: strangers, anonymous callers, members of each role, credentials with limits."""

from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from courtyard.core.spaces import Space
from tests.dialects.v1.answers import REPORT, UNKNOWN, Clients, got, made, problem, told
from tests.world import World

Call = tuple[str, str, Any]
INVITATION = {"email": "new@example.org", "role": "viewer"}


def calls(space: str, artifact: str, thread: str, customer: str, person: str) -> list[Call]:
    """Every call in a space: method, path, body."""
    path = f"/v1/spaces/{space}"
    one, chat, buyer = f"{path}/artifacts/{artifact}", f"{path}/threads/{thread}", f"{path}/customers/{customer}"
    return [
        ("GET", path, None),
        ("PATCH", path, {}),
        ("DELETE", path, None),
        ("GET", f"{path}/background", None),
        ("PUT", f"{path}/background", None),
        ("DELETE", f"{path}/background", None),
        ("GET", f"{path}/members", None),
        ("PUT", f"{path}/members/{person}", {"role": "viewer"}),
        ("DELETE", f"{path}/members/{person}", None),
        ("GET", f"{path}/invitations", None),
        ("POST", f"{path}/invitations", INVITATION),
        ("POST", f"{path}/invitations/{UNKNOWN}/resend", None),
        ("DELETE", f"{path}/invitations/{UNKNOWN}", None),
        ("POST", f"{path}/transfer", {"user_id": person}),
        ("GET", f"{path}/artifacts", None),
        ("POST", f"{path}/artifacts?name=x", None),
        ("POST", f"{path}/artifacts/generate", REPORT),
        ("GET", one, None),
        ("GET", f"{one}/download", None),
        ("GET", f"{one}/jobs", None),
        ("PATCH", one, {}),
        ("DELETE", one, None),
        ("POST", f"{one}/restore", None),
        ("GET", f"{path}/trash", None),
        ("GET", f"{path}/threads", None),
        ("POST", f"{path}/threads", {"title": "x"}),
        ("GET", chat, None),
        ("PATCH", chat, {}),
        ("DELETE", chat, None),
        ("GET", f"{chat}/messages", None),
        ("POST", f"{chat}/messages", {"content": "x"}),
        ("GET", f"{path}/customers", None),
        ("POST", f"{path}/customers", {"name": "x"}),
        ("GET", buyer, None),
        ("PATCH", buyer, {}),
        ("DELETE", buyer, None),
    ]


LOOKS = ("", "/background")


async def furnished(world: World, visibility: Any = "private") -> tuple[Space, list[Call]]:
    space = await world.space("ada", visibility=visibility, viewers=["vera"], editors=["eve"], admins=["amir"])
    artifact, thread, customer = await world.artifact(space), await world.thread(space), await world.customer(space)
    vera = await world.person("vera")
    return space, calls(space.id, artifact.id, thread.id, customer.id, vera.id)


async def ask(client: AsyncClient, call: Call, **more: Any) -> Response:
    method, path, body = call
    return (
        await client.request(method, path, json=body, **more)
        if body is not None
        else await client.request(method, path, **more)
    )


async def test_a_stranger_hears_of_a_private_space_what_an_unknown_id_says(v1: Clients, world: World) -> None:
    _, inside = await furnished(world)
    nowhere = calls(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
    for known, unknown in zip(inside, nowhere, strict=True):
        answer = await ask(v1("sam"), known)
        problem(answer, 404, "not_found")
        assert told(answer) == told(await ask(v1("sam"), unknown)), known


async def test_an_anonymous_caller_hears_401_everywhere_alike(anonymous: AsyncClient, world: World) -> None:
    _, inside = await furnished(world)
    first = told(await anonymous.get("/v1/me"))
    for call in [*inside, *calls(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)]:
        answer = await ask(anonymous, call)
        problem(answer, 401, "unauthenticated")
        assert told(answer) == first
    for call in [
        ("POST", "/v1/spaces", {"name": "x"}),
        ("GET", "/v1/organizations", None),
        ("POST", "/v1/organizations", {"name": "x"}),
        ("GET", "/v1/organizations/ada", None),
        ("GET", "/v1/organizations/nobody", None),
        ("GET", "/v1/keys", None),
        ("POST", "/v1/keys", {"name": "x", "scopes": ["read"]}),
        ("GET", f"/v1/jobs/{UNKNOWN}", None),
        ("GET", f"/v1/jobs/{UNKNOWN}/events", None),
        ("POST", f"/v1/jobs/{UNKNOWN}/cancel", None),
    ]:
        assert told(await ask(anonymous, call)) == first, call
    # Before the body is looked at, and whatever else is wrong.
    broken = await anonymous.post("/v1/spaces", content=b"{", headers={"Content-Type": "text/plain"})
    assert told(broken) == first
    keyed = await anonymous.post("/v1/keys", json={}, headers={"Idempotency-Key": "a"})
    assert told(keyed) == first


async def test_a_public_space_shows_anybody_itself_alone(anonymous: AsyncClient, v1: Clients, world: World) -> None:
    space, inside = await furnished(world, "public")
    path = f"/v1/spaces/{space.id}"
    for client in (anonymous, v1("sam")):
        shown = await got(client, path)
        assert (shown["owner"], shown["role"], shown["name"]) == (None, None, "Library")
        problem(await client.get(f"{path}/background"), 404)
    for call in inside:
        if call[0] == "GET" and call[1] in (path, f"{path}/background"):
            continue
        problem(await ask(anonymous, call), 401, "unauthenticated")
        answer = await ask(v1("sam"), call)
        artifacts = call[0] == "GET" and "/artifacts" in call[1] and not call[1].endswith("/jobs")
        if artifacts and not call[1].endswith("/download"):
            assert answer.status_code == 200, call
        elif not artifacts:
            problem(answer, 403, "forbidden")


async def test_strangers_see_neither_threads_nor_people_in_artifacts(v1: Clients, world: World) -> None:
    space = await world.space("ada", visibility="public")
    thread = await world.thread(space)
    artifact = await world.artifact(space, thread_id=thread.id)
    (job,) = await world.jobs()
    path = f"/v1/spaces/{space.id}/artifacts"
    shown = await got(v1("sam"), f"{path}/{artifact.id}")
    assert (shown["thread_id"], shown["thread_ids"], shown["created_by"]) == (None, [], None)
    assert (await got(v1("sam"), path))["data"] == [shown]
    # A filter must not tell what the shape leaves out.
    assert (await got(v1("sam"), path, thread_id=thread.id))["data"] == []
    assert [row["id"] for row in (await got(v1("ada"), path, thread_id=thread.id))["data"]] == [artifact.id]
    # A job is addressed without its space: it does not exist for strangers.
    assert told(await v1("sam").get(f"/v1/jobs/{job.id}")) == told(await v1("sam").get(f"/v1/jobs/{UNKNOWN}"))


READS = {"", "/background", "/members", "/artifacts", "/threads", "/customers"}


def needed(call: Call, space: Space) -> str:
    """The weakest role that may do this."""
    method, path, _ = call
    rest = path.removeprefix(f"/v1/spaces/{space.id}")
    if rest == "/transfer" or (rest == "" and method == "DELETE"):
        return "owner"
    if rest == "" and method == "PATCH":
        return "admin"
    if rest.startswith("/invitations") or (rest.startswith("/members/") and method == "PUT"):
        return "admin"
    if rest.startswith("/members/"):
        return "viewer"  # vera leaves
    return "viewer" if method == "GET" and rest != "/trash" else "editor"


RANKS = ["viewer", "editor", "admin", "owner"]


@pytest.mark.parametrize("name", ["vera", "eve", "amir", "ada"])
async def test_members_may_do_what_their_role_allows(v1: Clients, world: World, name: str) -> None:
    space, inside = await furnished(world)
    role = RANKS[["vera", "eve", "amir", "ada"].index(name)]
    # The ends of things come last.
    for call in sorted(inside, key=lambda call: (call[0] == "DELETE", -len(call[1]))):
        if RANKS.index(role) >= RANKS.index(needed(call, space)):
            continue
        problem(await ask(v1(name), call), 403, "forbidden")
    for call in inside:
        if RANKS.index(role) < RANKS.index(needed(call, space)) or call[0] == "DELETE" or call[1].endswith("/download"):
            continue
        assert (await ask(v1(name), call)).status_code not in (401, 403, 500), call


async def test_only_admins_see_addresses(v1: Clients, world: World) -> None:
    space, _ = await furnished(world)
    for name, seen in (("vera", False), ("eve", False), ("amir", True), ("ada", True)):
        members = (await got(v1(name), f"/v1/spaces/{space.id}/members"))["data"]
        assert {member["user"]["username"] for member in members} == {"ada", "amir", "eve", "vera"}
        assert all((member["user"]["email"] is not None) is seen for member in members)


async def test_a_key_that_only_reads_cannot_write(anonymous: AsyncClient, world: World) -> None:
    _, inside = await furnished(world)
    reader = {"X-API-Key": await world.key("ada", scopes=["read"])}
    for call in inside:
        answer = await ask(anonymous, call, headers=reader)
        if call[0] == "GET" and call[1].endswith(("/trash", "/invitations")):
            continue  # for editors and admins at work
        if call[0] == "GET":
            assert answer.status_code in (200, 404) or call[1].endswith("/download"), call
        else:
            problem(answer, 403, "forbidden")
    problem(await anonymous.post("/v1/spaces", json={"name": "x"}, headers=reader), 403)
    problem(await anonymous.post("/v1/organizations", json={"name": "x"}, headers=reader), 403)


async def test_a_key_for_one_space_finds_no_other(anonymous: AsyncClient, v1: Clients, world: World) -> None:
    space, _ = await furnished(world)
    other, elsewhere = await furnished(world)
    limited = {"X-API-Key": await world.key("ada", spaces=[space])}
    assert (await anonymous.get(f"/v1/spaces/{space.id}", headers=limited)).status_code == 200
    shown = (await anonymous.get("/v1/spaces", headers=limited)).json()["data"]
    assert [row["id"] for row in shown] == [space.id]
    for call in elsewhere:
        problem(await ask(anonymous, call, headers=limited), 404, "not_found")
    assert (await got(v1("ada"), f"/v1/spaces/{other.id}"))["id"] == other.id


async def test_a_changed_role_holds_from_the_next_request_on(v1: Clients, world: World) -> None:
    space, _ = await furnished(world)
    path = f"/v1/spaces/{space.id}/threads"
    await made(v1("eve"), path, {"title": "While I may"})
    await world.admit(space, "eve", "viewer")
    problem(await v1("eve").post(path, json={"title": "No more"}), 403)
    await world.dismiss(space, "eve")
    problem(await v1("eve").get(path), 404)


async def test_a_platform_administrator_acts_as_owner_and_leaves_a_trace(v1: Clients, world: World) -> None:
    space, _ = await furnished(world)
    await world.administrator("root")
    shown = await got(v1("root"), f"/v1/spaces/{space.id}")
    assert (shown["role"], shown["owner"]["username"]) == ("owner", "ada")
    assert "privileged.read" in await world.events()
    assert (await v1("root").delete(f"/v1/spaces/{space.id}")).status_code == 204
