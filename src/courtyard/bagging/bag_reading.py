"""A bag (RFC 8493) in a ZIP from strangers: whole by its manifest, each file checked against it while it is read."""

import hashlib
import re
import unicodedata
from collections.abc import AsyncIterator
from pathlib import PurePosixPath

from courtyard.bagging.refusals import Unusable
from courtyard.bagging.zip_reading import Archive, Entry

MANIFEST_BYTES = 64 * 1024 * 1024
ALGORITHMS = ("sha256", "sha512")
_DECLARATION = re.compile(
    rb"\s*BagIt-Version: (0\.9[3-7]|1\.0)\s*\n\s*Tag-File-Character-Encoding: UTF-8\s*", re.IGNORECASE
)
_LINE = re.compile(r"([0-9A-Fa-f]{64,128})[ \t]+\*?(\S.*)")


class Bag:
    """The files below `data` by their paths there. Raises Unusable."""

    def __init__(self, archive: Archive, algorithm: str, files: dict[str, Entry], promised: dict[str, str]) -> None:
        self._archive = archive
        self._algorithm = algorithm
        self._promised = promised
        self.files = files

    @classmethod
    async def open(cls, archive: Archive) -> "Bag":
        """Find the bag in the ZIP, and whether all of its files are there and no others."""
        folder = _folder(archive)
        tags, files = _sorted(archive, folder)
        if not _DECLARATION.fullmatch(await archive.whole(tags["bagit.txt"], 1_024)):
            raise Unusable("This bag is of a version, or in a character set, that is not known here.")
        if "fetch.txt" in tags and tags["fetch.txt"].size:
            raise Unusable("The bag leaves files to be fetched from elsewhere; nothing is fetched.")
        algorithm = next((name for name in ALGORITHMS if f"manifest-{name}.txt" in tags), None)
        if algorithm is None:
            raise Unusable("The bag has no manifest with SHA-256 or SHA-512.")
        promised = await _manifest(archive, tags[f"manifest-{algorithm}.txt"], "data/")
        missing = next((path for path in promised if path not in files), None)
        unknown = next((path for path in files if path not in promised), None)
        if missing is not None:
            raise Unusable(f"`data/{missing[-200:]}` is in the manifest and not in the bag.")
        if unknown is not None:
            raise Unusable(f"`data/{unknown[-200:]}` is in the bag and not in its manifest.")
        bag = cls(archive, algorithm, files, promised)
        await bag._check_tags(tags)
        return bag

    async def chunks(self, path: str) -> AsyncIterator[bytes]:
        """The bytes of a file below `data`; what is wrong with them is said before the last ones have been given."""
        digest = hashlib.new(self._algorithm)
        kept = b""
        async for chunk in self._archive.chunks(self.files[path]):
            digest.update(chunk)
            if kept:
                yield kept
            kept = chunk
        if digest.hexdigest() != self._promised[path]:
            raise _other(path)
        if kept:
            yield kept

    async def whole(self, path: str, limit: int) -> bytes:
        """All bytes of a short file below `data`."""
        if self.files[path].size > limit:
            raise Unusable(f"`data/{path[-200:]}` is longer than {limit} bytes.")
        return b"".join([chunk async for chunk in self.chunks(path)])

    async def lines(self, path: str, limit: int) -> AsyncIterator[bytes]:
        """The lines of a file of any length; only the end tells whether they were those of the manifest."""
        rest = b""
        async for chunk in self.chunks(path):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if line.strip():
                    yield line
            if len(rest) > limit:
                raise Unusable(f"A line of `data/{path[-200:]}` is longer than {limit} bytes.")
        if rest.strip():
            yield rest

    async def _check_tags(self, tags: dict[str, Entry]) -> None:
        listed = tags.get(f"tagmanifest-{self._algorithm}.txt")
        if listed is None:
            return
        for path, promised in (await _manifest(self._archive, listed, "")).items():
            if path not in tags:
                raise Unusable(f"`{path[-200:]}` is in the tag manifest and not in the bag.")
            digest = hashlib.new(self._algorithm)
            async for chunk in self._archive.chunks(tags[path]):
                digest.update(chunk)
            if digest.hexdigest() != promised:
                raise _other(path)


def _folder(archive: Archive) -> str:
    """The one folder that is the bag, with its slash."""
    found = [name for name in archive.entries if PurePosixPath(name).name == "bagit.txt" and name.count("/") <= 1]
    if len(found) != 1:
        raise Unusable("There is no bag in this ZIP, or more than one: `bagit.txt` says where a bag is.")
    return found[0].removesuffix("bagit.txt")


def _sorted(archive: Archive, folder: str) -> tuple[dict[str, Entry], dict[str, Entry]]:
    """What is beside `data`, and what is below it."""
    tags: dict[str, Entry] = {}
    files: dict[str, Entry] = {}
    for name, entry in archive.entries.items():
        if name.startswith("__MACOSX/"):
            continue
        if not name.startswith(folder):
            raise Unusable("There is something beside the bag in this ZIP.")
        path = name[len(folder) :]
        if path.startswith("data/"):
            files[path.removeprefix("data/")] = entry
        else:
            tags[path] = entry
    return tags, files


async def _manifest(archive: Archive, entry: Entry, prefix: str) -> dict[str, str]:
    if entry.size > MANIFEST_BYTES:
        raise Unusable("The manifest of the bag is too long.")
    promised: dict[str, str] = {}
    async for line in archive.lines(entry, 4_096):
        try:
            told = _LINE.fullmatch(line.decode())
        except UnicodeDecodeError:
            told = None
        path = "" if told is None else unicodedata.normalize("NFC", _decoded(told[2].strip().removeprefix("./")))
        if told is None or not path.startswith(prefix) or path[len(prefix) :] in promised:
            raise Unusable("The manifest of the bag cannot be read.")
        promised[path[len(prefix) :]] = told[1].lower()
    return promised


def _decoded(path: str) -> str:
    return re.sub(
        "%0A|%0D|%25", lambda found: {"%0A": "\n", "%0D": "\r", "%25": "%"}[found[0].upper()], path, flags=re.IGNORECASE
    )


def _other(path: str) -> Unusable:
    return Unusable(f"`{path[-200:]}` has other bytes than the manifest says.")
