"""The picture of the figures: three panels of bars, CPU per request, shorter is better."""

from collections.abc import Sequence
from html import escape
from math import log

from benchmarks.measure import Figures
from benchmarks.peers.peer import CREATE, GET, PAGE

PANELS = (GET, PAGE, CREATE)
TITLES = {GET: "Get one", PAGE: "A page of 20", CREATE: "Create"}
WIDTH, LEFT, BAR, GAP, TOP, PAD = 860, 190, 15, 6, 46, 26
PANEL = (WIDTH - LEFT - 10) // len(PANELS)
OURS, THEIRS, INK, PALE, PAPER = "#2f6f5e", "#b9b4a7", "#23211d", "#6d685e", "#fbfaf7"
# Where bars begin: among servers of which one costs fifty times another, a straight scale shows nothing of the others.
LEAST = 40
STYLE = "font-family:system-ui,-apple-system,'Segoe UI',sans-serif"


def drawn(figures: Figures, note: str) -> str:
    """The chart as SVG, peers in the order of their first panel; limits are left to the tables."""
    names = sorted(
        (name for name, calls in figures.items() if GET in calls and not name.startswith("limit")),
        key=lambda name: figures[name][GET].cpu,
    )
    height = TOP + PAD + len(names) * (BAR + GAP) + 30
    label = "CPU of the server per request, in microseconds: " + "; ".join(
        f"{name} {figures[name][GET].cpu:.0f} to get one" for name in names
    )
    opened = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" style="{STYLE}"'
    parts = [
        opened + f' role="img" aria-label="{escape(label)}">',
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="{PAPER}"/>',
        _text(
            16,
            28,
            "CPU of the server per request, in µs (shorter is better; each step of a bar is a factor)",
            INK,
            15,
            weight=600,
        ),
        *(_text(16, _line(row) + BAR - 3, name, INK if _is_ours(name) else PALE, 12) for row, name in enumerate(names)),
    ]
    for number, call in enumerate(PANELS):
        parts += _panel(LEFT + number * PANEL, call, names, figures)
    parts += [_text(16, height - 12, note, PALE, 11), "</svg>"]
    return "\n".join(parts) + "\n"


def _panel(left: int, call: str, names: Sequence[str], figures: Figures) -> list[str]:
    parts = [_text(left, TOP + 14, TITLES[call], INK, 12, weight=600)]
    most = max(figures[name][call].cpu for name in names if call in figures[name])
    for row, name in enumerate(names):
        figure = figures[name].get(call)
        if figure is None:
            continue
        length = max(1.0, log(figure.cpu / LEAST) / log(most / LEAST) * (PANEL - 70))
        color = OURS if _is_ours(name) else THEIRS
        parts.append(f'<rect x="{left}" y="{_line(row)}" width="{length:.1f}" height="{BAR}" rx="2" fill="{color}"/>')
        parts.append(_text(left + length + 5, _line(row) + BAR - 3, f"{figure.cpu:,.0f}", INK, 11))
    return parts


def _line(row: int) -> int:
    return TOP + PAD + row * (BAR + GAP)


def _is_ours(name: str) -> bool:
    return name.startswith("Courtyard")


def _text(x: float, y: float, said: str, color: str, size: int, *, weight: int = 400) -> str:
    return f'<text x="{x:.1f}" y="{y}" fill="{color}" font-size="{size}" font-weight="{weight}">{escape(said)}</text>'
