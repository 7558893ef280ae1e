"""Threads, their messages, and customers."""

import re
from typing import Any

import pytest
from httpx2 import AsyncClient

from courtyard.core.spaces import Space
from tests.dialects.v1.answers import UNKNOWN, UUID7, Clients, got, made, pointers, problem
from tests.world import World

THREAD = {"id", "thread_id", "space_id", "title", "status", "metadata", "created_by", "created_at", "updated_at"}
MESSAGE = {"id", "thread_id", "role", "content", "metadata", "created_by", "person", "created_at"}
CUSTOMER = {"id", "customer_id", "space_id", "name", "email", "metadata", "created_at", "updated_at"}


@pytest.fixture
def ada(v1: Clients) -> AsyncClient:
    return v1("ada")


@pytest.fixture
async def space(world: World) -> Space:
    return await world.space("ada")


@pytest.fixture
def path(space: Space) -> str:
    return f"/v1/spaces/{space.id}"


async def test_a_thread_from_its_first_word_to_its_end(ada: AsyncClient, space: Space, path: str) -> None:
    thread = await made(ada, f"{path}/threads", {"title": " Questions ", "metadata": {"a": 1}})
    assert set(thread) == THREAD
    assert re.fullmatch(UUID7, thread["id"])
    assert (thread["title"], thread["status"], thread["created_by"]) == ("Questions", "open", space.owner_id)
    one = f"{path}/threads/{thread['id']}"
    assert await got(ada, one) == thread
    assert (await got(ada, f"{path}/threads"))["data"] == [thread]

    first = await made(ada, f"{one}/messages", {"content": "Is it\n\tclean?"})
    second = await made(ada, f"{one}/messages", {"content": "Yes.", "role": "assistant", "metadata": {"sure": True}})
    assert set(first) == MESSAGE
    assert (first["role"], first["content"], first["metadata"]) == ("user", "Is it\n\tclean?", {})
    assert (second["role"], second["metadata"], second["thread_id"]) == ("assistant", {"sure": True}, thread["id"])
    assert (await got(ada, f"{one}/messages"))["data"] == [second, first]

    changed = (await ada.patch(one, json={"title": "Answers", "metadata": {"b": 2}})).json()
    assert (changed["title"], changed["metadata"], changed["status"]) == ("Answers", {"a": 1, "b": 2}, "open")
    assert (await ada.patch(one, json={"status": "archived"})).json()["status"] == "archived"
    problem(await ada.post(f"{one}/messages", json={"content": "Late"}), 409, "thread_archived")
    assert (await ada.patch(one, json={"status": "open"})).json()["status"] == "open"
    await made(ada, f"{one}/messages", {"content": "In time"})

    assert (await ada.delete(one)).status_code == 204
    for gone in (one, f"{one}/messages"):
        problem(await ada.get(gone), 404)
    problem(await ada.delete(one), 404)


async def test_a_message_bears_the_name_of_whoever_said_it(v1: Clients, world: World, space: Space, path: str) -> None:
    await world.admit(space, "bob", "editor")
    thread = await world.thread(space)
    said = f"{path}/threads/{thread.id}/messages"
    message = await made(v1("bob"), said, {"content": "It is clean."})
    bob = await world.person("bob")
    assert message["person"] == {"id": bob.id, "username": "bob"}
    # Whoever is no member any more keeps the name; whose account is gone has none.
    assert (await v1("bob").delete(f"{path}/members/{bob.id}")).status_code == 204
    assert (await got(v1("ada"), said))["data"] == [message]
    async with world.database.write() as tx:
        await tx.run("delete from organization where personal_of = :id", id=bob.id)
        await tx.run("delete from person where id = :id", id=bob.id)
    assert (await got(v1("ada"), said))["data"] == [{**message, "person": None, "created_by": None}]


async def test_artifacts_outlive_their_threads(ada: AsyncClient, world: World, space: Space, path: str) -> None:
    thread = await world.thread(space)
    artifact = await world.artifact(space, thread_id=thread.id)
    before = await ada.get(f"{path}/artifacts/{artifact.id}")
    assert (await ada.delete(f"{path}/threads/{thread.id}")).status_code == 204
    after = await ada.get(f"{path}/artifacts/{artifact.id}")
    assert (after.json()["thread_id"], after.json()["thread_ids"]) == (None, [])
    assert after.headers["etag"] != before.headers["etag"]


