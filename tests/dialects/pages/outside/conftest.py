"""The outside provider of these tests, set as "acme"."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from courtyard.settings import Settings
from tests.dialects.pages.outside.outsider import Outsider

PUBLIC = {"public_url": "https://courtyard.test"}
WITH, BACK, OWN = "/login/with/acme", "/login/with/acme/return", "/account/providers"


@pytest.fixture
async def outsider() -> AsyncIterator[Outsider]:
    one = Outsider()
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Any, outsider: Outsider) -> Settings:
    """Acme ID is a provider; `settings` and `provider` by parametrize change either."""
    chosen: dict[str, Any] = {**PUBLIC, "registration": "open", "rate_limits": "off", **getattr(request, "param", {})}
    provider = outsider.settings(**chosen.pop("provider", {}))
    return Settings(_env_file=None, data_dir=tmp_path, providers=[provider], **chosen)  # pyright: ignore[reportCallIssue]
