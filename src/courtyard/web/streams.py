"""Streams of news to many clients at once: one reader for the whole process, which also asks who may still hear them."""

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable

import structlog
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from courtyard.core import streams
from courtyard.core.actor import Actor
from courtyard.core.errors import TooMany, Unavailable
from courtyard.core.streams import Item, Place
from courtyard.storage.database import Database, Read

PAUSE, CHECK, BEAT, TROUBLE = 0.25, 1.0, 15.0, 2.0
"""Seconds between two looks, between two questions about rights, between two signs of life, and after trouble."""
WAITING = 500
"""So many items wait for a slow client; then it is told to start over."""
MOST = 8
"""So many streams of one credential at once."""
EVENTS = "text/event-stream; charset=utf-8"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

_log = structlog.stdlib.get_logger("courtyard.streams")
Shape = Callable[[Item], bytes]


def holder(actor: Actor) -> str:
    """The credential or session by which somebody opens a stream."""
    return actor.credential_id or actor.session_id or ""


class Watcher:
    """One client: what it listens to (a space; None: all in which its person has a role), and what waits for it."""

    def __init__(self, actor: Actor, space_id: str | None, since: Place) -> None:
        self.actor = actor
        self.space_id = space_id
        self.since = since
        self.ended = False
        self.overrun = False
        self._items: deque[Item] = deque()
        self._wake = asyncio.Event()

    @property
    def holder(self) -> str:
        return holder(self.actor)

    def may_stay(self, holding: set[str], members: set[tuple[str, str]], there: set[str]) -> bool:
        person = self.actor.person_id
        if self.holder not in holding:
            return False
        if self.actor.administrator and person not in holding:
            return False
        if self.space_id is None:
            return True
        return (person, self.space_id) in members or (self.actor.administrator and self.space_id in there)

    def hears(self, item: Item, members: set[tuple[str, str]]) -> bool:
        if self.space_id is not None:
            return item.space_id == self.space_id
        limits = self.actor.spaces
        return (self.actor.person_id, item.space_id) in members and (limits is None or item.space_id in limits)

    def give(self, item: Item) -> None:
        if len(self._items) >= WAITING:
            self.overrun = True
            self._items.clear()
            self.end()
        elif not self.ended:
            self._items.append(item)
            self._wake.set()

    def end(self) -> None:
        self.ended = True
        self._wake.set()

    async def take(self, seconds: float) -> list[Item]:
        """What has come, as soon as there is something; nothing after so many seconds, or at the end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        if not self.ended:
            self._wake.clear()
        items = list(self._items)
        self._items.clear()
        return items


class Streams:
    """All clients of this process. The reader lives while there are any."""

    def __init__(self) -> None:
        self.closed = False
        self._watchers: set[Watcher] = set()
        self._opened: Counter[str] = Counter()
        self._place = Place(0, 0)
        self._reader: asyncio.Task[None] | None = None
        # Nobody joins between what was read and who is told of it.
        self._turning = asyncio.Lock()
        self._checked = 0.0

    async def join(self, database: Database, actor: Actor, space_id: str | None) -> Watcher:
        """Listen from now on. Raises TooMany, Unavailable when the server is about to end."""
        async with self._turning:
            self.open(actor)
            try:
                if self._reader is None:
                    async with database.read() as tx:
                        self._place = await streams.head(tx)
            except BaseException:
                self.shut(actor)
                raise
            watcher = Watcher(actor, space_id, self._place)
            self._watchers.add(watcher)
            if self._reader is None:
                self._reader = asyncio.create_task(self._read(database))
        return watcher

    def leave(self, watcher: Watcher) -> None:
        watcher.end()
        if watcher in self._watchers:
            self._watchers.discard(watcher)
            self.shut(watcher.actor)

    def open(self, actor: Actor) -> None:
        """Count one stream more of a credential or session. Raises TooMany, Unavailable when the server is about to end."""
        if self.closed:
            raise Unavailable
        if self._opened[holder(actor)] >= MOST:
            raise TooMany(5, f"At most {MOST} streams at once.")
        self._opened[holder(actor)] += 1

    def shut(self, actor: Actor) -> None:
        """One that was counted has ended."""
        self._opened[holder(actor)] -= 1
        if not self._opened[holder(actor)]:
            del self._opened[holder(actor)]

    def close(self) -> None:
        """End every stream, and begin none any more: the server stops."""
        self.closed = True
        for watcher in self._watchers:
            watcher.end()

    async def _read(self, database: Database) -> None:
        more = False
        while self._watchers:
            await asyncio.sleep(0 if more else PAUSE)
            try:
                async with self._turning:
                    more = await self._turn(database)
            except Exception as error:  # noqa: BLE001 - clients go on waiting, and the next turn may succeed
                _log.warning("news not read", reason=str(error))
                await asyncio.sleep(TROUBLE)
        self._reader = None

    async def _turn(self, database: Database) -> bool:
        """Read, ask, hand out; whether there is more to read at once."""
        async with database.read() as tx:
            items = await streams.after(tx, self._place)
            if not items and time.monotonic() - self._checked < CHECK:
                return False
            watchers = list(self._watchers)
            holding, members, there = await _rights(tx, watchers, items)
        self._checked = time.monotonic()
        for watcher in watchers:
            if not watcher.may_stay(holding, members, there):
                watcher.end()
                continue
            for item in items:
                # Who came back may know more already than the reader did when they joined.
                if item.place > watcher.since and watcher.hears(item, members):
                    watcher.give(item)
        if items:
            self._place = items[-1].place
        return len(items) >= streams.BATCH


async def _rights(
    tx: Read, watchers: list[Watcher], items: list[Item]
) -> tuple[set[str], set[tuple[str, str]], set[str]]:
    """Whose credential still opens something, who has a role where, and which spaces that administrators watch are there:
    three questions for everybody.
    """
    people = {watcher.actor.person_id for watcher in watchers}
    spaces = {item.space_id for item in items} | {one.space_id for one in watchers if one.space_id is not None}
    privileged = [one for one in watchers if one.actor.administrator]
    administrators = {one.actor.person_id for one in privileged}
    watched = {one.space_id for one in privileged if one.space_id is not None}
    holding = await streams.holding(tx, {one.holder for one in watchers} | administrators)
    return holding, await streams.members(tx, people, spaces), await streams.there(tx, watched)


class NewsStream(Response):
    """Server-sent events for one watcher, who is gone when this ends."""

    def __init__(self, every: Streams, watcher: Watcher, missed: list[Item] | None, shape: Shape) -> None:
        # A Response by type, so that a route may return it.
        self.status_code = 200
        self.background = None
        self.body = b""
        self.raw_headers = []
        self._every, self._watcher, self._missed, self._shape = every, watcher, missed, shape

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        leaving = asyncio.create_task(self._until_gone(receive))
        try:
            headers = [(b"content-type", EVENTS.encode())]
            headers += [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await _send(send, self._beginning())
            while not self._watcher.ended:
                items = await self._watcher.take(BEAT)
                await _send(send, b"".join(map(self._event, items)) or b":\n\n")
            if self._watcher.overrun:
                await _send(send, b"event: reset\ndata: {}\n\n")
            await send({"type": "http.response.body", "body": b""})
        finally:
            leaving.cancel()
            self._every.leave(self._watcher)

    def _beginning(self) -> bytes:
        """What was missed; or that too much was, and from where it goes on."""
        word = b"reset" if self._missed is None else b"ready"
        told = b"".join(map(self._event, self._missed or ()))
        return told + b"event: " + word + b"\nid: " + written(self._watcher.since) + b"\ndata: {}\n\n"

    def _event(self, item: Item) -> bytes:
        head = b"event: " + item.action.encode() + b"\nid: " + written(item.place)
        return head + b"\ndata: " + self._shape(item) + b"\n\n"

    async def _until_gone(self, receive: Receive) -> None:
        """A client that hangs up is noticed before the next thing happens."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self._watcher.end()


