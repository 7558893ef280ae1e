"""Threads and their messages."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core import threads
from courtyard.dialects.v1 import contents
from courtyard.dialects.v1.doors import Joined, TheThread, Writable
from courtyard.dialects.v1.models import NewMessage, NewThread, ThreadPatch
from courtyard.dialects.v1.pages import PageShape, Paging, asked, page
from courtyard.web.answer import Answer, answer
from courtyard.web.preconditions import one
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Whole, Write

router = APIRouter(route_class=Route, tags=["Threads"])
PLACE = "/v1/spaces/{space_id}/threads"
ONE = PLACE + "/{thread_id}"


@router.get(PLACE, summary="List threads", response_model=PageShape[contents.ThreadShape])
async def list_threads(
    tx: Read, caller: Caller, call: Whole, space: Joined, paging: Annotated[Paging, Query()]
) -> Response:
    """Newest first; for members."""
    return page(call, await threads.page(tx, space, asked(call, paging)), contents.thread)


@router.post(PLACE, status_code=201, summary="Open a thread", response_model=contents.ThreadShape)
async def create_thread(tx: Write, caller: Caller, call: Whole, space: Writable, body: NewThread) -> Response:
    thread = await threads.create(tx, caller, space, body.core())
    return one(call, contents.thread(thread), 201, f"/v1/spaces/{space.id}/threads/{thread.id}")


@router.get(ONE, summary="Get a thread", response_model=contents.ThreadShape)
async def get_thread(tx: Read, caller: Caller, call: Whole, space: Joined, thread: TheThread) -> Response:
    return one(call, contents.thread(thread))


@router.patch(ONE, summary="Change a thread", response_model=contents.ThreadShape)
async def update_thread(
    tx: Write, caller: Caller, call: Whole, space: Writable, thread: TheThread, body: ThreadPatch
) -> Response:
    """A merge patch; `status` is `open` or `archived`."""
    return one(call, contents.thread(await threads.change(tx, caller, space, thread, body.core())))


@router.delete(ONE, status_code=204, summary="Delete a thread")
async def delete_thread(tx: Write, caller: Caller, space: Writable, thread: TheThread) -> Response:
    """Its messages go with it, its artifacts stay."""
    await threads.remove(tx, caller, thread)
    return Answer(204)


@router.get(ONE + "/messages", summary="List messages", response_model=PageShape[contents.MessageShape])
async def list_messages(
    tx: Read, caller: Caller, call: Whole, space: Joined, thread: TheThread, paging: Annotated[Paging, Query()]
) -> Response:
    """Newest first."""
    return page(call, await threads.messages(tx, thread, asked(call, paging)), contents.message)


@router.post(ONE + "/messages", status_code=201, summary="Say something", response_model=contents.MessageShape)
async def create_message(tx: Write, caller: Caller, space: Writable, thread: TheThread, body: NewMessage) -> Response:
    """Refused in an archived thread."""
    message = await threads.say(tx, caller, thread, body.core())
    return answer(201, contents.message(message), {"Location": f"/v1/spaces/{space.id}/threads/{thread.id}/messages"})
