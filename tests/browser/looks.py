"""What every page owes its readers, looked at once for each scheme: on a wide window, then on a narrow one."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.browser.window import Window

SCHEMES = ("light", "dark")
WIDE, NARROW = 1280, 390
SETTLED = 5.0
"""Seconds after which a page that is too wide stays so."""
# Two frames: whatever depends on the width has been drawn anew.
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"

Show = Callable[[Window], None]


def look(window: Window, shows: Sequence[Show], scheme: str, shots: Path | None) -> None:
    """Every view: no serious flaw, nothing sideways. Colours do not depend on the width: the narrow window is looked at in light alone."""
    for show in shows:
        window.page.goto("/console/")
        show(window)
        inspect(window, show.__name__, flaws=True)
        window.shoot(shots, f"{show.__name__}-{scheme}-{WIDE}")
        window.page.set_viewport_size({"width": NARROW, "height": 844})
        window.page.evaluate(DRAWN)
        inspect(window, show.__name__, flaws=scheme == "light")
        window.shoot(shots, f"{show.__name__}-{scheme}-{NARROW}")
        window.page.set_viewport_size({"width": WIDE, "height": 800})


def inspect(window: Window, name: str, *, flaws: bool) -> None:
    until = time.monotonic() + SETTLED
    # Menus and marks of tabs find their place anew some frames after the window became narrow.
    while (wide := window.overflow()) > 0 and time.monotonic() < until:
        window.page.evaluate(DRAWN)
    assert wide <= 0, f"{name} is {wide} pixels too wide"
    if flaws:
        found = window.flaws()
        assert found == [], f"{name}: {found}"
