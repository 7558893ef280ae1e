"""ZIPs and bags that lie, burst or lead astray: refused in words, with nothing left behind."""

import io
import struct
import time
import zipfile
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from courtyard.worker.work import Tools
from tests.bags.parcels import bagged, record, refused, sha256, taken_in, tools_of, zipped
from tests.world import World

GOOD = {"a.txt": b"lake", "folder/b.txt": b"shore"}


def listed(parcel: bytes, offset: int, layout: str, value: int, *, which: int = 0) -> bytes:
    """The ZIP with a number in its list of entries changed."""
    at = -1
    for _ in range(which + 1):
        at = parcel.index(b"PK\x01\x02", at + 1)
    return parcel[: at + offset] + struct.pack(layout, value) + parcel[at + offset + struct.calcsize(layout) :]


def told(parcel: bytes, offset: int, layout: str, value: int) -> bytes:
    """The ZIP with a number in its end changed."""
    at = parcel.rindex(b"PK\x05\x06") + offset
    return parcel[:at] + struct.pack(layout, value) + parcel[at + struct.calcsize(layout) :]


def good() -> bytes:
    return zipped(bagged(GOOD))


def named(name: str) -> bytes:
    return zipped({**bagged(GOOD), name: b"x"})


def linked() -> bytes:
    target = io.BytesIO(good())
    with zipfile.ZipFile(target, "a") as archive:
        info = zipfile.ZipInfo("bag/data/link")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return target.getvalue()


def twice() -> bytes:
    target = io.BytesIO(good())
    with zipfile.ZipFile(target, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("bag/data/a.txt", b"another")
    return target.getvalue()


def overlapping() -> bytes:
    """The second entry is said to lie where the first one is."""
    parcel = good()
    return listed(parcel, 42, "<I", 0, which=1)


def bursting() -> bytes:
    """100 MiB of zeros in 100 KB, and more of them than is free."""
    return zipped(bagged({f"{number}.bin": bytes(50 * 1024 * 1024) for number in range(2)}))


def longer_than_said() -> bytes:
    """An entry that says it has 4 bytes and unpacks to 10 MiB."""
    content = bytes(10 * 1024 * 1024)
    files = bagged({"a.bin": content})
    parcel = zipped(files)
    which = list(files).index("bag/data/a.bin")
    return listed(parcel, 24, "<I", 4, which=which)


def with_manifest(change: Callable[[bytes], bytes]) -> bytes:
    files = bagged(GOOD)
    files["bag/manifest-sha256.txt"] = change(files["bag/manifest-sha256.txt"])
    return zipped(files)


def of_another_method() -> bytes:
    return zipped(bagged(GOOD), zipfile.ZIP_LZMA)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "no ZIP"),
    "no ZIP": (lambda: b"PK, but not really" * 100, "no ZIP"),
    "cut off": (lambda: good()[:-30], "no ZIP"),
    "something before it": (lambda: b"#!/bin/sh\n" + good(), "not where it says"),
    "something behind it": (lambda: good() + b"more", "whole ZIP"),
    "no bag": (lambda: zipped({"a.txt": b"x"}), "no bag"),
    "two bags": (lambda: zipped({**bagged(GOOD), **bagged(GOOD, folder="other/")}), "more than one"),
    "beside the bag": (lambda: named("elsewhere/x"), "beside the bag"),
    "up": (lambda: named("bag/data/../../x"), "no path"),
    "from the root": (lambda: named("/etc/passwd"), "no path"),
    "a Windows path": (lambda: zipped(bagged(GOOD)).replace(b"bag/data/a.txt", b"bag\\data\\a.txt"), "no path"),
    "control characters": (lambda: named("bag/data/a\x1bb"), "no path"),
    "too deep": (lambda: named("bag/data/" + "d/" * 40 + "x"), "no path"),
    "too long a name": (lambda: named("bag/data/" + "n" * 2_000), "too long"),
    "a link": (linked, "links"),
    "a name twice": (twice, "twice"),
    "entries over each other": (overlapping, "one over the other"),
    "encrypted": (lambda: listed(good(), 8, "<H", 1), "encrypted"),
    "another method": (of_another_method, "packed in a way"),
    "more entries than said": (lambda: told(told(good(), 8, "<H", 2), 10, "<H", 2), "number of entries"),
    "fewer entries than said": (lambda: told(told(good(), 8, "<H", 9), 10, "<H", 9), "number of entries"),
    "a list elsewhere": (lambda: told(good(), 16, "<I", 0), "not where it says"),
    "a wide list that is not there": (lambda: told(good(), 16, "<I", 0xFFFFFFFF), "whole ZIP"),
    "a wide size that is not there": (lambda: listed(good(), 24, "<I", 0xFFFFFFFF), "how long"),
    "a bomb": (bursting, "too large for what it is packed"),
    "longer than said": (longer_than_said, "not what the ZIP's list says"),
    "another checksum": (lambda: listed(good(), 16, "<I", 1), "damaged"),
    "bytes changed": (lambda: zipped(bagged(GOOD), zipfile.ZIP_STORED).replace(b"shore", b"share"), "damaged"),
    "not in the manifest": (lambda: with_manifest(lambda text: text.splitlines(True)[0]), "not in its manifest"),
    "not in the bag": (lambda: with_manifest(lambda text: text + b"0" * 64 + b"  data/c.txt\n"), "not in the bag"),
    "another hash": (lambda: with_manifest(lambda text: b"0" * 64 + text[64:]), "other bytes than the manifest"),
    "a manifest that leads out": (lambda: with_manifest(lambda text: text + b"0" * 64 + b"  ../x\n"), "cannot be read"),
    "a manifest that is none": (lambda: with_manifest(lambda text: b"\xff\xfe"), "cannot be read"),
    "to be fetched": (
        lambda: zipped({**bagged(GOOD), "bag/fetch.txt": b"https://example.org/x 4 data/a.txt\n"}),
        "nothing is fetched",
    ),
    "an old version": (lambda: zipped({**bagged(GOOD), "bag/bagit.txt": b"BagIt-Version: 7.0\n"}), "version"),
    "another tag": (
        lambda: zipped({**bagged(GOOD), "bag/tagmanifest-sha256.txt": b"0" * 64 + b"  bagit.txt\n"}),
        "other bytes",
    ),
}


