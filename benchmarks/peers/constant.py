"""The least that a Python server can do: an answer of 500 bytes that is always the same, as ASGI and as RSGI."""
# pyright: basic
# It runs in the environment of the limits, whose servers hand in what they like.

BODY = b'{"text":"' + b"x" * 489 + b'"}'
TYPE, LENGTH = "application/json", str(len(BODY))
HEADERS = [(b"content-type", TYPE.encode()), (b"content-length", LENGTH.encode())]


async def asgi(scope, _receive, send) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": BODY})


async def rsgi(_scope, protocol) -> None:
    protocol.response_bytes(200, [("content-type", TYPE)], BODY)
