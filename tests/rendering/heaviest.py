"""A process that looks at the heaviest files and prints how many KiB the largest of its children has held."""

import asyncio
import contextlib
import resource

from courtyard.rendering import Refused, read, show, showable
from tests.rendering.test_bombs import FILES

HEAVIEST = ("a PDF that unpacks to 400 MB", "a large xlsx in a small one", "an image of 40,000 by 40,000")


async def look() -> None:
    for kind, make in (FILES[name] for name in HEAVIEST):
        content = make()
        with contextlib.suppress(Refused):
            await read(kind, content)
        if showable(kind):
            with contextlib.suppress(Refused):
                await show(kind, "x", content)


if __name__ == "__main__":
    asyncio.run(look())
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)  # noqa: T201 - it is what this is for
