"""What people may type: names, free text, addresses, handles. One rule for every dialect."""

import re
import unicodedata
from typing import Any, cast

import msgspec

from courtyard.core.errors import Invalid, TooLarge

_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,253}")
_HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
RESERVED = frozenset(
    "admin administrator all api auth console courtyard docs health login me new oauth personal public ready root setup share"
    " support system v1 workspaces www".split()
)
METADATA_LIMIT = 16 * 1024


def fold(value: str) -> str:
    """The form in which names are compared: without regard to case."""
    return unicodedata.normalize("NFC", value.casefold())


def free(field: str, value: str, *, longest: int = 65_536) -> str:
    """Text of several lines: NFC, no control characters but newline and tab. Raises Invalid."""
    if _CONTROL.search(value):
        raise Invalid(field, "Control characters are not allowed.", code="control_characters")
    value = unicodedata.normalize("NFC", value)
    if len(value) > longest:
        raise Invalid(field, f"At most {longest} characters.", code="too_long")
    return value


def name(field: str, value: str, *, shortest: int = 1, longest: int = 255) -> str:
    """A name or title: trimmed, `shortest` to `longest` characters. Raises Invalid."""
    value = free(field, value).strip()
    if not shortest <= len(value) <= longest:
        raise Invalid(field, f"Between {shortest} and {longest} characters.", code="length")
    return value


def email(field: str, value: str) -> str:
    """An e-mail address as far as syntax can tell (RFC 5321, sections 4.1.2 and 4.5.3.1), trimmed. Raises Invalid."""
    value = free(field, value).strip()
    domain = value.rpartition("@")[2]
    if len(value) > 254 or not _EMAIL.fullmatch(value) or ".." in value or domain.startswith((".", "-")):
        raise Invalid(field, "This is not an e-mail address.", code="email")
    return value


def handle(field: str, value: str) -> str:
    """A handle: 1-63 of a-z, 0-9, dot, dash, underscore, in lower case, not a reserved word. Raises Invalid."""
    value = fold(value.strip())
    if not _HANDLE.fullmatch(value):
        raise Invalid(field, "1 to 63 of a-z, 0-9, '.', '-', '_', with a letter or digit at both ends.", code="handle")
    if value in RESERVED:
        raise Invalid(field, "This word is reserved.", code="reserved")
    return value


def url(field: str, value: str) -> str:
    """An http or https address of at most 2,048 characters, stored and shown. Raises Invalid."""
    value = name(field, value, longest=2_048)
    if not value.lower().startswith(("https://", "http://")) or any(c.isspace() for c in value):
        raise Invalid(field, "This is not an http or https address.", code="url")
    return value


def slug(value: str, otherwise: str) -> str:
    """A name as part of an address: a-z, 0-9 and single dashes, at most 50; `otherwise` when nothing survives."""
    plain = unicodedata.normalize("NFKD", value.casefold()).encode("ascii", "ignore").decode()
    return _NOT_SLUG.sub("-", plain).strip("-")[:50].strip("-") or otherwise


def metadata(field: str, value: object) -> str:
    """A JSON object of at most 16 KiB, as text. Raises Invalid, TooLarge."""
    if not isinstance(value, dict):
        raise Invalid(field, "This must be an object.", code="type")
    _without_control(field, cast("dict[str, Any]", value))
    text = msgspec.json.encode(value)
    if len(text) > METADATA_LIMIT:
        raise TooLarge("Metadata may take 16 KiB.")
    return text.decode()


def patched(stored: str, patch: dict[str, Any] | None) -> dict[str, Any]:
    """Metadata as stored, with a merge patch applied (RFC 7396, section 2); None clears it."""
    return {} if patch is None else _merged(msgspec.json.decode(stored), patch)


def _merged(target: Any, patch: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = dict(cast("dict[str, Any]", target)) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), cast("dict[str, Any]", value)) if isinstance(value, dict) else value
    return result


def _without_control(field: str, value: object) -> None:
    if isinstance(value, str):
        if _CONTROL.search(value):
            raise Invalid(field, "Control characters are not allowed.", code="control_characters")
    elif isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            _without_control(field, key)
            _without_control(field, inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            _without_control(field, inner)


def pattern(value: str) -> str:
    """A `like … escape '\\'` pattern that matches names containing `value`."""
    escaped = fold(value).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
