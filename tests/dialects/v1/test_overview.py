"""What administrators see of the server: how it does, and its settings, without a secret."""

from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient

from courtyard import effective
from courtyard.settings import Settings
from courtyard.worker.presence import Presence
from tests.dialects.v1.answers import Clients, got
from tests.world import World


@pytest.fixture
async def root(world: World, v1: Clients) -> AsyncClient:
    """A platform administrator."""
    await world.administrator("root")
    return v1("root")


async def findings(root: AsyncClient) -> dict[str, Any]:
    return {finding["name"]: finding for finding in (await got(root, "/v1/health"))["findings"]}


async def test_health_tells_what_was_looked_at(world: World, root: AsyncClient, settings: Settings) -> None:
    settings.data_dir.chmod(0o700)
    health = await got(root, "/v1/health")
    assert set(health) == {"status", "version", "database", "disk", "workers", "findings"}
    assert health["database"]["engine"] == world.database.engine
    assert health["database"]["migration"][:4].isdigit()
    assert 0 < health["disk"]["free"] <= health["disk"]["total"]
    found = await findings(root)
    assert {"database", "files", "workers", "data", "disk", "mail"} <= set(found)
    assert (found["database"]["level"], found["files"]["level"], found["data"]["level"]) == ("ok", "ok", "ok")
    assert found["database"]["advice"] is None
    assert (found["mail"]["level"], found["workers"]["level"], health["status"]) == ("note", "wrong", "wrong")
    await Presence(world.database).appear()
    assert (await findings(root))["workers"]["level"] == "ok"
    assert len((await got(root, "/v1/health"))["workers"]) == 1


async def test_health_tells_what_is_wrong_and_what_to_do(
    root: AsyncClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.data_dir.chmod(0o755)
    monkeypatch.setenv("COURTYARD_PROT", "80")
    found = await findings(root)
    assert found["data"]["advice"] == f"chmod 700 {settings.data_dir}"
    assert found["settings"]["advice"] == "Did you mean COURTYARD_PORT?"
    (settings.data_dir / "blobs").rename(settings.data_dir / "elsewhere")
    found = await findings(root)
    assert found["files"]["level"] == "wrong"
    assert "COURTYARD_BLOBS_URL" in found["files"]["advice"]


@pytest.mark.parametrize(
    "settings",
    [
        {
            "smtp_url": "smtp://me:hidden-word@mail.example",
            "rate_api": 7,
            "providers": [
                {"name": "corp", "issuer": "https://id.example", "client_id": "we", "client_secret": "hidden-word"}
            ],
        }
    ],
    indirect=True,
)
async def test_settings_are_told_without_their_secrets(root: AsyncClient) -> None:
    response = await root.get("/v1/settings")
    assert "hidden-word" not in response.text
    told = {setting["name"]: setting for setting in response.json()["data"]}
    assert list(told) == list(Settings.model_fields)
    assert told["smtp_url"] == {
        "name": "smtp_url",
        "variable": "COURTYARD_SMTP_URL",
        "description": Settings.model_fields["smtp_url"].description,
        "value": None,
        "default": None,
        "secret": True,
        "is_set": True,
        "source": "start",
    }
    assert (told["admin_password"]["secret"], told["admin_password"]["is_set"]) == (True, False)
    assert (told["rate_api"]["value"], told["rate_api"]["default"]) == (7, 1200)
    assert (told["trash_days"]["value"], told["trash_days"]["source"]) == (30, "default")
    assert told["providers"]["value"][0]["issuer"] == "https://id.example"


def test_each_value_names_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("COURTYARD_RATE_API=11\nCOURTYARD_RATE_UPLOAD=12\n")
    secret = tmp_path / "password"
    secret.write_text("a quiet place")
    secret.chmod(0o600)
    monkeypatch.setenv("COURTYARD_ADMIN_PASSWORD_FILE", str(secret))
    monkeypatch.setenv("COURTYARD_RATE_UPLOAD", "13")
    chosen = Settings().model_copy(update={"public_url": "http://127.0.0.1:1"})
    told = {setting.name: setting for setting in effective.settings(chosen)}
    assert (told["rate_api"].source, told["rate_api"].value) == ("dotenv", 11)
    assert (told["rate_upload"].source, told["rate_upload"].value) == ("environment", 13)
    assert (told["admin_password"].source, told["admin_password"].value) == ("file", None)
    assert (told["public_url"].source, told["port"].source) == ("start", "default")
