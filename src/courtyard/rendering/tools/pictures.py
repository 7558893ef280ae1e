"""`in` to WebP pictures: an image, or the first page of a PDF; stdout says how large the original is."""

import json
import sys
import warnings
from typing import Any, cast

from PIL import Image, ImageOps

PIXELS = 50_000_000
TALLEST = 4
"""A preview is at most so many times as high as it is wide; what is below is cut off."""
FORMATS = ["PNG", "JPEG", "GIF", "WEBP"]


def main(kind: str, form: str, *widths: str) -> None:
    """`kind`: `image` or `pdf`; `form`: `webp`, or `png` for the first page in full; pages are rendered that wide."""
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # ours refuses, before anything is decoded
    wanted = [int(width) for width in widths]
    picture, facts = image() if kind == "image" else page(max(wanted))
    for width in wanted:
        made = fitted(picture, width)
        made.save(f"{width}.{form}", form.upper(), **({"quality": 82, "method": 4} if form == "webp" else {}))
    json.dump(facts, sys.stdout)


def image() -> tuple[Image.Image, dict[str, Any]]:
    """Upright, in colour, without what else was in the file."""
    try:
        with Image.open("in", formats=FORMATS) as found:
            facts = {"width": found.width, "height": found.height, "pages": None}
            if found.width * found.height > PIXELS:
                sys.exit(f"The image has more than {PIXELS // 1_000_000} megapixels.")
            if found.format in ("JPEG", "MPO"):
                found.draft("RGB", (1920, 1920))
            found.load()
            picture = ImageOps.exif_transpose(found)
            picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        sys.exit("The image cannot be decoded.")
    picture.info.clear()
    return picture, facts


def page(width: int) -> tuple[Image.Image, dict[str, Any]]:
    """The first page, so many pixels wide, on white."""
    # Imported here: images need no PDF library.
    import pypdfium2  # noqa: PLC0415

    try:
        document = pypdfium2.PdfDocument("in")
        first = document[0]
        points, height = first.get_size()
        scale = min(width / max(points, 1), TALLEST * width / max(height, 1))
        picture: Image.Image = cast("Any", first).render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    except (pypdfium2.PdfiumError, IndexError):
        sys.exit("The PDF cannot be read.")
    return picture, {"width": round(points), "height": round(height), "pages": len(document)}


def fitted(picture: Image.Image, width: int) -> Image.Image:
    """As wide as asked for at most, never enlarged."""
    if picture.width > width:
        height = max(1, round(picture.height * width / picture.width))
        if height > TALLEST * width:
            picture = picture.crop((0, 0, picture.width, picture.width * TALLEST))
            height = TALLEST * width
        return cast("Any", picture).resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return picture.crop((0, 0, picture.width, min(picture.height, picture.width * TALLEST)))
