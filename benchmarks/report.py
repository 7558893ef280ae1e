"""`RESULTS.md`: versions, machine, and for each call a table with ratios; who is missing, and why."""

from collections.abc import Mapping, Sequence

import msgspec

from benchmarks import machine
from benchmarks.measure import Figure, Figures, Plan
from benchmarks.peers.peer import CALLS, CREATE, DOWNLOAD, GET, HEAVY, PAGE, SIZES

OURS = "Courtyard (SQLite)"
NONE = "-"
GOALS: Mapping[tuple[str, str], int] = {
    (OURS, GET): 110,
    (OURS, PAGE): 200,
    (OURS, CREATE): 240,
    (OURS, DOWNLOAD): 200,
    ("Courtyard (PostgreSQL)", GET): 250,
}


class Entry(msgspec.Struct):
    """One peer: what it is, and either its memory in bytes after the load or why it is missing."""

    name: str
    about: str
    lacks: str
    version: str = ""
    memory: int = 0
    missing: str = ""


def written(entries: Sequence[Entry], figures: Figures, how: Plan, load: Sequence[str], command: str) -> str:
    """The whole page."""
    parts = [_head(how, load, command), _peers(entries), _summary(entries, figures)]
    parts += [_table(name, entries, figures) for name in CALLS if any(name in calls for calls in figures.values())]
    parts += [_missing(entries, figures), _goals(figures), _reading()]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(how: Plan, load: Sequence[str], command: str) -> str:
    return (
        "# Results\n\n"
        f"Written by `{command}` on {machine.today()}. {machine.described()}.\n"
        f"Each server with all its processes (databases too) on one core, `wrk` on another; {how.items:,} items;"
        f" {how.rounds} interleaved rounds of {how.seconds:g} s for each call, medians.\n"
        f"Load average of the machine (1 / 5 minutes) before: {load[0]}, after: {load[1]}. CPU per request hardly minds other"
        " work on the machine; requests per second and latencies do."
    )


def _peers(entries: Sequence[Entry]) -> str:
    rows = ["| | version | memory | how it runs |", "|---|---|---:|---|"]
    for one in entries:
        memory = f"{one.memory / 2**20:.0f} MiB" if one.memory else NONE
        rows.append(f"| {one.name} | {one.version or NONE} | {memory} | {one.about} |")
    return "\n".join(rows)


def _summary(entries: Sequence[Entry], figures: Figures) -> str:
    """The ratios, which is what one wants to know first."""
    names = [name for name in CALLS if name in figures.get(OURS, {})]
    rows = ["## CPU per request, in multiples of Courtyard on SQLite", ""]
    rows += ["| | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    for one in entries:
        calls = figures.get(one.name)
        if calls:
            cells = [f"{calls[name].cpu / figures[OURS][name].cpu:.2f}" if name in calls else NONE for name in names]
            rows.append(f"| {one.name} | " + " | ".join(cells) + " |")
    return "\n".join(rows) if names else ""


def _table(name: str, entries: Sequence[Entry], figures: Figures) -> str:
    heavy = name in HEAVY
    head = "MiB/s" if heavy else "requests/s"
    rows = [
        f"## {name[:1].upper()}{name[1:]}",
        "",
        f"| | CPU µs | {head} | p50 ms | p99 ms | ratio |",
        "|---|" + "---:|" * 5,
    ]
    base = figures.get(OURS, {}).get(name)
    for one in entries:
        figure = figures.get(one.name, {}).get(name)
        if figure is not None:
            rows.append(_row(one.name, figure, base, SIZES[name] if heavy else 0))
    return "\n".join(rows)


def _row(who: str, figure: Figure, base: Figure | None, size: int) -> str:
    rate = figure.rate * size / 2**20 if size else figure.rate
    ratio = f"{figure.cpu / base.cpu:.2f}" if base else NONE
    wrong = f" ({figure.refused} wrong answers)" if figure.refused else ""
    return f"| {who}{wrong} | {figure.cpu:,.0f} | {rate:,.0f} | {figure.p50:.1f} | {figure.p99:.1f} | {ratio} |"


def _missing(entries: Sequence[Entry], figures: Figures) -> str:
    rows = [f"- **{one.name}**: not measured. {one.missing}" for one in entries if one.missing]
    rows += [f"- {one.name}: {one.lacks}." for one in entries if one.lacks and one.name in figures]
    return "\n".join(["## What is missing", "", *rows]) if rows else ""


def _goals(figures: Figures) -> str:
    rows = ["## Goals", "", "| | call | goal µs | measured µs | |", "|---|---|---:|---:|---|"]
    for (who, name), goal in GOALS.items():
        figure = figures.get(who, {}).get(name)
        if figure is not None:
            rows.append(f"| {who} | {name} | {goal} | {figure.cpu:.0f} | {'met' if figure.cpu <= goal else 'missed'} |")
    return "\n".join(rows) if len(rows) > 4 else ""


def _reading() -> str:
    return (
        "## How to read it\n\n"
        "CPU is what the kernel counted for all processes of the server, user and system, divided by the answers. The work is"
        " alike, not the same: Courtyard also writes an audit row, an index for its search and an entity tag with what it does."
        " The limits do less than anybody can: they know no caller. Everybody is asked for one item and one page again and again,"
        " so whatever a server keeps of them is warm. Courtyard's uploads are the bytes alone, those of PocketBase and Directus,"
        " which take nothing else, forms. Answers that were wrong, if a row says so, are counted with the others."
    )
