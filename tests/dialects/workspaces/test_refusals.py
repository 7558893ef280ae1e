"""Every way in which workspaces says no: call, status, words."""

from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from tests.dialects.workspaces.answers import UNKNOWN, Clients, places, refused
from tests.world import World

PASSWORD = "a lake has two shores"
GUEST = {"guest": "zoe@example.org", "rol": "viewer"}
# Whatever changes a workspace or its guests, and the list of these: for the owner.
OWNERS: list[tuple[str, str, Any]] = [
    ("PUT", "", {"name": "Another name"}),
    ("DELETE", "", None),
    ("GET", "/guest/", None),
    ("POST", "/guest/", GUEST),
    ("PUT", "/guest/{bob}", {"rol": "editor"}),
    ("DELETE", "/guest/{bob}", None),
]


async def cast(world: World, visibility: Any = "private") -> dict[str, str]:
    """Ada's workspace in Olga's organization, with Bob as a viewer, Eve as an editor and Amir as an admin."""
    await world.organization("acme", owner="olga", members=["ada"])
    space = await world.space(
        "ada", visibility=visibility, organization="acme", viewers=["bob"], editors=["eve"], admins=["amir"]
    )
    return {"id": space.id, "bob": (await world.person("bob")).id, "ada": space.owner_id}


def told(response: Response) -> tuple[int, bytes, dict[str, str]]:
    """Everything that an answer tells, but for its request id."""
    headers = {name: value for name, value in response.headers.items() if name != "x-request-id"}
    return response.status_code, response.content, headers


@pytest.mark.parametrize(
    ("who", "visibility", "status"),
    [
        ("bob", "private", 403),
        ("eve", "private", 403),
        ("amir", "private", 403),
        ("olga", "private", 403),
        ("sam", "private", 404),
        ("sam", "shared", 404),
        ("sam", "public", 403),
    ],
)
async def test_only_the_owner_changes_a_workspace_and_meets_its_guests(
    who: str, visibility: str, status: int, workspaces: Clients, world: World
) -> None:
    names = await cast(world, visibility)
    client = workspaces(who)
    for method, end, body in OWNERS:
        path = f"/workspaces/{names['id']}{end.format(**names)}"
        answer = await client.request(method, path, json=body)
        refused(answer, status)
        # Who may not do it hears that before anything is said about what was sent.
        refused(await client.request(method, path, content=b"{", headers={"content-type": "text/plain"}), status)
        if status == 404:
            unknown = await client.request(method, f"/workspaces/{UNKNOWN}{end.format(**names)}", json=body)
            assert told(unknown) == told(answer)


async def test_without_a_credential_the_known_and_the_unknown_sound_alike(anonymous: AsyncClient, world: World) -> None:
    names = await cast(world)
    for method, end, body in [*OWNERS, ("GET", "", None)]:
        known, unknown = [
            await anonymous.request(method, f"/workspaces/{one}{end.format(**names)}", json=body)
            for one in (names["id"], UNKNOWN)
        ]
        assert refused(known, 401) == "Not authenticated"
        assert told(known) == told(unknown)


async def test_a_credential_that_may_only_read_looks_and_changes_nothing(anonymous: AsyncClient, world: World) -> None:
    names = await cast(world)
    headers = {"Authorization": f"Bearer {await world.key('ada', scopes=['read'])}"}
    for path in ("/workspaces/", f"/workspaces/{names['id']}", f"/workspaces/{names['id']}/guest/", "/users/me"):
        assert (await anonymous.get(path, headers=headers)).status_code == 200
    refused(await anonymous.post("/workspaces/", json={"name": "New"}, headers=headers), 403)
    for method, end, body in OWNERS:
        if method != "GET":
            path = f"/workspaces/{names['id']}{end.format(**names)}"
            refused(await anonymous.request(method, path, json=body, headers=headers), 403)


@pytest.mark.parametrize("path", ["/workspaces/", "/workspaces/all/", "/users/me"])
async def test_another_form_of_credential_is_none_here(path: str, anonymous: AsyncClient, world: World) -> None:
    key = await world.key("ada")
    good = {"Authorization": f"bearer  {key}"}
    assert (await anonymous.get(path, headers=good)).status_code == (403 if "all" in path else 200)
    same_twice = await anonymous.get(path, headers={**good, "X-API-Key": key})
    assert same_twice.status_code == (403 if "all" in path else 200)
    wrong: list[dict[str, str]] = [
        {"X-API-Key": key},
        {"Authorization": f"Token {key}"},
        {"Authorization": key},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": f"Bearer {key[:-1]}"},
        {},
    ]
    for headers in wrong:
        assert refused(await anonymous.get(path, headers=headers), 401) == "Not authenticated"
    refused(await anonymous.get(path, headers={**good, "X-API-Key": "other"}), 400)


async def test_everything_is_for_platform_administrators(workspaces: Clients) -> None:
    refused(await workspaces("ada").get("/workspaces/all/"), 403)
    refused(await workspaces("ada").get("/workspaces/all/?limit=10"), 403)