@pytest.mark.parametrize("what", list(HOSTILE))
async def test_a_zip_that_is_not_as_it_should_be_is_refused(world: World, tools: Tools, what: str) -> None:
    make, words = HOSTILE[what]
    began = time.monotonic()
    assert words in await refused(world, tools, make())
    assert time.monotonic() - began < 20


async def test_what_is_too_large_unpacked_is_refused(world: World, tools: Tools) -> None:
    small = tools_of(tools.database, tools.blobs, tools.setup.data_dir, import_limit=1_000)
    assert "larger than 1000 bytes" in await refused(world, small, zipped(bagged({"a.txt": bytes(2_000)})))


def ours(**changes: object) -> dict[str, bytes]:
    """A small space of ours, as files below `data`."""
    place = {"format": "courtyard-space/1", "id": "x", "name": "Lakes"}
    edition = {"version": 1, "name": "a", "file": "artifacts/1/a", "content_type": "text/plain", "size": 4,
               "sha256": sha256(b"lake"), "created_at": "2026-01-02T03:04:05Z"}  # fmt: skip
    times = {"created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z"}
    document = {"id": "1", "name": "a.txt", "document_type": "file", "versions": [edition], **times}
    thread = {"id": "t", "title": "Questions", **times}
    told: dict[str, object] = {"space.json": place, "artifacts/1.json": document, "threads/t.json": thread}
    for path, change in changes.items():
        known = next(name for name in told if name.startswith(path))
        told[known] = {**msgspec.convert(told[known], dict[str, object]), **msgspec.convert(change, dict[str, object])}
    return {**{path: msgspec.json.encode(value) for path, value in told.items()}, "artifacts/1/a": b"lake"}


async def test_a_small_space_made_by_hand_is_taken(world: World, tools: Tools) -> None:
    space = await taken_in(world, tools, "ada", zipped(bagged(ours())))
    assert (space.name, space.owner_username) == ("Lakes", "ada")


