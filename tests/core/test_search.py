"""Search: the same words on both engines, whatever is typed, and nothing that the caller may not read."""

import random
from typing import Any

import pytest

from courtyard.core import artifacts, indexing, queue, search, spaces, threads
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.artifacts import Changes, Filters, Inspection
from courtyard.core.indexing import backlog, documents
from courtyard.core.indexing.folding import tokens
from courtyard.core.paging import Page
from courtyard.core.search import Hit, Narrowing, queries
from courtyard.core.spaces import Space
from courtyard.core.threads import NewMessage
from courtyard.storage.database import Database
from tests.world import World, nothing

ALL = Narrowing()


async def hits(world: World, actor: Actor, question: str, limit: int = 100, kind: str = "") -> list[Hit]:
    async with world.database.scan() as tx:
        found = await search.everywhere(tx, actor, search.parse(question), Page(limit), Narrowing(kind=kind))
    return found.items


async def names(world: World, name: str, question: str) -> list[str]:
    return [hit.name for hit in await hits(world, await world.actor(name), question)]


async def settle(world: World, text: str) -> None:
    """Every inspection that waits finds this text."""
    async with world.database.write() as tx:
        while (job := await queue.claim(tx)) is not None:
            assert await artifacts.inspected(tx, job, Inspection(content_type="text/plain", text=text))


def marked(hit: Hit) -> list[str]:
    return [piece.text for piece in (*hit.marked_name, *hit.marked_text) if piece.marked]


async def test_names_tags_metadata_text_threads_messages_and_spaces_are_found(world: World) -> None:
    space = await world.space("ada", "Botany", description="Mosses and ferns", metadata={"shelf": ["lichen", {"x": 7}]})
    await world.artifact(space, "field-notes_2026.txt", tags=["sphagnum"], metadata={"a": {"b": ["Ωmega"]}})
    await settle(world, "The quick brown fox.\n" * 3)
    thread = await world.thread(space, "What grows here?")
    async with world.database.write() as tx:
        actor = await world.actor("ada")
        await threads.say(tx, actor, thread, NewMessage(content="Horsetail, I think"))
    for question, expected in {
        "botany": "Botany",
        "FERNS": "Botany",
        "lichen": "Botany",
        "notes": "field-notes_2026.txt",
        "field-notes_2026.txt": "field-notes_2026.txt",
        "sphag": "field-notes_2026.txt",
        "ωMEGA": "field-notes_2026.txt",
        '"brown fox the"': "field-notes_2026.txt",
        "grows": "What grows here?",
        "horsetail": "What grows here?",
    }.items():
        assert await names(world, "ada", question) == [expected], question
    kinds = [hit.kind for hit in await hits(world, await world.actor("ada"), "horsetail")]
    assert kinds == ["message"]
    assert await hits(world, await world.actor("ada"), "horsetail", kind="artifact") == []


QUESTIONS = {
    "alpha beta": ["both"],
    "alpha": ["both", "one"],
    "alp": ["both", "one"],
    "alp beta": [],
    "alp ": [],
    '"alpha beta"': ["both"],
    '"beta alpha"': [],
    "alpha -beta": ["one"],
    "alpha -bet": ["both", "one"],
    '-"alpha beta" alpha': ["one"],
    "-alpha": [],
    "": [],
    "!!! ???": [],
    "zażółć": ["gęślą"],
    "ZAZOLC": ["gęślą"],
    "lodz": ["gęślą"],
    "strasse": ["gęślą"],
    "jazn": ["gęślą"],
    "東京": ["cjk"],
    "京都": ["cjk"],
    "都": ["cjk"],
    "東": ["cjk"],
    "京東": [],
    '"東京都 tower"': ["cjk"],
    "東京都tower": ["cjk"],
    "ガ": ["cjk"],
    "カ": [],
    "한국": ["cjk"],
    "한": ["cjk"],
}


@pytest.mark.parametrize("question", QUESTIONS)
async def test_questions_mean_the_same_on_both_engines(world: World, question: str) -> None:
    space = await world.space("ada", "Zoo")
    texts = {
        "one": "alpha gamma",
        "both": "the alpha beta gamma",
        "gęślą": "Zaz\u0307o\u0301łc\u0301 jaźń, Łódź, Straße",
        "cjk": "東京都 tower ガス 한국어",
    }
    for name, text in texts.items():
        await world.artifact(space, name)
        await settle(world, text)
    assert await names(world, "ada", question) == QUESTIONS[question]


