"""`reencode`: bytes of a stranger to an image that may be shown, decoded in a child process with limits.

A child per image: starting Python and Pillow takes 60 ms, once per upload of a background. Children kept warm would
save that, and would have to be watched, renewed and emptied of what the last picture left behind.
"""

import asyncio
import contextlib
import importlib.util
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from weakref import WeakKeyDictionary

from courtyard.core.errors import Invalid, TooLarge, Unavailable

BYTES = 10 * 1024 * 1024
PIXELS = 25_000_000
SECONDS = 9
AT_ONCE = 2
OUTPUT = 64 * 1024 * 1024
_TOO_LARGE, _BROKEN = 3, 4
_RUN = "import sys; sys.path += sys.argv[2:]; import decoder; sys.exit(decoder.main())"

_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


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
    loop = asyncio.get_running_loop()
    async with _slots.setdefault(loop, asyncio.Semaphore(AT_ONCE)):
        code, output = await _decode(data)
    if code == 0:
        kind, _, written = output.partition(b"\n")
        return written, kind.decode()
    if code == _BROKEN:
        raise BrokenImage("file")
    if code == _TOO_LARGE or code < 0:
        # A child that was ended by a signal had run into one of its limits.
        raise ImageTooLarge
    raise Unavailable


async def _decode(data: bytes) -> tuple[int, bytes]:
    """The exit code of a child and what it wrote; none is left behind, whatever happens here."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", "-c", _RUN, str(PIXELS), *_paths(), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}
    )
    try:
        async with asyncio.timeout(SECONDS):
            _, output = await asyncio.gather(_feed(child, data), _take(child))
            return await child.wait(), output
    except TimeoutError:
        return _TOO_LARGE, b""
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


def _paths() -> tuple[str, str]:
    """Where the child finds Pillow and its own code; nothing else is on its way, and `site` is not run."""
    pillow = importlib.util.find_spec("PIL")
    if pillow is None or pillow.origin is None:
        raise Unavailable
    return str(Path(pillow.origin).parent.parent), str(Path(__file__).parent)


async def _feed(child: Process, data: bytes) -> None:
    assert child.stdin is not None  # noqa: S101 - it was asked for
    with contextlib.suppress(ConnectionError):
        child.stdin.write(data)
        await child.stdin.drain()
    child.stdin.close()
    with contextlib.suppress(ConnectionError):
        await child.stdin.wait_closed()


async def _take(child: Process) -> bytes:
    """All that the child writes. Raises ImageTooLarge for more than a background may be."""
    assert child.stdout is not None  # noqa: S101 - it was asked for
    pieces: list[bytes] = []
    size = 0
    while piece := await child.stdout.read(1 << 18):
        pieces.append(piece)
        size += len(piece)
        if size > OUTPUT:
            raise ImageTooLarge
    return b"".join(pieces)
