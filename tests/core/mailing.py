"""The sender of mails, as far as the core's tests need it: what waits is made and read, nothing is sent."""

import re

from courtyard.core import mail
from courtyard.core.mail import Text
from tests.world import World

URL = "https://courtyard.example"


async def delivered(world: World) -> list[tuple[str, str, Text | None]]:
    """Every mail that waits, as kind, recipient and text; None for one whose reason is over."""
    found: list[tuple[str, str, Text | None]] = []
    while True:
        async with world.database.write() as tx:
            claimed = await mail.claim(tx)
            if claimed is None:
                return found
            text = await mail.hand(tx, claimed, URL)
            await mail.sent(tx, claimed)
        found.append((claimed.kind, claimed.recipient, text))


async def links(world: World, kind: str) -> list[str]:
    """The tokens in the mails of one kind that wait; the others are sent, too."""
    return [
        token
        for sort, _, text in await delivered(world)
        if sort == kind and text
        for token in re.findall(r"cye_\w+", text.body)
    ]


async def link(world: World, kind: str) -> str:
    """The token in the one mail of that kind."""
    (token,) = await links(world, kind)
    return token


async def kinds(world: World) -> list[tuple[str, str]]:
    """Kind and recipient of every mail that is sent now."""
    return [(kind, recipient) for kind, recipient, text in await delivered(world) if text]
