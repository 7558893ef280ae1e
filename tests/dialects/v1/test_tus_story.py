"""Uploads under everything that can happen to them, a thousand steps against a model: on the disk and in an object store."""

import contextlib
import hashlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from courtyard import installation
from courtyard.core import clock, uploads
from courtyard.core.spaces import Space
from courtyard.settings import Settings
from courtyard.storage.blobs import Blobs
from courtyard.storage.database import Database
from courtyard.storage.local import LocalBlobs
from courtyard.storage.objects import ObjectBlobs
from courtyard.web.arrival import ClientGone
from courtyard.web.cursors import Cursors
from courtyard.web.dialect import Services
from courtyard.web.usage import Usage
from tests.dialects.v1.answers import Clients
from tests.dialects.v1.uploading import TUS, artifacts, b64, begin, described, patch, usage
from tests.storage.stored import bucket
from tests.world import World

STEPS = {"disk": 1_000, "objects": 150}
LONGEST = 60


@pytest.fixture(params=["disk", "objects"])
async def blobs(request: pytest.FixtureRequest, engine: str, settings: Settings) -> AsyncIterator[Blobs]:
    """Each store; the object store with one engine is enough."""
    folder = settings.data_dir / "blobs"
    if request.param == "disk":
        opened: Blobs = LocalBlobs(folder)
    elif engine == "sqlite":
        opened = ObjectBlobs(bucket(request.getfixturevalue("seaweed")), folder / "spool")
    else:
        pytest.skip("the engines do not meet the object store")
    yield opened
    await opened.close()


@pytest.fixture
def services(database: Database, settings: Settings, blobs: Blobs) -> Services:
    return Services(
        database, blobs, Cursors(b"k" * 32), installation.rates(settings), Usage(), installation.policy(settings)
    )


@dataclass
class Told:
    """What an upload must be: its bytes, how many of them are there, and what they are for."""

    content: bytes
    partial: bool
    said: bool = True
    promised: bool = True
    received: int = 0

    @property
    def over(self) -> bool:
        return self.said and self.received == len(self.content)


