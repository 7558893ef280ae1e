"""How long a search takes among many documents: `python benchmarks/searching.py ADDRESS [COUNT]`, a fresh database.

The address is that of a file or of PostgreSQL. One person has a tenth of what is there in ten spaces of their own, and an
administrator may read everything; the question is a rare word, a common one, the beginning of one, or a phrase.
"""

import asyncio
import random
import statistics
import sys
import time

from courtyard.core import clock, ids, indexing, organizations, search, spaces
from courtyard.core.actor import Actor, Origin, system
from courtyard.core.identity import people
from courtyard.core.paging import Page
from courtyard.core.search import Narrowing
from courtyard.core.spaces import NewSpace, Space
from courtyard.storage.database import Database, Write
from courtyard.storage.migrate import migrate
from courtyard.storage.opening import open_database

WORDS = 300
VOCABULARY = 30_000
TIMES = 25
QUESTIONS = ("w29017", "w3 w40", "w1", "w2", '"w5 w1"', "w1 -w2", "w123")


async def fill(database: Database, count: int) -> tuple[Actor, Actor]:
    """Everybody's documents, of words of which the first are everywhere and the last are rare."""
    actors: list[Actor] = []
    places: list[list[Space]] = []
    for number in range(10):
        async with database.write() as tx:
            person = await people.add(
                tx, system("benchmark"), email=f"p{number}@example.org", username=f"p{number}", password_hash=None
            )
            actor = Actor(Origin("benchmark"), person.id, 3)
            home = await organizations.home(tx, actor, None)
            made = [await spaces.create(tx, actor, home, NewSpace(name=f"s{each}")) for each in range(10)]
        actors.append(actor)
        places.append(made)
    # The same texts each time.
    chance = random.Random(1)
    for start in range(0, count, 200):
        async with database.write() as tx:
            for number in range(start, min(start + 200, count)):
                who = number % 10
                await add(tx, actors[who], chance.choice(places[who]), text(chance, WORDS), number)
    return actors[0], Actor(Origin("benchmark"), actors[9].person_id, 3, administrator=True)


def text(chance: random.Random, length: int) -> str:
    return " ".join(f"w{int(VOCABULARY ** chance.random())}" for _ in range(length))


async def add(tx: Write, actor: Actor, space: Space, words: str, number: int) -> None:
    artifact_id = ids.new()
    await tx.run(
        "insert into artifact (id, space_id, name, document_type, status, content_type, size, sha256, blob_key, version,"
        " metadata, tags, thread_ids, created_by, created_at, updated_at, text_excerpt) values (:id, :space, :name, 'file',"
        " 'completed', 'text/plain', 1, 'x', :id, 1, '{}', '[]', '[]', :person, :now, :now, :text)",
        id=artifact_id,
        space=space.id,
        name=f"{words.split(maxsplit=1)[0]} report {number}.txt",
        person=actor.person_id,
        now=clock.now(),
        text=words,
    )
    await indexing.artifact(tx, artifact_id)


async def measure(database: Database, who: str, actor: Actor) -> None:
    for question in QUESTIONS:
        took: list[float] = []
        shown = ""
        for _ in range(TIMES):
            begun = time.perf_counter()
            async with database.scan() as tx:
                found = await search.everywhere(tx, actor, search.parse(question), Page(20), Narrowing())
            took.append((time.perf_counter() - begun) * 1_000)
            shown = f"{len(found.items):3}{'+' if found.more else ' '}"
        print(
            f"{who:14} {question:10} {shown} found"
            f"   median {statistics.median(took):8.2f} ms   slowest {max(took):8.2f} ms"
        )


async def main(address: str, count: int) -> None:
    database = await open_database(address)
    await migrate(database)
    begun = time.perf_counter()
    person, administrator = await fill(database, count)
    print(f"{count} documents in {time.perf_counter() - begun:.0f} s")
    await measure(database, "a tenth", person)
    await measure(database, "everything", administrator)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000))
