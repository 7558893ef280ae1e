"""Time that a test can move: everything in the core asks `clock.now`."""

import pytest

from courtyard.core import clock


class Moment:
    """What time it is for this test; it stands still until it is moved."""

    def __init__(self) -> None:
        self.at = clock.now()

    def __call__(self) -> int:
        return self.at

    def passes(self, milliseconds: int) -> None:
        """Let that much time go by."""
        self.at += milliseconds


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Moment:
    """The clock of this test."""
    stopped = Moment()
    monkeypatch.setattr(clock, "now", stopped)
    return stopped