@dataclass
class Story:
    """One space, its uploads as they must be, and the files that must have come of them."""

    client: AsyncClient
    world: World
    space: Space
    blobs: Blobs
    chance: random.Random
    told: dict[str, Told] = field(default_factory=dict[str, Told])
    made: list[bytes] = field(default_factory=list[bytes])

    async def step(self) -> None:
        acts = [
            self.begin,
            self.add,
            self.add,
            self.add,
            self.double,
            self.kill,
            self.lie,
            self.look,
            self.end,
            self.join,
        ]
        await self.chance.choice(acts)()

    async def begin(self) -> None:
        if len(self.told) > 8:
            return
        content = self.chance.randbytes(self.chance.randrange(LONGEST))
        told = Told(content, partial=self.chance.random() < 0.4, said=self.chance.random() < 0.7)
        told.promised = told.partial or self.chance.random() < 0.9
        sha256 = hashlib.sha256(content if told.promised else content + b"!").hexdigest()
        more: dict[str, Any] = {"Upload-Concat": "partial"} if told.partial else described(filename="a", sha256=sha256)
        try:
            address = await begin(
                self.client, f"/v1/spaces/{self.space.id}/uploads", len(content) if told.said else None, **more
            )
        except AssertionError:
            # An empty one is closed at once, and found to be another than was promised.
            assert (told.over, told.promised) == (True, False)
            return
        self.told[address] = told
        self.count(address)

    async def add(self) -> None:
        """Some bytes where they belong, with or without a checksum; sometimes the connection breaks in the middle."""
        address, told = self.some()
        if told is None:
            return
        rest = told.content[told.received :]
        sent = rest[: self.chance.randrange(len(rest) + 1)] if self.chance.random() < 0.7 else rest
        more = {} if self.chance.random() < 0.6 else {"Upload_Checksum": f"sha1 {b64(hashlib.sha1(sent).digest())}"}  # noqa: S324
        if not told.said and self.chance.random() < 0.3:
            more["Upload_Length"] = str(len(told.content))
            told.said = True
        if self.chance.random() < 0.2:
            with contextlib.suppress(AssertionError, ClientGone):
                await patch(self.client, address, told.received, self.broken(sent), **more)
            told.received += 0 if "Upload_Checksum" in more else len(sent)
        else:
            response = await patch(self.client, address, told.received, sent, **more)
            told.received += len(sent)
            assert response.status_code == (460 if told.over and not told.promised else 204), response.text
        self.count(address)

    async def double(self) -> None:
        """Bytes that came already, or that leave a gap."""
        address, told = self.some()
        if told is not None:
            offset = told.received + self.chance.choice([-1, 1, 7] if told.received else [1, 7])
            assert (await patch(self.client, address, offset, b"x")).status_code in (409, 413)

    async def kill(self) -> None:
        """A process adds bytes and is killed before it says so, or when all are there and nothing is made of them."""
        address, told = self.some()
        if told is None:
            return
        async with self.world.database.write() as tx:
            upload = await uploads.find(tx, self.space, address.rpartition("/")[2])
            held = await uploads.seize(tx, self.space, upload, told.received, life=clock.HOUR)
        rest = told.content[told.received :]
        await self.blobs.append(held.stage or "", told.received, self.stream(rest), limit=LONGEST, fence=held.fence)
        if told.said and rest and self.chance.random() < 0.5:
            async with self.world.database.write() as tx:
                await uploads.advance(tx, held, len(told.content))
            if self.chance.random() < 0.5:
                await self.blobs.finish(held.stage or "", len(told.content))
            told.received = len(told.content)
        assert (await patch(self.client, address, told.received, b"")).status_code == 423
        async with self.world.database.write() as tx:
            await tx.run("update upload set lease_until = :now where id = :id", now=clock.now() - 1, id=upload.id)
        await self.ask(address)
        self.count(address)

    async def lie(self) -> None:
        """Bytes that are not what their checksum says, and more bytes than there is room for."""
        address, told = self.some()
        if told is not None:
            wrong = f"sha256 {b64(bytes(32))}"
            response = await patch(self.client, address, told.received, b"", Upload_Checksum=wrong)
            assert response.status_code == 460
            if told.said:
                more = told.content[told.received :] + b"!"
                assert (await patch(self.client, address, told.received, self.stream(more))).status_code == 413
                assert (await patch(self.client, address, told.received, more)).status_code == 413

    async def look(self) -> None:
        address, told = self.some(over=True)
        if told is not None:
            await self.ask(address)

    async def end(self) -> None:
        address, told = self.some(over=True)
        if told is not None and self.chance.random() < 0.3:
            await self.forget(address)

    async def join(self) -> None:
        parts = [address for address, told in self.told.items() if told.partial and told.over]
        self.chance.shuffle(parts)
        if len(parts) < 2:
            return
        head = {**TUS, "Upload-Concat": "final;" + " ".join(parts), **described(filename="a")}
        place = f"/v1/spaces/{self.space.id}/uploads"
        first, again = await self.client.post(place, headers=head), await self.client.post(place, headers=head)
        assert first.status_code == again.status_code == 201, first.text
        assert first.headers["location"] == again.headers["location"]
        self.made.append(b"".join(self.told.pop(part).content for part in parts))

    def some(self, *, over: bool = False) -> tuple[str, Told | None]:
        """An upload that is under way, or with `over` any."""
        open_ones = [(address, told) for address, told in self.told.items() if over or not told.over]
        return self.chance.choice(open_ones) if open_ones else ("", None)

    def count(self, address: str) -> None:
        """Whatever is complete is a file now, or failed; a part waits."""
        told = self.told[address]
        if told.over and not told.partial:
            del self.told[address]
            if told.promised:
                self.made.append(told.content)

    async def ask(self, address: str) -> Response:
        told = self.told[address]
        response = await self.client.head(address, headers=TUS)
        if told.over and not told.promised:
            assert response.status_code in (410, 460)
        else:
            assert (response.status_code, response.headers["upload-offset"]) == (200, str(told.received))
        return response

    async def forget(self, address: str) -> None:
        assert (await self.client.delete(address, headers=TUS)).status_code == 204
        del self.told[address]

    async def stream(self, content: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(content), 7):
            yield content[start : start + 7]

    async def broken(self, content: bytes) -> AsyncIterator[bytes]:
        async for piece in self.stream(content):
            yield piece
        raise ClientGone

    async def verify(self) -> None:
        """The files are those, each once; the room is theirs and the uploads'."""
        held, count, reserved = await usage(self.client, self.space)
        assert (held, count) == (sum(map(len, self.made)), len(self.made))
        assert reserved == sum(len(told.content) if told.said else told.received for told in self.told.values())
        async with self.world.database.read() as tx:
            stored = await tx.all(str, "select sha256 from artifact where space_id = :id", id=self.space.id)
        assert sorted(stored) == sorted(hashlib.sha256(content).hexdigest() for content in self.made)


@pytest.mark.timeout(240)
async def test_whatever_happens_every_byte_counts_once(
    v1: Clients, world: World, blobs: Blobs, request: pytest.FixtureRequest
) -> None:
    space, seed = await world.space("ada"), random.randrange(10**9)  # noqa: S311 - another story every time
    story = Story(v1("ada"), world, space, blobs, random.Random(seed))  # noqa: S311
    steps = STEPS["disk" if isinstance(blobs, LocalBlobs) else "objects"]
    for number in range(steps):
        try:
            await story.step()
            if number % 10 == 0:
                await story.verify()
        except AssertionError as wrong:
            raise AssertionError(f"seed {seed}, step {number}") from wrong
    for address in list(story.told):
        await story.ask(address)
    await story.verify()
    assert len(story.made) > steps / 200
    assert len(await artifacts(story.client, space)) == min(20, len(story.made))
