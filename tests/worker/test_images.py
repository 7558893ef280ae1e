"""Images: what is taken, what comes out of it, and what bombs and other files do (nothing)."""

import io
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from courtyard import imaging
from courtyard.imaging import BrokenImage, ImageTooLarge, NotAnImage, reencode

BLUE, RED = (20, 40, 200), (200, 30, 30)


def saved(image: Image.Image, form: str, **how: Any) -> bytes:
    output = io.BytesIO()
    image.save(output, form, **how)
    return output.getvalue()


def half(mode: str = "RGB", size: tuple[int, int] = (40, 20)) -> Image.Image:
    """Blue on the left, red on the right."""
    image = Image.new("RGB", size, BLUE)
    image.paste(RED, (size[0] // 2, 0, *size))
    return image.convert(mode)


def pixel(image: Image.Image, x: int, y: int, mode: str = "RGB") -> Any:
    return image.convert(mode).getpixel((x, y))


def near(found: Any, wanted: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 30 for a, b in zip(found[:3], wanted, strict=True))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(width: int, height: int, rows: int) -> bytes:
    """A small file that says it is a large picture, with that many rows of zeros."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"\0" * (width * 4 + 1)) for _ in range(rows)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


TAKEN: list[tuple[str, bytes, str]] = [
    ("png", saved(half(), "PNG"), "image/png"),
    ("jpeg", saved(half(), "JPEG", quality=95, subsampling=0), "image/jpeg"),
    ("progressive jpeg", saved(half(), "JPEG", progressive=True, quality=95), "image/jpeg"),
    ("cmyk jpeg", saved(half("CMYK"), "JPEG", quality=95), "image/jpeg"),
    ("webp", saved(half(), "WEBP", lossless=True), "image/webp"),
    ("gif", saved(half(), "GIF"), "image/png"),
    ("animated gif", saved(half(), "GIF", save_all=True, append_images=[half().rotate(180)]), "image/png"),
    ("animated webp", saved(half(), "WEBP", save_all=True, append_images=[half().rotate(180)]), "image/webp"),
    ("palette png", saved(half().quantize(8), "PNG"), "image/png"),
]


@pytest.mark.parametrize(("data", "kind"), [case[1:] for case in TAKEN], ids=[case[0] for case in TAKEN])
async def test_a_picture_comes_back_as_what_it_is_called(data: bytes, kind: str) -> None:
    written, found = await reencode(data)
    assert found == kind == imaging.media_type(written)
    with Image.open(io.BytesIO(written)) as image:
        assert image.size == (40, 20)
        assert not getattr(image, "is_animated", False)
        assert near(pixel(image, 5, 10), BLUE)
        assert near(pixel(image, 35, 10), RED)


async def test_what_shows_through_still_does() -> None:
    image = half("RGBA")
    image.putpixel((0, 0), (0, 0, 0, 0))
    for form in ("PNG", "WEBP", "GIF"):
        written, _ = await reencode(saved(image, form))
        with Image.open(io.BytesIO(written)) as found:
            assert pixel(found, 0, 0, "RGBA")[3] == 0
            assert pixel(found, 5, 10, "RGBA")[3] == 255


async def test_sixteen_bits_of_grey_become_eight() -> None:
    deep = Image.new("I;16", (8, 8), 0x8000)
    written, _ = await reencode(saved(deep, "PNG"))
    with Image.open(io.BytesIO(written)) as found:
        assert found.mode == "L"
        assert abs(pixel(found, 4, 4, "L") - 128) <= 1


async def test_metadata_is_gone_and_the_picture_is_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it a quarter turn clockwise
    exif[0x010F] = "secret-camera"
    profile = b"secret-profile" + bytes(200)
    for form, more in (
        ("JPEG", {"comment": b"secret-comment", "quality": 95}),
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
    ):
        data = saved(half(), form, exif=exif, icc_profile=profile, **more)
        assert b"secret" in data
        written, _ = await reencode(data)
        assert b"secret" not in written
        with Image.open(io.BytesIO(written)) as found:
            assert dict(found.getexif()) == {}
            assert found.size == (20, 40)
            assert near(pixel(found, 10, 5), BLUE)
            assert near(pixel(found, 10, 35), RED)


OTHERS = {
    "nothing": b"",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html named .png": b"<!doctype html><script>alert(1)</script>",
    "pdf": b"%PDF-1.7\n",
    "bmp": saved(half(), "BMP"),
    "tiff": saved(half(), "TIFF"),
    "riff that is sound": b"RIFF\x24\0\0\0WAVEfmt ",
}


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS.keys())
async def test_other_files_are_no_images(data: bytes) -> None:
    with pytest.raises(NotAnImage):
        await reencode(data)


def _page_in_png() -> bytes:
    return b"\x89PNG\r\n\x1a\n<!doctype html><script>alert(1)</script>"


BROKEN: dict[str, Callable[[], bytes]] = {
    "png cut": lambda: saved(half(size=(400, 400)), "PNG")[:-60],
    "jpeg cut": lambda: saved(half(size=(400, 400)), "JPEG")[:-400],
    "webp cut": lambda: saved(half(size=(400, 400)), "WEBP")[:-40],
    "gif cut": lambda: saved(half(size=(400, 400)), "GIF")[:60],
    "page behind a png signature": _page_in_png,
    "postscript behind a gif signature": lambda: b"GIF89a%!PS-Adobe-3.0 EPSF-3.0\n(/etc/hosts) run\n",
}


@pytest.mark.parametrize("make", BROKEN.values(), ids=BROKEN.keys())
async def test_broken_files_are_refused(make: Callable[[], bytes]) -> None:
    with pytest.raises(BrokenImage):
        await reencode(make())


BOMBS: dict[str, Callable[[], bytes]] = {
    "one pixel too many": lambda: png_bomb(imaging.PIXELS + 1, 1, 1),
    "40,000 by 40,000 in a few kilobytes": lambda: png_bomb(40_000, 40_000, 20),
    "the largest sides there are": lambda: png_bomb(0x7FFF_FFFF, 0x7FFF_FFFF, 0),
    "gif canvas": lambda: (
        b"GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;"
    ),
    "more than ten MiB": lambda: saved(half(), "PNG") + bytes(imaging.BYTES),
}


@pytest.mark.parametrize("make", BOMBS.values(), ids=BOMBS.keys())
async def test_bombs_are_refused(make: Callable[[], bytes]) -> None:
    data = make()
    begun = time.monotonic()
    with pytest.raises(ImageTooLarge):
        await reencode(data)
    assert time.monotonic() - begun < 10


async def test_a_picture_of_twenty_five_megapixels_is_taken() -> None:
    begun = time.monotonic()
    written, kind = await reencode(saved(Image.new("RGB", (5_000, 5_000), BLUE), "PNG"))
    assert kind == "image/png"
    assert len(written) < 1_000_000
    assert time.monotonic() - begun < 10


async def test_the_child_can_open_nothing_and_hold_little(tmp_path: Path) -> None:
    """Run inside the confinement: no file, no socket, no process, not more than 512 MiB."""
    import subprocess  # noqa: PLC0415 - this test alone
    import sys  # noqa: PLC0415

    tried = f"""
import decoder, io, os, socket, subprocess, sys
decoder.confine()
def refused(act):
    try:
        act()
    except (OSError, MemoryError):
        return True
    return False
print([
    refused(lambda: open({str(tmp_path / "made")!r}, "w")),
    refused(lambda: open({__file__!r})),
    refused(lambda: socket.socket()),
    refused(lambda: subprocess.run(["true"])),
    refused(lambda: bytearray(600 * 1024 * 1024)),
])
"""
    paths = [str(Path(imaging.__file__).parent), str(Path(Image.__file__).parent.parent)]
    ended = subprocess.run(  # noqa: ASYNC221 - nothing else runs meanwhile
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path += {paths!r}\n{tried}"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ended.stdout.strip() == str([True] * 5), ended.stderr
