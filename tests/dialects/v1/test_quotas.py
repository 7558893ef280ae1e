"""Quotas as v1 tells them: usage for members, 507 before the body is read."""

import asyncio
from collections.abc import AsyncIterator

from courtyard.core import quota
from tests.dialects.v1.answers import REPORT, Clients, got, problem
from tests.world import World


async def allow(world: World, bytes: int, artifacts: int = 0) -> None:  # noqa: A002
    async with world.database.write() as tx:
        await quota.limit(tx, bytes=bytes, artifacts=artifacts)


async def test_members_see_what_a_space_holds(v1: Clients, world: World) -> None:
    space = await world.space("ada", viewers=["bob"], visibility="public")
    path = f"/v1/spaces/{space.id}"
    nothing = {"bytes": 0, "artifacts": 0, "reserved": 0, "limits": {"bytes": None, "artifacts": None}}
    assert await got(v1("bob"), f"{path}/usage") == nothing
    await allow(world, 100, 3)
    assert (await v1("ada").post(f"{path}/artifacts?name=a", content=b"x" * 60)).status_code == 201
    held = {"bytes": 60, "artifacts": 1, "reserved": 0, "limits": {"bytes": 100, "artifacts": 3}}
    assert await got(v1("bob"), f"{path}/usage") == held
    problem(await v1("eve").get(f"{path}/usage"), 403)


async def test_what_does_not_fit_is_refused_before_it_is_read(v1: Clients, world: World) -> None:
    space = await world.space("ada")
    path = f"/v1/spaces/{space.id}"
    await allow(world, 50)
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(60):
            read += 1
            yield b"x"

    async def unending() -> AsyncIterator[bytes]:
        """Whoever reads on waits in vain."""
        yield b"x" * 51
        await asyncio.sleep(60)

    ada = v1("ada")
    problem(await ada.post(f"{path}/artifacts?name=a", content=body(), headers={"Content-Length": "60"}), 507)
    assert read <= 1
    # Of unknown length, it is refused with the first byte that does not fit; as a form, by what its file can have at least.
    problem(await ada.post(f"{path}/artifacts?name=a", content=unending()), 507, "quota_exceeded")
    kept = (await ada.post(f"{path}/artifacts?name=kept", content=b"k")).json()
    problem(await ada.put(f"{path}/artifacts/{kept['id']}/content", content=unending()), 507, "quota_exceeded")
    assert (await ada.delete(f"{path}/artifacts/{kept['id']}?purge=true")).status_code == 204
    problem(await ada.post(f"{path}/artifacts", files={"file": ("a", b"x" * 60)}), 507, "quota_exceeded")
    fits = await ada.post(f"{path}/artifacts", files={"file": ("a", b"x" * 45)})
    assert fits.status_code == 201
    problem(await ada.post(f"{path}/artifacts/generate", json=REPORT), 507, "quota_exceeded")
    assert (await got(ada, f"{path}/usage"))["bytes"] == 45
    assert [row["size"] for row in (await got(ada, f"{path}/artifacts"))["data"]] == [45]
