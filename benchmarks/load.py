"""A small load: the same request over kept-alive connections, for a bounded time, to this machine only."""

import asyncio
import time
from typing import NamedTuple
from urllib.parse import urlsplit


class Measured(NamedTuple):
    """What came of a load: answers, seconds, and latencies in milliseconds (median and 99th percentile)."""

    answers: int
    seconds: float
    p50: float
    p99: float


def request(method: str, url: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """The bytes of a request."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {parts.netloc}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


async def load(port: int, sent: bytes, *, connections: int, seconds: float, expect: int) -> Measured:
    """Send the request again and again over each connection. Raises AssertionError for another status than `expect`."""
    latencies: list[float] = []
    start = time.perf_counter()
    await asyncio.gather(*(_client(port, sent, start + seconds, expect, latencies) for _ in range(connections)))
    took = time.perf_counter() - start
    latencies.sort()
    middle, late = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)]
    return Measured(len(latencies), took, middle * 1_000, late * 1_000)


async def _client(port: int, sent: bytes, end: float, expect: int, latencies: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    while (begin := time.perf_counter()) < end:
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        assert status == expect, head
        at = head.lower().index(b"content-length:") + 15
        await reader.readexactly(int(head[at : head.index(b"\r", at)]))
        latencies.append(time.perf_counter() - begin)
    writer.close()
