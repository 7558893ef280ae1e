"""How many requests begin in one turn of the loop, so that those under way go on between them."""

import asyncio
from collections import deque
from collections.abc import Callable

AT_ONCE = 64
"""Of some hundred requests that are there together, each beginning in the same turn, a write would wait for all of them at each of
its steps: for the others, for the disk, for its answer."""


class Turns:
    """Requests in the order in which they came."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._waiting: deque[Callable[[], None]] = deque()
        self._begun = 0
        self._turning = False

    def begin(self, start: Callable[[], None]) -> None:
        """Call it now, or in one of the next turns."""
        if self._begun < AT_ONCE:
            self._begun += 1
            start()
        else:
            self._waiting.append(start)
        if not self._turning:
            self._turning = True
            self.loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._begun = min(AT_ONCE, len(self._waiting))
        for _ in range(self._begun):
            self._waiting.popleft()()
        self._turning = self._begun > 0
        if self._turning:
            self.loop.call_soon(self._turn)
