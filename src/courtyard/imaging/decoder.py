"""The other process: an image on stdin, the same picture written anew on stdout. Imports nothing but Pillow.

Decoders are where a crafted file would take hold. Beyond what every child of ours gives up (`courtyard.rendering`), this
one opens no further file descriptor (so no socket and no file) and starts no process before the first byte of a file is
looked at.
"""

import ctypes
import io
import resource
import sys
import warnings
from typing import Any, cast

# All are imported here: afterwards no file can be opened.
from PIL import ExifTags, Image, ImageFile, ImageOps
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.MpoImagePlugin import MpoImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 5
TOO_LARGE, BROKEN = 3, 4
# WebP knows no side longer than this, and takes seconds for what JPEG writes in half of one.
WEBP_PIXELS = 4_000_000
NEW_NAMESPACES = 0x1000_0000 | 0x4000_0000  # CLONE_NEWUSER | CLONE_NEWNET
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
FORMATS = [str(plugin.format) for plugin in (PngImageFile, JpegImageFile, GifImageFile, WebPImageFile)]
# A JPEG of several pictures, as telephones make them; the JPEG plugin would import this too late.
MULTIPLE = MpoImageFile.format


def main(pixels: str) -> int:
    """Read, confine, decode, write; the exit code says why not."""
    data = sys.stdin.buffer.read()
    rehearse()
    confine()
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # ours is exact, and refuses before anything is decoded
    try:
        written, kind = rewrite(data, int(pixels))
    except (TooManyPixels, MemoryError):
        return TOO_LARGE
    except Exception:  # noqa: BLE001 - whatever a decoder stumbles over, the file is what is wrong
        return BROKEN
    sys.stdout.buffer.write(TYPES[kind].encode() + b"\n")
    sys.stdout.buffer.write(written)
    sys.stdout.buffer.flush()
    return 0


def rehearse() -> None:
    """Do all of it once with pictures of ours: what Pillow imports at first use can be imported no more later."""
    Image.preinit()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    for mode in ("P", "L"):
        for form in ("PNG", "JPEG", "WEBP", "GIF"):
            made = io.BytesIO()
            Image.new("L" if form == "JPEG" else mode, (2, 1)).save(made, form, exif=exif, transparency=0)
            rewrite(made.getvalue(), 2)


class TooManyPixels(Exception):
    """The picture has more pixels than are decoded."""


def confine() -> None:
    """Give up what decoding does not need. What a limit of the parent forbids to lower further is low already."""
    ctypes.CDLL(None).unshare(NEW_NAMESPACES)
    limits = [
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 3),
    ]
    for limit, most in limits:
        resource.setrlimit(limit, (most, most))


def rewrite(data: bytes, pixels: int) -> tuple[bytes, str]:
    """The picture without what else was in the file, upright, and its format."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if image.width * image.height > pixels:
            raise TooManyPixels
        kind = image.format
        # Of an animation this is the first picture.
        image.load()
        plain = upright(in_colour(image))
    plain.info.clear()
    output = io.BytesIO()
    if kind == "WEBP" and plain.width * plain.height > WEBP_PIXELS:
        kind = "PNG" if plain.mode == "RGBA" else "JPEG"
    if kind in ("JPEG", MULTIPLE):
        kind = "JPEG"
        # A block of this size takes a whole picture, so that the encoder is not asked twice.
        ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, 1 << 20)
        plain.save(output, "JPEG", quality=88)
    elif kind == "WEBP":
        plain.save(output, "WEBP", quality=88, method=2)
    else:
        kind = "PNG"
        plain.save(output, "PNG", compress_level=1 if plain.width * plain.height > WEBP_PIXELS else 6)
    return output.getvalue(), kind


def in_colour(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where something shows through; 16 bits of grey become 8."""
    if image.mode.startswith("I"):
        grey: Any = image.convert("I")
        image = cast("Image.Image", grey.point(_upper_half)).convert("L")
    see_through = image.has_transparency_data and image.mode != "RGBX"
    wanted = "RGBA" if see_through else "L" if image.mode in ("1", "L") else "RGB"
    if image.mode == wanted:
        return image
    made = image.convert(wanted)
    made.getexif().update(image.getexif())
    return made


def _upper_half(value: float) -> float:
    return value / 256


def upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF orientation says; nonsense there turns nothing."""
    try:
        return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - EXIF can be malformed in any way, and the picture be fine
        return image