class CountedStream(StreamingResponse):
    """Server-sent events that come from elsewhere, counted with the other streams of a credential until they end."""

    def __init__(self, every: Streams, actor: Actor, events: AsyncIterator[bytes]) -> None:
        super().__init__(events, headers={**HEADERS, "Content-Type": EVENTS})
        self._every, self._actor = every, actor
        every.open(actor)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._every.shut(self._actor)


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


def written(place: Place) -> bytes:
    """A place as the id of an event."""
    return b"%d-%d" % (place.tx, place.number)


def place(text: str | None) -> Place | None:
    """The place that a `Last-Event-ID` names; None for anything else."""
    first, _, second = (text or "").partition("-")
    if not (first.isascii() and first.isdigit() and second.isascii() and second.isdigit()) or len(first + second) > 36:
        return None
    return Place(int(first), int(second)) if max(len(first), len(second)) <= 18 else None


async def missed(tx: Read, watcher: Watcher, known: Place | None, spaces: list[str]) -> list[Item] | None:
    """What a client that comes back has missed; None when that is too much, or forgotten."""
    if known is None:
        return []
    if known >= watcher.since:
        # The reader lags behind what this client knows, or the client remembers a database that is no longer this one.
        if known > watcher.since and known > await streams.head(tx):
            return None
        watcher.since = known
        return []
    oldest = await streams.oldest(tx)
    if oldest is not None and known < oldest and known != Place(0, 0):
        return None
    items = await streams.missed(tx, spaces, known, watcher.since)
    return None if len(items) > streams.BATCH else items