EDITION = record(ours()["artifacts/1.json"])["versions"][0]
BENT: dict[str, tuple[dict[str, object], str]] = {
    "another format": ({"space": {"format": "courtyard-space/9"}}, "not as it should be"),
    "no name": ({"space": {"name": " "}}, "Between 1 and 255"),
    "control characters": ({"artifacts": {"name": "a\x00b"}}, "Control characters"),
    "a time that is none": ({"threads": {"created_at": "yesterday"}}, "no time"),
    "a file that is not there": ({"artifacts": {"versions": [{**EDITION, "file": "../../x"}]}}, "not in the bag"),
    "another file than it says": ({"artifacts": {"versions": [{**EDITION, "size": 5}]}}, "is not what"),
    "another hash than it has": ({"artifacts": {"versions": [{**EDITION, "sha256": "0" * 64}]}}, "is not what"),
    "no versions": ({"artifacts": {"versions": []}}, "growing numbers"),
    "versions that go back": (
        {"artifacts": {"versions": [{**EDITION, "version": 2}, {**EDITION, "version": 1}]}},
        "growing numbers",
    ),
    "metadata of a megabyte": ({"artifacts": {"metadata": {"x": "y" * 1_000_000}}}, "16 KiB"),
    "the file of another record": ({"space": {"background": {**EDITION, "file": "artifacts/1/a"}}}, "no image"),
}


@pytest.mark.parametrize("what", list(BENT))
async def test_records_that_break_a_rule_are_refused(world: World, tools: Tools, what: str) -> None:
    changes, words = BENT[what]
    assert words in await refused(world, tools, zipped(bagged(ours(**changes))))


async def test_one_file_is_of_one_artifact(world: World, tools: Tools) -> None:
    files = ours()
    files["artifacts/2.json"] = files["artifacts/1.json"].replace(b'"id":"1"', b'"id":"2"')
    assert "of two artifacts" in await refused(world, tools, zipped(bagged(files)))


async def test_nobody_is_made_the_author_of_what_they_did_not_write(world: World, tools: Tools) -> None:
    await world.person("bob")
    forged = {"created_by": {"email": "bob@example.org", "username": "bob"}, "created_at": "2999-01-01T00:00:00Z"}
    space = await taken_in(world, tools, "ada", zipped(bagged(ours(artifacts=forged, threads=forged))))
    async with world.database.read() as tx:
        rows: list[Any] = await tx.all(tuple, "select created_by, created_at from artifact where space_id = :id"
                            " union all select created_by, created_at from thread where space_id = :id", id=space.id)  # fmt: skip
    assert {row[0] for row in rows} == {(await world.person("ada")).id}
    assert max(row[1] for row in rows) <= time.time() * 1_000


async def test_a_bag_of_somebody_else_becomes_a_space_with_its_files(world: World, tools: Tools) -> None:
    files = {"notes/a.txt": b"lake", "notes/b/a.txt": b"other lake", "c.bin": bytes(3_000_000)}
    for folder in ("bag/", ""):
        space = await taken_in(world, tools, "ada", zipped(bagged(files, folder=folder)), name="Old archive")
        async with tools.database.write() as tx:
            found: list[Any] = await tx.all(
                tuple, "select name, size, metadata from artifact where space_id = :id order by id", id=space.id
            )
            await tx.run("delete from job")
        assert space.name == "Old archive"
        assert [(row[0], row[1]) for row in found] == [("c.bin", 3_000_000), ("a.txt", 4), ("a.txt", 10)]
        assert msgspec.json.decode(found[2][2]) == {"path": "notes/b/a.txt"}


async def test_a_name_that_is_no_utf8_is_read_as_zips_have_it(world: World, tools: Tools) -> None:
    files = bagged({"aXb.txt": b"lake"})
    files["bag/manifest-sha256.txt"] = files["bag/manifest-sha256.txt"].replace(b"X", "é".encode())
    parcel = zipped(files).replace(b"aXb.txt", b"a\x82b.txt")
    space = await taken_in(world, tools, "ada", parcel)
    async with tools.database.read() as tx:
        assert await tx.all(str, "select name from artifact where space_id = :id", id=space.id) == ["aéb.txt"]


def test_the_bomb_is_one() -> None:
    assert len(bursting()) < 300_000
