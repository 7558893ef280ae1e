"""Hooks: what a subscriber gets, and what its answers do."""

import asyncio
import contextlib
import dataclasses
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
import trustme

from courtyard.core import clock, hooks, queue
from courtyard.core.access.roles import Permission
from courtyard.core.queue import Job
from courtyard.core.spaces import Space, remove
from courtyard.worker import deliveries
from courtyard.worker.deliveries import deliver
from courtyard.worker.work import Failed, Tools
from tests.world import World


class Subscriber:
    """A program that listens on loopback: keeps what it is sent, and answers what a test wants."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.answer = "204 No Content"
        self.more = ""
        self.body = b""
        self.silent = False
        self.tasks: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError):
            await self._converse(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((head[0], headers, msgspec.json.decode(body)))
        if self.silent:
            await reader.read()  # until the other side hangs up
        head_out = f"HTTP/1.1 {self.answer}\r\n{self.more}Content-Length: {len(self.body)}\r\nConnection: close\r\n\r\n"
        writer.write(head_out.encode() + self.body)
        await writer.drain()


@asynccontextmanager
async def listening(host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncGenerator[Subscriber]:
    subscriber = Subscriber()
    server = await asyncio.start_server(subscriber.serve, host, 0, ssl=tls)
    subscriber.port = server.sockets[0].getsockname()[1]
    try:
        yield subscriber
    finally:
        server.close()
        await asyncio.gather(*(task for task in subscriber.tasks if task))


@pytest.fixture
def inside(tools: Tools) -> Tools:
    """Tools that let hooks call loopback."""
    return dataclasses.replace(tools, setup=dataclasses.replace(tools.setup, hooks_allow_private=True))


async def subscribed(world: World, url: str, event: str = "customer.created", name: str = "ada") -> hooks.Hook:
    actor = await world.actor(name)
    async with world.database.write() as tx:
        return await hooks.create(tx, actor, event, url)


async def happened(world: World, url: str) -> tuple[Space, Job]:
    """Ada subscribed, and a customer came; the delivery as a worker has claimed it."""
    await subscribed(world, url)
    space = await world.space()
    await world.customer(space, "Carol")
    return space, await claimed(world)


async def claimed(world: World) -> Job:
    async with world.database.write() as tx:
        job = await queue.claim(tx)
    assert job is not None
    return job


async def work(tools: Tools, job: Job) -> None:
    """As the worker does it."""
    settle = await deliver(tools, job)
    async with tools.database.write() as tx:
        assert await (queue.complete(tx, job) if settle is None else settle(tx))


async def test_a_subscriber_is_told_what_happened(world: World, inside: Tools) -> None:
    async with listening() as subscriber:
        space, job = await happened(world, f"http://127.0.0.1:{subscriber.port}/hook?key=1")
        await work(inside, job)
    [(line, headers, body)] = subscriber.requests
    assert line == "POST /hook?key=1 HTTP/1.1"
    assert headers["host"] == f"127.0.0.1:{subscriber.port}"
    assert headers["content-type"] == "application/json"
    assert sorted(body) == ["created", "event", "id", "object_id", "space"]
    assert (body["event"], body["space"], body["id"]) == ("customer.created", space.number, job.id)
    assert body["object_id"].startswith("cus_")
    assert abs(body["created"] - clock.now() // 1_000) < 60
    assert [found.status for found in await world.jobs()] == ["completed"]


async def test_the_end_of_a_space_is_told_too(world: World, inside: Tools) -> None:
    async with listening() as subscriber:
        await subscribed(world, f"http://localhost:{subscriber.port}/", "space.deleted")
        space = await world.space()
        ada = await world.actor("ada")
        place = await world.meet(ada, space, Permission.OWN)
        async with world.database.write() as tx:
            await remove(tx, ada, place)
        await work(inside, await claimed(world))
    assert subscriber.requests[0][2]["space"] == space.number
    assert subscriber.requests[0][1]["host"] == f"localhost:{subscriber.port}"


@pytest.mark.parametrize("answer", ["500 No", "404 No", "429 Later", "301 Moved", "302 Found", "307 Again", "304 Same"])
async def test_any_other_answer_is_a_failure_and_no_redirect_is_followed(
    world: World, inside: Tools, answer: str
) -> None:
    async with listening() as subscriber, listening() as other:
        subscriber.answer = answer
        subscriber.more = f"Location: http://127.0.0.1:{other.port}/\r\n"
        _, job = await happened(world, f"http://127.0.0.1:{subscriber.port}/")
        with pytest.raises(Failed) as failed:
            await deliver(inside, job)
    assert not failed.value.final
    assert answer[:3] in failed.value.message
    assert len(subscriber.requests) == 1
    assert other.requests == []


async def test_what_failed_is_delivered_later_under_the_same_id(world: World, inside: Tools) -> None:
    async with listening() as subscriber:
        subscriber.answer = "503 Later"
        _, job = await happened(world, f"http://127.0.0.1:{subscriber.port}/")
        with pytest.raises(Failed) as failed:
            await deliver(inside, job)
        async with world.database.write() as tx:
            await queue.fail(tx, job, failed.value.message)
            await tx.run("update job set due_at = :now", now=clock.now())
        subscriber.answer = "200 OK"
        await work(inside, await claimed(world))
    assert len({body["id"] for _, _, body in subscriber.requests}) == 1
    assert len(subscriber.requests) == 2


async def test_who_answers_410_is_never_called_again(world: World, inside: Tools) -> None:
    async with listening() as subscriber:
        subscriber.answer = "410 Gone"
        space, job = await happened(world, f"http://127.0.0.1:{subscriber.port}/")
        await work(inside, job)
        await world.customer(space, "Dave")
    assert [found.status for found in await world.jobs()] == ["completed"]
    assert "hook.deleted" in await world.events()


async def test_who_left_the_space_meanwhile_is_told_nothing(world: World, inside: Tools) -> None:
    async with listening() as subscriber:
        await subscribed(world, f"http://127.0.0.1:{subscriber.port}/", name="bob")
        space = await world.space(viewers=["bob"])
        await world.customer(space, "Carol")
        await world.dismiss(space, "bob")
        await work(inside, await claimed(world))
    assert subscriber.requests == []


async def test_who_was_disabled_meanwhile_is_told_nothing(world: World, inside: Tools) -> None:
    async with listening() as subscriber:
        _, job = await happened(world, f"http://127.0.0.1:{subscriber.port}/")
        async with world.database.write() as tx:
            await tx.run("update person set state = 'disabled'")
        await work(inside, job)
    assert subscriber.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://127.1:{port}/",
        "http://2130706433:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://user:word@127.0.0.1:{port}/",
    ],
)
async def test_an_inner_address_is_refused_for_good(world: World, tools: Tools, url: str) -> None:
    async with listening() as subscriber:
        _, job = await happened(world, url.format(port=subscriber.port))
        with pytest.raises(Failed) as failed:
            await deliver(tools, job)
    assert failed.value.final
    assert subscriber.requests == []


@pytest.mark.parametrize("url", ["http://", "https://[", "http://a:99999999/", "http://%zz/", "http://\u2603.\u2603/x"])
async def test_an_address_that_is_none_fails(world: World, inside: Tools, url: str) -> None:
    _, job = await happened(world, url)
    with pytest.raises(Failed):
        await deliver(inside, job)


async def test_a_silent_subscriber_does_not_hold_up_the_worker(
    world: World, inside: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "SECONDS", 0.3)
    async with listening() as subscriber:
        subscriber.silent = True
        _, job = await happened(world, f"http://127.0.0.1:{subscriber.port}/")
        begun = asyncio.get_running_loop().time()
        with pytest.raises(Failed):
            await deliver(inside, job)
    assert asyncio.get_running_loop().time() - begun < 5


async def test_of_an_endless_answer_only_the_beginning_is_read(world: World, inside: Tools) -> None:
    async with listening() as subscriber:
        subscriber.answer = "200 OK"
        subscriber.body = bytes(5_000_000)
        _, job = await happened(world, f"http://127.0.0.1:{subscriber.port}/")
        await work(inside, job)
    assert [found.status for found in await world.jobs()] == ["completed"]


async def test_nobody_listening_is_a_failure(world: World, inside: Tools) -> None:
    async with listening() as subscriber:
        url = f"http://127.0.0.1:{subscriber.port}/"
    _, job = await happened(world, url)
    with pytest.raises(Failed) as failed:
        await deliver(inside, job)
    assert not failed.value.final


@pytest.mark.parametrize(("name", "trusted"), [("localhost", True), ("elsewhere.example", False)])
async def test_the_certificate_must_be_of_the_name_and_not_of_the_address(
    world: World, inside: Tools, monkeypatch: pytest.MonkeyPatch, name: str, trusted: bool
) -> None:
    """The connection goes to an address that was looked up before; the name is still what is verified."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(name).configure_cert(server)
    authority.configure_trust(client)
    monkeypatch.setattr(deliveries, "_certificates", lambda: client)
    async with listening(tls=server) as subscriber:
        _, job = await happened(world, f"https://localhost:{subscriber.port}/")
        if trusted:
            await work(inside, job)
        else:
            with pytest.raises(Failed):
                await deliver(inside, job)
    assert len(subscriber.requests) == trusted
