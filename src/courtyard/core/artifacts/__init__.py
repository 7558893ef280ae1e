"""Artifacts: what spaces hold."""

from courtyard.core.artifacts import generation, history, previews, thinning, versions
from courtyard.core.artifacts.actions import (
    change,
    check,
    create,
    inspected,
    media_type,
    outlived,
    purge,
    purge_expired,
    restore,
    trash,
)
from courtyard.core.artifacts.model import Artifact, Changes, Inspection, NewArtifact, NotReady
from courtyard.core.artifacts.queries import Filters, excerpt, find, find_trashed, page, seek, trashed

__all__ = [
    "Artifact",
    "Changes",
    "Filters",
    "Inspection",
    "NewArtifact",
    "NotReady",
    "change",
    "check",
    "create",
    "excerpt",
    "find",
    "find_trashed",
    "generation",
    "history",
    "inspected",
    "media_type",
    "outlived",
    "page",
    "previews",
    "purge",
    "purge_expired",
    "restore",
    "seek",
    "thinning",
    "trash",
    "trashed",
    "versions",
]
