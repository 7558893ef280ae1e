"""When credentials and sessions were last used: noted in memory on the request path, written later by the worker."""

from collections.abc import Awaitable, Callable
from time import monotonic

from courtyard.core.actor import Actor, Origin
from courtyard.core.identity import credentials, sessions
from courtyard.storage.database import Database, Write

Touch = Callable[[Write, str, Origin], Awaitable[None]]
MINUTE = 60.0
MOST = 20_000
TOGETHER = 500


class Usage:
    """At most one note a minute and credential (or session). What it remembers is bounded; a note lost at kill -9 is no loss."""

    def __init__(self) -> None:
        self._noted: dict[str, float] = {}
        self._waiting: dict[str, tuple[Touch, Origin]] = {}

    def note(self, actor: Actor) -> None:
        """Remember that this credential or session was used now, and from where."""
        name = actor.credential_id or actor.session_id
        if name is None:
            return
        now = monotonic()
        if now - self._noted.get(name, -MINUTE) < MINUTE:
            return
        if name not in self._noted and len(self._noted) >= MOST:
            # The oldest note goes: dicts keep the order in which names came in.
            oldest = next(iter(self._noted))
            del self._noted[oldest]
            self._waiting.pop(oldest, None)
        self._noted.pop(name, None)
        self._noted[name] = now
        self._waiting[name] = (sessions.touch if actor.session_id else credentials.touch, actor.origin)

    async def flush(self, database: Database) -> int:
        """Write what was noted since the last time; how many. What cannot be written stays for the next time."""
        waiting, self._waiting = self._waiting, {}
        done = 0
        try:
            while waiting:
                # In one order everywhere, so that two processes never hold what the other one waits for.
                names = sorted(waiting)[:TOGETHER]
                async with database.write() as tx:
                    for name in names:
                        touch, origin = waiting[name]
                        await touch(tx, name, origin)
                for name in names:
                    del waiting[name]
                done += len(names)
        finally:
            self._waiting = {**waiting, **self._waiting}
        return done
