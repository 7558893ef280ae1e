"""The platform's API as its clients walk it: from the organizations to a space and what is done in it."""

import re
from typing import Any

from httpx2 import AsyncClient

from courtyard.core import jobs
from courtyard.core.jobs import Job
from tests.dialects.unpod.answers import (
    ORGANIZATION,
    ORGANIZATIONS,
    RUN,
    SPACE,
    SPACES,
    TASK,
    TIME,
    Clients,
    listed,
    names,
    refused,
    told,
)
from tests.world import World


async def test_the_walk_of_the_document(world: World, unpod: Clients) -> None:
    acme = await world.organization("acme", owner="ada")
    made = await world.space(
        "ada", "abcd evals", organization="acme", space_type="knowledge_base", content_type="table"
    )
    total, found = await listed(unpod("ada"), ORGANIZATIONS)
    assert (total, [list(row) for row in found]) == (2, [ORGANIZATION] * 2)
    assert found[0] == {
        "name": "acme",
        "token": acme.token,
        "domain": "acme",
        "domain_handle": "acme",
        "is_private_domain": False,
        "role": "owner",
    }
    ada = unpod("ada", org=found[0]["domain_handle"])
    response = await ada.get(SPACES)
    assert list(response.json()) == ["count", "status_code", "message", "data"]
    assert response.json()["message"] == "Spaces fetched successfully"
    wanted = {
        "name": "abcd evals",
        "slug": made.slug,
        "token": made.token,
        "description": "",
        "logo": None,
        "privacy_type": "private",
        "space_type": "knowledge_base",
        "content_type": "table",
        "organization": {"name": "acme", "domain_handle": "acme"},
    }
    assert (response.json()["count"], response.json()["data"]) == (1, [wanted])
    one = (await ada.get(f"{SPACES}{made.token}/")).json()
    assert one == {"status_code": 200, "message": "Space fetched successfully", "data": wanted}
    assert list(one) == ["status_code", "message", "data"]
    assert list(one["data"]) == SPACE
    assert list(one["data"]["organization"]) == ["name", "domain_handle"]


async def test_what_a_space_says_of_itself(world: World, unpod: Clients, v1: Clients) -> None:
    ada = unpod("ada", org="ada")
    for visibility in ("private", "shared", "public"):
        facts: dict[str, Any] = {"description": "Where it is kept", "logo_url": "https://example.org/logo.png"}
        space = await world.space("ada", visibility=visibility, **facts)
        data = (await ada.get(SPACES + space.token)).json()["data"]
        assert data["privacy_type"] == visibility
        assert (data["description"], data["logo"]) == (facts["description"], facts["logo_url"])
        assert (data["space_type"], data["content_type"]) == ("general", "general")
        native = (await v1("ada").get(f"/v1/spaces/{space.id}")).json()
        assert (data["token"], data["slug"], data["name"]) == (native["token"], native["slug"], native["name"])
        assert re.fullmatch(r"[A-Z0-9]{24}", data["token"])


async def test_the_word_token_in_any_case(world: World, anonymous: AsyncClient) -> None:
    key = await world.key("ada")
    for header in (f"Token {key}", f"token {key}", f"TOKEN   {key}"):
        assert (await anonymous.get(ORGANIZATIONS, headers={"Authorization": header})).status_code == 200


async def test_a_handle_is_known_without_regard_to_case(world: World, unpod: Clients) -> None:
    await world.organization("acme", owner="ada")
    for handle in ("acme", "ACME", " Acme "):
        assert await listed(unpod("ada", org=handle), SPACES) == (0, [])


async def test_everybody_sees_of_an_organization_what_they_may_read(world: World, unpod: Clients) -> None:
    await world.organization("acme", owner="grace", admins=["alan"], members=["mary"])
    await world.space("grace", "Private", organization="acme", viewers=["guest"])
    await world.space("grace", "Shared", organization="acme", visibility="shared")
    await world.space("grace", "Public", organization="acme", visibility="public")
    await world.space("grace", "Elsewhere", visibility="public")
    seen = {
        "grace": ["Public", "Shared", "Private"],
        "alan": ["Public", "Shared", "Private"],
        "mary": ["Public", "Shared"],
        "guest": ["Public", "Private"],
    }
    for name, wanted in seen.items():
        client = unpod(name, org="acme")
        assert await names(client) == wanted
        total, found = await listed(client, SPACES)
        assert total == len(wanted)
        for space in found:
            assert (await client.get(f"{SPACES}{space['token']}/")).json()["data"] == space
    assert refused(await unpod("stranger", org="acme").get(SPACES), 403)


