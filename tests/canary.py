"""The canary: after every test no raw secret is in its database, WAL, log, mails (but the one meant) or error bodies.

Secrets with a prefix are known by their checksum, wherever they come from and however they are written. What has none
(passwords, secrets of authenticator apps, recovery codes) is noted where it is made.
"""

import base64
import functools
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx2
import pytest

from courtyard.core import ids
from courtyard.core.identity import passwords, second
from courtyard.storage.database import Database

FILES = ("*.db", "*.db-wal", "*.eml", "printed/*.err", "*.log")
"""`printed` is what servers of the tests say; what their clients print is their own."""
MEANT = (b"cyi_", b"cye_")
"""What a mail is for: the token of an invitation, or of a link that was asked for."""
LENGTH = ids.SECRET_LENGTH
_PLAIN = re.compile(rb"cy[a-z](?:_|%5[fF])[0-9A-Za-z]{36}")
_HEX = re.compile(rb"6379(?:6[0-9a-fA-F]|7[0-9a-aA])5[fF][0-9a-fA-F]{72}")
# `cy` in each of the three places that it can have in a group of Base64.
_BASE64 = tuple(
    re.compile(begins + rb"[0-9A-Za-z+/_-]{46,60}") for begins in (rb"Y3l", rb"N5(?<=[GWm2]N5)", rb"je[WX]")
)
_LOST = (0, 1, 2)
"""How many bytes of the first group are something else's."""


class Told(AssertionError):
    """A secret is where nobody should find it."""


# --- finding them ---


def secrets_in(content: bytes) -> set[bytes]:
    """Every secret of ours in these bytes: plain, URL-encoded, in hex, in Base64 at any place."""
    return {each for each in _candidates(content) if ids.plausible(each.decode("latin-1"))}


def _candidates(content: bytes) -> Iterator[bytes]:
    for found in _PLAIN.findall(content):
        yield found.replace(b"%5F", b"_").replace(b"%5f", b"_")
    for found in _HEX.findall(content):
        yield bytes.fromhex(found.decode())
    for pattern, lost in zip(_BASE64, _LOST, strict=True):
        for found in pattern.finditer(content):
            yield _decoded(found[0], lost)


def _decoded(found: bytes, lost: int) -> bytes:
    """The secret in a piece of Base64 whose first group begins with `lost` bytes of something else."""
    group = (b"", b"AG", b"AAF")[lost]
    text = (group + found).translate(bytes.maketrans(b"-_", b"+/"))
    return base64.b64decode(text + b"A" * (-len(text) % 4))[lost : lost + LENGTH]


def spellings(word: str) -> set[bytes]:
    """The ways in which a word without a checksum would be written."""
    plain = word.encode()
    encoded = {base64.b64encode(b"\0" * lost + plain)[4 if lost else 0 : -4] for lost in (0, 1, 2)}
    return {plain, quote(word, safe="").encode(), plain.hex().encode(), *(one for one in encoded if len(one) > 8)}


# --- what is known to hold none ---

PAGE = 4096
_pages: set[bytes] = set()


def know(content: bytes) -> None:
    """A database in which nothing is yet: its pages are in every other one, and need not be looked at again."""
    _pages.update(content[at : at + PAGE] for at in range(0, len(content), PAGE))


def _new_pages(content: bytes) -> bytes:
    pages = (content[at : at + PAGE] for at in range(0, len(content), PAGE))
    return b"".join(page for page in pages if page not in _pages)


# --- noting what has no checksum ---

_words: set[str] = set()
"""Made in this test."""


def note(word: str) -> None:
    """Until the end of this test this is a secret."""
    _words.add(word)


def _note_awaited(module: Any, name: str, noted: Callable[..., Iterable[str]]) -> None:
    """Let a coroutine function go on as it is, and note the secrets of each call."""
    original = getattr(module, name)

    @functools.wraps(original)
    async def observed(*given: Any, **named: Any) -> Any:
        result = await original(*given, **named)
        _words.update(noted(result, *given))
        return result

    setattr(module, name, observed)


def _note_app(make: Callable[[], str]) -> Callable[[], str]:
    @functools.wraps(make)
    def observed() -> str:
        note(secret := make())
        return secret

    return observed


_note_awaited(passwords, "hashed", lambda _hash, password: [password])
_note_awaited(passwords, "verified", lambda fits, _stored, password: [password] if fits else [])
_note_awaited(second, "_new_codes", lambda codes, *_: codes)
second.random_base32 = _note_app(second.random_base32)


# --- looking ---


def look(content: bytes, where: str, meant: Iterable[bytes] = ()) -> None:
    """Raises Told if these bytes hold a secret; those of the kinds that are `meant` may be there, one of them."""
    found = secrets_in(content)
    meant = {one for one in found if one[:4] in meant}
    if found - meant or len(meant) > 1:
        raise Told(f"{where} holds {len(found)} secrets, such as a {min(found)[:4].decode()}…")
    for word in _words:
        if any(spelling in content for spelling in spellings(word)):
            raise Told(f"{where} holds {word!r}")


def look_at_files(folder: Path) -> None:
    """Databases with their WAL, logs and mails below a folder, while they are in use. Raises Told."""
    for pattern in FILES:
        for place in folder.rglob(pattern):
            if place.is_file():
                content = place.read_bytes()
                held = _new_pages(content) if place.suffix == ".db" else content
                look(held, place.name, MEANT if place.suffix == ".eml" else ())


async def look_at_rows(database: Database) -> None:
    """Every column of every table of a PostgreSQL database, as text; a file is looked at as such. Raises Told."""
    async with database.read() as tx:
        if database.engine == "sqlite":
            return
        tables = "select table_name from information_schema.tables where table_schema = 'public' order by 1"
        for table in await tx.all(str, tables):
            rows: Any = f'select t::text from "{table}" t'
            look("\n".join(await tx.all(str, rows)).encode(), f"the table {table}")


def look_at_answer(response: httpx2.Response) -> None:
    """The body of a refusal; what stands in the address of the request the caller knows anyway. Raises Told."""
    if response.status_code >= 400:
        known = unquote(str(response.request.url)).encode()
        body = response.content
        for secret in secrets_in(known):
            body = body.replace(secret, b"")
        look(body, f"the answer {response.status_code} to {response.request.method} {response.request.url.path}")


# --- when it is looked ---


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Before anything is closed: then the WAL is still there."""
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    try:
        if folder is not None:
            look_at_files(folder)
        # What pytest caught of the test's output.
        for when, kind, said in item._report_sections:
            if kind in ("log", "stderr"):
                look(said.encode(), f"the {kind} of {when}")
    finally:
        yield
        _words.clear()


def _look_at_answers() -> None:
    """Every refusal that a client of a test hears; what it reads piece by piece is left to it."""
    patient, quick = httpx2.AsyncClient.send, httpx2.Client.send

    @functools.wraps(patient)
    async def awaited(self: httpx2.AsyncClient, request: httpx2.Request, **options: Any) -> httpx2.Response:
        response = await patient(self, request, **options)
        if not options.get("stream"):
            look_at_answer(response)
        return response

    @functools.wraps(quick)
    def sent(self: httpx2.Client, request: httpx2.Request, **options: Any) -> httpx2.Response:
        response = quick(self, request, **options)
        if not options.get("stream"):
            look_at_answer(response)
        return response

    setattr(httpx2.AsyncClient, "send", awaited)  # noqa: B010 - the types of both are the same
    setattr(httpx2.Client, "send", sent)  # noqa: B010


_look_at_answers()
