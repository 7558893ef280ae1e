"""Threads: opened, talked in, archived, ended."""

import asyncio
from typing import Any

import msgspec
import pytest

from courtyard.core import artifacts, spaces, threads
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.errors import Invalid, NotFound, TooLarge
from courtyard.core.paging import Page, Slice
from courtyard.core.spaces import Space
from courtyard.core.threads import Archived, Changes, Message, NewMessage, NewThread, Thread
from tests.core.cast import JOINS, JOINS_PUBLIC, WRITES, WRITES_PUBLIC, cast, forward, outcomes
from tests.world import World

WHOLE = Page(100)


async def change(world: World, by: str, space: Space, thread: Thread, /, **changes: Any) -> Thread:
    actor = await world.actor(by)
    async with world.database.write() as tx:
        return await threads.change(tx, actor, space, thread, Changes(**changes))


async def say(world: World, by: str, thread: Thread, content: str, **facts: Any) -> Message:
    actor = await world.actor(by)
    async with world.database.write() as tx:
        return await threads.say(tx, actor, thread, NewMessage(content=content, **facts))


async def test_a_conversation_reads_from_its_newest_message(world: World) -> None:
    space = await world.space("ada", editors=["eve"])
    thread = await world.thread(space, "  Opening hours ")
    assert (thread.title, thread.status, thread.metadata, thread.created_by) == (
        "Opening hours",
        "open",
        "{}",
        space.owner_id,
    )
    one = await say(world, "eve", thread, "When do you open?\n\tTomorrow?")
    two = await say(world, "ada", thread, "At nine.", role="assistant", metadata={"model": "x"})
    async with world.database.read() as tx:
        assert (await threads.messages(tx, thread, WHOLE)).items == [two, one]
    assert (two.role, two.metadata, one.role) == ("assistant", '{"model":"x"}', "user")
    assert one.content == "When do you open?\n\tTomorrow?"
    assert one.created_by == (await world.person("eve")).id
    assert (await world.events())[-3:] == ["thread.created", "message.created", "message.created"]


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("content", {"content": " \n"}),
        ("content", {"content": "x" * 65_537}),
        ("content", {"content": "\x1b[2J"}),
        ("role", {"content": "hi", "role": "system"}),
        ("metadata", {"content": "hi", "metadata": ["a"]}),
    ],
)
async def test_a_message_that_breaks_a_rule_is_refused(world: World, field: str, facts: dict[str, Any]) -> None:
    thread = await world.thread(await world.space("ada"))
    with pytest.raises(Invalid) as refused:
        await say(world, "ada", thread, **facts)
    assert refused.value.field == field
    async with world.database.read() as tx:
        assert (await threads.messages(tx, thread, WHOLE)).items == []


async def test_a_thread_that_breaks_a_rule_is_refused(world: World) -> None:
    space = await world.space("ada")
    thread = await world.thread(space)
    with pytest.raises(Invalid):
        await world.thread(space, " ")
    for changes in ({"title": None}, {"title": ""}, {"status": None}, {"status": "closed"}):
        with pytest.raises(Invalid) as refused:
            await change(world, "ada", space, thread, **changes)
        assert [refused.value.field] == list(changes)
    with pytest.raises(TooLarge):
        await change(world, "ada", space, thread, metadata={"a": "x" * 16_384})


async def test_an_archived_thread_takes_no_message_until_it_is_opened_again(world: World) -> None:
    space = await world.space("ada")
    thread = await world.thread(space)
    archived = await change(world, "ada", space, thread, status="archived", metadata={"by": "ada"})
    assert (archived.status, archived.metadata, archived.title) == ("archived", '{"by":"ada"}', thread.title)
    with pytest.raises(Archived):
        await say(world, "ada", thread, "Hello?")
    opened = await change(world, "ada", space, archived, status="open", metadata=None)
    assert (opened.status, opened.metadata) == ("open", "{}")
    assert await change(world, "ada", space, opened) == opened
    await say(world, "ada", opened, "Hello!")
    assert thread.updated_at < archived.updated_at < opened.updated_at


async def test_nothing_is_said_after_a_thread_was_archived_at_the_same_time(world: World) -> None:
    space = await world.space("ada")
    for _ in range(5):
        thread = await world.thread(space)
        talk = [say(world, "ada", thread, f"Message {number}") for number in range(4)]
        done = await asyncio.gather(
            *talk[:2], change(world, "ada", space, thread, status="archived"), *talk[2:], return_exceptions=True
        )
        assert all(isinstance(result, Message | Thread | Archived) for result in done), done
        async with world.database.read() as tx:
            kept = {message.id for message in (await threads.messages(tx, thread, WHOLE)).items}
        assert kept == {result.id for result in done if isinstance(result, Message)}


