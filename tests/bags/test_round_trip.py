"""What comes back is what went: a space out, in and out again, on both engines and in both stores."""

import io
import os
from typing import Any

import pytest
from PIL import Image

from courtyard.core import artifacts, queue, spaces, threads
from courtyard.core.artifacts import versions
from courtyard.core.paging import Page
from courtyard.core.queue import Job
from courtyard.core.spaces import Background, Space
from courtyard.core.threads import NewMessage
from courtyard.storage.blobs import Blobs
from courtyard.worker.inspection import inspect
from courtyard.worker.work import Tools
from tests.bags.parcels import content, read, taken_in, taken_out
from tests.storage.stored import put
from tests.world import World

FACTS: dict[str, Any] = {
    "description": "Where the lake is\nmeasured.",
    "space_type": "knowledge_base",
    "content_type": "document",
    "logo_url": "https://example.org/logo.svg",
    "metadata": {"depth": 12.5, "names": ["Ä", None, {"deep": [1, 2]}]},
}
NAMES = [
    "report.txt",
    "100%.csv",
    "../../etc/passwd",
    "con",
    "artifact.json",
    "versions",
    "Ünïcödé 湖.txt",
    "a" * 250 + ".txt",
]


async def settled(world: World, blobs: Blobs) -> Space:
    """A space with something of everything in it."""
    space = await world.space("ada", "Water quality", editors=["bob"], viewers=["cleo"], **FACTS)
    ada = await world.actor("ada")
    await world.customer(space, "Lake Board", "board@example.org")
    await world.customer(space, "Carol")
    talk, rest = await world.thread(space, "Is it clean?"), await world.thread(space, "Old questions")
    for number, name in enumerate(NAMES):
        blob = await put(blobs, f"The lake {number} is quiet.\n".encode() * (number * 40_000 + 1))
        made = await world.artifact(space, name, blob=blob, content_type="text/plain", tags=["lake", f"n{number}"])
        async with world.database.write() as tx:
            changes = artifacts.Changes(thread_ids=[talk.id, rest.id][: number % 3], metadata={"number": number})
            await artifacts.change(tx, ada, space, made, changes)
    await world.artifact(space, "empty.bin", blob=await put(blobs, b""), document_type="nothing")
    async with world.database.write() as tx:
        for number in range(250):
            said = NewMessage(content=f"Message {number}\n\twith lines", role="assistant" if number % 2 else "user")
            await threads.say(tx, ada, talk, said)
        await threads.change(tx, ada, space, rest, threads.Changes(status="archived"))
    await _replaced(world, blobs, space)
    await _painted(world, blobs, space)
    return space


async def _replaced(world: World, blobs: Blobs, space: Space) -> None:
    """An artifact with four versions, the last of them the first once more, and one in the trash."""
    ada = await world.actor("ada")
    made = await world.artifact(
        space, "plan.pdf", blob=await put(blobs, os.urandom(3_000_000)), content_type="application/pdf"
    )
    for size in (10, 2_000_000):
        blob = await put(blobs, os.urandom(size))
        async with world.database.write() as tx:
            held = await artifacts.find(tx, ada, space, made.id, hold=True)
            await versions.replace(tx, ada, space, held, blob, "application/pdf")
    async with world.database.write() as tx:
        held = await artifacts.find(tx, ada, space, made.id, hold=True)
        await versions.restore(tx, ada, space, held, await versions.find(tx, held, "1"))
        await versions.set_alias(tx, ada, held, "final", 2)
        await versions.set_alias(tx, ada, held, "now", 4)
    trashed = await world.artifact(space, "mistake.txt", blob=await put(blobs, b"oops"))
    async with world.database.write() as tx:
        await artifacts.trash(tx, ada, trashed)


async def _painted(world: World, blobs: Blobs, space: Space) -> None:
    target = io.BytesIO()
    Image.new("RGB", (64, 32), (20, 90, 120)).save(target, "PNG")
    blob = await put(blobs, target.getvalue())
    async with world.database.write() as tx:
        background = Background(blob.key, "image/png", blob.size, blob.sha256)
        await spaces.set_background(tx, await world.actor("ada"), space, background)