async def test_the_role_in_an_organization_in_its_words(world: World, unpod: Clients) -> None:
    await world.organization("acme", owner="grace", admins=["alan"], members=["mary"])
    await world.space("grace", organization="acme", viewers=["guest"])
    for name, role in (("grace", "owner"), ("alan", "admin"), ("mary", "member"), ("guest", "guest")):
        total, rows = await listed(unpod(name), ORGANIZATIONS)
        assert total == 2
        assert {row["domain_handle"]: row["role"] for row in rows} == {"acme": role, name: "owner"}
        assert {row["domain_handle"]: row["is_private_domain"] for row in rows} == {"acme": False, name: True}
    await world.person("stranger")
    assert [row["domain_handle"] for row in (await listed(unpod("stranger"), ORGANIZATIONS))[1]] == ["stranger"]


async def test_a_changed_role_holds_at_once(world: World, unpod: Clients) -> None:
    await world.organization("acme", owner="grace")
    space = await world.space("grace", organization="acme", viewers=["bob"])
    bob = unpod("bob", org="acme")
    assert (await bob.get(f"{SPACES}{space.token}/")).status_code == 200
    await world.dismiss(space, "bob")
    assert refused(await bob.get(f"{SPACES}{space.token}/"), 403)


async def test_tasks_are_the_jobs_of_a_space_and_runs_those_of_one_artifact(world: World, unpod: Clients) -> None:
    space = await world.space("ada", viewers=["bob"])
    bob = unpod("bob", org="ada")
    for path, message in (("tasks/", "Tasks Fetched Successfully"), ("runs/", "Runs Fetched Successfully")):
        response = await bob.get(f"{SPACES}{space.token}/{path}")
        assert response.json() == {"count": 0, "status_code": 200, "message": message, "data": []}
    artifact = await world.artifact(space, "readings.csv")
    [job] = await world.jobs()
    total, [task] = await listed(bob, f"{SPACES}{space.token}/tasks/")
    assert (total, list(task)) == (1, TASK)
    assert (task["task_id"], task["run_id"]) == (job.id, artifact.id)
    assert (task["status"], task["task"]) == ("pending", {"objective": "Inspect readings.csv"})
    total, [run] = await listed(bob, f"{SPACES}{space.token}/runs/")
    assert (total, list(run)) == (1, RUN)
    assert (run["run_id"], run["status"]) == (artifact.id, "pending")
    for row in (task, run):
        assert re.fullmatch(TIME, row["created"])
        assert re.fullmatch(TIME, row["modified"])


async def test_how_a_task_stands_in_the_words_of_the_platform(world: World, unpod: Clients) -> None:
    space = await world.space("ada")
    await world.artifact(space)
    ada = unpod("ada", org="ada")

    async def states() -> list[str]:
        found = [await listed(ada, f"{SPACES}{space.token}/{what}/") for what in ("tasks", "runs")]
        return [row["status"] for _, rows in found for row in rows]

    async def claimed() -> Job:
        async with world.database.write() as tx:
            job = await jobs.claim(tx)
        assert job is not None
        return job

    assert await states() == ["pending", "pending"]
    job = await claimed()
    assert await states() == ["running", "running"]
    async with world.database.write() as tx:
        await jobs.fail(tx, job, "It did not work.", final=True)
    assert await states() == ["failed", "failed"]
    async with world.database.write() as tx:
        await jobs.retry(tx, await world.actor("ada"), job)
    async with world.database.write() as tx:
        await jobs.cancel(tx, await world.actor("ada"), job)
    assert await states() == ["failed", "failed"]
    async with world.database.write() as tx:
        await jobs.retry(tx, await world.actor("ada"), job)
    job = await claimed()
    async with world.database.write() as tx:
        await jobs.complete(tx, job)
    assert await states() == ["completed", "completed"]


async def test_without_parameters_everything_comes_and_with_them_a_page(world: World, unpod: Clients) -> None:
    made = [f"Space {n}" for n in range(23)]
    for name in made:
        await world.space("ada", name)
    ada, newest = unpod("ada", org="ada"), made[::-1]
    assert await names(ada) == newest
    assert await names(ada, page=1) == newest[:20]
    assert await names(ada, page=2) == newest[20:]
    assert await names(ada, page_size=5) == newest[:5]
    assert await names(ada, page=3, page_size=5) == newest[10:15]
    assert await names(ada, page=23, page_size=1) == newest[22:]
    assert await names(ada, page_size=100) == newest
    for beyond in ({"page": 3}, {"page": 24, "page_size": 1}, {"page": 9_999_999_999_999_999, "page_size": 100}):
        assert await listed(ada, SPACES, **beyond) == (23, [])
    assert (await listed(ada, SPACES, page=2, page_size=3))[0] == 23


async def test_pages_of_organizations_tasks_and_runs(world: World, unpod: Clients) -> None:
    for n in range(3):
        await world.organization(f"acme{n}", owner="ada")
    space = await world.space("ada")
    artifacts = [(await world.artifact(space)).id for _ in range(22)][::-1]
    ada = unpod("ada", org="ada")
    handles = ["acme2", "acme1", "acme0", "ada"]
    for page, wanted in ((1, handles[:3]), (2, handles[3:]), (3, [])):
        total, rows = await listed(ada, ORGANIZATIONS, page=page, page_size=3)
        assert (total, [row["domain_handle"] for row in rows]) == (4, wanted)
    for path in ("tasks/", "runs/"):
        for params, wanted in (
            ({}, artifacts[:20]),
            ({"page": 2}, artifacts[20:]),
            ({"page": 3}, []),
            ({"page": 4, "page_size": 6}, artifacts[18:]),
            ({"page_size": 100}, artifacts),
        ):
            total, rows = await listed(ada, f"{SPACES}{space.token}/{path}", **params)
            assert (total, [row["run_id"] for row in rows]) == (22, wanted)


