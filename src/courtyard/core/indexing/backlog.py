"""Documents for what was there before them, in steps that hold nobody up for long."""

from collections.abc import Awaitable, Callable
from typing import LiteralString

import msgspec

from courtyard.core.indexing import documents
from courtyard.storage.database import Pair, Read, Write

STEP = 20


class _Kind(msgspec.Struct, frozen=True):
    kind: str
    past: str


_NEXT: LiteralString = "select kind, past from search_backlog order by kind desc limit 1"
NEXT = Pair(sqlite=_NEXT, postgres=_NEXT + " for update")


def _after(select: LiteralString) -> Pair:
    """Whoever changes one of these meanwhile comes before or after us, and its words are the newest either way."""
    whole: LiteralString = select + " where id > :past order by id limit :limit"
    return Pair(sqlite=whole, postgres=whole + " for no key update")


_IDS: dict[str, Pair] = {
    "space": _after("select id from space"),
    "thread": _after("select id from thread"),
    "message": _after("select id from message"),
    "artifact": _after("select id from artifact"),
}
_INDEX: dict[str, Callable[..., Awaitable[None]]] = {
    "space": documents.space,
    "thread": documents.thread,
    "message": documents.message,
    "artifact": documents.artifact,
}


async def begin(tx: Write) -> None:
    """Let every document be made again, from the first."""
    for kind in _IDS:
        await tx.run(
            "insert into search_backlog (kind, past) values (:kind, '') on conflict (kind) do update set past = ''",
            kind=kind,
        )


async def waiting(tx: Read) -> bool:
    """Whether some documents are still to be made."""
    return await tx.one(str, "select kind from search_backlog limit 1") is not None


async def documents_made(tx: Read) -> int:
    """How many documents there are."""
    return await tx.one(int, "select count(*) from search_document") or 0


async def step(tx: Write) -> bool:
    """Make the next few documents; whether there may be more."""
    kind = await tx.one(_Kind, NEXT)
    if kind is None:
        return False
    ids = await tx.all(str, _IDS[kind.kind], past=kind.past, limit=STEP)
    for object_id in ids:
        await _INDEX[kind.kind](tx, object_id, again=True)
    if len(ids) < STEP:
        await tx.run("delete from search_backlog where kind = :kind", kind=kind.kind)
    else:
        await tx.run("update search_backlog set past = :past where kind = :kind", kind=kind.kind, past=ids[-1])
    return True
