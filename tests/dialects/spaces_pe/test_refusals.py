"""How the Spaces API says no: five statuses, one shape, and the same bytes for unknown and hidden."""

import base64
from typing import Any

import pytest
from httpx2 import AsyncClient

from courtyard.core.errors import Conflict, Expired, Forbidden, Invalid, StorageFull, TooLarge, TooMany, Unavailable
from courtyard.core.idempotency import KeyInFlight, KeyReused
from courtyard.dialects.spaces_pe import errors
from courtyard.web.input import UnsupportedType
from courtyard.web.preconditions import PreconditionFailed
from tests.dialects.spaces_pe.answers import UNKNOWN, Clients, listed, refused, told
from tests.world import World

CUSTOMERS = "/api/v1/customers"
HOOKS = "/api/v1/resource_subscriptions"
PATHS = [
    ("GET", CUSTOMERS),
    ("POST", CUSTOMERS),
    ("GET", f"{CUSTOMERS}/{UNKNOWN}"),
    ("GET", "/api/v1/spaces"),
    ("GET", "/api/v1/spaces/1"),
    ("GET", "/api/v1/account"),
    ("GET", "/api/v1/events"),
    ("GET", "/api/v1/webhooks"),
    ("GET", "/api/v1/captured_emails"),
    ("GET", "/api/v1/invoices"),
    ("GET", "/api/v1/subscriptions"),
    ("GET", HOOKS),
    ("POST", HOOKS),
    ("GET", f"{HOOKS}/1"),
    ("DELETE", f"{HOOKS}/1"),
]


async def test_every_call_wants_a_credential(anonymous: AsyncClient) -> None:
    message = "Authentication credentials were not provided."
    body = {"message": message, "error": {"message": message, "type": "authentication_error", "param": None}}
    for method, path in PATHS:
        response = await anonymous.request(method, path)
        assert (refused(response, 401), response.json()) == (message, body)


async def test_a_wrong_credential_or_another_form_is_401(world: World, anonymous: AsyncClient) -> None:
    key = await world.key("ada")

    def basic(user: str) -> str:
        return "Basic " + base64.b64encode(user.encode()).decode()

    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    for headers in (
        {"Authorization": basic(f"{wrong}:")},
        {"Authorization": basic(f":{key}")},
        {"Authorization": basic("")},
        {"Authorization": basic(f"cyi_{key[4:]}:")},
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": f"Bearer {wrong}"},
        {"Authorization": "Bearer"},
        {"Authorization": f"Token {key}"},
        {"X-API-Key": key},
    ):
        for path in ("/api/v1/account", CUSTOMERS, f"{CUSTOMERS}/{UNKNOWN}"):
            assert refused(await anonymous.get(path, headers=headers), 401) == "The credential is not valid.", headers


async def test_two_credentials_are_refused(world: World, anonymous: AsyncClient) -> None:
    one, other = await world.key("ada"), await world.key("ada")
    headers = {"Authorization": f"Bearer {one}", "X-API-Key": other}
    refused(await anonymous.get("/api/v1/account", headers=headers), 400, None)


async def test_plain_http_is_refused_before_anything_is_looked_at(world: World, anonymous: AsyncClient) -> None:
    message = "HTTPS is required."
    wanted = {"message": message, "error": {"message": message, "type": "invalid_request_error", "param": None}}
    auth = {"Authorization": f"Bearer {await world.key('ada')}"}
    for method, path in [*PATHS, ("GET", "/api/v1/nothing"), ("PUT", CUSTOMERS), ("GET", "/api/v1")]:
        for headers in ({}, {"Authorization": "Bearer wrong"}, auth, {"X-Forwarded-Proto": "https"}):
            response = await anonymous.request(method, f"http://courtyard.test{path}", headers=headers)
            assert (refused(response, 400, None), response.json()) == (message, wanted)
            assert "location" not in response.headers


async def test_a_credential_that_came_in_clear_is_written_down(world: World, anonymous: AsyncClient) -> None:
    key = await world.key("ada")
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Token {key}"}):
        await anonymous.get(f"http://courtyard.test{CUSTOMERS}", headers=headers)
    assert "credential.exposed" not in await world.events()
    await anonymous.get(f"http://courtyard.test{CUSTOMERS}", auth=(key, ""))
    assert (await world.events())[-1] == "credential.exposed"


@pytest.mark.parametrize("settings", [{"plain_http": True}], indirect=True)
async def test_the_setting_lets_this_machine_speak_in_clear(world: World, anonymous: AsyncClient) -> None:
    response = await anonymous.get(f"http://courtyard.test{CUSTOMERS}", auth=(await world.key("ada"), ""))
    assert response.status_code == 200
    assert "credential.exposed" not in await world.events()


