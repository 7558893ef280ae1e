"""Where the time of a get, a page and a create goes: `python -m benchmarks.parts ADDRESS [COUNT]`, a fresh database.

The address is that of a file or of PostgreSQL. Each part is called many times in this process; the figure is the median, in
microseconds. What a request costs besides (listener, guard, credential's secret, answer) is the rest of what `make bench` says.
"""

import asyncio
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, LiteralString, TypeVar

import msgspec

from benchmarks.peers.courtyard import index, person
from benchmarks.peers.peer import DESCRIPTION
from courtyard.core import organizations, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor, Origin
from courtyard.core.identity import credentials
from courtyard.core.paging import Page
from courtyard.core.spaces import NewSpace
from courtyard.dialects.v1 import shapes
from courtyard.storage.database import Database, Statement
from courtyard.storage.migrate import migrate
from courtyard.storage.opening import open_database

T = TypeVar("T")
TIMES, BATCH = 2_000, 500
ORIGIN = Origin("benchmark")


class Timed:
    """A transaction that notes how long each of its statements took."""

    def __init__(self, tx: Any, took: dict[str, list[float]]) -> None:
        self._tx, self._took = tx, took
        self.engine: LiteralString = tx.engine

    async def one(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> T | None:
        return await self._note(sql, self._tx.one(kind, sql, **values))

    async def all(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> list[T]:
        return await self._note(sql, self._tx.all(kind, sql, **values))

    async def run(self, sql: Statement, /, **values: Any) -> int:
        return await self._note(sql, self._tx.run(sql, **values))

    async def later(self, sql: Statement, /, **values: Any) -> None:
        await self._note(sql, self._tx.later(sql, **values))

    async def _note(self, sql: Statement, work: Awaitable[T]) -> T:
        begun = time.perf_counter()
        done = await work
        text = sql if isinstance(sql, str) else getattr(sql, self.engine)
        self._took[_named(text)].append(time.perf_counter() - begun)
        return done


def _named(text: str) -> str:
    """Enough of a statement to know it by."""
    words = " ".join(text.split())
    return words if len(words) < 60 else f"{words[:40]} ... {words[-16:]}"


class Parts:
    """What took how long, under headings."""

    def __init__(self) -> None:
        self.took: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def clock(self, heading: str, part: str, work: Callable[[], object]) -> None:
        begun = time.perf_counter()
        work()
        self.took[heading][part].append(time.perf_counter() - begun)

    def told(self) -> str:
        lines: list[str] = []
        for heading, parts in self.took.items():
            lines.append(f"\n{heading}")
            lines += [f"  {statistics.median(each) * 1e6:8.1f}  {part}" for part, each in parts.items()]
        return "\n".join(lines)


async def read(database: Database, parts: Parts, actor: Actor, secret: str, space_id: str) -> None:
    """A get and a page, as the routes of v1 do them."""
    async with database.read() as tx:
        got, listed = Timed(tx, parts.took["get"]), Timed(tx, parts.took["page of 20"])
        await credentials.authenticate(got, secret, ORIGIN)
        space = await spaces.find(got, actor, space_id, Permission.LOOK)
        page = await spaces.readable(listed, actor, Page(20))
    parts.clock("get", "shape and JSON", lambda: msgspec.json.encode(shapes.space(actor, space)))
    shaped: list[Any] = []
    parts.clock("page of 20", "shapes", lambda: shaped.extend(page.map(lambda one: shapes.space(actor, one))))
    parts.clock("page of 20", "JSON", lambda: msgspec.json.encode(shaped))


async def create(database: Database, parts: Parts, actor: Actor) -> None:
    """A create, its transaction alone in its commit."""
    begun = time.perf_counter()
    async with database.write() as tx:
        timed = Timed(tx, parts.took["create"])
        home = await organizations.home(timed, actor, None)
        await spaces.create(timed, actor, home, NewSpace(name="Space", description=DESCRIPTION))
    parts.took["create"]["all of it, with the commit"].append(time.perf_counter() - begun)


async def main(address: str, count: int) -> None:
    """Fill, measure, tell."""
    database = await open_database(address)
    await migrate(database)
    await index(database)
    actor, secret = await person(database)
    space_id = ""
    for begin in range(0, count, BATCH):
        async with database.write() as tx:
            home = await organizations.home(tx, actor, None)
            for number in range(begin, begin + BATCH):
                made = await spaces.create(tx, actor, home, NewSpace(name=f"Space {number}", description=DESCRIPTION))
                space_id = made.id
    parts = Parts()
    for _ in range(TIMES):
        await read(database, parts, actor, secret, space_id)
    for _ in range(TIMES):
        await create(database, parts, actor)
    print(f"{database.engine}, {count:,} spaces; medians of {TIMES:,}, microseconds{parts.told()}")
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10_000))
