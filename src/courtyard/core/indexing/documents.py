"""The document by which each thing is found: where it is, the words of its name, and the words in it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, LiteralString, cast

import msgspec

from courtyard.core.indexing.folding import tokens
from courtyard.storage.database import Pair, Write

WORDS, BYTES = 16_000, 400_000
"""So many words of a thing are found, and so many bytes of words: what PostgreSQL holds positions of."""
_POSITIONS = 255
SWEPT = 100
_GAP = 8


class Source(msgspec.Struct, frozen=True):
    """What there is to find in a thing; `tags` and `metadata` are JSON."""

    space_id: str
    name: str
    metadata: str
    tags: str = "[]"
    text: str = ""


_ARTIFACT: LiteralString = (
    "select space_id, name, metadata, tags, coalesce(text_excerpt, '') as text from artifact where id = :id"
)
_THREAD: LiteralString = "select space_id, title as name, metadata, '[]' as tags, '' as text from thread where id = :id"
_MESSAGE: LiteralString = (
    "select t.space_id, '' as name, m.metadata, '[]' as tags, m.content as text from message m"
    " join thread t on t.id = m.thread_id where m.id = :id"
)
_SPACE: LiteralString = (
    "select id as space_id, name, metadata, '[]' as tags, coalesce(description, '') as text from space where id = :id"
)
_WHICH: dict[str, LiteralString] = {
    "artifact": " where artifact_id = :id",
    "thread": " where thread_id = :id",
    "message": " where message_id = :id",
    "space": " where itself_id = :id",
}
_REMOVE: dict[str, LiteralString] = {kind: "delete from search_document" + which for kind, which in _WHICH.items()}
_COLUMNS: LiteralString = "(kind, space_id, itself_id, artifact_id, thread_id, message_id"
_VALUES: LiteralString = " values (:kind, :space, cast(:itself as text), cast(:artifact as text), cast(:thread as text), cast(:message as text)"
_VECTOR: LiteralString = "cast(cast(:words as text) as tsvector)"
# A number comes back where the words go into a table of their own.
ADD = Pair(
    sqlite="insert into search_document " + _COLUMNS + ")" + _VALUES + ") returning number",
    postgres="insert into search_document " + _COLUMNS + ", words)" + _VALUES + ", " + _VECTOR + ")",
)
# The backlog may have come upon the document before these are written.
ADD_WORDS: LiteralString = (
    "insert or replace into search_word (rowid, place, title, body) values (:number, :place, :title, :body)"
)
_RENEW: LiteralString = "update search_document set words = " + _VECTOR
_RENEW_WORDS: LiteralString = (
    "insert or replace into search_word (rowid, place, title, body) select number, :place, :title, :body"
)
RENEW = {
    kind: Pair(sqlite=_RENEW_WORDS + " from search_document" + which, postgres=_RENEW + which)
    for kind, which in _WHICH.items()
}
_GONE: LiteralString = "select number from search_gone order by number limit :limit"


async def begin(tx: Write, kind: str, object_id: str, source: Source) -> None:
    """Index a thing that this transaction has just made, and whose row says what `source` does."""
    await _add(tx, kind, object_id, source.space_id, _words(tx, source))


async def artifact(tx: Write, artifact_id: str, *, again: bool = False) -> None:
    """Index an artifact as its row says, which this transaction holds.

    `again`: it has not changed, and keeps its place among the others.
    """
    await _index(tx, "artifact", artifact_id, _ARTIFACT, again=again)


async def thread(tx: Write, thread_id: str, *, again: bool = False) -> None:
    """The same for a thread."""
    await _index(tx, "thread", thread_id, _THREAD, again=again)


async def message(tx: Write, message_id: str, *, again: bool = False) -> None:
    """The same for a message."""
    await _index(tx, "message", message_id, _MESSAGE, again=again)


async def space(tx: Write, space_id: str, *, again: bool = False) -> None:
    """The same for a space: its own name and description, not what is in it."""
    await _index(tx, "space", space_id, _SPACE, again=again)


def place_word(space_id: str) -> str:
    """The word by which everything in a space is found."""
    return space_id.replace("-", "")


def inside(source: Source) -> str:
    """What there is to find in a thing besides its name: its text, its tags, and the strings in its metadata."""
    tags = msgspec.json.decode(source.tags, type=list[str])
    return "\n".join([part for part in (source.text, *tags, *_strings(source.metadata)) if part])


async def _index(tx: Write, kind: str, object_id: str, select: LiteralString, *, again: bool) -> None:
    source = await tx.one(Source, select, id=object_id)
    if source is None:
        return
    words = _words(tx, source)
    if again and await tx.run(RENEW[kind], id=object_id, **words):
        return
    await tx.run(_REMOVE[kind], id=object_id)
    await _add(tx, kind, object_id, source.space_id, words)


async def _add(tx: Write, kind: str, object_id: str, space_id: str, words: dict[str, str]) -> None:
    number = await tx.one(
        int,
        ADD,
        kind=kind,
        space=space_id,
        itself=object_id if kind == "space" else None,
        artifact=object_id if kind == "artifact" else None,
        thread=object_id if kind == "thread" else None,
        message=object_id if kind == "message" else None,
        **words,
    )
    if number is not None:
        await tx.later(ADD_WORDS, number=number, **words)


def _words(tx: Write, source: Source) -> dict[str, str]:
    title, body = _bounded(tokens(source.name)), _bounded(tokens(inside(source)))
    place = place_word(source.space_id)
    if tx.engine == "postgres":
        return {"words": _vector(place, title, body)}
    return {"place": place, "title": " ".join(title), "body": " ".join(body)}


async def sweep(tx: Write) -> bool:
    """Drop words of documents that went, a few at a time; whether there may be more."""
    gone = await tx.all(int, _GONE, limit=SWEPT)
    for number in gone:
        await tx.later("delete from search_word where rowid = :number", number=number)
        await tx.run("delete from search_gone where number = :number", number=number)
    return len(gone) == SWEPT


def _strings(metadata: str) -> Iterable[str]:
    """The strings in a JSON value, in order, however deep they are."""
    todo: list[Any] = [msgspec.json.decode(metadata)]
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            todo.extend(reversed(cast("dict[str, Any]", value).values()))
        elif isinstance(value, list):
            todo.extend(reversed(cast("list[Any]", value)))


def _bounded(words: list[str]) -> list[str]:
    """As many of the words as are indexed."""
    words, left = words[:WORDS], BYTES
    for count, word in enumerate(words):
        left -= len(word.encode())
        if left < 0:
            return words[:count]
    return words


def _vector(place: str, title: list[str], body: list[str]) -> str:
    """The words as a `tsvector` is written; no phrase reaches from name to text.

    Those of the name stand there once more with `=` before them: weights are not in the index, and would have to be looked
    up in every document that has the words anywhere.
    """
    at: dict[str, list[str]] = defaultdict(list)
    for position, word in enumerate(title, 1):
        at[word].append(str(position))
        at[f"={word}"].append(str(position))
    for position, word in enumerate(body, len(title) + _GAP):
        if len(at[word]) < _POSITIONS:
            at[word].append(str(position))
    return " ".join([f"'@{place}'", *(f"'{word}':{','.join(positions)}" for word, positions in at.items())])
