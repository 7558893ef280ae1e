"""The load: calls sent again and again over kept-alive connections, by `wrk` on a core of its own."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.peers.peer import Call

_DONE = """
done = function(summary, latency, requests)
  io.write(string.format('\\n@{"answers":%d,"micros":%d,"p50":%d,"p99":%d,"bad":%d,"broken":%d}\\n', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99), summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""


class Measured(NamedTuple):
    """What came of a load: answers, how long it took, latencies in milliseconds, answers above 399, broken connections."""

    answers: int
    seconds: float
    p50: float
    p99: float
    refused: int
    broken: int


class _Said(msgspec.Struct):
    answers: int
    micros: int
    p50: int
    p99: int
    bad: int
    broken: int


def load(wrk: list[str], base: str, call: Call, *, connections: int, seconds: float, core: int) -> Measured:
    """Send the call for that long. Raises CalledProcessError."""
    return mix(wrk, base, [(call, 1)], connections=connections, seconds=seconds, core=core)


def mix(
    wrk: list[str], base: str, calls: Sequence[tuple[Call, int]], *, connections: int, seconds: float, core: int
) -> Measured:
    """Send them for that long, each as often as its weight says. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "calls.lua"
        script.write_text(_script(calls, Path(folder)))
        command = ["taskset", "-c", str(core), *wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
        command += ["--timeout", "30s", "-s", str(script), base]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 120)
    line = next(line for line in done.stdout.splitlines() if line.startswith("@"))
    said = msgspec.json.decode(line[1:], type=_Said)
    return Measured(said.answers, said.micros / 1e6, said.p50 / 1e3, said.p99 / 1e3, said.bad, said.broken)


def _script(calls: Sequence[tuple[Call, int]], folder: Path) -> str:
    """The calls in Lua, each made ready once; a body lies in a file, so that any bytes may be in it."""
    made = ["local calls = {}", "function init(args)"]
    for number, (call, weight) in enumerate(calls):
        headers = ", ".join(f"[{json.dumps(name)}] = {json.dumps(value)}" for name, value in call.headers.items())
        body = "nil"
        if call.body:
            place = folder / str(number)
            place.write_bytes(call.body)
            body = f"io.open({json.dumps(str(place))}, 'rb'):read('*a')"
        made.append(
            f"  local one = wrk.format({json.dumps(call.method)}, {json.dumps(call.path)}, {{Host = wrk.headers['Host'], {headers}}}, {body})"
        )
        made.append(f"  for _ = 1, {weight} do calls[#calls + 1] = one end")
    chosen = "calls[1]" if len(calls) == 1 else "calls[math.random(#calls)]"
    return "\n".join([*made, "end", f"function request() return {chosen} end", _DONE])
