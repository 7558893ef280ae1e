"""A process that looks at the heaviest files and prints how many KiB the largest of its children has held."""

import asyncio
import contextlib
import json
import resource

from courtyard.rendering import Order, Refused, convert, read, show, showable
from tests.rendering.test_bombs import BOMBS, FILES, TEMPLATES

HEAVIEST = ("a PDF that unpacks to 400 MB", "a large xlsx in a small one", "an image of 40,000 by 40,000")
CONVERTED = ("ten megabytes of words", "a huge table", "a large document in a small one", "a million columns")
FILLED = ("endless text", "a huge text")


async def look() -> None:
    for kind, make in (FILES[name] for name in HEAVIEST):
        content = make()
        with contextlib.suppress(Refused):
            await read(kind, content)
        if showable(kind):
            with contextlib.suppress(Refused):
                await show(kind, "x", content)


async def make() -> None:
    orders = [
        (Order(kind=kind, target=target, name="bomb"), source())
        for kind, source, targets in (BOMBS[name] for name in CONVERTED)
        for target in targets
    ]
    orders += [
        (
            Order(kind="md", target="txt", name="bomb", filled=True),
            json.dumps({"template": TEMPLATES[name], "data": {}}).encode(),
        )
        for name in FILLED
    ]
    for order, source in orders:
        with contextlib.suppress(Refused):
            await convert(order, source)


if __name__ == "__main__":
    asyncio.run(look())
    asyncio.run(make())
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)  # noqa: T201 - it is what this is for