async def test_a_name_comes_before_a_text_and_the_newer_before_the_older(world: World) -> None:
    space = await world.space("ada", "Zoo")
    for name, text in {"a": "zebra", "zebra b": "", "c": "zebra", "zebra d": ""}.items():
        await world.artifact(space, name)
        await settle(world, text)
    assert await names(world, "ada", "zebra") == ["zebra d", "zebra b", "c", "a"]
    actor, found, after = await world.actor("ada"), [], None
    while True:
        async with world.database.scan() as tx:
            page = await search.everywhere(tx, actor, search.parse("zebra"), Page(1, after), ALL)
        found += [hit.name for hit in page.items]
        if not page.more:
            break
        after = page.items[-1].position
    assert found == ["zebra d", "zebra b", "c", "a"]


async def test_what_was_found_is_marked(world: World) -> None:
    space = await world.space("ada", "Zoo")
    await world.artifact(space, "Zebra crossing.txt")
    await settle(world, f"{'word ' * 400}the grand Żebra\u0301 and {'more ' * 400}")
    (hit,) = await hits(world, await world.actor("ada"), "zebr")
    assert marked(hit) == ["Zebra", "Żebrá"]
    assert "".join(piece.text for piece in hit.marked_name) == "Zebra crossing.txt"
    text = "".join(piece.text for piece in hit.marked_text)
    assert len(text) <= 300
    assert "the grand Żebrá and" in text
    (hit,) = await hits(world, await world.actor("ada"), '"grand zebra"')
    assert marked(hit) == ["grand Żebrá"]


async def test_only_what_the_caller_may_read_is_found(world: World) -> None:
    await world.organization("acme", owner="olga", members=["mia"])
    private = await world.space("ada", "Secret", viewers=["vera"])
    shared = await world.space("olga", "Common", visibility="shared", organization="acme")
    public = await world.space("ada", "Open", visibility="public")
    for space in (private, shared, public):
        await world.artifact(space, f"zebra in {space.name}")
        await world.thread(space, f"zebras of {space.name}")

    async def seen(actor: Actor) -> set[str]:
        return {hit.name for hit in await hits(world, actor, "zebr")}

    def of(*names: str) -> set[str]:
        return {f"{thing} {name}" for name in names for thing in ("zebra in", "zebras of")}

    stranger = {"zebra in Open"}
    assert await seen(await world.actor("ada")) == of("Secret", "Open")
    assert await seen(await world.actor("vera")) == of("Secret") | stranger
    assert await seen(await world.actor("mia")) == of("Common") | stranger
    assert await seen(await world.actor("sam")) == stranger
    assert await seen(await world.actor("ada", spaces=[private])) == of("Secret")
    assert await seen(await world.actor("ada", spaces=[])) == set()
    assert await seen(await world.actor("sam", spaces=[private])) == set()
    root = await world.administrator()
    assert await seen(root) == of("Secret", "Common", "Open")
    assert root.privileged == [("search", "")]
    await world.dismiss(private, "vera")
    assert await seen(await world.actor("vera")) == stranger
    async with world.database.write() as tx:
        actor = await world.actor("ada")
        met = await spaces.find(tx, actor, public.id, Permission.MANAGE)
        await spaces.change(tx, actor, met, spaces.Changes(visibility="private"))
    assert await seen(await world.actor("sam")) == set()


async def test_in_more_spaces_than_are_named_to_the_index_the_same_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.space("eve", "Zebras of eve")
    for number in range(4):
        await world.space("ada", f"Zebra {number}")
    monkeypatch.setattr("courtyard.core.search.queries.NEAR", 2)
    assert await names(world, "ada", "zebra") == ["Zebra 3", "Zebra 2", "Zebra 1", "Zebra 0"]


