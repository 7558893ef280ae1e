"""Lets the rows of a stopped server look as if they had been made over weeks, and the server as if it had been used."""

import math
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

SPAN = 24 * 24 * 3_600_000
HOUR = 3_600_000
# By what a row is as old as it is; the other times of it move along.
TIMES = {
    "space": ("created_at", "updated_at"),
    "thread": ("updated_at", "created_at"),
    "message": ("created_at",),
    "customer": ("created_at",),
    "member": ("created_at",),
    "artifact": ("created_at", "updated_at"),
    "artifact_version": ("created_at",),
    "job": ("created_at", "started_at", "completed_at"),
    "credential": ("created_at",),
    "event": ("at",),
}


def spread(database: Path) -> None:
    """What was made within seconds was made over weeks, in the same order, the last of it a moment ago."""
    now = time.time_ns() // 1_000_000
    with closing(sqlite3.connect(database)) as rows, rows:
        made = [
            at
            for table in ("space", "artifact", "message")
            for (at,) in rows.execute(f"select created_at from {table}")
        ]
        begin, end = min(made), max(made)
        for table, (first, *others) in TIMES.items():
            moved = ", ".join(f"{other} = {other} - moved({first})" for other in others)
            rows.create_function("moved", 1, lambda at: at - _older(at, begin, end, now))
            rows.execute(f"update {table} set {moved + ', ' if moved else ''}{first} = {first} - moved({first})")
        # Some are used often, some were forgotten.
        rows.execute(
            "update credential set last_used_at = case when number % 3 = 0 then null"
            " else :now - (number % 5) * 9000000 end where name is not null",
            {"now": now},
        )
        rows.executemany("insert or replace into statistic (hour, name, value) values (?, ?, ?)", _used(now // HOUR))


def _used(until: int) -> Iterator[tuple[int, str, int]]:
    """So many requests, uploads, jobs and bytes in each hour of a week: more by day than by night."""
    for ago in range(7 * 24):
        busy = (1.2 + math.sin(ago / 3.8)) * (1 + ago % 4 / 5)
        for name, most in (("requests.2xx", 180), ("requests.4xx", 7), ("uploads", 9), ("jobs.completed", 24)):
            yield (until - ago) * HOUR, name, round(most * busy)
        yield (until - ago) * HOUR, "bytes", 4_200_000_000 - ago * 6_000_000


def _older(at: int, begin: int, end: int, now: int) -> int:
    part = min(1, max(0, (at - begin) / max(1, end - begin)))
    return round(now - SPAN * (1 - part) ** 2 - 90_000)
