"""Idempotency-Key: the same request, sent again, hears the same and makes nothing twice."""

import asyncio
from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from courtyard.core import ids, quota
from tests.dialects.v1.answers import REPORT, Clients, got, made, problem
from tests.world import World


@pytest.fixture
def ada(v1: Clients) -> AsyncClient:
    return v1("ada")


def key(value: str) -> dict[str, str]:
    return {"Idempotency-Key": value}


def same(first: Response, second: Response) -> None:
    """The second answer is the first one, replayed."""
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert (second.status_code, second.content) == (first.status_code, first.content)
    for name in ("content-type", "location", "etag"):
        assert second.headers.get(name) == first.headers.get(name)
    assert second.headers["x-request-id"] != first.headers["x-request-id"]


async def test_every_post_that_makes_something_is_replayed(ada: AsyncClient, world: World) -> None:
    space = await world.space("ada")
    thread, path = await world.thread(space), f"/v1/spaces/{space.id}"
    for number, (place, body) in enumerate(
        [
            ("/v1/spaces", {"name": "Once"}),
            ("/v1/organizations", {"name": "Once"}),
            (f"{path}/artifacts/generate", REPORT),
            (f"{path}/threads", {"title": "Once"}),
            (f"{path}/threads/{thread.id}/messages", {"content": "Once"}),
            (f"{path}/customers", {"name": "Once"}),
            (f"{path}/invitations", {"email": "new@example.org", "role": "viewer"}),
        ]
    ):
        first = await ada.post(place, json=body, headers=key(f"k-{number}"))
        assert first.status_code == 201, first.text
        before = len(await world.events())
        same(first, await ada.post(place, json=body, headers=key(f"k-{number}")))
        # Quoted, it is the same key; members in another order are the same body.
        again = dict(reversed(body.items()))
        same(first, await ada.post(place, json=again, headers=key(f'"k-{number}"')))
        assert len(await world.events()) == before
    assert len((await got(ada, f"{path}/artifacts"))["data"]) == 1
    assert len((await got(ada, "/v1/spaces"))["data"]) == 2


async def test_a_replayed_document_can_be_downloaded(ada: AsyncClient, world: World) -> None:
    space = await world.space("ada")
    path = f"/v1/spaces/{space.id}/artifacts/generate"
    artifacts = [(await ada.post(path, json=REPORT, headers=key("report"))).json() for _ in range(3)]
    assert (await ada.get(artifacts[-1]["download_url"])).content == b"ph 7.2\n"


async def test_a_key_belongs_to_one_request(ada: AsyncClient, world: World) -> None:
    space = await world.space("ada")
    assert (await ada.post("/v1/spaces", json={"name": "A"}, headers=key("one"))).status_code == 201
    for path, body in [
        ("/v1/spaces", {"name": "B"}),
        ("/v1/spaces", {"name": "A", "description": None}),
        ("/v1/spaces?x=1", {"name": "A"}),
        ("/v1/organizations", {"name": "A"}),
        (f"/v1/spaces/{space.id}/customers", {"name": "A"}),
        (f"/v1/spaces/{space.id}/artifacts/generate", REPORT),
    ]:
        problem(await ada.post(path, json=body, headers=key("one")), 422, "idempotency_key_reused")
    upload = await ada.post(f"/v1/spaces/{space.id}/artifacts?name=x", content=b"x", headers=key("one"))
    problem(upload, 422, "idempotency_key_reused")
    assert len((await got(ada, "/v1/spaces"))["data"]) == 2
    assert (await got(ada, f"/v1/spaces/{space.id}/artifacts"))["data"] == []


async def test_everybody_has_keys_of_their_own(v1: Clients) -> None:
    first = await made(v1("ada"), "/v1/spaces", {"name": "A"}, headers=key("one"))
    second = await made(v1("bob"), "/v1/spaces", {"name": "A"}, headers=key("one"))
    assert first["id"] != second["id"]


async def test_a_persons_credentials_share_their_keys(v1: Clients, world: World, anonymous: AsyncClient) -> None:
    first = await v1("ada").post("/v1/spaces", json={"name": "A"}, headers=key("one"))
    other = {"X-API-Key": await world.key("ada"), **key("one")}
    same(first, await anonymous.post("/v1/spaces", json={"name": "A"}, headers=other))


