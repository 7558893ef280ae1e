"""Search: everything the caller may read, by the words in it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core import search
from courtyard.core.clock import rfc3339
from courtyard.core.search import Hit, Narrowing, Piece
from courtyard.dialects.v1.doors import Readable
from courtyard.dialects.v1.pages import PageShape, Paging, asked, page
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Whole

router = APIRouter(route_class=Route, tags=["Search"])
Kind = Literal["space", "thread", "message", "artifact"]


class Question(Paging):
    """`q`: words (all of them), "phrases", -words; the last word may be unfinished. `kind` narrows it to one kind."""

    q: str
    kind: Kind | None = None

    def narrowing(self) -> Narrowing:
        return Narrowing(kind=self.kind or "")


class PieceShape(TypedDict):
    """A part of a text; `marked`: it was looked for."""

    text: str
    marked: bool


class Highlights(TypedDict):
    """The whole name, and of the text the first place where something was found, in pieces to be joined."""

    name: list[PieceShape]
    text: list[PieceShape]


class HitShape(TypedDict):
    """What was found. `url` is where it is in this API; a message has the name of its thread."""

    kind: Kind
    id: str
    space_id: str
    space_name: str
    thread_id: str | None
    name: str
    content_type: str | None
    url: str
    highlights: Highlights
    updated_at: str


def _pieces(facts: list[Piece]) -> list[PieceShape]:
    return [{"text": fact.text, "marked": fact.marked} for fact in facts]


def _hit(fact: Hit) -> HitShape:
    return {
        "kind": fact.kind,  # pyright: ignore[reportReturnType] - one of the four
        "id": fact.id,
        "space_id": fact.space_id,
        "space_name": fact.space_name,
        "thread_id": fact.thread_id,
        "name": fact.name,
        "content_type": fact.content_type,
        "url": _url(fact),
        "highlights": {"name": _pieces(fact.marked_name), "text": _pieces(fact.marked_text)},
        "updated_at": rfc3339(fact.changed_at),
    }


def _url(fact: Hit) -> str:
    place = f"/v1/spaces/{fact.space_id}"
    if fact.kind == "artifact":
        return f"{place}/artifacts/{fact.id}"
    if fact.kind == "space":
        return place
    return f"{place}/threads/{fact.thread_id}" + ("/messages" if fact.kind == "message" else "")


@router.get("/v1/search", summary="Search everything", response_model=PageShape[HitShape])
async def search_everything(call: Whole, caller: Caller, question: Annotated[Question, Query()]) -> Response:
    """Names, text, tags, metadata, threads and messages that the caller may read: found by name first, each newest first."""
    wanted, query = asked(call, question), search.parse(question.q)
    async with call.services.database.scan() as tx:
        found = await search.everywhere(tx, caller, query, wanted, question.narrowing())
    return page(call, found, _hit, position=lambda hit: hit.position)


@router.get("/v1/spaces/{space_id}/search", summary="Search a space", response_model=PageShape[HitShape])
async def search_space(
    call: Whole, caller: Caller, space: Readable, question: Annotated[Question, Query()]
) -> Response:
    """The same in one space; strangers to a public one find its artifacts alone."""
    wanted, query = asked(call, question), search.parse(question.q)
    async with call.services.database.scan() as tx:
        found = await search.within(tx, caller, space, query, wanted, question.narrowing())
    return page(call, found, _hit, position=lambda hit: hit.position)
