"""What an artifact is."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from courtyard.core.errors import Conflict

Status = Literal["pending", "processing", "completed", "failed"]


class NotReady(Conflict):
    """The artifact is not completed yet."""


class Artifact(msgspec.Struct, frozen=True):
    """A stored document; `metadata`, `tags`, `thread_ids` are JSON, `sha256` is hex, `created_by` a person's id."""

    number: int
    id: str
    space_id: str
    name: str
    document_type: str
    status: Status
    content_type: str
    size: int
    sha256: str
    blob_key: str
    version: int
    metadata: str
    tags: str
    thread_ids: str
    created_by: str | None
    created_at: int
    updated_at: int
    deleted_at: int | None
    error: str | None
    previewed: int | None = None
    """The version of which there are pictures."""

    @property
    def thread_id(self) -> str | None:
        """The first of its threads."""
        return next(iter(msgspec.json.decode(self.thread_ids, type=list[str])), None)


class NewArtifact(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to make one, besides its bytes. `content_type` is what the sender calls it."""

    name: str
    document_type: str
    content_type: str = "application/octet-stream"
    thread_id: str | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    tags: list[str] = msgspec.field(default_factory=list)


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """A merge patch (RFC 7396): what is not set stays, None clears."""

    name: str | UnsetType = UNSET
    document_type: str | UnsetType = UNSET
    thread_ids: list[str] | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET
    tags: list[str] | UnsetType | None = UNSET


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What the bytes themselves say: their media type, and the text in them (as much as is kept of it)."""

    content_type: str
    text: str | None = None