@pytest.mark.parametrize(
    "wrong", ["", " ", "a b", "x" * 256, '"', '""', '"a', 'a"b', "ä".encode(), "a,b c", '"' + "x" * 256 + '"']
)
async def test_a_malformed_key_is_refused(ada: AsyncClient, world: World, wrong: Any) -> None:
    space = await world.space("ada")
    for path, body in [
        ("/v1/spaces", {"name": "A"}),
        (f"/v1/spaces/{space.id}/artifacts/generate", REPORT),
    ]:
        problem(await ada.post(path, json=body, headers={"Idempotency-Key": wrong}), 400, "malformed_key")
    upload = await ada.post(f"/v1/spaces/{space.id}/artifacts?name=x", content=b"x", headers={"Idempotency-Key": wrong})
    problem(upload, 400, "malformed_key")
    assert len((await got(ada, "/v1/spaces"))["data"]) == 1
    assert (await got(ada, f"/v1/spaces/{space.id}/artifacts"))["data"] == []


async def test_two_keys_are_none(ada: AsyncClient) -> None:
    response = await ada.post(
        "/v1/spaces", json={"name": "A"}, headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    )
    problem(response, 400, "malformed_key")


async def test_the_longest_key_is_a_key(ada: AsyncClient) -> None:
    for longest in ("~" * 255, '"' + "!" * 255 + '"'):
        first = await ada.post("/v1/spaces", json={"name": "A"}, headers=key(longest))
        same(first, await ada.post("/v1/spaces", json={"name": "A"}, headers=key(longest)))


async def test_where_a_secret_is_shown_no_key_is_taken(ada: AsyncClient, world: World) -> None:
    one = await made(ada, "/v1/keys", {"name": "x", "scopes": ["read"]})
    body = {"name": "y", "scopes": ["read"]}
    problem(await ada.post("/v1/keys", json=body, headers=key("one")), 400, "key_refused")
    problem(await ada.post(f"/v1/keys/{one['id']}/rotate", headers=key("one")), 400, "key_refused")
    assert [row["name"] for row in (await got(ada, "/v1/keys"))["data"]] == ["x", "test"]
    # And the key is still free.
    await made(ada, "/v1/spaces", {"name": "A"}, headers=key("one"))


async def test_fifty_at_once_make_one(ada: AsyncClient, world: World) -> None:
    space = await world.space("ada")
    for path, body in [
        ("/v1/spaces", {"name": "Once"}),
        (f"/v1/spaces/{space.id}/customers", {"name": "Once", "email": "once@example.org"}),
        (f"/v1/spaces/{space.id}/artifacts/generate", REPORT),
    ]:
        answers = await asyncio.gather(
            *(ada.post(path, json=body, headers=key(f"at once {path}".replace(" ", "-"))) for _ in range(50))
        )
        told = {(answer.status_code, answer.content) for answer in answers if answer.status_code != 409}
        assert [status for status, _ in told] == [201], path
        for answer in answers:
            if answer.status_code == 409:
                problem(answer, 409, "idempotency_key_in_flight")
                assert answer.headers["retry-after"] == "1"
        assert sum("idempotent-replayed" not in a.headers for a in answers if a.status_code == 201) == 1
        assert len((await got(ada, path.removesuffix("/generate")))["data"]) == (2 if path == "/v1/spaces" else 1)
    assert len(await world.jobs()) == 1


async def test_a_refusal_that_the_state_gave_is_kept(ada: AsyncClient, world: World) -> None:
    space = await world.space("ada")
    path, body = f"/v1/spaces/{space.id}/customers", {"name": "B", "email": "b@example.org"}
    taken = await world.customer(space, "A", "B@example.org")
    first = await ada.post(path, json=body, headers=key("one"))
    problem(first, 409, "email_in_use")
    assert (await ada.delete(f"{path}/{taken.id}")).status_code == 204
    same(first, await ada.post(path, json=body, headers=key("one")))
    await made(ada, path, body, headers=key("two"))


async def test_a_request_that_was_never_valid_leaves_its_key_free(ada: AsyncClient) -> None:
    problem(await ada.post("/v1/spaces", json={"name": 5}, headers=key("one")), 422)
    problem(await ada.post("/v1/spaces", content=b"{", headers={**key("one"), "Content-Type": "application/json"}), 422)
    await made(ada, "/v1/spaces", {"name": "A"}, headers=key("one"))


