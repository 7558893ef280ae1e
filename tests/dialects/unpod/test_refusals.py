"""How the platform says no: in the order of its checks, in its exact sentences, the same for unknown and hidden."""

from itertools import product

import pytest
from httpx2 import AsyncClient

from tests.dialects.unpod.answers import ORGANIZATIONS, PLACE, SPACES, UNKNOWN, Clients, listed, refused, told
from tests.world import World

NOBODY = "Authentication credentials were not provided."
CALLS = [SPACES, f"{SPACES}{UNKNOWN}/", f"{SPACES}{UNKNOWN}/tasks/", f"{SPACES}{UNKNOWN}/runs/"]


async def test_who_presents_nothing_or_in_another_form_hears_the_published_401(
    world: World, anonymous: AsyncClient
) -> None:
    key = await world.key("ada")
    forms = (
        {},
        {"Authorization": ""},
        {"Authorization": f"Bearer {key}"},
        {"Authorization": f"Basic {key}"},
        {"Authorization": f"Tokens {key}"},
        {"Authorization": key},
        {"X-API-Key": key},
    )
    for path, headers in product([ORGANIZATIONS, *CALLS], forms):
        response = await anonymous.get(path, headers={**headers, "Org-Handle": "ada"})
        assert response.content == b'{"status_code":401,"message":"%s"}' % NOBODY.encode()
        assert refused(response, 401) == NOBODY


async def test_a_token_that_is_none_hears_why(world: World, anonymous: AsyncClient) -> None:
    key = await world.key("ada")
    tokens = (
        ("Token", "Invalid token header. No credentials provided."),
        ("token  ", "Invalid token header. No credentials provided."),
        ("Token nonsense", "Invalid token."),
        (f"Token {key} {key}", "Invalid token."),
        (f"Token {key[:-1]}{'0' if key[-1] != '0' else '1'}", "Invalid token."),
        (f"Token cyi_{key[4:]}", "Invalid token."),
    )
    for path, (value, message) in product([ORGANIZATIONS, *CALLS], tokens):
        assert refused(await anonymous.get(path, headers={"Authorization": value}), 401) == message


async def test_a_token_that_is_over_or_revoked(world: World, anonymous: AsyncClient, v1: Clients) -> None:
    made = (await v1("ada").post("/v1/keys", json={"name": "short", "scopes": ["read"]})).json()
    headers = {"Authorization": f"Token {made['key']}"}
    assert (await anonymous.get(ORGANIZATIONS, headers=headers)).status_code == 200
    async with world.database.write() as tx:
        await tx.run("update credential set expires_at = 1 where id = :id", id=made["id"])
    assert refused(await anonymous.get(ORGANIZATIONS, headers=headers), 401) == "Token has expired."
    async with world.database.write() as tx:
        await tx.run("update credential set expires_at = null, revoked_at = 1 where id = :id", id=made["id"])
    assert refused(await anonymous.get(ORGANIZATIONS, headers=headers), 401) == "Invalid token."


async def test_two_credentials_are_refused(world: World, anonymous: AsyncClient) -> None:
    headers = {"Authorization": f"Token {await world.key('ada')}", "X-API-Key": await world.key("ada")}
    refused(await anonymous.get(ORGANIZATIONS, headers=headers), 400)


@pytest.mark.parametrize("path", CALLS)
async def test_the_order_of_the_checks(world: World, unpod: Clients, anonymous: AsyncClient, path: str) -> None:
    await world.organization("acme", owner="grace")
    await world.person("ada")
    wrong = {"Authorization": "Token wrong"}
    # Each request is wrong in everything that comes later too.
    assert refused(await anonymous.get(path + "?page=x"), 401) == NOBODY
    assert refused(await anonymous.get(path + "?page=x", headers=wrong), 401) == "Invalid token."
    assert refused(await unpod("ada").get(path + "?page=x"), 400) == "Org-Handle header is required."
    assert refused(await unpod("ada", org=" ").get(path + "?page=x"), 400) == "Org-Handle header is required."
    assert refused(await unpod("ada", org="nowhere").get(path + "?page=x"), 404) == "Organization not found."
    forbidden = "You do not have permission to perform this action."
    assert refused(await unpod("ada", org="acme").get(path + "?page=x"), 403) == forbidden
    if path != SPACES:
        assert refused(await unpod("ada", org="ada").get(path + "?page=x"), 404) == "Space not found."


