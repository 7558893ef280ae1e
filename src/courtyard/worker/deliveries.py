"""The job `hooks.deliver`: one event to one subscriber, past an address check."""

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx2
import msgspec

from courtyard.core import hooks, queue
from courtyard.core.actor import system
from courtyard.core.errors import NotFound
from courtyard.core.hooks import Hook
from courtyard.core.queue import Job
from courtyard.storage.database import Write
from courtyard.worker.addresses import NoAddress, NotPublic, resolve
from courtyard.worker.work import Failed, Settle, Tools

SECONDS = 10
ANSWER = 64 * 1024
GONE = 410
AGENT = "Courtyard-Hooks/1"


async def deliver(tools: Tools, job: Job) -> Settle | None:
    """POST the event as JSON. `id` is the same in each attempt, so that a subscriber can tell a repetition.

    Nothing is sent when the subscription or its person's role in the space is gone. 2xx is success; 410 ends the
    subscription (the convention of REST hooks); a redirect is not followed. Raises Failed.
    """
    payload = msgspec.json.decode(job.payload, type=dict[str, Any])
    async with tools.database.read() as tx:
        hook = await hooks.seek_due(tx, payload["hook"], payload["space"])
    if hook is None:
        return None
    body = {
        "id": job.id,
        "event": hook.event,
        "object_id": payload["object"],
        "space": payload["number"],
        "created": job.created_at // 1_000,
    }
    try:
        async with asyncio.timeout(SECONDS):
            status = await post(hook.target_url, body, allow_private=tools.setup.hooks_allow_private)
    except TimeoutError:
        raise Failed("The subscriber did not answer in time.") from None
    if status == GONE:
        return _ended(job, hook)
    if not 200 <= status < 300:
        raise Failed(f"The subscriber answered {status}.")
    return None


async def post(url: str, body: Mapping[str, Any], *, allow_private: bool) -> int:
    """The status that the subscriber answers. Raises Failed."""
    target = _target(url)
    host = target.raw_host.decode("ascii")
    port = target.port or (443 if target.scheme == "https" else 80)
    try:
        addresses = await resolve(host, port, allow_private=allow_private)
    except NotPublic:
        raise Failed("The subscriber's address is not public.", final=True) from None
    except NoAddress:
        raise Failed("The subscriber's host was not found.") from None
    content = msgspec.json.encode(dict(body))
    # The address that was checked is the one that is called, while host and certificate stay those of the name.
    async with httpx2.AsyncClient(verify=_certificates(), trust_env=False, timeout=SECONDS) as client:
        for address in addresses:
            request = client.build_request(
                "POST",
                target.copy_with(host=address),
                headers={
                    "host": target.netloc.decode("ascii"),
                    "content-type": "application/json",
                    "user-agent": AGENT,
                },
                content=content,
                extensions={"sni_hostname": host},
            )
            try:
                return await _status(client, request)
            except httpx2.ConnectError:
                continue  # another address of the host may be at work
            except httpx2.HTTPError:
                raise Failed("The subscriber did not answer.") from None
    raise Failed("The subscriber cannot be reached.")


def _target(url: str) -> httpx2.URL:
    try:
        target = httpx2.URL(url)
    except (httpx2.InvalidURL, UnicodeError):
        raise Failed("The subscriber's address is not a URL.", final=True) from None
    if target.scheme not in ("http", "https") or not target.host:
        raise Failed("The subscriber's address is not a URL.", final=True)
    return target


async def _status(client: httpx2.AsyncClient, request: httpx2.Request) -> int:
    """Of the answer only its beginning is read, so that the connection ends in an orderly way."""
    response = await client.send(request, stream=True, follow_redirects=False)
    try:
        read = 0
        with contextlib.suppress(httpx2.HTTPError):
            async for piece in response.aiter_raw():
                read += len(piece)
                if read > ANSWER:
                    break
    finally:
        await response.aclose()
    return response.status_code


def _ended(job: Job, hook: Hook) -> Settle:
    async def settle(tx: Write) -> bool:
        if not await queue.complete(tx, job):
            return False
        with contextlib.suppress(NotFound):
            await hooks.remove(tx, system("worker"), hook)
        return True

    return settle


@cache
def _certificates() -> ssl.SSLContext:
    """Reading them takes 20 ms: once."""
    return ssl.create_default_context()