async def test_the_trash_hides_a_purge_ends_and_a_change_renews(world: World, database: Database) -> None:
    space = await world.space("ada", "Zoo")
    artifact = await world.artifact(space, "zebra", tags=["striped"])
    actor = await world.actor("ada")
    async with database.write() as tx:
        await artifacts.change(tx, actor, space, artifact, Changes(name="okapi", tags=[]))
    assert await names(world, "ada", "zebra") == await names(world, "ada", "striped") == []
    assert await names(world, "ada", "okapi") == ["okapi"]
    async with database.write() as tx:
        await artifacts.trash(tx, actor, artifact)
    assert await names(world, "ada", "okapi") == []
    async with database.write() as tx:
        trashed = await artifacts.find_trashed(tx, actor, space, artifact.id)
        await artifacts.restore(tx, actor, space, trashed)
    assert await names(world, "ada", "okapi") == ["okapi"]
    await settle(world, "savanna")
    assert await names(world, "ada", "savanna") == ["okapi"]
    async with database.write() as tx:
        held = await artifacts.find(tx, actor, space, artifact.id, hold=True)
        await artifacts.versions.replace(tx, actor, space, held, nothing(7), "text/plain")
    assert await names(world, "ada", "savanna") == []
    async with database.write() as tx:
        await artifacts.purge(tx, actor, artifact)
    assert await names(world, "ada", "okapi") == []
    async with database.write() as tx:
        await spaces.remove(tx, actor, space)
        while await documents.sweep(tx):
            pass
        assert await tx.one(int, "select count(*) from search_document") == 0
        assert await tx.one(int, "select count(*) from search_gone") == 0


async def test_a_thread_takes_its_messages_with_it(world: World, database: Database) -> None:
    thread = await world.thread(await world.space("ada"), "Zebras")
    actor = await world.actor("ada")
    async with database.write() as tx:
        await threads.say(tx, actor, thread, NewMessage(content="a zebra, striped"))
    assert await names(world, "ada", "zebra") == ["Zebras", "Zebras"]
    async with database.write() as tx:
        await threads.remove(tx, actor, thread)
    assert await names(world, "ada", "zebra") == []


async def indexed(database: Database) -> list[Any]:
    """What the index holds, in the engine's own form."""
    words = "select kind, words from search_document order by number"
    if database.engine == "sqlite":
        words = "select place, title, body from search_word order by rowid"
    async with database.read() as tx:
        return [str(tuple(row)) for row in await tx.all(tuple, words)]


async def test_a_rebuild_finds_nothing_to_mend_and_mends_what_is_missing(world: World, database: Database) -> None:
    space = await world.space("ada", "Zoo", description="Animals")
    for number in range(backlog.STEP + 3):
        await world.artifact(space, f"zebra {number}", tags=["striped"])
    await settle(world, "text")
    await world.thread(space, "Zebras")
    async with database.write() as tx:
        while await documents.sweep(tx):
            pass
    before = await indexed(database)

    async def rebuild() -> None:
        async with database.write() as tx:
            await backlog.begin(tx)
            while await backlog.step(tx):
                pass
            assert not await backlog.waiting(tx)

    await rebuild()
    assert await indexed(database) == before
    async with database.write() as tx:
        await tx.run("delete from search_document")
        while await documents.sweep(tx):
            pass
    assert await names(world, "ada", "zebra") == []
    await rebuild()
    assert sorted(await indexed(database)) == sorted(before)


async def test_whatever_is_typed_is_a_question(world: World) -> None:
    space = await world.space("ada", "Zoo")
    await world.artifact(space, 'it\'s a "quoted" AND (odd) name: *^-~NEAR/2')
    letters = "ab 東é\"'*-()&|!:<>\\^~{}[]%_;,\t\n\x00\u0301\u3099İßﬁ\U0001f600\U00020000\uff21ANDORNOTNEAR"
    actor, chance = await world.actor("ada"), random.Random(7)  # noqa: S311 - always the same questions
    for _ in range(150):
        question = "".join(chance.choice(letters) for _ in range(chance.randrange(1, 24)))
        for hit in await hits(world, actor, question):
            assert hit.kind in ("space", "artifact"), question
    for question in ("AND", "a NOT b", "title:zoo", "{title} : zoo", "a & !b | c", "'", "\\", "a" * 5_000, "- -", '"'):
        await hits(world, actor, question)
    assert await names(world, "ada", "zoo:*") == ["Zoo"]


