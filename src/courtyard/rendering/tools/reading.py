"""`in` to what is in it: text, number of pages, size; as JSON on stdout."""

import json
import sys
from typing import Any

LONGEST = 1_000_000
DEEPEST = 200 * 1024 * 1024
"""More than this an office file, which is an archive, is not unpacked to."""


def main(kind: str) -> None:
    """`kind` is a media type: of an image the size, of a document its text too."""
    json.dump(picture() if kind.startswith("image/") else document(kind), sys.stdout)


def picture() -> dict[str, Any]:
    """The head of the file says its size; nothing is decoded."""
    from PIL import Image  # noqa: PLC0415 - only images need it

    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open("in", formats=["PNG", "JPEG", "GIF", "WEBP"]) as found:
            return {"width": found.width, "height": found.height}
    except (OSError, ValueError, SyntaxError):
        sys.exit("The image cannot be read.")


def document(kind: str) -> dict[str, Any]:
    """Text by kreuzberg; pages and their size from the document itself."""
    import kreuzberg  # noqa: PLC0415 - see above

    if kind.startswith("application/vnd.openxml"):
        archive()
    try:
        config = kreuzberg.ExtractionConfig(use_cache=False)
        found = kreuzberg.extract_file_sync("in", kind, config)
    except (kreuzberg.KreuzbergError, RuntimeError, OSError, ValueError):
        sys.exit("The file cannot be read.")
    metadata: Any = found.metadata or {}
    facts = {"text": found.content[:LONGEST], "pages": metadata.get("page_count") or metadata.get("slide_count")}
    if kind == "application/pdf":
        facts |= {"width": metadata.get("width"), "height": metadata.get("height")}
    return facts


def archive() -> None:
    """Refuse an archive that says of itself that it is a bomb, before anything unpacks it."""
    import zipfile  # noqa: PLC0415 - see above

    try:
        with zipfile.ZipFile("in") as found:
            if sum(each.file_size for each in found.infolist()) > DEEPEST:
                sys.exit("The file unpacks to more than 200 MiB.")
    except zipfile.BadZipFile:
        sys.exit("The file cannot be read.")
