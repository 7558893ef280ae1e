"""Children: what they cannot do, and that none is left behind."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from courtyard.rendering import open_doors
from courtyard.rendering.children import MIB, TOO_MUCH, Ended, Limits, Missing, Queue, Tool, run, sweep
from courtyard.rendering.tools import standing

HERE = Path(__file__).parent


def landlocked() -> bool:
    """Whether this kernel keeps processes to some files. Asked in a process of its own: it is for good."""
    asked = f"import sys; sys.path.insert(0, {str(HERE.parent.parent / 'src')!r})\n"
    asked += "from courtyard.rendering.confinement import shut_out; print(shut_out(['/'], '/tmp'))"
    return "True" in subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout


async def trying(what: str, *arguments: str, limits: Limits = Limits(seconds=20), **more: Any) -> Ended:  # noqa: B008
    tool = Tool("misbehaving", [], [what, *arguments], folder=HERE)
    return await run(tool, wanted=["outcome"], limits=limits, **more)


def outcome(ended: Ended) -> Any:
    return json.loads(ended.files["outcome"])


async def test_a_child_sees_an_empty_directory_of_its_own_and_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURTYARD_ADMIN_PASSWORD", "a secret of the server")
    seen = outcome(await trying("look_around", files={"in": b"x"}))
    assert seen["files"] == ["in"]
    assert seen["mode"] == 0o700
    assert not [name for name in seen["environment"] if name.startswith("COURTYARD") or name == "PATH"]
    assert not Path(seen["environment"]["HOME"]).exists()  # noqa: ASYNC240 - one look


@pytest.mark.skipif(not landlocked(), reason="this kernel has no Landlock")
async def test_it_reads_and_writes_nothing_outside(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret on the disk")
    assert outcome(await trying("read", str(secret), "/etc/passwd", "/proc/1/environ")) == []
    await trying("write", str(tmp_path / "made"))
    assert not (tmp_path / "made").exists()


async def test_what_is_shut_out_is_told_by_a_try(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert ("files" not in await open_doors()) is landlocked()
    # This process is shut out of nothing.
    (tmp_path / "mine").write_text("x")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        standing.main(str(tmp_path / "mine"), str(listener.getsockname()[1]))
    assert json.loads(capfd.readouterr().out) == {"reads": True, "calls": True}


async def test_it_reaches_no_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        assert outcome(await trying("connect", str(listener.getsockname()[1]))) is False
        with pytest.raises(BlockingIOError):
            listener.accept()


async def test_it_holds_no_more_memory_than_it_may() -> None:
    assert outcome(await trying("hold", str(64 * MIB))) == 64 * MIB
    ended = await trying("hold", str(600 * MIB))
    assert (ended.code, ended.files) == (TOO_MUCH, {})


async def test_it_computes_no_longer_than_it_may() -> None:
    ended = await trying("spin", limits=Limits(seconds=30, cpu=1))
    assert ended.code in (-signal.SIGXCPU, -signal.SIGKILL)


async def test_it_takes_no_longer_on_the_clock_either(tmp_path: Path) -> None:
    begun = time.monotonic()
    assert (await trying("sleep", "", "fork", limits=Limits(seconds=1))).code == TOO_MUCH
    assert time.monotonic() - begun < 10


async def test_it_writes_no_larger_file_and_prints_no_more_than_it_may() -> None:
    ended = await trying("fill", str(8 * MIB), limits=Limits(file=MIB))
    assert ended.code != 0
    assert (await trying("talk", limits=Limits(file=MIB))).code == TOO_MUCH


async def test_one_that_floods_its_reader_is_ended_all_the_same() -> None:
    """What nobody reads any more must not be waited for. The loop is busy elsewhere while the pipe is filled."""
    asyncio.get_running_loop().call_later(0.3, time.sleep, 1.2)
    async with asyncio.timeout(20):
        assert (await trying("flood", limits=Limits(file=1024))).code == TOO_MUCH


async def test_a_link_it_leaves_leads_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret on the disk")
    code = f"import os; main = lambda: os.symlink({str(secret)!r}, 'outcome')"
    (tmp_path / "linking.py").write_text(code)
    assert (await run(Tool("linking", [], folder=tmp_path), wanted=["outcome"])).files == {}


async def test_what_is_not_installed_is_said() -> None:
    with pytest.raises(Missing):
        await run(Tool("misbehaving", ["no_such_package"], ["spin"], folder=HERE))


def sleepers(mark: str) -> list[int]:
    """The processes that were started with that mark on their command line."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and mark.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


async def there(mark: str, *, wanted: bool) -> None:
    """Wait until one is there, or none."""
    async with asyncio.timeout(20):
        while bool(sleepers(mark)) is not wanted:  # noqa: ASYNC110 - a process tells nobody that it is gone
            await asyncio.sleep(0.05)


async def test_who_gives_up_leaves_no_child() -> None:
    mark = f"mark-{os.getpid()}-{time.monotonic_ns()}"
    work = asyncio.create_task(trying("sleep", mark, "fork"))
    await there(mark, wanted=True)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await there(mark, wanted=False)


async def test_a_child_that_ends_leaves_nobody_behind() -> None:
    mark = f"mark-{os.getpid()}-{time.monotonic_ns()}"
    await trying("leave", mark)
    await there(mark, wanted=False)


async def test_a_killed_server_leaves_no_child() -> None:
    mark = f"mark-{os.getpid()}-{time.monotonic_ns()}"
    script = f"""
import asyncio, sys
from pathlib import Path
from courtyard.rendering.children import Limits, Tool, run
tool = Tool("misbehaving", [], ["sleep", sys.argv[1].swapcase()], folder=Path({str(HERE)!r}))
asyncio.run(run(tool, limits=Limits(seconds=60)))
"""
    server = subprocess.Popen([sys.executable, "-c", script, mark.swapcase()])  # noqa: ASYNC220 - killed below
    try:
        await there(mark, wanted=True)
    finally:
        server.kill()
        server.wait()
    await there(mark, wanted=False)


async def test_the_first_who_waits_goes_on_first() -> None:
    queue, order = Queue(), list[int]()
    queue.at_once = 1
    most = running = 0

    async def work(number: int) -> None:
        nonlocal most, running
        async with queue.turn():
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.01)
            order.append(number)
            running -= 1

    await asyncio.gather(*(work(number) for number in range(6)))
    assert (order, most) == (list(range(6)), 1)


async def test_old_scratch_directories_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("courtyard-scratch-left", "other"):
        (tmp_path / name).mkdir()
    assert sweep() == 0
    assert sweep(time.time() + 7_200) == 1
    assert (tmp_path / "other").exists()
