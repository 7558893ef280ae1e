"""What the build left in `courtyard/console/static`: each file with its compressed forms, ready to be sent."""

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from courtyard.dialects.console.pages import FILE_POLICY
from courtyard.web.answer import Answer
from courtyard.web.speech import Headers

PLACE = Path(str(resources.files("courtyard"))) / "console"
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""The smallest first."""
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


@dataclass(frozen=True, slots=True)
class File:
    """One file; `forms` are its bytes by content encoding, plain ones under the empty name."""

    content_type: str
    tag: str
    immutable: bool
    forms: dict[str, bytes]

    def answer(self, headers: Headers) -> Answer:
        """The file in the smallest form that the browser takes; 304 when it has it."""
        said = dict(headers)
        sent = {
            "ETag": self.tag,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "public, max-age=31536000, immutable" if self.immutable else "no-cache",
            # A worker is held to the policy that its own file came with.
            "Content-Security-Policy": FILE_POLICY,
        }
        if said.get(b"if-none-match") == self.tag.encode():
            return Answer(304, b"", None, sent)
        encoding = next((name for name in _taken(said.get(b"accept-encoding", b"")) if name in self.forms), "")
        if encoding:
            sent["Content-Encoding"] = encoding
        return Answer(200, self.forms[encoding], self.content_type, sent)


@dataclass(frozen=True, slots=True)
class Built:
    """Files by their path below `/console`; without an `index` there is no console, and `reason` says why."""

    files: dict[str, File]
    index: str | None
    reason: str


def console() -> Built:
    """The console of this installation."""
    return read(PLACE)


@lru_cache(maxsize=4)
def read(place: Path) -> Built:
    """Read once: a process serves the console that it was started with."""
    static, failed = place / "static", place / "failed.txt"
    index = static / "index.html"
    if not index.is_file():
        return Built({}, None, failed.read_text(encoding="utf-8") if failed.is_file() else "")
    found = (file for file in sorted(static.rglob("*")) if file.is_file() and not file.name.startswith("."))
    served = (file for file in found if file.suffix not in ENCODINGS.values() and file != index)
    files = {f"/{file.relative_to(static).as_posix()}": _file(file) for file in served}
    return Built(files, index.read_text(encoding="utf-8"), "")


def _file(file: Path) -> File:
    content = file.read_bytes()
    beside = {name: file.with_name(file.name + suffix) for name, suffix in ENCODINGS.items()}
    forms = {name: other.read_bytes() for name, other in beside.items() if other.is_file()}
    kind = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    content_type = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
    tag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
    return File(content_type, tag, file.parent.name == "assets", {"": content, **forms})


def _taken(accepted: bytes) -> list[str]:
    """Which of our encodings the browser takes, the smallest first."""
    asked = {
        name.strip(): weight.replace(" ", "")
        for name, _, weight in (part.partition(";") for part in accepted.decode("latin-1").lower().split(","))
    }
    return [name for name in ENCODINGS if name in asked and asked[name] not in ("q=0", "q=0.0", "q=0.00", "q=0.000")]
