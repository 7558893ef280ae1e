"""A tiny application under the real guard and the real listeners, as a process of its own: `python edge.py '{…}'`.

It prints one JSON line with the bound addresses when it is ready. The options are those of `Options`.
"""

import asyncio
import hashlib
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from starlette.responses import JSONResponse, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from courtyard.storage.blobs import Blob, TooLong
from courtyard.web import logs, upload
from courtyard.web.arrival import arrival
from courtyard.web.certificate import development_certificate, server_context
from courtyard.web.connection import Times
from courtyard.web.download import Download, File
from courtyard.web.exchange import Bounds
from courtyard.web.guard import Guard
from courtyard.web.https import Proxies, parse_proxies
from courtyard.web.listen import Bound, Hooks, Listen, PortTaken, run

LIMIT = 100_000
UPLOAD_LIMIT = 300_000_000
CONTENT = bytes(range(256)) * 12_000


@dataclass
class Options:
    """What a test may choose."""

    port: int = 0
    folder: str = ""
    trusted: list[str] = field(default_factory=list)
    times: dict[str, Any] = field(default_factory=dict)
    bounds: dict[str, Any] = field(default_factory=dict)


class Memory:
    """Blobs in memory: the port's promises without a disk."""

    def __init__(self) -> None:
        self._rest: dict[str, bytes] = {"content": CONTENT, "empty": b"", "small": CONTENT[:65_536]}

    async def put(self, chunks: AsyncIterator[bytes], *, limit: int) -> Blob:
        digest, size = hashlib.sha256(), 0
        async for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            if size > limit:
                raise TooLong
        return Blob("key", size, digest.hexdigest())

    async def read(self, key: str, start: int, length: int) -> bytes:
        if key not in self._rest:
            raise FileNotFoundError(key)
        return self._rest[key][start : start + length]

    async def delete(self, key: str) -> None:
        self._rest.pop(key, None)

    async def keys(self, *, older_than: int) -> AsyncIterator[str]:
        for key in self._rest:
            yield key

    async def close(self) -> None:
        pass


BLOBS = Memory()
SEEN: list[str] = []


async def echo(scope: Scope, receive: Receive) -> ASGIApp:
    digest, size = hashlib.sha256(), 0
    SEEN.append("echo began")
    async for piece in upload.body(receive):
        size += len(piece)
        digest.update(piece)
    SEEN.append("echo ended")
    return JSONResponse({"size": size, "sha256": digest.hexdigest(), "path": scope["path"]})


async def seen(_scope: Scope, _receive: Receive) -> ASGIApp:
    return JSONResponse(SEEN)


async def early(_scope: Scope, _receive: Receive) -> ASGIApp:
    return JSONResponse({"said": "unauthenticated"}, 401)


async def bug(_scope: Scope, _receive: Receive) -> ASGIApp:
    secret = "cyk_" + "a1B2" * 9
    hidden = "a local nobody may read"
    raise RuntimeError(f"broken near {secret}") from ValueError(len(hidden))


async def slow(_scope: Scope, _receive: Receive) -> ASGIApp:
    SEEN.append("slow began")
    await asyncio.sleep(1)
    return JSONResponse({"slow": True})


async def endless(_scope: Scope, _receive: Receive) -> ASGIApp:
    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield bytes(65_536)

    return StreamingResponse(pieces())


async def cut(_scope: Scope, _receive: Receive) -> ASGIApp:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        raise RuntimeError("in the middle")

    return StreamingResponse(pieces(), headers={"content-length": "6"})


async def facts(scope: Scope, _receive: Receive) -> ASGIApp:
    here = arrival(scope)
    headers = [name.decode() for name, _ in scope["headers"]]
    return JSONResponse({"https": here.https, "client": here.client, "request_id": here.request_id, "headers": headers})


async def trailers(scope: Scope, receive: Receive) -> ASGIApp:
    async for _ in upload.body(receive):
        pass
    return await facts(scope, receive)


async def file(scope: Scope, _receive: Receive) -> ASGIApp:
    key = scope["path"].rpartition("/")[2]
    size = {"content": len(CONTENT), "empty": 0, "small": 65_536, "missing": 5}[key]
    return Download(BLOBS, File(key, size, "ab" * 32, "text/html", "über.html"))


async def form(scope: Scope, receive: Receive) -> ASGIApp:
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"").decode()
    try:
        mark = upload.boundary(kind)
        assert mark is not None
        read = await upload.form(receive, mark, store)
    except upload.BadForm as bad:
        return JSONResponse({"said": str(bad)}, 400)
    return JSONResponse({"fields": read.fields, "file": asdict(read.file) if read.file else None})


async def store(part: upload.Part) -> Blob:
    return await BLOBS.put(part.chunks, limit=UPLOAD_LIMIT)


ROUTES = {
    "echo": echo,
    "seen": seen,
    "early": early,
    "bug": bug,
    "slow": slow,
    "endless": endless,
    "cut": cut,
    "facts": facts,
    "trailers": trailers,
    "file": file,
    "form": form,
    "upload": echo,
}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The first component of the path names the route; the request log gets it as the template."""
    name = scope["path"].split("/")[1]
    arrival(scope).route = f"/{name}/{{rest}}"
    arrival(scope).dialect = "edge"
    route = ROUTES.get(name, echo)
    response = await route(scope, receive)
    await response(scope, receive, send)


def refuse(scope: Scope, status: int, code: str, message: str) -> ASGIApp:
    """Two dialects: what lies below `/echo` is refused in capitals."""
    loud = scope["path"].startswith("/echo")
    return JSONResponse({"said": code.upper() if loud else code, "message": message}, status)


def limit(_method: str, path: str) -> int:
    return UPLOAD_LIMIT if path.startswith(("/upload", "/form")) else LIMIT


def main() -> int:
    options = Options(**json.loads(sys.argv[1]))
    output = logs.configure("info")
    tls = server_context(*development_certificate(Path(options.folder))[:2]) if options.folder else None
    times = Times(**options.times)
    where = Listen(port=options.port, tls_port=0 if tls else None, tls=tls, times=times)
    guard = Guard(
        application,
        limit=limit,
        refuse=refuse,
        proxies=Proxies(parse_proxies(options.trusted)),
        log=output.requests,
        bounds=Bounds(**options.bounds),
    )

    async def ready(bound: Bound) -> None:
        sys.stdout.write(json.dumps(bound) + "\n")
        sys.stdout.flush()

    async def stop() -> None:
        sys.stdout.write("stopped\n")

    try:
        run(guard, where, Hooks(ready=ready, stop=stop))
    except PortTaken as taken:
        sys.stderr.write(f"{taken}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
