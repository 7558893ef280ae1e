"""Downloads by public links: each holds a place from its beginning, and counts once, when every byte was delivered."""

from typing import LiteralString

import msgspec

from courtyard.core import clock, events, ids
from courtyard.core.actor import Actor
from courtyard.core.artifacts import Artifact
from courtyard.core.links import Link, LinkOver, PreviewOnly
from courtyard.storage.database import Pair, Read, Write

IDLE = clock.HOUR
"""So long a ticket waits for the next request."""
LONGEST = 6 * clock.HOUR
"""So long one request may take; it is broken off then, and can be gone on with."""
GRACE = 10 * clock.MINUTE
"""So long the bytes may be asked for again after they were delivered in full."""
TRIES = 3
"""How often as many bytes as the artifact has may be sent for one download."""
SPANS = 64


class Ticket(msgspec.Struct, frozen=True):
    """One download that has begun; `covered` is a JSON list of [first byte, byte after the last]."""

    hash: bytes
    link_id: str
    content: str
    covered: str
    counted: int


# By condition: of two who come for the last download at the same moment, one gets it.
_TAKE: LiteralString = (
    "update public_link set begun = begun + 1 where id = :id and preview_only = 0"
    " and (expires_at is null or expires_at > :now) and (max_downloads is null or downloads + begun < max_downloads)"
)
_SEND: LiteralString = (
    "update link_ticket set spent = case when content = :content then spent else 0 end + :length,"
    " covered = case when content = :content then covered else '[]' end, content = :content,"
    " until = case when counted = 1 then until else :until end"
    " where hash = :hash and link_id = :link and until > :now"
    " and case when content = :content then spent else 0 end + :length <= :most"
)
_LINK: LiteralString = "select id from public_link where id = :id"
# The link before its tickets, as whoever ends it does.
HOLD = Pair(sqlite=_LINK, postgres=_LINK + " for update")
_COUNT: LiteralString = (
    "update public_link set begun = begun - 1, downloads = downloads + 1, last_downloaded_at = :now where id = :id"
)


async def begin(tx: Write, link: Link, artifact: Artifact) -> str:
    """Take a place for a download of what a link leads to; the secret that opens it. Raises PreviewOnly, LinkOver."""
    now, secret = clock.now(), ids.secret("cyd")
    if not await tx.run(_TAKE, id=link.id, now=now):
        raise PreviewOnly if link.preview_only else LinkOver
    await tx.run(
        "insert into link_ticket (hash, link_id, content, covered, spent, until)"
        " values (:hash, :link, :content, '[]', 0, :until)",
        hash=ids.digest(secret),
        link=link.id,
        content=artifact.sha256,
        until=now + IDLE,
    )
    return secret


async def good(tx: Read, link: Link, secret: str) -> None:
    """Refuse what is no ticket of this link any more. Raises LinkOver."""
    known = "select 1 from link_ticket where hash = :hash and link_id = :link and until > :now"
    if not await tx.one(int, known, hash=ids.digest(secret), link=link.id, now=clock.now()):
        raise LinkOver


async def send(tx: Write, link: Link, artifact: Artifact, secret: str, length: int) -> None:
    """So many bytes are about to leave. Raises LinkOver when too many have been sent for one download already."""
    now = clock.now()
    sending = await tx.run(
        _SEND,
        hash=ids.digest(secret),
        link=link.id,
        content=artifact.sha256,
        length=length,
        most=TRIES * artifact.size,
        now=now,
        until=now + LONGEST + IDLE,
    )
    if not sending:
        raise LinkOver


async def sent(tx: Write, actor: Actor, opened: tuple[Link, Artifact, str], span: tuple[int, int], length: int) -> None:
    """Of the span that was about to leave, first byte and length, so many bytes have left. The last missing one counts."""
    (link, artifact, secret), (start, announced) = opened, span
    await tx.one(str, HOLD, id=link.id)
    ticket = await tx.one(
        Ticket,
        "select hash, link_id, content, covered, counted from link_ticket where hash = :hash",
        hash=ids.digest(secret),
    )
    if ticket is None or ticket.content != artifact.sha256:
        # The link or its password has changed meanwhile, or the artifact: what was sent is not what is there now.
        return
    spans = merged([*msgspec.json.decode(ticket.covered, type=list[tuple[int, int]]), (start, start + length)])
    counts = not ticket.counted and spans[0] == (0, artifact.size)
    await tx.run(
        "update link_ticket set covered = :covered, spent = spent - :unsent, counted = :counted,"
        " until = case when counted = 1 then until else cast(:until as bigint) end where hash = :hash",
        covered=msgspec.json.encode(spans[:SPANS]).decode(),
        unsent=announced - length,
        counted=int(counts or ticket.counted),
        until=clock.now() + (GRACE if counts else IDLE),
        hash=ticket.hash,
    )
    if counts:
        await tx.run(_COUNT, id=link.id, now=clock.now())
        await events.record(
            tx, actor, "link.downloaded", space_id=link.space_id, object_id=link.id, artifact_id=link.artifact_id
        )


async def lapse(tx: Write) -> bool:
    """Drop a ticket whose time is over, and give back its place when it was not counted; False when there is none."""
    over = "select hash, link_id, content, covered, counted from link_ticket where until <= :now order by until limit 1"
    ticket = await tx.one(Ticket, over, now=clock.now())
    if ticket is None:
        return False
    await tx.one(str, HOLD, id=ticket.link_id)
    lapsed = "delete from link_ticket where hash = :hash and until <= :now and counted = :counted"
    if await tx.run(lapsed, hash=ticket.hash, now=clock.now(), counted=ticket.counted) and not ticket.counted:
        await tx.run("update public_link set begun = begun - 1 where id = :id", id=ticket.link_id)
    return True


def merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same bytes in as few spans as can be, those that begin first before the others."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found