@pytest.mark.parametrize("name", ["share", "all", "public"])
async def test_the_words_of_the_protocol_are_never_ids(name: str, workspaces: Clients, anonymous: AsyncClient) -> None:
    for client in (workspaces("ada"), anonymous):
        for method in ("PUT", "DELETE"):
            answer = await client.request(method, f"/workspaces/{name}")
            refused(answer, 405)
            assert answer.headers["allow"] == "GET, HEAD"
    refused(await workspaces("ada").get(f"/workspaces/{name}/guest/"), 404)


async def test_what_is_nowhere_and_what_is_done_in_no_way(anonymous: AsyncClient) -> None:
    for path in ("/auth", "/users", "/users/x", "/auth/logout/", "/workspaces/a/b", "/workspaces//"):
        refused(await anonymous.get(path), 404)
    refused(await anonymous.get("/auth/login/"), 405)
    refused(await anonymous.patch("/workspaces/"), 405)


NAMES: list[Any] = ["ab", "  ab  ", "x" * 51, "", None, 3, ["abc"], {"a": 1}, True, "a\x07bc", "a\u0085bc"]


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_name_has_3_to_50_characters(method: str, workspaces: Clients, world: World) -> None:
    path = "/workspaces/" if method == "POST" else f"/workspaces/{(await world.space('ada')).id}"
    for body in [{}, *({"name": name} for name in NAMES)]:
        assert places(await workspaces("ada").request(method, path, json=body)) == [["body", "name"]]


async def test_names_are_counted_as_they_are_kept(workspaces: Clients) -> None:
    for sent, kept in [(" abc\t", "abc"), ("e\u0301" * 50, "é" * 50), ("💣" * 50, "💣" * 50)]:
        answer = await workspaces("ada").post("/workspaces/", json={"name": sent})
        assert answer.json()["data"]["name"] == kept
    assert places(await workspaces("ada").post("/workspaces/", json={"name": "e\u0301" * 2})) == [["body", "name"]]


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_type_is_one_of_two_words(method: str, workspaces: Clients, world: World) -> None:
    path = "/workspaces/" if method == "POST" else f"/workspaces/{(await world.space('ada')).id}"
    for kind in ("shared", "Public", "", None, 1, ["public"]):
        answer = await workspaces("ada").request(method, path, json={"name": "Lake", "type": kind})
        assert places(answer) == [["body", "type"]]


BODIES = [
    *[
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"NaN",
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'{"name": "\\u0000abc"}',
    ],
    b'{"name": "abc", "x": ' + b"9" * 20 + b"}",
    b'{"name": "abc", "x": ' + b"[" * 33 + b"]" * 33 + b"}",
]


async def test_what_is_no_good_json_is_not_valid(workspaces: Clients) -> None:
    for body in BODIES:
        answer = await workspaces("ada").post(
            "/workspaces/", content=body, headers={"content-type": "application/json"}
        )
        assert all(place[0] == "body" for place in places(answer))
        assert b"NewWorkspace" not in answer.content


async def test_another_media_type_is_not_taken(workspaces: Clients) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        headers = {"content-type": kind}
        refused(await workspaces("ada").post("/workspaces/", content=b'{"name": "Lake"}', headers=headers), 415)
    assert places(await workspaces("ada").post("/workspaces/")) == [["body"]]


async def test_too_much_is_too_much(workspaces: Clients) -> None:
    refused(await workspaces("ada").post("/workspaces/", json={"name": "x" * 2_000_000}), 413)


NO_GUESTS: list[tuple[Any, list[str]]] = [
    ({"guest": "zoe@example.org"}, ["rol"]),
    ({"rol": "viewer"}, ["guest"]),
    ({"guest": "zoe", "rol": "boss"}, ["guest", "rol"]),
    ({"guest": "zoe@example.org", "rol": "owner"}, ["rol"]),
    ({"guest": "zoe@example.org", "rol": "Viewer"}, ["rol"]),
    ({"guest": "zoe@example.org", "rol": None}, ["rol"]),
    ({"guest": ["zoe@example.org"], "rol": "viewer"}, ["guest"]),
    ({"guest": "a@b\r\nBcc: c@d", "rol": "viewer"}, ["guest"]),
    ({}, ["guest", "rol"]),
]


async def test_a_guest_is_an_address_and_a_role(workspaces: Clients, world: World) -> None:
    names = await cast(world)
    path = f"/workspaces/{names['id']}/guest/"
    for body, wrong in NO_GUESTS:
        answer = await workspaces("ada").post(path, json=body)
        assert places(answer) == [["body", name] for name in wrong]
        if "rol" in wrong:
            assert places(await workspaces("ada").put(path + names["bob"], json=body)) == [["body", "rol"]]


async def test_who_can_be_no_guest(workspaces: Clients, world: World) -> None:
    names = await cast(world)
    ada, path = workspaces("ada"), f"/workspaces/{names['id']}/guest/"
    for address in ("BOB@example.org", "ada@example.org"):
        refused(await ada.post(path, json={"guest": address, "rol": "viewer"}), 400)
    # The owner is no guest; neither is somebody who is nobody, nor a stranger.
    for uid in (names["ada"], UNKNOWN, (await world.person("sam")).id, "nonsense"):
        refused(await ada.put(path + uid, json={"rol": "viewer"}), 404)
        refused(await ada.put(path + uid, json={}), 404)
        refused(await ada.delete(path + uid), 404)