async def test_threads_and_messages_that_do_not_fit(ada: AsyncClient, world: World, space: Space, path: str) -> None:
    thread = await world.thread(space)
    one = f"{path}/threads/{thread.id}"
    table: list[tuple[str, str, dict[str, Any], str]] = [
        ("POST", f"{path}/threads", {}, "/title"),
        ("POST", f"{path}/threads", {"title": " "}, "/title"),
        ("POST", f"{path}/threads", {"title": "x" * 256}, "/title"),
        ("POST", f"{path}/threads", {"title": "x", "metadata": []}, "/metadata"),
        ("PATCH", one, {"title": None}, "/title"),
        ("PATCH", one, {"status": None}, "/status"),
        ("PATCH", one, {"status": "closed"}, "/status"),
        ("POST", f"{one}/messages", {}, "/content"),
        ("POST", f"{one}/messages", {"content": " \n"}, "/content"),
        ("POST", f"{one}/messages", {"content": "x" * 65_537}, "/content"),
        ("POST", f"{one}/messages", {"content": "a\u0008"}, "/content"),
        ("POST", f"{one}/messages", {"content": "x", "role": "system"}, "/role"),
    ]
    for method, place, body, pointer in table:
        assert pointers(await ada.request(method, place, json=body)) == {pointer}, (place, body)
    elsewhere = await world.thread(await world.space("ada"))
    for wrong in (elsewhere.id, UNKNOWN, "nonsense"):
        problem(await ada.get(f"{path}/threads/{wrong}"), 404)
        problem(await ada.post(f"{path}/threads/{wrong}/messages", json={"content": "x"}), 404)


async def test_a_customer(ada: AsyncClient, space: Space, path: str) -> None:
    customer = await made(ada, f"{path}/customers", {"name": " Lake Board ", "email": "Board@Example.org"})
    assert set(customer) == CUSTOMER
    assert (customer["name"], customer["email"], customer["space_id"]) == ("Lake Board", "Board@Example.org", space.id)
    assert (customer["id"], customer["metadata"]) == (customer["customer_id"], {})
    one = f"{path}/customers/{customer['id']}"
    assert await got(ada, one) == customer
    assert (await got(ada, f"{path}/customers"))["data"] == [customer]
    changed = (await ada.patch(one, json={"name": "Board", "email": None, "metadata": {"a": {"b": 1}}})).json()
    assert (changed["name"], changed["email"], changed["metadata"]) == ("Board", None, {"a": {"b": 1}})
    assert (await ada.patch(one, json={"metadata": {"a": {"b": None}}})).json()["metadata"] == {"a": {}}
    assert (await ada.patch(one, json={})).json()["name"] == "Board"
    for body, pointer in [({"name": None}, "/name"), ({"email": "x"}, "/email"), ({"metadata": 1}, "/metadata")]:
        assert pointers(await ada.patch(one, json=body)) == {pointer}
    for body, pointer in [
        ({}, "/name"),
        ({"name": "x", "email": "x@"}, "/email"),
        ({"name": "x", "email": 1}, "/email"),
    ]:
        assert pointers(await ada.post(f"{path}/customers", json=body)) == {pointer}
    assert (await ada.delete(one)).status_code == 204
    problem(await ada.get(one), 404)
    problem(await ada.delete(one), 404)


async def test_an_address_is_unique_within_a_space(ada: AsyncClient, world: World, path: str) -> None:
    await made(ada, f"{path}/customers", {"name": "A", "email": "a@example.org"})
    second = await made(ada, f"{path}/customers", {"name": "B", "email": "b@example.org"})
    nameless = [await made(ada, f"{path}/customers", {"name": "C"}) for _ in range(2)]
    problem(await ada.post(f"{path}/customers", json={"name": "D", "email": "A@EXAMPLE.org"}), 409, "email_in_use")
    problem(await ada.patch(f"{path}/customers/{second['id']}", json={"email": "A@example.ORG"}), 409, "email_in_use")
    assert (await ada.patch(f"{path}/customers/{second['id']}", json={"email": "B@example.org"})).status_code == 200
    other = await world.space("ada")
    await made(ada, f"/v1/spaces/{other.id}/customers", {"name": "A", "email": "a@example.org"})
    problem(await ada.get(f"/v1/spaces/{other.id}/customers/{nameless[0]['id']}"), 404)