async def test_every_page_holds_only_what_the_caller_may_read(world: World, unpod: Clients) -> None:
    await world.organization("acme", owner="grace", members=["mary"])
    made = []
    for n in range(12):
        visibility = ("private", "shared", "public")[n % 3]
        space = await world.space("grace", f"Space {n}", organization="acme", visibility=visibility)
        if visibility != "private":
            made.append(space.name)
    mary = unpod("mary", org="acme")
    pages = [await names(mary, page=page, page_size=3) for page in (1, 2, 3, 4)]
    assert [name for page in pages for name in page] == made[::-1]
    assert [len(page) for page in pages] == [3, 3, 2, 0]
    assert (await listed(mary, SPACES, page=1, page_size=3))[0] == 8


async def test_a_credential_for_some_spaces_lists_and_counts_these(world: World, anonymous: AsyncClient) -> None:
    made = [await world.space("ada", f"Space {n}") for n in range(4)]
    key = await world.key("ada", spaces=made[:3])
    headers = {"Authorization": f"Token {key}", "Org-Handle": "ada"}
    for page, wanted in ((1, ["Space 2", "Space 1"]), (2, ["Space 0"]), (3, [])):
        response = await anonymous.get(SPACES, params={"page": page, "page_size": 2}, headers=headers)
        assert (response.json()["count"], [row["name"] for row in response.json()["data"]]) == (3, wanted)
    assert (await anonymous.get(f"{SPACES}{made[3].token}/", headers=headers)).status_code == 404


async def test_an_administrator_belongs_everywhere_and_that_is_written_down(world: World, unpod: Clients) -> None:
    await world.administrator("rita")
    await world.organization("acme", owner="ada")
    space = await world.space("ada", "Private", organization="acme")
    await world.artifact(space)
    rita = unpod("rita", org="acme")
    total, rows = await listed(rita, ORGANIZATIONS)
    assert (total, {row["domain_handle"] for row in rows}) == (3, {"acme", "ada", "rita"})
    assert {row["role"] for row in rows} == {"owner"}
    assert (await world.events()).count("privileged.read") == 1
    assert await names(rita) == ["Private"]
    assert (await rita.get(f"{SPACES}{space.token}/")).status_code == 200
    assert (await listed(rita, f"{SPACES}{space.token}/tasks/"))[0] == 1
    assert (await world.events()).count("privileged.read") >= 4


async def test_an_administrator_who_is_a_mere_member_sees_more_and_that_is_written_down(
    world: World, unpod: Clients
) -> None:
    await world.administrator("rita")
    await world.organization("acme", owner="ada", members=["rita"])
    await world.space("ada", "Private", organization="acme")
    assert await names(unpod("rita", org="acme")) == ["Private"]
    assert "privileged.read" in await world.events()


async def test_both_forms_of_a_path_and_head_are_served(world: World, unpod: Clients) -> None:
    space = await world.space("ada")
    ada = unpod("ada", org="ada")
    for path in (ORGANIZATIONS, SPACES, f"{SPACES}{space.token}/", f"{SPACES}{space.token}/tasks/"):
        slashed, bare = await ada.get(path), await ada.get(path.rstrip("/"))
        assert told(slashed) == told(bare)
        assert slashed.status_code == 200
        head = await ada.head(path)
        assert (head.status_code, head.headers["content-length"]) == (200, bare.headers["content-length"])


async def test_the_openapi_document_is_there_for_everybody(anonymous: AsyncClient) -> None:
    document = (await anonymous.get("/api/v2/platform/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    listing = document["paths"]["/api/v2/platform/spaces/"]["get"]
    assert {"Org-Handle", "page", "page_size"} == {parameter["name"] for parameter in listing["parameters"]}
    assert list(document["components"]["schemas"]["SpaceShape"]["properties"]) == SPACE


async def test_a_space_made_in_v1_is_there_with_its_token(unpod: Clients, v1: Clients, world: World) -> None:
    await world.person("ada")
    made = (await v1("ada").post("/v1/spaces", json={"name": "New"})).json()
    ada = unpod("ada", org=made["organization"]["handle"])
    assert (await ada.get(f"{SPACES}{made['token']}/")).json()["data"]["slug"] == made["slug"]
    assert (await v1("ada").delete(f"/v1/spaces/{made['id']}")).status_code == 204
    assert refused(await ada.get(f"{SPACES}{made['token']}/"), 404) == "Space not found."
