"""A tus client of few words, for tests of uploads."""

import base64
import hashlib
from typing import Any

from httpx2 import AsyncClient, Response

from courtyard.core.spaces import Space
from tests.dialects.v1.answers import got

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}
HELLO = b"hello, quiet lake"


def b64(value: str | bytes) -> str:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def described(**words: str) -> dict[str, str]:
    return {"Upload-Metadata": ",".join(f"{name} {b64(value)}" for name, value in words.items())}


async def begin(client: AsyncClient, place: str, length: int | None = len(HELLO), **more: Any) -> str:
    """The address of a new upload."""
    size = {"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)}
    response = await client.post(place, headers={**TUS, **size, **described(filename="lake.txt"), **more})
    assert response.status_code == 201, response.text
    assert response.headers["tus-resumable"] == "1.0.0"
    assert response.headers["location"].startswith(place + "/")
    return response.headers["location"]


async def patch(client: AsyncClient, address: str, offset: int, body: Any, **more: str) -> Response:
    return await client.patch(
        address,
        content=body,
        headers={**BYTES, "Upload-Offset": str(offset), **{k.replace("_", "-"): v for k, v in more.items()}},
    )


async def offset(client: AsyncClient, address: str) -> int:
    response = await client.head(address, headers=TUS)
    assert response.status_code == 200, response.headers
    assert (response.headers["cache-control"], response.content) == ("no-store", b"")
    return int(response.headers["upload-offset"])


async def artifacts(client: AsyncClient, space: Space) -> list[tuple[str, int, str]]:
    rows = (await got(client, f"/v1/spaces/{space.id}/artifacts"))["data"]
    return [(row["name"], row["size"], row["checksum"].removeprefix("sha256:")) for row in rows]


async def usage(client: AsyncClient, space: Space) -> tuple[int, int, int]:
    held = await got(client, f"/v1/spaces/{space.id}/usage")
    return held["bytes"], held["artifacts"], held["reserved"]


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
