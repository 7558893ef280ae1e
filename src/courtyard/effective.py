"""The settings as they are in effect: each with its value, its default, and where the value comes from."""

import os
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import SecretStr, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_settings import DotEnvSettingsSource

from courtyard.settings import Settings
from courtyard.web.logs import redact
from courtyard.web.overview import Setting

Source = Literal["default", "environment", "file", "dotenv", "start"]
_PLAIN = TypeAdapter[Any](Any)


def settings(chosen: Settings) -> list[Setting]:
    """Every setting, in the order of docs/settings.md."""
    env = {name.upper(): value for name, value in os.environ.items()}
    dotenv = {name.upper(): value or "" for name, value in DotEnvSettingsSource(Settings).env_vars.items()}
    return [_setting(chosen, name, field, env, dotenv) for name, field in Settings.model_fields.items()]


def _setting(
    chosen: Settings, name: str, field: FieldInfo, env: Mapping[str, str], dotenv: Mapping[str, str]
) -> Setting:
    variable = f"COURTYARD_{name.upper()}"
    value: Any = getattr(chosen, name)
    secret = isinstance(value, SecretStr)
    return Setting(
        name=name,
        variable=variable,
        description=field.description or "",
        value=None if secret else _shown(value),
        default=None if secret else _shown(field.default),
        secret=secret,
        is_set=value != field.default,
        source=_source(variable, name in chosen.model_fields_set, env, dotenv),
    )


def _shown(value: Any) -> Any:
    """As JSON; secrets inside (of providers) are stars, and no credential stands in what else was set."""
    plain = _PLAIN.dump_python(value, mode="json")
    return redact(plain) if isinstance(plain, str) else plain


def _source(variable: str, chosen: bool, env: Mapping[str, str], dotenv: Mapping[str, str]) -> Source:
    if not chosen:
        return "default"
    if f"{variable}_FILE" in env:
        return "file"
    if env.get(variable):
        return "environment"
    return "dotenv" if dotenv.get(variable) else "start"
