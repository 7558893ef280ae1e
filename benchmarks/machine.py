"""What the figures were measured on."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

import apsw


def described() -> str:
    """Processor, memory, system and Python in one line."""
    said = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.+)", said)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{model[1] if model else platform.machine()}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB,"
        f" Linux {platform.release()}, Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}"
    )


def today() -> str:
    """The day, UTC."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def busy() -> str:
    """The load average of the last one and five minutes: above 2 the machine had other things to do as well."""
    one, five, _ = os.getloadavg()
    return f"{one:.1f} / {five:.1f}"
