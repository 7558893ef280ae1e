"""The shell examples of a page: found, run as printed against a live server, their answers compared with what is shown."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from tests.server.running import Server

PATIENCE = 100
_BLOCK = re.compile(r"^```(\w+)(?: (\d{3}))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_STATUS = re.compile(r"^HTTP (\d{3}) ", re.MULTILINE)
# What somebody types before there is a server, or reads from what it prints.
# The move to a bucket is run beside a real one, in tests/server.
_NOT_RUN = (
    "make ",
    ".venv/bin/courtyard blobs migrate --to s3:",
    "export KEY=",
    "export COURTYARD_TLS_CERT=",
    "export COURTYARD_TRUSTED_PROXIES=",
)
_PRELUDE = """
set -eu -o pipefail
curl() {
  command curl --silent --show-error --max-time 20 $FAIL --write-out '%{stderr}HTTP %{http_code} %{url_effective}\\n' "$@"
}
"""


class Example(NamedTuple):
    """Commands, the answer that the page shows right behind them, and the status of each call when it is a refusal.

    The page says so where the block begins: three backticks, `sh 409`.
    """

    commands: str
    shown: Any
    refused: str


class Heard(NamedTuple):
    """What one example printed, and the status of each call in it."""

    output: str
    errors: str

    @property
    def statuses(self) -> list[str]:
        return _STATUS.findall(self.errors)


def examples(page: str) -> list[Example]:
    """The examples of a page, in order."""
    blocks = list(_BLOCK.finditer(page))
    found: list[Example] = []
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block[1] != "sh" or block[3].startswith(_NOT_RUN):
            continue
        right_behind = following and following[1] == "json" and not page[block.end() : following.start()].strip()
        shown = json.loads(following[3]) if following and right_behind else None
        found.append(Example(block[3], shown, block[2] or ""))
    return found


def run(found: list[Example], server: Server, key: str, folder: Path) -> list[Heard]:
    """All examples of a page in one shell, as somebody would paste them; it ends with the first one that fails."""
    folder.mkdir()
    script = _PRELUDE
    for number, each in enumerate(found):
        fail = "" if each.refused else "--fail-with-body"
        script += f"exec >{folder}/{number:03}.out 2>{folder}/{number:03}.err\nFAIL={fail}\n{each.commands}"
    surroundings = {
        **{name: value for name, value in os.environ.items() if not name.startswith("COURTYARD_")},
        "COURTYARD_URL": server.http,
        "COURTYARD_HTTPS_URL": server.https,
        "KEY": key,
        "TOKEN": key,
        "CURL_CA_BUNDLE": str(server.data_dir / "tls" / "authority.pem"),
    }
    # Where the data directory is `data`, as on the page.
    subprocess.run(["bash", "-c", script], cwd=server.data_dir.parent, env=surroundings, timeout=PATIENCE, check=False)
    printed = zip(sorted(folder.glob("*.out")), sorted(folder.glob("*.err")), strict=True)
    return [Heard(out.read_text(errors="replace"), err.read_text()) for out, err in printed]


def answer(output: str) -> Any:
    """The last JSON value of what an example printed."""
    decoder, at, value = json.JSONDecoder(), 0, None
    while at < len(output):
        value, at = decoder.raw_decode(output, at)
        at += len(output[at:]) - len(output[at:].lstrip())
    return value


def missing(shown: Any, answered: Any, where: str = "$") -> list[str]:
    """What the page shows and the answer has not: members, at any depth, and things in lists."""
    if isinstance(shown, dict):
        if not isinstance(answered, dict):
            return [f"{where} is no object"]
        absent = [f"{where}.{name}" for name in shown if name not in answered]
        inside = [missing(shown[name], answered[name], f"{where}.{name}") for name in shown if name in answered]
        return absent + [each for found in inside for each in found]
    if isinstance(shown, list) and shown:
        if not isinstance(answered, list) or not answered:
            return [f"{where} is no list with something in it"]
        return [each for item in answered for each in missing(shown[0], item, f"{where}[]")]
    return []