async def test_a_text_of_any_letters_fits_into_the_index(world: World) -> None:
    space = await world.space("ada", "Zoo")
    for text in ("\ufdfa" * 21_000, "㌀" * 21_000, "a " * 32_000, "x" * 65_000, "\u0e01\u0e34" * 10_000):
        await world.artifact(space, "long")
        await settle(world, text)
    assert len(await names(world, "ada", "long")) == 5


async def test_the_list_of_artifacts_is_narrowed_by_a_question_and_its_filters(world: World) -> None:
    space, other = await world.space("ada", "Zoo"), await world.space("ada", "Zebras")
    thread = await world.thread(space)
    await world.artifact(space, "zebra one", document_type="photo", thread_id=thread.id)
    await world.artifact(space, "zebra two")
    await world.artifact(other, "zebra three")
    actor = await world.actor("ada")

    async def listed(space: Space, **facts: str) -> list[str]:
        async with world.database.scan() as tx:
            query, filters = search.parse("zebra"), Filters(**facts)
            found = await search.artifacts(tx, actor, space, query, Page(10), filters)
        return [hit.artifact.name for hit in found.items]

    assert await listed(space) == ["zebra two", "zebra one"]
    assert await listed(space, document_type="photo") == ["zebra one"]
    assert await listed(space, thread_id=thread.id) == ["zebra one"]
    assert await listed(space, status="pending") == await listed(space, status="") == []


def test_folding_takes_letters_one_by_one() -> None:
    assert tokens("\uff26\uff55\uff4c\uff4c-width ﬁne Ⅳ x² don't e\u0301té İI\u0131") == [
        *("full", "width", "fine", "iv", "x2", "don", "t", "ete", "iii")
    ]
    assert tokens("soft\u00adhyphen zero\u200dwidth a\u00a0b") == ["softhyphen", "zerowidth", "a", "b"]
    assert tokens("हिन्दी") == tokens("हिन्दी".upper())
    assert indexing.space is documents.space


async def pages(world: World, actor: Actor, question: str) -> list[str]:
    """The ids of all that is found, read in pages of three."""
    found: list[str] = []
    after: str | None = None
    while True:
        async with world.database.scan() as tx:
            some = await search.everywhere(tx, actor, search.parse(question), Page(3, after=after), ALL)
        found += [hit.id for hit in some.items]
        if not some.more:
            return found
        after = some.items[-1].position


async def test_it_is_the_same_whether_the_newest_are_enough_or_the_index_is_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    space, elsewhere = await world.space("ada", "Common"), await world.space("bob", "Common")
    for number in range(30):
        words = ["common", *(["seldom"] if number % 7 == 0 else []), *(["twice"] if number % 2 else [])]
        await world.artifact(elsewhere if number % 3 == 0 else space, f"{number}.txt", tags=words)
    for actor in (await world.actor("ada"), await world.administrator()):
        for question in ("common", "seldom", "com", "common -twice", "common seldom", "nothing"):
            monkeypatch.setattr("courtyard.core.search.queries.NEWEST", 0)
            expected = await pages(world, actor, question)
            assert len(set(expected)) == len(expected)
            assert (question == "nothing") == (expected == [])
            for newest in (1, 4, 11, 1_000):
                monkeypatch.setattr("courtyard.core.search.queries.NEWEST", newest)
                assert await pages(world, actor, question) == expected, (question, newest)


async def test_words_that_are_everywhere_need_no_index(world: World, database: Database) -> None:
    if database.engine == "sqlite":
        pytest.skip("there the index is walked from its newest end")
    space, root = await world.space("ada"), await world.administrator()
    for number in range(10):
        await world.artifact(space, f"{number}.txt", tags=["common", "seldom"] if number == 0 else ["common"])
    for word, asked in (("common", False), ("seldom", True)):
        query = search.parse(word)
        values = queries._values(root, ALL)
        async with database.write() as tx:
            await tx.run("set local enable_seqscan = off")
            plan = await tx.all(
                str,
                "explain (analyze, costs off) " + queries._PLACES.postgres,
                ts=query.postgres(title=False, places=()),
                past=queries.END,
                limit=3,
                newest=5,
                **values,
            )
        assert any("Limit (never executed)" in line for line in plan) is not asked, plan