async def test_a_space_is_found_within_its_organization_alone(world: World, unpod: Clients) -> None:
    await world.organization("acme", owner="ada")
    await world.organization("other", owner="ada", members=["mary"])
    own = await world.space("ada", organization="acme")
    public = await world.space("ada", organization="acme", visibility="public")
    hidden = await world.space("ada", organization="other")
    for path in ("", "tasks/", "runs/"):
        ada = unpod("ada", org="other")
        unknown = told(await ada.get(f"{SPACES}{UNKNOWN}/{path}"))
        assert unknown[0] == 404
        for token in (own.token, public.token, hidden.token.lower(), hidden.id, str(hidden.number), hidden.slug, "x"):
            assert told(await ada.get(f"{SPACES}{token}/{path}")) == unknown
        assert (await ada.get(f"{SPACES}{hidden.token}/{path}")).status_code == 200
        mary = unpod("mary", org="other")
        for space in (own, public, hidden):
            assert told(await mary.get(f"{SPACES}{space.token}/{path}")) == unknown


async def test_the_work_in_a_public_space_is_for_those_with_a_role_in_it(world: World, unpod: Clients) -> None:
    await world.organization("acme", owner="grace", members=["mary"])
    space = await world.space("grace", organization="acme", visibility="public")
    mary = unpod("mary", org="acme")
    assert (await mary.get(f"{SPACES}{space.token}/")).status_code == 200
    for path in ("tasks/", "runs/"):
        message = refused(await mary.get(f"{SPACES}{space.token}/{path}"), 403)
        assert message == "You do not have permission to perform this action."
        await world.admit(space, "mary", "viewer")
        assert (await mary.get(f"{SPACES}{space.token}/{path}")).status_code == 200
        await world.dismiss(space, "mary")


async def test_a_page_is_a_number_from_one(world: World, unpod: Clients) -> None:
    space = await world.space("ada")
    paths = (ORGANIZATIONS, SPACES, f"{SPACES}{space.token}/tasks/", f"{SPACES}{space.token}/runs/")
    values = ("0", "-1", "x", "", "1.5", "+1", " 1", "٣", "9" * 40)
    for path, name, value in product(paths, ("page", "page_size"), values):
        message = refused(await unpod("ada", org="ada").get(path, params={name: value}), 400)
        assert message.startswith(f"{name}: ")


async def test_a_page_has_at_most_a_hundred_rows(world: World, unpod: Clients) -> None:
    await world.person("ada")
    refused(await unpod("ada", org="ada").get(SPACES, params={"page_size": 101}), 400)
    assert await listed(unpod("ada", org="ada"), SPACES, page_size=100) == (0, [])


async def test_a_wrong_method_hears_the_published_sentence(unpod: Clients, anonymous: AsyncClient) -> None:
    for client in (anonymous, unpod("ada", org="ada")):
        for path in (ORGANIZATIONS, *CALLS, PLACE + "openapi.json"):
            for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
                response = await client.request(method, path)
                assert refused(response, 405) == f'Method "{method}" not allowed.'
                assert response.headers["allow"] == "GET, HEAD"


async def test_unknown_paths(unpod: Clients, anonymous: AsyncClient) -> None:
    for client in (anonymous, unpod("ada", org="ada")):
        for path in ("", "nothing/", f"spaces/{UNKNOWN}/jobs/", "organizations/acme/", "spaces//"):
            refused(await client.get(PLACE + path), 404)
        refused(await client.get("/api/v2/platform"), 404)
