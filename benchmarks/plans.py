"""How long lists take that many rows lie behind, and by which plan: `python -m benchmarks.plans ADDRESS [--explain]`.

The address is that of a file or of PostgreSQL, with nothing in it. One person has half of 100 spaces: 200,000 jobs and
100,000 artifacts in all, 40,000 artifacts in one space with their history, 1,000 versions of one, 100,000 news.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, LiteralString

from courtyard.core import artifacts, clock, jobs, organizations, spaces, streams
from courtyard.core.actor import Actor, Origin, system
from courtyard.core.artifacts import Filters, history, versions
from courtyard.core.identity import people
from courtyard.core.paging import Page
from courtyard.core.spaces import NewSpace, Space
from courtyard.core.streams import Place
from courtyard.storage.database import Database, Pair, Read
from courtyard.storage.migrate import migrate
from courtyard.storage.opening import open_database

TIMES = 15
SCANS = ("as_of", "jobs", "news: what")
"""These are asked where they hold up nobody."""
LARGE, SMALL, OLD = 40_000, 600, 1_000_000_000_000
_COUNTED = "with recursive c (n) as (select 0 union all select n + 1 from c where n + 1 < :count) "


def _filled(text: str) -> Pair:
    """The same text for both engines, which write a number with leading zeros each in its own way."""
    text = text.replace(":old", "cast(:old as bigint)")
    sqlite = text.replace("<n>", "printf('%08d', n)")
    postgres = text.replace("<n>", "lpad(cast(n as text), 8, '0')")
    return Pair(sqlite=sqlite, postgres=postgres)  # pyright: ignore[reportArgumentType] - nothing of it comes from outside


ARTIFACTS = _filled(
    "insert into artifact (id, space_id, name, document_type, status, content_type, size, sha256, blob_key, version,"
    " metadata, tags, thread_ids, created_by, created_at, updated_at, deleted_at,"
    " since) "
    + _COUNTED
    + "select '01a1' || :prefix || <n>, :space, 'report ' || n, case when n % 10 = 0 then 'note' else 'file' end,"
    " 'completed', 'text/plain', 1, 'x', 'blob' || :prefix || <n>, case when n % 2 = 0 then 2 else 1 end, '{}', '[]', '[]',"
    " :person, :old + n * 1000, :old + n * 1000, case when n % 8 = 7 then :old + n * 1000 + 5 end,"
    " case when n % 2 = 0 then :old + n * 1000 + 200 end from c"
)
JOBS = _filled(
    "insert into job (id, kind, space_id, artifact_id, payload, status, attempt, max_attempts, due_at, created_at,"
    " started_at, completed_at) "
    + _COUNTED
    + "select '01a1' || :kind || :prefix || <n>, :kind, :space, '01a1' || :prefix || <n>, '{}', 'completed', 1, 5, :old,"
    " :old + n, :old + n, :old + n from c"
)
HISTORY = _filled(
    "insert into artifact_history (artifact_id, space_id, since, until, name, document_type, status, content_type, size,"
    " sha256, blob_key, version, metadata, tags, thread_ids, updated_at) "
    + _COUNTED
    + "select '01a1' || :prefix || <n>, :space, :old + n * 1000 + :at, :old + n * 1000 + :at + 100, 'draft ' || n, 'file',"
    " 'completed', 'text/plain', 1, 'x', 'blob', 1, '{}', '[]', '[]', :old from c where n % 2 = 0"
)
VERSIONS = _filled(
    "insert into artifact_version (artifact_id, version, name, content_type, size, sha256, blob_key, created_by,"
    " created_at) "
    + _COUNTED
    + "select :artifact, n + 1, 'report', 'text/plain', 1, 'x', 'old' || <n>, :person, :old + n"
    " from c"
)
NEWS = _filled(
    "insert into news (tx, at, space_id, action, object_id, person_id, detail) "
    + _COUNTED
    + "select :tx, :old, :space, 'artifact.updated', '01a1' || :prefix || <n>, :person, '{}' from c"
)


async def fill(database: Database) -> tuple[Actor, list[Space]]:
    """Everything; the person, and their spaces, of which the first is large."""
    actors: list[Actor] = []
    places: list[list[Space]] = []
    for number in range(2):
        async with database.write() as tx:
            person = await people.add(
                tx, system("benchmark"), email=f"p{number}@example.org", username=f"p{number}", password_hash=None
            )
            actors.append(Actor(Origin("benchmark"), person.id, 3))
            home = await organizations.home(tx, actors[-1], None)
            made = [await spaces.create(tx, actors[-1], home, NewSpace(name=f"s{each}")) for each in range(50)]
            places.append(made)
    for who, (actor, made) in enumerate(zip(actors, places, strict=True)):
        for each, space in enumerate(made):
            prefix, count = f"{who}{each:03}", LARGE if not (who or each) else SMALL
            common: dict[str, Any] = {"space": space.id, "prefix": prefix, "old": OLD}
            async with database.write() as tx:
                await tx.run(ARTIFACTS, person=actor.person_id, count=count, **common)
                for kind in ("inspect", "preview"):
                    await tx.run(JOBS, kind=kind, count=count, **common)
                for at in (0, 100) if count == LARGE else ():
                    await tx.run(HISTORY, at=at, count=count, **common)
                await tx.run(
                    NEWS,
                    tx=0 if database.engine == "sqlite" else 1 + each,
                    person=actor.person_id,
                    count=1_000,
                    **common,
                )
    async with database.write() as tx:
        await tx.run(VERSIONS, artifact="01a10000" + "0" * 8, person=actors[0].person_id, count=1_000, old=OLD)
        await tx.run("update artifact set version = 1001 where id = :id", id="01a10000" + "0" * 8)
        await tx.run("analyze")
    return actors[0], places[0]


Question = Callable[[Read], Awaitable[Any]]


def questions(actor: Actor, places: list[Space], oldest: Place, newest: Place) -> dict[str, Question]:
    """What is asked, by its name."""
    space, page = places[0], Page(50)
    middle, deep = OLD + LARGE * 500, Page(50, "01a10000" + "00002000")
    nothing = Filters(status="failed")
    late = Place(newest.tx, newest.number - 500)

    async def listed(tx: Read) -> Any:
        artifact = await artifacts.seek(tx, "01a10000" + "0" * 8)
        assert artifact is not None
        return await versions.page(tx, artifact, page)

    return {
        "as_of now": lambda tx: history.page(tx, space, clock.now(), page, Filters()),
        "as_of in the middle": lambda tx: history.page(tx, space, middle, page, Filters()),
        "as_of near the beginning": lambda tx: history.page(tx, space, OLD + 150_000, page, Filters()),
        "as_of before everything": lambda tx: history.page(tx, space, OLD - 1, page, Filters()),
        "as_of, deep": lambda tx: history.page(tx, space, clock.now(), deep, Filters()),
        "as_of, a status nothing has": lambda tx: history.page(tx, space, clock.now(), page, nothing),
        "jobs": lambda tx: jobs.of_caller(tx, actor, page, jobs.Filters()),
        "jobs, a status nothing has": lambda tx: jobs.of_caller(tx, actor, page, jobs.Filters(status="failed")),
        "jobs, a kind": lambda tx: jobs.of_caller(tx, actor, page, jobs.Filters(kind="preview")),
        "jobs of a space": lambda tx: jobs.of_caller(tx, actor, page, jobs.Filters(space_id=space.id)),
        "versions, 1,000": listed,
        "trash": lambda tx: artifacts.trashed(tx, space, page),
        "trash, deep": lambda tx: artifacts.trashed(tx, space, deep),
        "news: nothing new": lambda tx: streams.after(tx, newest),
        "news: 500 of 100,000": lambda tx: streams.after(tx, late),
        "news: what 50 spaces missed": lambda tx: streams.missed(tx, [each.id for each in places], oldest, newest),
        "news: what one space missed": lambda tx: streams.missed(tx, [space.id], oldest, newest),
        "news: its head": streams.head,
    }


class Explaining:
    """Prints the plan of what it is asked."""

    def __init__(self, tx: Read, engine: LiteralString) -> None:
        self._tx = tx
        self.engine: LiteralString = engine

    async def all(self, _: Any, sql: Any, /, **values: Any) -> Any:
        word = "explain query plan " if self.engine == "sqlite" else "explain (analyze, buffers) "
        for row in await self._tx.all(tuple, word + self._text(sql), **values):
            print("      ", row[-1])
        return await self._tx.all(_, sql, **values)

    def _text(self, sql: Any) -> Any:
        return sql if isinstance(sql, str) else getattr(sql, self.engine)

    async def one(self, kind: Any, sql: Any, /, **values: Any) -> Any:
        await self.all(tuple, sql, **values)
        return await self._tx.one(kind, sql, **values)


async def main(address: str, *, explain: bool) -> None:
    database = await open_database(address)
    await migrate(database)
    begun = time.perf_counter()
    actor, places = await fill(database)
    print(f"filled in {time.perf_counter() - begun:.0f} s")
    async with database.read() as tx:
        oldest, newest = await streams.oldest(tx) or Place(0, 0), await streams.head(tx)
    for name, ask in questions(actor, places, oldest, newest).items():
        took: list[float] = []
        for _ in range(TIMES):
            begun = time.perf_counter()
            async with database.scan() if name.startswith(SCANS) else database.read() as tx:
                await ask(tx)
            took.append((time.perf_counter() - begun) * 1_000)
        print(f"{name:32} median {statistics.median(took):9.2f} ms   slowest {max(took):9.2f} ms", flush=True)
        if explain:
            async with database.scan() as tx:
                await ask(Explaining(tx, database.engine))
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], explain="--explain" in sys.argv))
