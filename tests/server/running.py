"""Real Courtyard processes for tests: started on free ports, asked, killed; each is ended by its pid."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2

from tests.canary import look_at_files

PATIENCE = 30.0
"""Seconds within which anything here happens, or the test fails."""
EMAIL, PASSWORD = "root@example.org", "seven quiet herons"
COMMAND = [sys.executable, "-m", "courtyard"]


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """The surroundings of a process: these settings and no others. `port="0"` becomes `COURTYARD_PORT=0`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COURTYARD_")}
    chosen = {"data_dir": str(data_dir), "port": "0", "tls_port": "0", "rate_limits": "off", **settings}
    return {**kept, **{f"COURTYARD_{name.upper()}": value for name, value in chosen.items()}}


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Process:
    """A `courtyard` command that stays: what it printed, how it ends."""

    def __init__(self, folder: Path, *command: str, ready: str, **settings: str) -> None:
        self.data_dir = folder / "data"
        self._files = folder / "printed"
        self._files.mkdir(parents=True, exist_ok=True)
        self.began = time.monotonic()
        self.worked = 0.0
        number = len(list(self._files.iterdir()))
        self._out, self._err = self._files / f"{number:03}.out", self._files / f"{number:03}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                [*COMMAND, *command],
                cwd=folder,
                env=environment(self.data_dir, **settings),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        try:
            self._wait_for(ready)
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def printed(self) -> str:
        return self._out.read_text()

    @property
    def log(self) -> str:
        return self._err.read_text()

    def _wait_for(self, line: str) -> None:
        while line not in self.printed:
            if self._process.poll() is not None or time.monotonic() > self.began + PATIENCE:
                raise AssertionError(f"not ready, exit code {self._process.poll()}\n{self.printed}\n{self.log}")
            time.sleep(0.005)
        self.worked = min(time.monotonic() - self.began, self._cpu_seconds())

    def _cpu_seconds(self) -> float:
        """What the start itself took: on a machine that is busy with something else the clock tells of that."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return float("inf")
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """End at once, as kill -9 does."""
        self._process.kill()
        self._process.wait(PATIENCE)

    def terminate(self) -> None:
        """Ask to end, as an init system does."""
        self._process.send_signal(signal.SIGTERM)

    def ended(self, within: float = PATIENCE) -> int:
        """The exit code, once it has ended by itself."""
        return self._process.wait(within)

    def end(self) -> None:
        """Gone after this, whatever was done to it. Raises Told for a secret in what it leaves behind."""
        try:
            # Before it ends: then the WAL is still there.
            look_at_files(self.data_dir.parent)
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._process.poll() is None:
            self.terminate()
            try:
                self.ended()
            except subprocess.TimeoutExpired:
                self.kill()
                raise


class Server(Process):
    """`courtyard serve`, ready for requests."""

    def __init__(self, folder: Path, *options: str, **settings: str) -> None:
        chosen = {"admin_email": EMAIL, "admin_password": PASSWORD, **settings}
        super().__init__(folder, "serve", *options, ready="Courtyard is ready.\n", **chosen)
        self.http = self.line("HTTP address")
        self.https = self.line("HTTPS address")

    def line(self, name: str) -> str:
        """What was printed behind that name, or nothing."""
        found = re.search(rf"^{re.escape(name)}: (.+)$", self.printed, re.MULTILINE)
        return found[1] if found else ""

    def client(self, key: str = "", **options: Any) -> httpx2.Client:
        """A client of v1 and, with a credential in that form, of workspaces."""
        headers = {"X-API-Key": key} if key else {}
        return httpx2.Client(base_url=self.http, headers=headers, timeout=PATIENCE, **options)

    def log_in(self, email: str = EMAIL, password: str = PASSWORD) -> str:
        """A credential with all scopes."""
        with self.client() as client:
            answer = client.post("/auth/login/", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        return answer.json()["token"]


def run(folder: Path, *command: str, typed: str = "", **settings: str) -> "subprocess.CompletedProcess[str]":
    """A `courtyard` command that comes to its end, beside a server of the same folder or without one."""
    (folder / "data").parent.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        [*COMMAND, *command],
        cwd=folder,
        env=environment(folder / "data", **settings),
        input=typed,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
