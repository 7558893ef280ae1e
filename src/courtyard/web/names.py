"""File names of strangers, made harmless, and how a header carries them."""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote

_BYTES = 255
_EXTENSION_BYTES = 32
_FALLBACK = "file"
_RESERVED = re.compile(r'[<>:"|?*]')
_SEPARATOR = re.compile(r"[/\\]")
# What Windows opens as a device, whatever the extension.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)", re.IGNORECASE)
# Control, format (also the marks that turn the reading direction), surrogate, private, unassigned, line separators.
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def safe_name(name: str) -> str:
    """The last component of `name` in NFC, without hidden or reserved characters, at most 255 bytes; never empty."""
    last = _SEPARATOR.split(name)[-1]
    shown = "".join(character for character in last if unicodedata.category(character) not in _HIDDEN)
    plain = _RESERVED.sub("", unicodedata.normalize("NFC", shown)).strip(" .")
    if last.startswith(".") and plain and not plain.startswith("."):
        plain = "." + plain
    if _DEVICE.match(plain):
        plain = "_" + plain
    return _shortened(plain) or _FALLBACK


@lru_cache(maxsize=1024)
def attachment(name: str) -> bytes:
    """The value of `Content-Disposition`: `filename` for those who read ASCII only, `filename*` with the real name."""
    safe = safe_name(name)
    letters = (character for character in unicodedata.normalize("NFKD", safe) if not unicodedata.combining(character))
    ascii_name = re.sub(r'[^ -~]|["\\%]', "_", "".join(letters))
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(safe, safe='')}".encode("ascii")


def _shortened(name: str) -> str:
    """Cut at the end of the stem, so that the extension still tells what it is."""
    if len(name.encode()) <= _BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = dot + extension
    if not stem or len(tail.encode()) > _EXTENSION_BYTES:
        stem, tail = name, ""
    kept = stem.encode()[: _BYTES - len(tail.encode())].decode("utf-8", "ignore")
    return kept.rstrip(" .") + tail
