"""Outside providers as they are set: who they are, what they may do here, and which groups mean which roles."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator, model_validator

from courtyard.web.https import is_loopback

NAME = r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$"
RANK: dict[str, int] = {"member": 1, "admin": 2, "owner": 3}


class Wanted(NamedTuple):
    """A role in an organization, by its handle."""

    organization: str
    role: str


class Meaning(BaseModel):
    """What a group means here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    organization: str = Field(min_length=1)
    role: Literal["member", "admin", "owner"] = "member"


def _several(value: Any) -> Any:
    """One may stand without brackets."""
    return [value] if isinstance(value, Mapping) else value


def _words(value: Any) -> Any:
    return value.split() if isinstance(value, str) else value


class Provider(BaseModel):
    """One provider; see docs/providers.md for each member."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=NAME)
    title: str = Field(default="", max_length=60)
    issuer: str
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = SecretStr("")
    client_secret_file: Path | None = None
    scopes: Annotated[list[str], BeforeValidator(_words)] = ["openid", "profile", "email"]
    groups_claim: str = Field(default="groups", min_length=1)
    groups: dict[str, Annotated[list[Meaning], BeforeValidator(_several)]] = {}
    allow_registration: bool | None = None
    ca: Path | None = None

    @field_validator("issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        if not secure(value) or "?" in value or "#" in value:
            raise ValueError("an issuer is an https address (http only on this machine), without ? and #")
        return value

    @field_validator("scopes")
    @classmethod
    def _scopes(cls, value: list[str]) -> list[str]:
        if "openid" not in value:
            raise ValueError("openid must be among the scopes")
        return value

    @field_validator("ca")
    @classmethod
    def _ca(cls, value: Path | None) -> Path | None:
        return trusted(value)

    @model_validator(mode="after")
    def _one_secret(self) -> "Provider":
        if self.client_secret_file is not None and self.client_secret.get_secret_value():
            raise ValueError("client_secret and client_secret_file are two places for one thing")
        return self

    @property
    def shown(self) -> str:
        """What people call it."""
        return self.title or self.name.replace("-", " ").capitalize()

    @property
    def organizations(self) -> frozenset[str]:
        """The handles of the organizations in which this provider decides who is a member."""
        return frozenset(meaning.organization for meanings in self.groups.values() for meaning in meanings)

    def wanted(self, groups: list[str]) -> list[Wanted]:
        """The roles of somebody in these groups: in each organization the strongest."""
        found: dict[str, str] = {}
        for meaning in (meaning for group in groups for meaning in self.groups.get(group, [])):
            if RANK[meaning.role] > RANK.get(found.get(meaning.organization, ""), 0):
                found[meaning.organization] = meaning.role
        return [Wanted(organization, role) for organization, role in sorted(found.items())]


def secure(address: str) -> bool:
    """Whether what is sent there stays between us: https, or http to this very machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        # Reading the port is what refuses one that is none.
        plain = parts.scheme == "http" and parts.port != 0 and (host == "localhost" or is_loopback(host))
    except ValueError:
        return False
    fine = address.isascii() and address.isprintable() and " " not in address and "@" not in parts.netloc
    return fine and bool(host) and (parts.scheme == "https" or plain)


def trusted(authority: Path | None) -> Path | None:
    """A file of certificates that can be trusted. Raises ValueError."""
    if authority is not None:
        try:
            ssl.create_default_context(cafile=authority)
        except (OSError, ssl.SSLError):
            raise ValueError(f"{authority} holds no certificates (PEM) that can be read") from None
    return authority
