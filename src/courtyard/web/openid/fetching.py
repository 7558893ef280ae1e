"""How we ask a provider: within seconds, no more than fits, and nowhere else than where we were told."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import httpx2
import msgspec

SECONDS = 10.0
"""For all of one question; a provider that is slower is as good as gone for whoever waits before a page."""
MOST = 1024 * 1024
AGENT = "Courtyard-OpenID/1"


class Trouble(Exception):
    """The provider gave no answer that can be used; the message says why, for the log and for `courtyard doctor`."""


class Refused(Exception):
    """The provider said no, in the words of RFC 6749, section 5.2."""

    def __init__(self, status: int, said: str) -> None:
        self.said = said
        super().__init__(f"it answered {status}{f' ({said})' if said else ''}")


def trust(authorities: tuple[Path, ...]) -> ssl.SSLContext:
    """The authorities that this machine trusts, and these."""
    context = ssl.create_default_context()
    for authority in authorities:
        context.load_verify_locations(authority)
    return context


async def fetch(
    context: ssl.SSLContext,
    url: str,
    *,
    form: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    seconds: float = SECONDS,
) -> dict[str, Any]:
    """The JSON object behind an address: by GET, or by POST with a form. Redirects are not followed.

    Raises Trouble, Refused.
    """
    try:
        async with asyncio.timeout(seconds), httpx2.AsyncClient(verify=context, timeout=seconds) as client:
            request = client.build_request(
                "GET" if form is None else "POST",
                url,
                data=form,
                # Nothing compressed: what is small on the way could be anything here.
                headers={
                    "accept": "application/json",
                    "accept-encoding": "identity",
                    "user-agent": AGENT,
                    **(headers or {}),
                },
            )
            response = await client.send(request, stream=True)
            try:
                return _read(response.status_code, await _body(response))
            finally:
                await response.aclose()
    except TimeoutError:
        raise Trouble(f"it did not answer within {seconds:g} seconds") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise Trouble(f"it cannot be reached: {' '.join(str(error).split())[:200] or type(error).__name__}") from None


async def _body(response: httpx2.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise Trouble("it sent something compressed that was not asked for")
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > MOST:
            raise Trouble(f"it sent more than {MOST} bytes")
    return bytes(body)


def _read(status: int, body: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        value = None
    if status in (400, 401, 403):
        said = (value or {}).get("error")
        raise Refused(status, said if isinstance(said, str) and said.isascii() and said.isidentifier() else "")
    if status != 200:
        raise Trouble(f"it answered {status}")
    if value is None:
        raise Trouble("it answered with something else than a JSON object")
    return value