async def test_changes_of_different_things_at_the_same_time_are_all_kept(world: World) -> None:
    space = await world.space("ada")
    thread = await world.thread(space)
    await asyncio.gather(
        change(world, "ada", space, thread, title="New"),
        change(world, "ada", space, thread, status="archived"),
        change(world, "ada", space, thread, metadata={"a": 1}),
        change(world, "ada", space, thread, metadata={"b": 2}),
    )
    async with world.database.read() as tx:
        now = await threads.find(tx, await world.actor("ada"), space, thread.id)
    assert (now.title, now.status, msgspec.json.decode(now.metadata)) == ("New", "archived", {"a": 1, "b": 2})


async def test_the_end_of_a_thread_takes_its_messages_and_leaves_its_artifacts(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    gone, kept = await world.thread(space), await world.thread(space)
    await say(world, "ada", gone, "Bye")
    one = await world.artifact(space, thread_id=gone.id)
    async with world.database.write() as tx:
        both = await artifacts.change(tx, ada, space, one, artifacts.Changes(thread_ids=[gone.id, kept.id]))
        await threads.remove(tx, ada, gone)
    async with world.database.read() as tx:
        left = await artifacts.find(tx, ada, space, one.id)
        assert (left.thread_ids, left.thread_id) == (f'["{kept.id}"]', kept.id)
        assert left.updated_at > both.updated_at
        assert await tx.all(str, "select thread_id from artifact_thread") == [kept.id]
        assert await tx.all(str, "select id from message") == []
        with pytest.raises(NotFound):
            await threads.find(tx, ada, space, gone.id)
    with pytest.raises(NotFound):
        await say(world, "ada", gone, "Anybody?")
    with pytest.raises(NotFound):
        await change(world, "ada", space, gone, title="Ghost")
    with pytest.raises(NotFound):
        async with world.database.write() as tx:
            await threads.remove(tx, ada, gone)


async def test_a_thread_is_known_in_its_own_space_only(world: World) -> None:
    space, other = await world.space("ada"), await world.space("ada", "Attic")
    thread, ada = await world.thread(space), await world.actor("ada")
    async with world.database.read() as tx:
        for space_, thread_id in ((other, thread.id), (space, "nonsense")):
            with pytest.raises(NotFound):
                await threads.find(tx, ada, space_, thread_id)
        assert (await threads.page(tx, other, WHOLE)).items == []


async def test_a_walk_meets_each_thread_and_each_message_once_while_others_come_and_go(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    stable = [await world.thread(space) for _ in range(4)]
    passing = [await world.thread(space)]
    stable += [await world.thread(space) for _ in range(4)]
    said = [(await say(world, "ada", stable[0], str(number))).id for number in range(7)]

    async def come_and_go(_: list[str]) -> None:
        await world.thread(space)
        await say(world, "ada", stable[0], "More")
        if passing:
            async with world.database.write() as tx:
                await threads.remove(tx, ada, passing.pop())

    async def listing(page: Page) -> Slice[Thread]:
        async with world.database.read() as tx:
            return await threads.page(tx, space, page)

    async def talk(page: Page) -> Slice[Message]:
        async with world.database.read() as tx:
            return await threads.messages(tx, stable[0], page)

    assert await forward(listing, 3, come_and_go) == [thread.id for thread in stable[::-1]]
    more = len(await forward(talk, 100)) - len(said)
    assert (await forward(talk, 3, come_and_go))[more:] == said[::-1]


VERBS: dict[str, tuple[Permission, dict[str, str], dict[str, str]]] = {
    "list": (Permission.JOIN, JOINS, JOINS_PUBLIC),
    "messages": (Permission.JOIN, JOINS, JOINS_PUBLIC),
    "create": (Permission.WRITE, WRITES, WRITES_PUBLIC),
    "say": (Permission.WRITE, WRITES, WRITES_PUBLIC),
    "remove": (Permission.WRITE, WRITES, WRITES_PUBLIC),
}


@pytest.mark.parametrize("verb", VERBS)
async def test_who_may_do_what_with_threads(world: World, verb: str) -> None:
    permission, private, public = VERBS[verb]
    space, actors = await cast(world, "private")

    async def attempt(actor: Actor) -> None:
        thread = await world.thread(space)
        async with world.database.write() as tx:
            found = await spaces.find(tx, actor, space.id, permission)
            if verb == "create":
                await threads.create(tx, actor, found, NewThread(title="Mine"))
            elif verb == "list":
                assert (await threads.page(tx, found, WHOLE)).items
            elif verb == "messages":
                await threads.messages(tx, await threads.find(tx, actor, found, thread.id), WHOLE)
            elif verb == "say":
                await threads.say(tx, actor, await threads.find(tx, actor, found, thread.id), NewMessage(content="Hi"))
            else:
                await threads.remove(tx, actor, await threads.find(tx, actor, found, thread.id))

    assert await outcomes(actors, attempt) == private
    async with world.database.write() as tx:
        await tx.run("update space set visibility = 'public'")
    assert await outcomes(actors, attempt) == public
