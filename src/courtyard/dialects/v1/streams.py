"""What happens in a space, and in all of one's spaces, as it happens: server-sent events."""

from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from courtyard.core import streams
from courtyard.core.clock import rfc3339
from courtyard.core.streams import Item
from courtyard.dialects.v1.doors import Joined
from courtyard.web.answer import Answer
from courtyard.web.call import Call
from courtyard.web.route import Route
from courtyard.web.streams import EVENTS, HEADERS, NewsStream, missed, place
from courtyard.web.suppliers import Caller, Whole

router = APIRouter(route_class=Route, tags=["Streams"])
SAID = frozenset(
    "version restored versions alias fields role old_role kind artifact_id status progress message error".split()
)
"""The facts of an event that every member may know."""


def news(item: Item) -> bytes:
    """One event: names and ids, no bodies."""
    detail: dict[str, Any] = msgspec.json.decode(item.detail)
    thing = item.action.partition(".")[0]
    shape: dict[str, Any] = {
        "type": item.action,
        "at": rfc3339(item.at),
        "space_id": item.space_id,
        "object": {"kind": thing, "id": item.object_id, "name": item.name or detail.get("name")},
        "by": None if item.person_id is None else {"id": item.person_id, "username": item.username},
        **{name: value for name, value in detail.items() if name in SAID},
    }
    if item.thread_id is not None:
        shape["thread_id"] = item.thread_id
    return msgspec.json.encode(shape)


@router.get("/v1/spaces/{space_id}/events", summary="Watch a space", response_class=StreamingResponse)
async def watch_space(caller: Caller, call: Whole, space: Joined) -> Response:
    """Server-sent events for members, until the credential or the role is lost; `Last-Event-ID` goes on from there."""
    return await _watch(call, space.id)


@router.get("/v1/me/stream", summary="Watch one's spaces", response_class=StreamingResponse)
async def watch_spaces(caller: Caller, call: Whole) -> Response:
    """The same for all spaces in which the caller has a role, in one connection."""
    caller.needs("read")
    return await _watch(call, None)


async def _watch(call: Call, space_id: str | None) -> Response:
    if call.method == "HEAD":
        return Answer(200, b"", None, {**HEADERS, "Content-Type": EVENTS})
    known = place(call.header(b"last-event-id"))
    every, database = call.services.streams, call.services.database
    watcher = await every.join(database, call.actor, space_id)
    try:
        async with database.scan() as tx:
            spaces = [space_id] if space_id is not None else await streams.mine(tx, call.actor.person_id)
            limits = call.actor.spaces
            again = await missed(tx, watcher, known, [one for one in spaces if limits is None or one in limits])
    except BaseException:
        every.leave(watcher)
        raise
    return NewsStream(every, watcher, again, news)