@pytest.mark.parametrize("settings", [{"plain_http": True, "trusted_proxies": ["127.0.0.1"]}], indirect=True)
async def test_the_setting_lets_nobody_else_speak_in_clear(world: World, anonymous: AsyncClient) -> None:
    auth = (await world.key("ada"), "")
    for client in ("192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"):
        headers = {"X-Forwarded-For": client}
        refused(await anonymous.get(f"http://courtyard.test{CUSTOMERS}", headers=headers, auth=auth), 400, None)
        headers["X-Forwarded-Proto"] = "https"
        response = await anonymous.get(f"http://courtyard.test{CUSTOMERS}", headers=headers, auth=auth)
        assert response.status_code == 200


async def test_unknown_paths_and_wrong_methods(spaces_pe: Clients, anonymous: AsyncClient) -> None:
    for client in (anonymous, spaces_pe("ada")):
        for path in ("/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/customers/a/b", "/api/v1//customers"):
            refused(await client.get(path), 404, None)
        for method, path, allowed in (
            ("DELETE", f"{CUSTOMERS}/{UNKNOWN}", "GET, HEAD"),
            ("PUT", CUSTOMERS, "GET, HEAD, POST"),
            ("POST", "/api/v1/spaces", "GET, HEAD"),
            ("PATCH", f"{HOOKS}/1", "DELETE, GET, HEAD"),
            ("POST", "/api/v1/openapi.json", "GET, HEAD"),
        ):
            response = await client.request(method, path)
            refused(response, 405, None)
            assert response.headers["allow"] == allowed


async def test_hidden_is_unknown_byte_for_byte(world: World, spaces_pe: Clients) -> None:
    hidden = await world.space("bob")
    public = await world.space("bob", visibility="public")
    ada = spaces_pe("ada")
    unknown = told(await ada.get("/api/v1/spaces/999999"))
    for number in (hidden.number, public.number, 0, -1, "x", "1.0", f"0{public.number}", "9" * 40, public.id, "%D9%A3"):
        assert told(await ada.get(f"/api/v1/spaces/{number}")) == unknown
    unknown = told(await ada.get(f"{CUSTOMERS}/{UNKNOWN}"))
    for space in (hidden, public):
        assert told(await ada.get(f"{CUSTOMERS}/{(await world.customer(space)).id}")) == unknown


async def test_a_customer_needs_a_space_to_which_the_caller_may_write(world: World, spaces_pe: Clients) -> None:
    spaces = [
        await world.space("bob"),
        await world.space("bob", visibility="public"),
        await world.space("bob", viewers=["ada"]),
    ]
    ada = spaces_pe("ada")
    numbers = [*(space.number for space in spaces), 999_999, 0, -1, 2**53]
    answers = [told(await ada.post(CUSTOMERS, json={"name": "Carol", "space": number})) for number in numbers]
    answers += [told(await ada.post(CUSTOMERS, data={"name": "Carol", "space": str(number)})) for number in numbers[:4]]
    assert answers == [answers[0]] * len(answers)
    refused(await ada.post(CUSTOMERS, json={"name": "Carol", "space": 999_999}), 400, "space")
    await world.admit(spaces[2], "ada", "editor")
    assert (await ada.post(CUSTOMERS, json={"name": "Carol", "space": spaces[2].number})).status_code == 200
    await world.dismiss(spaces[2], "ada")
    assert told(await ada.post(CUSTOMERS, json={"name": "Dave", "space": spaces[2].number})) == answers[0]
    assert await listed(ada, "customers") == ([], False)


WRONG_CUSTOMERS: list[tuple[Any, str | None]] = [
    ({}, "name"),
    ({"name": "Carol"}, "space"),
    ({"space": 1}, "name"),
    ({"name": None, "space": 1}, "name"),
    ({"name": 7, "space": 1}, "name"),
    ({"name": "", "space": 1}, "name"),
    ({"name": "  \n ", "space": 1}, "name"),
    ({"name": "x" * 256, "space": 1}, "name"),
    ({"name": "a\x07b", "space": 1}, "name"),
    ({"name": "Carol", "space": "1"}, "space"),
    ({"name": "Carol", "space": 1.5}, "space"),
    ({"name": "Carol", "space": True}, "space"),
    ({"name": "Carol", "space": None}, "space"),
    ({"name": "Carol", "space": 1, "email": "nobody"}, "email"),
    ({"name": "Carol", "space": 1, "email": ""}, "email"),
    ({"name": "Carol", "space": 1, "email": ["a@example.org"]}, "email"),
    ([], None),
    ("text", None),
]


async def test_what_is_wrong_with_a_customer_is_named(world: World, spaces_pe: Clients) -> None:
    await world.space("ada")
    for body, param in WRONG_CUSTOMERS:
        refused(await spaces_pe("ada").post(CUSTOMERS, json=body), 400, param)


