"""The Spaces API as its clients walk it."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from courtyard.core import clock
from tests.dialects.spaces_pe.answers import CUSTOMER, HOOK, SPACE, UNKNOWN, Clients, got, listed, refused, told
from tests.world import World

CUSTOMERS = "/api/v1/customers"
HOOKS = "/api/v1/resource_subscriptions"


async def test_the_line_of_the_document_works(world: World, anonymous: AsyncClient) -> None:
    key = await world.key("ada")
    response = await anonymous.get(CUSTOMERS, auth=(key, ""))
    assert response.status_code == 200
    assert response.json() == {"object": "list", "url": "/v1/customers", "count": 0, "has_more": False, "data": []}


async def test_the_token_comes_as_user_name_or_as_bearer(world: World, anonymous: AsyncClient) -> None:
    key = await world.key("ada")
    for auth in ((key, ""), (key, "whatever:this is")):
        assert (await anonymous.get("/api/v1/account", auth=auth)).json()["name"] == "ada"
    for word in ("Bearer", "bearer", "BEARER"):
        response = await anonymous.get("/api/v1/account", headers={"Authorization": f"{word} {key}"})
        assert response.json()["name"] == "ada"


async def test_a_customer_made_here_is_the_same_customer_in_v1(world: World, spaces_pe: Clients, v1: Clients) -> None:
    space = await world.space("ada")
    before = clock.now() // 1000
    fields = {"name": "John Doe", "email": "john@example.com", "space": str(space.number)}
    response = await spaces_pe("ada").post(CUSTOMERS, data=fields)
    assert response.status_code == 200
    customer = response.json()
    assert list(customer) == CUSTOMER
    assert list(customer["space"]) == SPACE
    assert customer["object"] == "customer"
    assert customer["id"].startswith("cus_")
    assert (customer["name"], customer["email"]) == ("John Doe", "john@example.com")
    assert before <= customer["created"] <= clock.now() // 1000
    assert customer["space"] == {
        "object": "space",
        "id": space.number,
        "created": space.created_at // 1000,
        "url": None,
    }
    assert await got(spaces_pe("ada"), f"customers/{customer['id']}") == customer
    there = (await v1("ada").get(f"/v1/spaces/{space.id}/customers/{customer['id']}")).json()
    assert (there["id"], there["name"], there["email"]) == (customer["id"], "John Doe", "john@example.com")


async def test_a_body_is_a_form_or_json(world: World, spaces_pe: Clients) -> None:
    space = await world.space("ada")
    ada = spaces_pe("ada")
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    names = ["Zoë & Söhne", "Łódź", "Ada Lovelace", "plus one"]
    answers = [
        await ada.post(CUSTOMERS, data={"name": names[0], "space": str(space.number), "colour": "blue"}),
        # As curl sends it: UTF-8 as it was typed.
        await ada.post(CUSTOMERS, content=f"name={names[1]}&space={space.number}".encode(), headers=form),
        await ada.post(CUSTOMERS, json={"name": f"  {names[2]} ", "space": space.number, "colour": {"deep": "blue"}}),
        await ada.post(CUSTOMERS, content=f"name=plus+one&space={space.number}".encode(), headers=form),
    ]
    assert [response.status_code for response in answers] == [200] * 4
    assert [response.json()["name"] for response in answers] == names
    assert {response.json()["email"] for response in answers} == {None}


async def test_customers_come_from_every_space_in_which_the_caller_has_a_role(world: World, spaces_pe: Clients) -> None:
    await world.organization("acme", owner="grace", members=["ada"])
    spaces = [
        await world.space("ada", "Own"),
        await world.space("bob", "As viewer", viewers=["ada"]),
        await world.space("grace", "Shared", visibility="shared", organization="acme"),
    ]
    hidden = [
        await world.space("grace", "Private", organization="acme"),
        await world.space("bob", "Public", visibility="public"),
    ]
    seen = [await world.customer(space) for space in spaces]
    unseen = [await world.customer(space) for space in hidden]
    ada = spaces_pe("ada")
    assert await listed(ada, "customers") == ([customer.id for customer in reversed(seen)], False)
    for space, customer in zip(spaces, seen, strict=True):
        assert await listed(ada, "customers", space=space.number) == ([customer.id], False)
        assert (await got(ada, f"customers/{customer.id}"))["space"]["id"] == space.number
    unknown = told(await ada.get(f"{CUSTOMERS}/{UNKNOWN}"))
    for customer in unseen:
        assert told(await ada.get(f"{CUSTOMERS}/{customer.id}")) == unknown


async def test_spaces_are_those_with_a_role_and_numbers_are_their_ids(world: World, spaces_pe: Clients) -> None:
    first = await world.space("ada", "First")
    second = await world.space("bob", "Second", viewers=["ada"], visibility="public")
    await world.space("bob", "Third", visibility="public")
    ada = spaces_pe("ada")
    assert await listed(ada, "spaces") == ([second.number, first.number], False)
    assert await got(ada, f"spaces/{first.number}") == {
        "object": "space",
        "id": first.number,
        "created": first.created_at // 1000,
        "url": None,
    }
    assert (await got(ada, f"spaces/{second.number}"))["url"] == f"/p/{second.slug}"


@pytest.mark.parametrize("settings", [{"public_url": "https://spaces.example.org/"}], indirect=True)
async def test_a_public_space_has_a_page_at_the_public_address(world: World, spaces_pe: Clients) -> None:
    space = await world.space("ada", visibility="public")
    customer = await world.customer(space)
    url = f"https://spaces.example.org/p/{space.slug}"
    assert (await got(spaces_pe("ada"), "spaces"))["data"][0]["url"] == url
    assert (await got(spaces_pe("ada"), f"customers/{customer.id}"))["space"]["url"] == url


async def test_the_account_is_the_caller(world: World, spaces_pe: Clients) -> None:
    person = await world.person("ada")
    assert await got(spaces_pe("ada"), "account") == {
        "object": "account",
        "created": person.created_at // 1000,
        "name": "ada",
        "email": "ada@example.org",
        "avatar_image_url": None,
        "referral_code": person.referral_code,
    }


async def test_what_is_not_sold_here_is_an_empty_list(spaces_pe: Clients) -> None:
    ada = spaces_pe("ada")
    for name in ("events", "webhooks", "captured_emails", "invoices", "subscriptions"):
        assert await listed(ada, name) == ([], False)
        assert await listed(ada, name, limit=100) == ([], False)
        refused(await ada.get(f"/api/v1/{name}", params={"limit": 0}), 400, "limit")
        refused(await ada.get(f"/api/v1/{name}", params={"starting_after": "x"}), 400, None)
        refused(await ada.post(f"/api/v1/{name}", json={}), 405)


async def test_a_resource_subscription_lives_and_ends(world: World, spaces_pe: Clients) -> None:
    ada = spaces_pe("ada")
    wanted = {"event": "customer.created", "target_url": "https://hooks.example.com/catch/1/"}
    made = await ada.post(HOOKS, data=wanted)
    assert made.status_code == 200
    hook = made.json()
    assert list(hook) == HOOK
    assert {name: hook[name] for name in wanted} == wanted
    assert hook["object"] == "resource_subscription"
    other = (await ada.post(HOOKS, json={**wanted, "event": "space.deleted"})).json()
    assert await listed(ada, "resource_subscriptions") == ([other["id"], hook["id"]], False)
    one = f"{HOOKS}/{hook['id']}"
    assert (await ada.get(one)).json() == hook
    gone = await ada.delete(one)
    assert gone.status_code == 200
    assert gone.json() == {"object": "resource_subscription", "id": hook["id"], "deleted": True}
    unknown = told(await ada.get(HOOKS + "/999999"))
    assert told(await ada.get(one)) == told(await ada.delete(one)) == unknown
    bob = spaces_pe("bob")
    assert told(await bob.get(f"{HOOKS}/{other['id']}")) == told(await bob.delete(f"{HOOKS}/{other['id']}")) == unknown
    assert await listed(ada, "resource_subscriptions") == ([other["id"]], False)


async def test_a_customer_made_here_is_told_to_whoever_subscribed(world: World, spaces_pe: Clients) -> None:
    space = await world.space("ada")
    ada = spaces_pe("ada")
    await ada.post(HOOKS, data={"event": "customer.created", "target_url": "https://hooks.example.com/"})
    await ada.post(CUSTOMERS, json={"name": "Carol", "space": space.number})
    assert [job.kind for job in await world.jobs()] == ["hooks.deliver"]


async def test_the_same_request_under_one_key_makes_one_customer(world: World, spaces_pe: Clients) -> None:
    space = await world.space("ada", editors=["bob"])
    bob = spaces_pe("bob")

    async def post(**more: Any) -> Any:
        body = {"name": "Carol", "space": space.number, **more}
        return await bob.post(CUSTOMERS, json=body, headers={"Idempotency-Key": "order-1"})

    first, again = await post(), await post()
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert "used for another request" in refused(await post(name="Dave"), 400, None)
    assert len((await listed(bob, "customers"))[0]) == 1
    await world.admit(space, "bob", "viewer")
    refused(await post(), 400, "space")


async def test_both_forms_of_a_path_and_head_are_served(world: World, spaces_pe: Clients) -> None:
    space = await world.space("ada")
    customer = await world.customer(space)
    ada = spaces_pe("ada")
    for path in ("customers", f"customers/{customer.id}", "spaces", f"spaces/{space.number}", "account", "events"):
        bare, slashed = await ada.get(f"/api/v1/{path}"), await ada.get(f"/api/v1/{path}/")
        assert told(bare) == told(slashed)
        assert bare.status_code == 200
        head = await ada.head(f"/api/v1/{path}")
        assert (head.status_code, head.headers["content-length"]) == (200, bare.headers["content-length"])
    assert (await ada.post(CUSTOMERS + "/", json={"name": "Dave", "space": space.number})).status_code == 200


async def test_an_administrator_reads_everything_by_name_and_lists_the_own(world: World, spaces_pe: Clients) -> None:
    await world.administrator("root")
    space = await world.space("ada")
    customer = await world.customer(space)
    root = spaces_pe("root")
    assert await listed(root, "customers") == ([], False)
    assert await listed(root, "customers", space=space.number) == ([customer.id], False)
    assert (await got(root, f"customers/{customer.id}"))["id"] == customer.id
    assert (await got(root, f"spaces/{space.number}"))["id"] == space.number
    assert (await world.events()).count("privileged.read") == 3


async def test_a_credential_for_one_space_sees_that_space(world: World, anonymous: AsyncClient) -> None:
    one, other = await world.space("ada"), await world.space("ada")
    customer, hidden = await world.customer(one), await world.customer(other)
    auth = (await world.key("ada", spaces=[one]), "")
    page = (await anonymous.get(CUSTOMERS, auth=auth)).json()
    assert [row["id"] for row in page["data"]] == [customer.id]
    unknown = told(await anonymous.get(f"{CUSTOMERS}/{UNKNOWN}", auth=auth))
    assert told(await anonymous.get(f"{CUSTOMERS}/{hidden.id}", auth=auth)) == unknown
    refused(await anonymous.get(CUSTOMERS, params={"space": other.number}, auth=auth), 400, "space")
    refused(await anonymous.get(CUSTOMERS, params={"starting_after": hidden.id}, auth=auth), 400, None)
    refused(await anonymous.get(HOOKS, auth=auth), 404)


async def test_the_openapi_document_is_there_for_everybody(anonymous: AsyncClient) -> None:
    for scheme in ("https", "http"):
        response = await anonymous.get(f"{scheme}://courtyard.test/api/v1/openapi.json")
        assert response.status_code == 200
        document = response.json()
        assert document["openapi"].startswith("3.1")
        assert set(document["components"]["securitySchemes"]) == {"Basic", "Bearer"}
        body = document["paths"]["/api/v1/customers"]["post"]["requestBody"]["content"]
        assert set(body) == {"application/json", "application/x-www-form-urlencoded"}
        assert "422" not in document["paths"]["/api/v1/customers"]["get"]["responses"]
