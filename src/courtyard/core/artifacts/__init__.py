"""Artifacts: what spaces hold."""

from courtyard.core.artifacts import generation, previews
from courtyard.core.artifacts.actions import change, check, create, inspected, purge, restore, trash
from courtyard.core.artifacts.model import Artifact, Changes, Inspection, NewArtifact
from courtyard.core.artifacts.queries import Filters, excerpt, find, find_trashed, page, seek, trashed

__all__ = [
    "Artifact",
    "Changes",
    "Filters",
    "Inspection",
    "NewArtifact",
    "change",
    "check",
    "create",
    "excerpt",
    "find",
    "find_trashed",
    "generation",
    "inspected",
    "page",
    "previews",
    "purge",
    "restore",
    "seek",
    "trash",
    "trashed",
]
