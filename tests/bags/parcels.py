"""Bags for tests: how one is taken out and in, what is in it, and how one is made by hand."""

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from courtyard.bagging import Export
from courtyard.bagging.local_rows import LocalRows
from courtyard.core import clock, queue, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.bags import Terms, imports
from courtyard.core.queue import Job
from courtyard.core.spaces import Space
from courtyard.storage.blobs import Blobs
from courtyard.storage.database import Database
from courtyard.worker import Setup
from courtyard.worker.imports import import_space
from courtyard.worker.timetable import sweep_blobs
from courtyard.worker.work import Failed, Tools
from tests.world import World

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
# What differs between a space and its copy: what they are called by, who brought them, and when.
_OTHER = ("id", "created_by", "since", "created_at", "updated_at", "deleted_at", "owner", "organization", "visibility")


async def taken_out(
    database: Database, blobs: Blobs, space: Space, *, versions: bool = True, trash: bool = True
) -> bytes:
    """The ZIP of a space."""
    rows = await LocalRows.of(database, space, versions=versions, trash=trash)
    return b"".join([piece async for piece in Export(rows, blobs, space.slug).chunks()])


async def promised(world: World, blobs: Blobs, who: str, parcel: bytes, **terms: Any) -> Job:
    """The job that is to import a ZIP for somebody."""
    actor = await world.actor(who)
    blob = await blobs.put(_once(parcel), limit=1 << 40)
    async with world.database.write() as tx:
        return await imports.promise(tx, actor, Terms(**terms), blob)


async def taken_in(world: World, tools: Tools, who: str, parcel: bytes, **terms: Any) -> Space:
    """The space that a ZIP became. Raises Failed as the worker does."""
    await promised(world, tools.blobs, who, parcel, **terms)
    done = await worked(tools)
    async with world.database.read() as tx:
        return await spaces.find(tx, await world.actor(who), done.space_id or "", Permission.OWN)


async def worked(tools: Tools) -> Job:
    """The next job, done; as it is then. Raises Failed."""
    async with tools.database.write() as tx:
        job = await queue.claim(tx)
    assert job is not None
    assert job.kind == "import"
    settle = await import_space(tools, job)
    assert settle is not None
    async with tools.database.write() as tx:
        assert await settle(tx)
    async with tools.database.read() as tx:
        again = await tx.one(Job, "select " + queue.COLUMNS + " from job where id = :id", id=job.id)
    assert again is not None
    return again


async def refused(world: World, tools: Tools, parcel: bytes, **terms: Any) -> str:
    """Why a ZIP is not imported; nothing of it stays."""
    await sweep_blobs(tools, now=clock.now() + 2 * clock.HOUR)
    before = await left(tools)
    await promised(world, tools.blobs, "ada", parcel, **terms)
    with pytest.raises(Failed) as caught:
        await worked(tools)
    assert caught.value.final, caught.value.message
    # What the transaction at the end refused is swept; the ZIP itself is kept for a day.
    await sweep_blobs(tools, now=clock.now() + 2 * clock.HOUR)
    assert await left(tools) == (before[0], before[1] + 1)
    return caught.value.message


async def left(tools: Tools) -> tuple[int, int]:
    """How many spaces there are, and how many blobs."""
    async with tools.database.read() as tx:
        there = await tx.one(int, "select count(*) from space") or 0
    return there, len([key async for key in tools.blobs.keys(older_than=2**53)])


def read(parcel: bytes) -> dict[str, bytes]:
    """The files of a bag by their paths in it; the ZIP is whole, and the bag is as its manifests say."""
    with zipfile.ZipFile(io.BytesIO(parcel)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(set(names)) == len(names)
        folders = {name.partition("/")[0] for name in names}
        assert len(folders) == 1
        files = {name.partition("/")[2]: archive.read(name) for name in names}
    manifest = hashes(files["manifest-sha256.txt"])
    payload = {path: content for path, content in files.items() if path.startswith("data/")}
    assert {path.replace("%", "%25"): sha256(content) for path, content in payload.items()} == manifest
    tags = hashes(files["tagmanifest-sha256.txt"])
    assert {path: sha256(files[path]) for path in tags} == tags
    assert sorted(tags) == ["bag-info.txt", "bagit.txt", "manifest-sha256.txt"]
    oxum = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}\n"
    assert oxum in files["bag-info.txt"].decode()
    return files


def hashes(manifest: bytes) -> dict[str, str]:
    """What a manifest promises of each path."""
    lines = [line.split("  ", 1) for line in manifest.decode().splitlines()]
    return {path: promised for promised, path in lines}


def content(parcel: bytes) -> Any:
    """What a bag says, without ids, makers and times: the same for a space and its copy."""
    files = read(parcel)
    threads = {
        path: record(files[path])
        for path in sorted(files)
        if path.startswith("data/threads/") and path.endswith(".json")
    }
    titles = {msgspec.json.decode(files[path])["id"]: told["title"] for path, told in threads.items()}
    documents: list[Any] = []
    for path in sorted(files):
        if path.startswith("data/artifacts/") and path.endswith(".json") and path.count("/") == 2:
            told = record(files[path])
            told["thread_ids"] = [titles.get(one) for one in told["thread_ids"]]
            told["trashed"] = msgspec.json.decode(files[path]).get("deleted_at") is not None
            told["versions"] = [
                {**plain(edition), "file": sha256(files[f"data/{edition['file']}"])} for edition in told["versions"]
            ]
            documents.append(told)
    return {
        "space": record(files["data/space.json"]),
        "background": [path for path in files if path.startswith("data/background")],
        "customers": [record(line) for line in files.get("data/customers.jsonl", b"").splitlines()],
        "threads": [
            [told, [record(line) for line in files.get(f"{path}l", b"").splitlines()]] for path, told in threads.items()
        ],
        "documents": documents,
    }


def record(line: bytes) -> dict[str, Any]:
    return plain(msgspec.json.decode(line))


def plain(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in _OTHER}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def bagged(payload: Mapping[str, bytes], *, folder: str = "bag/", **tags: bytes) -> dict[str, bytes]:
    """The files of a bag with those below `data`."""
    manifest = "".join(f"{sha256(content)}  data/{path}\n" for path, content in payload.items())
    return {
        f"{folder}bagit.txt": DECLARATION,
        f"{folder}manifest-sha256.txt": manifest.encode(),
        **{f"{folder}{name}": content for name, content in tags.items()},
        **{f"{folder}data/{path}": content for path, content in payload.items()},
    }


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP with these files in it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def tools_of(database: Database, blobs: Blobs, folder: Path, **setup: Any) -> Tools:
    """What the worker works with."""
    return Tools(database, blobs, Setup(data_dir=folder, public_url="https://courtyard.example", **setup))


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
