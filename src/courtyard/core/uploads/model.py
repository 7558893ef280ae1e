"""What an upload is, and why one is refused."""

from typing import Literal

import msgspec

from courtyard.core.artifacts import NewArtifact
from courtyard.core.errors import Conflict, Expired, Invalid

Kind = Literal["whole", "partial", "final"]
State = Literal["open", "full", "finished", "failed", "joined"]


class WrongOffset(Conflict):
    """The upload has another number of bytes than you think."""


class WrongLength(Invalid):
    """The upload has another length, or more bytes already."""


class Locked(Conflict):
    """Another request adds to this upload. Try again in a moment."""


class PartsInUse(Conflict):
    """A part of this is not complete, or went into another upload."""


class ChecksumMismatch(Conflict):
    """The bytes are not those that the checksum promised."""


class UploadGone(Expired):
    """This upload has expired, or failed."""


class Upload(msgspec.Struct, frozen=True):
    """`received` of `length` bytes (None: not said yet) are in the `stage`, or under `blob_key` for a finished part.

    `said` is what the client described it with, word for word; `joins` the ids of its parts and `facts` the artifact to be,
    both JSON; `fence` is the number of whoever adds to it now.
    """

    number: int
    id: str
    space_id: str
    kind: Kind
    state: State
    stage: str | None
    blob_key: str | None
    length: int | None
    received: int
    reserved: int
    said: str
    joins: str
    joined_in: str | None
    facts: str
    sha256: str | None
    fence: int
    lease_until: int | None
    artifact_id: str | None
    created_by: str | None
    created_at: int
    expires_at: int

    @property
    def new(self) -> NewArtifact:
        """The artifact to be."""
        return msgspec.json.decode(self.facts, type=NewArtifact)

    @property
    def complete(self) -> bool:
        """Whether every byte is here."""
        return self.length == self.received

    @property
    def count(self) -> int:
        """How many artifacts it has room reserved for."""
        return 1 if self.kind == "whole" else 0


class NewUpload(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to begin one. `new` is None for a part; `sha256` is that of the whole, in hex; `life` milliseconds."""

    length: int | None
    new: NewArtifact | None
    said: str = ""
    sha256: str | None = None
    life: int
