"""What a space is outside of Courtyard: the records in a bag (docs/export.md). Times are RFC 3339, metadata is JSON."""

from typing import Any, Literal

import msgspec

from courtyard.core.access.roles import Role, Visibility
from courtyard.core.threads import Speaker
from courtyard.core.threads import Status as ThreadStatus

FORMAT = "courtyard-space/1"


class Author(msgspec.Struct, frozen=True):
    """A person, as another installation may know them."""

    email: str
    username: str


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Bytes in the bag: `file` is their path below `data`; `key` is where they rest, and is never written."""

    file: str
    content_type: str
    size: int
    sha256: str
    key: str = ""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The space itself: `data/space.json`."""

    format: Literal["courtyard-space/1"] = FORMAT
    id: str
    name: str
    description: str | None = None
    visibility: Visibility = "private"
    space_type: str = "general"
    content_type: str = "general"
    logo_url: str | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    organization: str | None = None
    owner: Author | None = None
    background: Content | None = None
    created_at: str = ""
    updated_at: str = ""


class Belonging(msgspec.Struct, frozen=True, kw_only=True):
    """A member: one line of `data/members.jsonl`."""

    email: str
    username: str = ""
    role: Role
    state: str = "active"
    since: str = ""


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A customer: one line of `data/customers.jsonl`."""

    id: str
    name: str
    email: str | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    created_at: str
    updated_at: str


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A thread: `data/threads/<id>.json`; what was said in it are the lines of `<id>.jsonl` beside it."""

    id: str
    title: str
    status: ThreadStatus = "open"
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    created_by: Author | None = None
    created_at: str
    updated_at: str


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """A message."""

    id: str
    role: Speaker
    content: str
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    created_by: Author | None = None
    created_at: str


class Edition(Content, frozen=True, kw_only=True):
    """A version of an artifact."""

    version: int
    name: str
    created_by: Author | None = None
    created_at: str


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact: `data/artifacts/<id>.json`; the last of its versions is the present one, the oldest comes first."""

    id: str
    name: str
    document_type: str
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    tags: list[str] = msgspec.field(default_factory=list)
    thread_ids: list[str] = msgspec.field(default_factory=list)
    aliases: dict[str, int] = msgspec.field(default_factory=dict)
    versions: list[Edition]
    created_by: Author | None = None
    created_at: str
    updated_at: str
    deleted_at: str | None = None


Record = Belonging | Client | Conversation | Utterance | Document
"""What a space has in it."""
