"""Clients that make artifacts in every way there is, go on wherever they were broken off, and remember what they were told."""

import base64
import hashlib
import random
import struct
import zlib
from asyncio import sleep
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from httpx2 import AsyncClient, Response, TransportError

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = 65_536


@dataclass
class Made:
    """One artifact as its client knows it: the bytes of each version, or the words that must be in what was generated."""

    name: str
    contents: list[bytes]
    format: str = ""
    picture: bool = False
    address: str = ""
    upload: str = ""
    sent: int = 0
    gone: bool = False
    wanted: bytes = b""
    """The next version, while it is not known to be there."""

    @property
    def key(self) -> dict[str, str]:
        return {"Idempotency-Key": self.name}


Deed = Callable[[AsyncClient, Made], Awaitable[bool]]
"""Goes on with it as far as it can; whether it is done. Broken off at any point it may be called again."""


@dataclass
class Maker:
    """One client; `made` is everything that it was told is there."""

    name: str
    space: str
    dice: random.Random
    made: list[Made] = field(default_factory=list[Made])
    begun: list[tuple[Deed, Made]] = field(default_factory=list[tuple[Deed, Made]])
    replays: int = 0
    _count: int = 0

    async def work(self, client: AsyncClient) -> None:
        """One thing after the other, first of all what was broken off, until the server is gone."""
        try:
            while True:
                for one in [*self.begun]:
                    await self._go_on(client, *one)
                await sleep(self.dice.uniform(0, 0.25))
                self.begun.append(self._next())
        except TransportError:
            self.replays += 1

    async def settle(self, client: AsyncClient) -> None:
        """All that was begun, to its end: the lease of who was killed in an upload runs out after some seconds."""
        for _ in range(60):
            for one in [*self.begun]:
                await self._go_on(client, *one)
            if not self.begun:
                return
            await sleep(0.3)
        raise AssertionError(f"never done: {self.begun}")

    async def _go_on(self, client: AsyncClient, deed: Deed, made: Made) -> None:
        if await deed(client, made):
            self.begun.remove((deed, made))

    def _next(self) -> tuple[Deed, Made]:
        self._count += 1
        name = f"{self.name}-{self._count}"
        old = [made for made in self.made if not made.gone and not made.format]
        kind = self.dice.choice(["raw", "raw", "form", "tus", "tus", "generate", "keep", *["version"] * 3, "purge"])
        if kind == "version" and old:
            made = self.dice.choice(old)
            made.wanted = made.wanted or (_picture(self.dice) if made.picture else self._bytes(name))
            return self._version, made
        if kind == "purge" and len(old) > 2:
            made = self.dice.choice(old)
            made.gone = True
            return self._purge, made
        if kind == "generate":
            pdf = self.dice.random() < 0.2
            return self._generate, Made(name, [name.encode()], format="pdf" if pdf else "html")
        picture = self.dice.random() < 0.2
        content = _picture(self.dice) if picture else self._bytes(name)
        deeds: dict[str, Deed] = {"raw": self._raw, "form": self._form, "tus": self._tus}
        return deeds.get(kind, self._keep), Made(name, [content], picture=picture)

    def _bytes(self, name: str) -> bytes:
        return name.encode() + b"\0" + self.dice.randbytes(self.dice.choice([10, 5_000, 400_000, 1_500_000]))

    def _known(self, made: Made, answer: Response) -> bool:
        assert answer.status_code == 201, answer.text
        made.address = answer.headers["location"]
        if not made.format:
            assert answer.json()["checksum"] == checksum(made.contents[0])
        self.made.append(made)
        return True

    async def _raw(self, client: AsyncClient, made: Made) -> bool:
        path = f"{self.space}/artifacts?name={made.name}"
        content = _slowly(made.contents[0], self.dice)
        return self._known(made, await client.post(path, content=content, headers=made.key))

    async def _form(self, client: AsyncClient, made: Made) -> bool:
        files = {"file": (made.name, made.contents[0], "application/octet-stream")}
        return self._known(made, await client.post(f"{self.space}/artifacts", files=files, headers=made.key))

    async def _keep(self, client: AsyncClient, made: Made) -> bool:
        body = {"name": made.name, "type": "file", "content": base64.b64encode(made.contents[0]).decode()}
        return self._known(made, await client.post(f"{self.space}/artifacts/generate", json=body, headers=made.key))

    async def _generate(self, client: AsyncClient, made: Made) -> bool:
        words = f"# {made.name}\n\n" + "Some words.\n\n" * self.dice.choice([1, 200])
        body = {"name": made.name, "type": "report", "content": base64.b64encode(words.encode()).decode()}
        asked = {**body, "content_type": "text/markdown", "format": made.format}
        if not made.upload:
            # The same body whenever it is sent again.
            made.upload = body["content"]
        answer = await client.post(
            f"{self.space}/artifacts/generate", json={**asked, "content": made.upload}, headers=made.key
        )
        return self._known(made, answer)

    async def _tus(self, client: AsyncClient, made: Made) -> bool:
        content = made.contents[0]
        if not made.upload:
            said = {"Upload-Metadata": f"filename {base64.b64encode(made.name.encode()).decode()}"}
            headers = {**TUS, **made.key, **said, "Upload-Length": str(len(content))}
            answer = await client.post(f"{self.space}/uploads", headers=headers)
            assert answer.status_code == 201, answer.text
            made.upload = answer.headers["location"]
        found = await client.head(made.upload, headers=TUS)
        if found.status_code == 423:
            return False
        assert found.status_code == 200, (found.status_code, made)
        offset = int(found.headers["upload-offset"])
        assert made.sent <= offset <= len(content), (made.sent, offset)
        while offset < len(content):
            headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            some = content[offset : offset + self.dice.choice([len(content), 300_000])]
            answer = await client.patch(made.upload, content=_slowly(some, self.dice), headers=headers)
            if answer.status_code == 423:
                return False
            assert answer.status_code == 204, answer.text
            made.sent = offset = int(answer.headers["upload-offset"])
        shown = (await client.get(made.upload)).json()
        if shown.get("state") != "finished":
            assert shown.get("code") == "locked" or shown.get("state") == "uploading", shown
            return False
        made.address = f"{self.space}/artifacts/{shown['artifact_id']}"
        self.made.append(made)
        return True

    async def _version(self, client: AsyncClient, made: Made) -> bool:
        """Sent again it is the same bytes: no second version comes of that."""
        answer = await client.put(f"{made.address}/content", content=_slowly(made.wanted, self.dice))
        assert answer.status_code == 200, answer.text
        assert answer.json()["checksum"] == checksum(made.wanted)
        assert answer.json()["version"] == len(made.contents) + 1
        made.contents.append(made.wanted)
        made.wanted = b""
        return True

    async def _purge(self, client: AsyncClient, made: Made) -> bool:
        answer = await client.delete(f"{made.address}?purge=true")
        assert answer.status_code in (204, 404), answer.text
        return True


def checksum(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


async def _slowly(content: bytes, dice: random.Random) -> AsyncIterator[bytes]:
    """In pieces with pauses, so that there is a middle to be killed in."""
    pause = dice.choice([0, 0, 0.01])
    for start in range(0, len(content), PIECE):
        yield content[start : start + PIECE]
        await sleep(pause)


def _picture(dice: random.Random) -> bytes:
    """A PNG like no other."""
    width, height = 40, 30
    rows = b"".join(b"\0" + dice.randbytes(3 * width) for _ in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
