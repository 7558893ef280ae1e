"""Fixtures of the tests of v1."""

from tests.core.moments import moment

__all__ = ["moment"]
