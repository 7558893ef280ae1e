"""What the local disk promises of blobs beyond what every store does."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from courtyard.storage.blobs import Gap, Taken
from courtyard.storage.database import Down, Full
from courtyard.storage.local import BATCH, LocalBlobs
from tests.storage.disks import files_no_longer_than, fill, small_disk
from tests.storage.stored import files, modes, put, stream


class TestLocalDisk:
    async def test_a_finished_upload_is_a_blob_and_never_changes(self, local: LocalBlobs) -> None:
        upload = await local.begin()
        await local.append(upload, 0, stream(b"data"), limit=100)
        blob = await local.finish(upload, 4)
        with pytest.raises(Gap):
            await local.append(upload, 4, stream(b"more"), limit=100)
        with pytest.raises(Gap):
            await local.finish(upload, 3)
        assert await local.read(blob.key, 0, 100) == b"data"

    async def test_two_may_not_append_at_once(self, local: LocalBlobs) -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            begun.set()
            await go_on.wait()
            yield b"first"

        upload = await local.begin()
        task = asyncio.create_task(local.append(upload, 0, slow(), limit=100))
        await begun.wait()
        with pytest.raises(Taken):
            await local.append(upload, 0, stream(b"second"), limit=100)
        go_on.set()
        assert await task == 5

    async def test_only_the_owner_may_look(self, local: LocalBlobs, root: Path) -> None:
        await put(local, b"secret")
        assert modes(root) == {(True, 0o700), (False, 0o600)}

    @pytest.mark.parametrize("size", [10, BATCH * 3])
    async def test_whoever_gives_up_at_any_moment_leaves_nothing(
        self, local: LocalBlobs, root: Path, size: int
    ) -> None:
        for pause in range(30):
            task = asyncio.create_task(local.put(stream(bytes(size // 2), bytes(size // 2)), limit=size))
            await asyncio.sleep(pause / 10_000)
            if task.cancel():
                await asyncio.gather(task, return_exceptions=True)
            if not task.cancelled():
                await local.delete(task.result().key)
        await local.close()
        assert files(root) == []

    async def test_what_a_killed_process_left_is_swept_at_the_next_start(self, root: Path) -> None:
        killed = LocalBlobs(root)
        kept = await put(killed, b"kept")
        (root / "incoming" / "half").write_bytes(b"half")
        await killed.close()
        again = LocalBlobs(root)
        assert [path.name for path in files(root)] == [kept.key]
        await again.close()

    async def test_what_a_living_process_writes_is_not_swept_by_a_second_one(
        self, local: LocalBlobs, root: Path
    ) -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield bytes(BATCH)
            begun.set()
            await go_on.wait()
            yield b"end"

        task = asyncio.create_task(local.put(slow(), limit=1 << 30))
        await begun.wait()
        dead = root / "incoming" / "dead"
        dead.write_bytes(b"")
        os.utime(dead, (0, 0))
        second = LocalBlobs(root)
        assert not dead.exists()
        go_on.set()
        blob = await task
        assert await second.read(blob.key, BATCH, 10) == b"end"
        await second.close()

    @pytest.mark.parametrize("size", [200_000, BATCH * 4])
    async def test_no_room_is_full_leaves_nothing_and_heals(self, local: LocalBlobs, root: Path, size: int) -> None:
        kept = await put(local, b"kept")
        with files_no_longer_than(100_000), pytest.raises(Full):
            await put(local, bytes(size))
        assert await local.read(kept.key, 0, 10) == b"kept"
        await put(local, bytes(size))
        await local.close()
        assert len(files(root)) == 2

    async def test_a_disk_without_room_is_full_and_heals(self, tmp_path: Path) -> None:
        with small_disk(tmp_path / "disk", "1m") as disk:
            local = LocalBlobs(disk / "blobs")
            filler = fill(disk)
            with pytest.raises(Full):
                await put(local, bytes(100_000))
            filler.unlink()
            await put(local, bytes(100_000))
            await local.close()
            assert len(files(disk / "blobs")) == 1

    async def test_a_failed_fsync_is_not_tried_again(
        self, local: LocalBlobs, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tried: list[int] = []

        def broken(file: int) -> None:
            tried.append(file)
            raise OSError(errno.EIO, "the disk is dying")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", broken)
            with pytest.raises(Down):
                await put(local, b"lost")
        assert len(tried) == 1
        await put(local, b"kept")
        await local.close()
        assert len(files(root)) == 1

    async def test_everything_is_durable_before_the_answer(
        self, local: LocalBlobs, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The file while it has no name yet, then the directory of its name, and every directory made for it."""
        synced: list[tuple[str, bool]] = []
        fsync = os.fsync

        def noted(file: int) -> None:
            fsync(file)
            place = str(Path(f"/proc/self/fd/{file}").readlink())
            synced.append((place, any(path.parent.name != "incoming" for path in files(root))))

        monkeypatch.setattr(os, "fsync", noted)
        key = (await put(local, b"data")).key
        places = [place for place, _ in synced]
        assert places[0] == str(root)
        assert places[1] == str(root / key[:2])
        assert [named for place, named in synced if "incoming" in place] == [False]
        assert synced[-1] == (str(root / key[:2] / key[2]), True)
