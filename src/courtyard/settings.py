"""Every setting: its name is `COURTYARD_` and the field in capitals. Read once, from the environment and `.env`."""

import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, NonNegativeInt, PositiveInt, SecretStr, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from courtyard.core.artifacts import thinning
from courtyard.web.https import parse_proxies
from courtyard.web.openid.providers import Provider, trusted

MIB = 1024 * 1024


class Unreadable(NamedTuple):
    """Stands where a value should come from a file that we will not or cannot read; the message says why."""

    message: str


class SecretFiles(PydanticBaseSettingsSource):
    """`COURTYARD_<NAME>_FILE` names a file that holds the value; it must not be readable by everybody."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"COURTYARD_{field_name.upper()}_FILE")
        if path is None:
            return None, field_name, False
        return _content(Path(path)), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def _content(file: Path) -> str | Unreadable:
    try:
        if file.stat().st_mode & 0o004:
            return Unreadable(f"{file} is readable by everybody on this machine; chmod it to 600.")
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        return Unreadable(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.")


def _with_secret(provider: Provider) -> Provider:
    """The provider with the secret that rests in a file of its own."""
    if provider.client_secret_file is None:
        return provider
    content = _content(provider.client_secret_file)
    if isinstance(content, Unreadable):
        raise PydanticCustomError("unreadable", "{reason}", {"reason": content.message})
    return provider.model_copy(update={"client_secret": SecretStr(content)})


class Settings(BaseSettings):
    """What can be set; each with its default and one sentence."""

    model_config = SettingsConfigDict(env_prefix="COURTYARD_", env_file=".env", env_ignore_empty=True, extra="ignore")

    data_dir: Path = Field(
        default=Path("data"),
        description="Where everything rests that is not elsewhere: database, files, certificate, mails.",
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The HTTP port; 0 takes a free one.")
    tls_port: int = Field(default=8443, ge=0, le=65535, description="The HTTPS port; 0 turns the HTTPS listener off.")
    tls_cert: Path | None = Field(
        default=None, description="Certificate chain (PEM); without one a development certificate is made."
    )
    tls_key: Path | None = Field(default=None, description="Private key (PEM) of the certificate.")
    public_url: str = Field(
        default="", description="The address that people use, for links in mails; default is the HTTP listener's."
    )
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        default=[],
        description="Addresses or networks whose X-Forwarded-Proto and X-Forwarded-For count, separated by commas.",
    )
    database_url: SecretStr = Field(
        default=SecretStr(""), description="`postgresql://…`; empty means SQLite in the data directory."
    )
    database_pool: PositiveInt = Field(default=10, description="Connections to PostgreSQL of one process.")
    blobs_url: str = Field(
        default="",
        description="Where files are: `s3://bucket/prefix`, `gs://…`, `az://…`; empty means the data directory.",
    )
    blobs_fallback_url: str = Field(
        default="", description="While files move: the store they come from, `local` for the data directory."
    )
    blobs_endpoint: str = Field(
        default="", description="The address of an object store that is not the provider's own: `https://host:port`."
    )
    blobs_region: str = Field(default="", description="The region of the bucket.")
    blobs_access_key_id: str = Field(default="", description="The name of the key to the object store.")
    blobs_secret_access_key: SecretStr = Field(default=SecretStr(""), description="The secret of that key.")
    blobs_plain_http: bool = Field(
        default=False, description="Lets the object store's address be plain http on another machine."
    )
    smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description="`smtp://user:password@host:port` or `smtps://…`; without it mails become files in the data directory.",
    )
    mail_from: str = Field(default="courtyard@localhost", description="The sender of mails.")
    registration: Literal["open", "invited", "closed"] = Field(
        default="invited", description="Who may make an account: everybody, invited people, nobody."
    )
    providers: Annotated[list[Provider], NoDecode] = Field(
        default=[], description="Outside providers to sign in with, as a JSON list; see docs/providers.md."
    )
    provider_ca: Path | None = Field(
        default=None,
        description="Certificate authorities (PEM) to trust for all providers, besides those of the machine.",
    )
    rate_limits: Literal["on", "off"] = Field(default="on", description="Whether requests are counted and limited.")
    rate_login: PositiveInt = Field(default=10, description="Sign-ins per minute and address.")
    rate_failed_login: PositiveInt = Field(
        default=5, description="Failed sign-ins per 15 minutes, account and address."
    )
    rate_bad_credentials: PositiveInt = Field(default=60, description="Wrong credentials per minute and address.")
    rate_api: PositiveInt = Field(default=1200, description="Requests per minute and credential.")
    rate_anonymous: PositiveInt = Field(
        default=120, description="Requests without a credential per minute and address."
    )
    rate_generate: PositiveInt = Field(default=30, description="Generated artifacts per minute and person.")
    rate_upload: PositiveInt = Field(default=60, description="Uploads per minute and person.")
    rate_invite: PositiveInt = Field(default=20, description="Invitations per hour and space.")
    body_limit: PositiveInt = Field(default=MIB, description="Largest ordinary request body in bytes.")
    generate_limit: PositiveInt = Field(
        default=14 * MIB, description="Largest body of a generate call in bytes (10 MiB of content in Base64)."
    )
    upload_limit: PositiveInt = Field(default=100 * MIB, description="Largest upload in bytes.")
    tus_limit: PositiveInt = Field(default=5 * 1024 * MIB, description="Largest resumable upload in bytes.")
    import_limit: PositiveInt = Field(
        default=10 * 1024 * MIB, description="Largest ZIP of a space to import in bytes, packed and unpacked."
    )
    upload_hours: PositiveInt = Field(
        default=24, description="Hours after which a resumable upload that nothing was added to is dropped."
    )
    space_bytes: NonNegativeInt = Field(
        default=0, description="Bytes that a space may hold, versions and trash included; 0 is no limit."
    )
    space_artifacts: NonNegativeInt = Field(
        default=0, description="Artifacts that a space may hold, each version as one, trash included; 0 is no limit."
    )
    trash_days: NonNegativeInt = Field(
        default=30, description="Days after which what is in the trash is purged; 0 keeps it."
    )
    history_days: NonNegativeInt = Field(
        default=365, description="Days for which a space can be seen as it was (`as_of`); 0 keeps all."
    )
    public_links: Literal["on", "off"] = Field(
        default="on", description="Whether artifacts can be shown to people without an account by public links."
    )
    versions_keep: str = Field(
        default=thinning.DEFAULT,
        description="Older versions that are kept: `all`, a number, or steps of age and spacing; see docs/artifacts.md.",
    )
    request_log_days: NonNegativeInt = Field(
        default=7, description="Days for which people see what their keys and sessions did; 0 notes nothing."
    )
    plain_http: bool = Field(
        default=False, description="Lets the Spaces API (`/api/v1`) answer over plain HTTP, to loopback peers only."
    )
    hooks_allow_private: bool = Field(default=False, description="Lets REST hooks call private and loopback addresses.")
    worker: Literal["inside", "none"] = Field(
        default="inside", description="Whether the server process also runs background jobs."
    )
    renderers: PositiveInt = Field(
        default=2, description="Documents and pictures that one process makes at once, each in a child process."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What is logged; requests are `info`."
    )
    admin_email: str = Field(
        default="",
        description="E-mail of the first administrator; default `admin@localhost.localdomain`. Without this and the"
        " password they are made in the browser, at the set-up address that the first start prints.",
    )
    admin_password: SecretStr = Field(
        default=SecretStr(""), description="Password of the first administrator, instead of a random one."
    )

    @field_validator("*", mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, Unreadable):
            # Braces in a path would be taken for places to fill.
            raise PydanticCustomError("unreadable", "{reason}", {"reason": value.message})
        return value

    @field_validator("versions_keep")
    @classmethod
    def _policy(cls, value: str) -> str:
        thinning.parse(value)
        return value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _proxies(cls, value: Any) -> Any:
        names = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        parse_proxies(names)
        return names

    @field_validator("providers", mode="before")
    @classmethod
    def _list(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise PydanticCustomError("json", "This is no JSON.") from None

    @field_validator("providers")
    @classmethod
    def _providers(cls, value: list[Provider]) -> list[Provider]:
        names = [provider.name for provider in value]
        if len(set(names)) < len(names):
            raise PydanticCustomError("names", "Two providers have the same name.")
        return [_with_secret(provider) for provider in value]

    @field_validator("provider_ca")
    @classmethod
    def _authority(cls, value: Path | None) -> Path | None:
        return trusted(value)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, SecretFiles(settings_cls), env_settings, dotenv_settings
