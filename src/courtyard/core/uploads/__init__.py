"""Uploads that come in pieces: how far each is, who adds to it, what becomes of it."""

from courtyard.core.uploads.actions import LEASE, advance, beat, create, end, expire, fail, finish, let_go, seize
from courtyard.core.uploads.joining import join, joined
from courtyard.core.uploads.model import (
    ChecksumMismatch,
    Locked,
    NewUpload,
    PartsInUse,
    Upload,
    UploadGone,
    WrongLength,
    WrongOffset,
)
from courtyard.core.uploads.queries import find, parts, seek, unknown

__all__ = [
    "LEASE",
    "ChecksumMismatch",
    "Locked",
    "NewUpload",
    "PartsInUse",
    "Upload",
    "UploadGone",
    "WrongLength",
    "WrongOffset",
    "advance",
    "beat",
    "create",
    "end",
    "expire",
    "fail",
    "find",
    "finish",
    "join",
    "joined",
    "let_go",
    "parts",
    "seek",
    "seize",
    "unknown",
]
