"""Clients are let in many at once, and again after the server was out of files."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from courtyard.web import accepting
from courtyard.web.accepting import Accepting

CROWD = 300


class Listener(socket.socket):
    """A real one that can be out of files for a while."""

    refusals = 0

    def accept(self) -> tuple[socket.socket, Any]:
        if self.refusals:
            self.refusals -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


class Guest(asyncio.Protocol):
    inside: list["Guest"]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.inside.append(self)
        transport.close()


@pytest.fixture
def guests(monkeypatch: pytest.MonkeyPatch) -> list[Guest]:
    found: list[Guest] = []
    monkeypatch.setattr(Guest, "inside", found, raising=False)
    return found


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    with Listener() as one:
        one.bind(("127.0.0.1", 0))
        one.listen(2 * CROWD)
        one.setblocking(False)
        yield one


async def crowd(listener: Listener, count: int) -> None:
    """So many clients are there before anybody is let in."""

    def come() -> None:
        for _ in range(count):
            socket.create_connection(listener.getsockname()).close()

    await asyncio.to_thread(come)


async def test_a_crowd_is_let_in_within_a_few_turns_of_the_loop(listener: Listener, guests: list[Guest]) -> None:
    await crowd(listener, CROWD)
    door = Accepting(listener, Guest, None, None)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(guests) == CROWD
    door.close()
    await door.wait_closed()


async def test_who_finds_no_room_is_let_in_later(
    listener: Listener, guests: list[Guest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "PAUSE", 0.05)
    listener.refusals = 1
    await crowd(listener, 3)
    door = Accepting(listener, Guest, None, None)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not guests
    async with asyncio.timeout(5):
        while len(guests) < 3:  # noqa: ASYNC110 - the loop's doing, which tells nobody
            await asyncio.sleep(0.01)
    door.close()
    await door.wait_closed()


@pytest.mark.parametrize("refusals", [0, 1], ids=["open", "without room"])
async def test_after_the_end_nobody_is_let_in(listener: Listener, guests: list[Guest], refusals: int) -> None:
    listener.refusals = refusals
    door = Accepting(listener, Guest, None, None)
    if refusals:
        await crowd(listener, 1)
        await asyncio.sleep(0.01)
    door.close()
    await door.wait_closed()
    await crowd(listener, 3)
    await asyncio.sleep(accepting.PAUSE + 0.05)
    assert not guests
