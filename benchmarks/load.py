"""The load: one call sent again and again over kept-alive connections, by `wrk` on a core of its own."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.peers.peer import Call

_SCRIPT = """
wrk.method = {method}
{headers}
{body}
done = function(summary, latency, requests)
  io.write(string.format('\\n@{{"answers":%d,"micros":%d,"p50":%d,"p99":%d,"bad":%d,"broken":%d}}\\n', summary.requests,
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
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "call.lua"
        script.write_text(_script(call, Path(folder)))
        command = ["taskset", "-c", str(core), *wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
        command += ["--timeout", "30s", "-s", str(script), base + call.path]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 120)
    line = next(line for line in done.stdout.splitlines() if line.startswith("@"))
    said = msgspec.json.decode(line[1:], type=_Said)
    return Measured(said.answers, said.micros / 1e6, said.p50 / 1e3, said.p99 / 1e3, said.bad, said.broken)


def _script(call: Call, folder: Path) -> str:
    """The call in Lua; a body lies in a file, so that any bytes may be in it."""
    headers = "\n".join(
        f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in call.headers.items()
    )
    body = ""
    if call.body:
        place = folder / "body"
        place.write_bytes(call.body)
        body = f"local file = io.open({json.dumps(str(place))}, 'rb')\nwrk.body = file:read('*a')\nfile:close()"
    return _SCRIPT.format(method=json.dumps(call.method), headers=headers, body=body)