async def test_out_in_and_out_again_is_the_same_content(world: World, any_tools: Tools) -> None:
    tools = any_tools
    space = await world.meet(await world.actor("ada"), await settled(world, tools.blobs))
    async with tools.database.write() as tx:
        await tx.run("delete from job")
    first = await taken_out(world.database, tools.blobs, space)
    copy = await taken_in(world, tools, "bob", first)
    second = await taken_out(world.database, tools.blobs, copy)
    told = content(first)
    assert content(second) == told
    assert len(told["documents"]) == len(NAMES) + 3
    assert [len(messages) for _, messages in told["threads"]] == [250, 0]
    assert [thread["status"] for thread, _ in told["threads"]] == ["open", "archived"]
    plan = next(one for one in told["documents"] if one["name"] == "plan.pdf")
    assert ([one["version"] for one in plan["versions"]], plan["aliases"]) == ([1, 2, 3, 4], {"final": 2, "now": 4})
    assert told["background"] == ["data/background.png"] or told["background"] == ["data/background.webp"]
    # Whose it is, is decided by who brings it.
    assert (copy.owner_username, copy.visibility, copy.id == space.id) == ("bob", "private", False)


async def test_names_of_files_are_harmless_and_tell_what_they_are(world: World, tools: Tools) -> None:
    space = await settled(world, tools.blobs)
    files = [path for path in read(await taken_out(world.database, tools.blobs, space)) if path.count("/") == 3]
    names = {path.rpartition("/")[2] for path in files if path.startswith("data/artifacts/")}
    assert {"report.txt", "100%.csv", "passwd", "_con", "artifact.json", "versions", "Ünïcödé 湖.txt"} <= names
    assert not [path for path in files if ".." in path.split("/")]


@pytest.mark.parametrize(("versions_too", "trash", "count"), [(False, False, (1, 0)), (True, True, (4, 1))])
async def test_older_versions_and_the_trash_are_in_it_if_wanted(
    world: World, tools: Tools, versions_too: bool, trash: bool, count: tuple[int, int]
) -> None:
    space = await settled(world, tools.blobs)
    told = content(await taken_out(world.database, tools.blobs, space, versions=versions_too, trash=trash))
    plan = next(one for one in told["documents"] if one["name"] == "plan.pdf")
    trashed = [one for one in told["documents"] if one["trashed"]]
    assert (len(plan["versions"]), len(trashed)) == count
    # A name for a version that is not there would stand for nothing.
    assert set(plan["aliases"]) == ({"final", "now"} if versions_too else {"now"})


async def test_what_was_imported_is_whole_in_the_eyes_of_the_installation(world: World, tools: Tools) -> None:
    space = await settled(world, tools.blobs)
    parcel = await taken_out(world.database, tools.blobs, space)
    async with tools.database.write() as tx:
        await tx.run("delete from job")
    copy = await taken_in(world, tools, "dora", parcel)
    usage = "select bytes, artifacts from space_usage where space_id = :id"
    async with world.database.read() as tx:
        assert await tx.all(tuple, usage, id=copy.id) == await tx.all(tuple, usage, id=space.id)
        found = await artifacts.page(tx, copy, Page(100))
        plan = next(one for one in found.items if one.name == "plan.pdf")
        assert (plan.version, plan.created_by) == (4, (await world.person("dora")).id)
        assert "space.imported" in await tx.all(str, "select action from event")
    # What the jobs find out is kept: they know which version they look at.
    while job := await claimed(tools):
        assert job.kind == "inspect"
        settle = await inspect(tools, job)
        assert settle is not None
        async with world.database.write() as tx:
            assert await settle(tx)
            await tx.run("delete from job where kind = 'preview'")
    async with world.database.read() as tx:
        report = next(one for one in found.items if one.name == "report.txt")
        assert await artifacts.excerpt(tx, report) == "The lake 0 is quiet.\n"


async def claimed(tools: Tools) -> Job | None:
    async with tools.database.write() as tx:
        return await queue.claim(tx)