UNREADABLE: list[tuple[str, bytes]] = [
    ("application/x-www-form-urlencoded", b"name=a&name=b&space=1"),
    ("application/x-www-form-urlencoded", b"name=%ff&space=1"),
    ("application/x-www-form-urlencoded", b"name=\xff&space=1"),
    ("application/x-www-form-urlencoded", b"name=%00&space=1"),
    ("application/x-www-form-urlencoded", b"name=%ED%A0%80&space=1"),
    ("application/x-www-form-urlencoded", b"&".join(b"f%d=1" % n for n in range(101))),
    ("application/x-www-form-urlencoded", b"name=a&space=%D9%A1"),
    ("application/x-www-form-urlencoded", b"name=a&space=1.0"),
    ("application/json", b'{"name": "a", "space": 1'),
    ("application/json", b'{"name": "a", "space": 1e400}'),
    ("application/json", b'{"name": "a", "space": 1' + b"0" * 400 + b"}"),
    ("application/json", b'{"name": "a", "space": NaN}'),
    ("application/json", b'{"name": "\\ud800", "space": 1}'),
    ("application/json", b"[" * 5000),
    ("text/plain", b"name=a&space=1"),
    ("multipart/form-data; boundary=x", b"--x--"),
    ("application/json", b""),
    ("application/json", b"null"),
]


async def test_a_body_that_cannot_be_read_is_400(world: World, spaces_pe: Clients) -> None:
    await world.space("ada")
    for kind, content in UNREADABLE:
        refused(await spaces_pe("ada").post(CUSTOMERS, content=content, headers={"Content-Type": kind}), 400)


async def test_an_address_is_one_customer_s_in_a_space(world: World, spaces_pe: Clients) -> None:
    space = await world.space("ada")
    ada = spaces_pe("ada")
    body = {"name": "Carol", "email": "carol@example.org", "space": space.number}
    assert (await ada.post(CUSTOMERS, json=body)).status_code == 200
    refused(await ada.post(CUSTOMERS, json={**body, "email": "CAROL@example.org"}), 400, "email")


WRONG_HOOKS: list[tuple[Any, str]] = [
    ({}, "event"),
    ({"event": "customer.created"}, "target_url"),
    ({"event": "invoice.paid", "target_url": "https://example.org/"}, "event"),
    ({"event": "customer.created", "target_url": "ftp://example.org/"}, "target_url"),
    ({"event": "customer.created", "target_url": ""}, "target_url"),
    ({"event": ["customer.created"], "target_url": "https://example.org/"}, "event"),
]


async def test_what_is_wrong_with_a_subscription_is_named(spaces_pe: Clients) -> None:
    for body, param in WRONG_HOOKS:
        refused(await spaces_pe("ada").post(HOOKS, json=body), 400, param)


async def test_a_credential_that_only_reads_changes_nothing(world: World, anonymous: AsyncClient) -> None:
    space = await world.space("ada")
    auth = (await world.key("ada", scopes=["read"]), "")
    for path in (CUSTOMERS, HOOKS):
        for body in ({}, {"name": "Carol", "space": space.number}, {"name": "Carol", "space": 999_999}):
            assert "'write'" in refused(await anonymous.post(path, json=body, auth=auth), 404, None)
    assert (await anonymous.get(CUSTOMERS, auth=auth)).json()["count"] == 0


async def test_a_revoked_credential_ends_at_once(world: World, anonymous: AsyncClient, v1: Clients) -> None:
    made = (await v1("ada").post("/v1/keys", json={"name": "short", "scopes": ["read"]})).json()
    auth = (made["key"], "")
    assert (await anonymous.get("/api/v1/account", auth=auth)).status_code == 200
    assert (await v1("ada").delete(f"/v1/keys/{made['id']}")).status_code == 204
    refused(await anonymous.get("/api/v1/account", auth=auth), 401)


def test_every_refusal_is_folded_into_the_published_statuses() -> None:
    for refusal, status in (
        (Forbidden(), 404),
        (Conflict(), 400),
        (Expired(), 400),
        (PreconditionFailed(), 400),
        (UnsupportedType(), 400),
        (Invalid("name"), 400),
        (KeyReused("idempotency_key"), 400),
        (KeyInFlight(), 400),
        (TooLarge(), 413),
        (TooMany(3), 429),
        (Unavailable(), 503),
        (StorageFull(), 507),
    ):
        assert errors.refuse(refusal, "r").status_code == status
    for said, status in ((403, 404), (409, 400), (410, 400), (412, 400), (415, 400), (422, 400)):
        assert errors.say(said, "code", "No.", "r").status_code == status
    for kept in (405, 408, 413, 414, 429, 431, 503, 507):
        assert errors.say(kept, "code", "No.", "r").status_code == kept
