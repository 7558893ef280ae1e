"""What an organization holds, what happened of one kind, and what is told of the installation."""

from httpx2 import AsyncClient

from tests.dialects.v1.answers import Clients, got, made, problem
from tests.world import World


async def test_what_an_organization_holds_is_counted_over_all_of_its_spaces(v1: Clients, world: World) -> None:
    await world.organization("acme", owner="ada")
    ada = v1("ada")
    assert await got(ada, "/v1/organizations/acme/usage") == {"spaces": 0, "bytes": 0, "artifacts": 0, "members": 1}
    for name in ("North", "South"):
        space = await made(ada, "/v1/spaces", {"name": name, "organization": "acme"})
        report = {"name": "Report", "type": "document", "content": "cGggNy4yCg=="}
        await made(ada, f"/v1/spaces/{space['id']}/artifacts/generate", report)
    await made(ada, "/v1/spaces", {"name": "Elsewhere"})
    assert await got(ada, "/v1/organizations/acme/usage") == {"spaces": 2, "bytes": 14, "artifacts": 2, "members": 1}
    await world.person("bob")
    problem(await v1("bob").get("/v1/organizations/acme/usage"), 404)


async def test_the_activity_of_a_space_is_narrowed_by_an_action_or_its_first_word(v1: Clients, world: World) -> None:
    space, ada = await world.space("ada"), v1("ada")
    path = f"/v1/spaces/{space.id}"
    thread = await made(ada, f"{path}/threads", {"title": "Questions"})
    await made(ada, f"{path}/threads/{thread['id']}/messages", {"content": "Is it clean?"})
    await ada.patch(f"{path}/threads/{thread['id']}", json={"title": "Answers"})
    assert await actions(ada, f"{path}/activity?action=thread") == ["thread.updated", "thread.created"]
    assert await actions(ada, f"{path}/activity?action=thread.created") == ["thread.created"]
    assert await actions(ada, f"{path}/activity?action=thr") == []
    assert "message.created" in await actions(ada, f"{path}/activity")
    first = await got(ada, f"{path}/activity?action=thread&limit=1")
    second = await got(ada, f"{path}/activity?action=thread&limit=1&cursor={first['cursor']}")
    assert [row["action"] for row in first["data"] + second["data"]] == ["thread.updated", "thread.created"]


async def actions(client: AsyncClient, path: str) -> list[str]:
    return [row["action"] for row in (await got(client, path))["data"]]


async def test_whoever_has_a_credential_hears_of_the_installation(v1: Clients, anonymous: AsyncClient) -> None:
    told = await got(v1("ada"), "/v1/installation")
    shown = {"public_url", "https_port", "mail", "registration", "request_log_days", "upload_limit", "tus_limit"}
    assert set(told) == shown
    assert told["mail"] is False
    assert told["request_log_days"] == 7
    assert told["upload_limit"] == 100 * 1024 * 1024
    options = await v1("ada").options(
        f"/v1/spaces/{(await made(v1('ada'), '/v1/spaces', {'name': 'Room'}))['id']}/uploads"
    )
    assert str(told["tus_limit"]) == options.headers["tus-max-size"]
    problem(await anonymous.get("/v1/installation"), 401)