async def test_rights_are_checked_again_on_a_replay(v1: Clients, world: World) -> None:
    space = await world.space("ada", editors=["eve"])
    eve, path = v1("eve"), f"/v1/spaces/{space.id}"
    for place, body in ((f"{path}/customers", {"name": "A"}), (f"{path}/artifacts/generate", REPORT)):
        first = await eve.post(place, json=body, headers=key(place[-9:]))
        same(first, await eve.post(place, json=body, headers=key(place[-9:])))
    upload = await eve.post(f"{path}/artifacts?name=x", content=b"x", headers=key("upload"))
    assert upload.status_code == 201
    for status in (403, 404):
        if status == 403:
            await world.admit(space, "eve", "viewer")
        else:
            await world.dismiss(space, "eve")
        problem(await eve.post(f"{path}/customers", json={"name": "A"}, headers=key("customers")), status)
        problem(await eve.post(f"{path}/artifacts/generate", json=REPORT, headers=key("/generate")), status)
        problem(await eve.post(f"{path}/artifacts?name=x", content=b"x", headers=key("upload")), status)


async def test_uploads_are_the_same_by_their_content(ada: AsyncClient, world: World) -> None:
    space = await world.space("ada")
    path = f"/v1/spaces/{space.id}/artifacts"
    first = await ada.post(f"{path}?name=x", content=b"bytes", headers=key("raw"))
    assert first.status_code == 201
    same(first, await ada.post(f"{path}?name=x", content=b"bytes", headers=key("raw")))
    for other in (f"{path}?name=y", f"{path}?name=x&type=note"):
        problem(await ada.post(other, content=b"bytes", headers=key("raw")), 422, "idempotency_key_reused")
    problem(await ada.post(f"{path}?name=x", content=b"Bytes", headers=key("raw")), 422, "idempotency_key_reused")

    def form(boundary: str, *, before: bool, content: str = "bytes") -> dict[str, Any]:
        field = 'Content-Disposition: form-data; name="type"\r\n\r\nnote'
        file = f'Content-Disposition: form-data; name="file"; filename="x"\r\n\r\n{content}'
        parts = [field, file] if before else [file, field]
        body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"
        headers = {**key("form"), "Content-Type": f"multipart/form-data; boundary={boundary}"}
        return {"content": body.encode(), "headers": headers}

    first = await ada.post(path, **form("one", before=True))
    assert first.status_code == 201, first.text
    same(first, await ada.post(path, **form("two", before=False)))
    problem(await ada.post(path, **form("one", before=True, content="other")), 422, "idempotency_key_reused")
    rows = (await got(ada, path))["data"]
    assert len(rows) == 2
    for row in rows:
        assert (await ada.get(row["download_url"])).content == b"bytes"


async def test_an_upload_that_was_refused_leaves_its_key_free(ada: AsyncClient, world: World) -> None:
    space = await world.space("ada")
    path = f"/v1/spaces/{space.id}/artifacts"
    large: dict[str, Any] = {"content": b"x" * 11, "headers": key("unread")}
    small: dict[str, Any] = {"content": b"x", "headers": key("read")}
    async with world.database.write() as tx:
        await quota.limit(tx, bytes=10, artifacts=0)
    # Before its body was read.
    problem(await ada.post(f"{path}?name=x", **large), 507, "quota_exceeded")
    # And after that, by the state of things.
    unknown = f"{path}?name=x&thread_id={ids.new()}"
    assert (await ada.post(unknown, **small)).status_code in (404, 422)
    again = await ada.post(unknown, **small)
    assert again.status_code in (404, 422)
    assert "idempotent-replayed" not in again.headers
    assert (await ada.post(f"{path}?name=x", **small)).status_code == 201
    async with world.database.write() as tx:
        await quota.limit(tx, bytes=12, artifacts=0)
    first = await ada.post(f"{path}?name=x", **large)
    assert (first.status_code, "idempotent-replayed" in first.headers) == (201, False)
    # Now the space is full: the head of the same upload is refused again, and nothing is made twice.
    problem(await ada.post(f"{path}?name=x", **large), 507, "quota_exceeded")
    assert [row["size"] for row in (await got(ada, path))["data"]] == [11, 1]
    async with world.database.write() as tx:
        await quota.limit(tx, bytes=0, artifacts=0)
    same(first, await ada.post(f"{path}?name=x", **large))


async def test_fifty_uploads_at_once_make_one_and_leave_no_other_bytes(
    ada: AsyncClient, world: World, services: Any
) -> None:
    space = await world.space("ada")
    path = f"/v1/spaces/{space.id}/artifacts?name=x"
    answers = await asyncio.gather(*(ada.post(path, content=b"bytes", headers=key("once")) for _ in range(50)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    (artifact,) = (await got(ada, f"/v1/spaces/{space.id}/artifacts"))["data"]
    assert (await ada.get(artifact["download_url"])).content == b"bytes"
    assert len([one async for one in services.blobs.keys(older_than=2**53)]) == 1
