"""`reencode`: bytes of a stranger to an image that may be shown, decoded in a child process with limits.

A child per image: starting Python and Pillow takes 60 ms, once per upload of a background. Children kept warm would
save that, and would have to be watched, renewed and emptied of what the last picture left behind.
"""

from pathlib import Path

from courtyard.core.errors import Invalid, TooLarge, Unavailable
from courtyard.rendering.children import REFUSED, TOO_MUCH, Limits, Missing, Queue, Tool, run

BYTES = 10 * 1024 * 1024
PIXELS = 25_000_000
DECODER = Tool("decoder", ["PIL"], [str(PIXELS)], folder=Path(__file__).parent)
# The decoder goes lower yet, once it has imported what it needs.
LIMITS = Limits(seconds=9, cpu=6, memory=512 * 1024 * 1024, file=64 * 1024 * 1024)
QUEUE = Queue()
"""Its own: whoever sets a background does not wait for documents."""


class NotAnImage(Invalid):
    """Only PNG, JPEG, WebP and GIF images are taken."""

    code = "unsupported_type"


class BrokenImage(Invalid):
    """The image cannot be decoded."""

    code = "broken_image"


class ImageTooLarge(TooLarge):
    """At most 10 MiB and 25 megapixels, decoded within 5 seconds and 512 MiB."""


def media_type(data: bytes) -> str | None:
    """What the first bytes say: one of the four image types that are taken, or None."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


async def reencode(data: bytes) -> tuple[bytes, str]:
    """The picture alone, written anew, and its media type (PNG, JPEG or WebP; a GIF becomes a PNG of its first picture).

    Metadata is gone, the EXIF orientation applied. Raises NotAnImage, BrokenImage, ImageTooLarge, Unavailable.
    """
    if media_type(data) is None:
        raise NotAnImage("file")
    if len(data) > BYTES:
        raise ImageTooLarge
    try:
        ended = await run(DECODER, data=data, limits=LIMITS, queue=QUEUE)
    except Missing:
        raise Unavailable from None
    if ended.code == 0:
        kind, _, written = ended.output.partition(b"\n")
        return written, kind.decode()
    if ended.code == REFUSED:
        raise BrokenImage("file")
    if ended.code == TOO_MUCH or ended.code < 0:
        # A child that was ended by a signal had run into one of its limits.
        raise ImageTooLarge
    raise Unavailable
