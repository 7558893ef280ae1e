"""Spaces: where things are."""

from courtyard.core.spaces.actions import change, clear_background, create, remove, set_background, transfer
from courtyard.core.spaces.model import Background, Changes, NewSpace, Space
from courtyard.core.spaces.queries import (
    Filters,
    background,
    everything,
    find,
    find_around,
    find_by_number,
    find_by_slug,
    find_by_token,
    in_organization,
    owned,
    public,
    readable,
    search,
    shared_with,
    with_role,
)
from courtyard.core.spaces.ranks import ranked_in_organization

__all__ = [
    "Background",
    "Changes",
    "Filters",
    "NewSpace",
    "Space",
    "background",
    "change",
    "clear_background",
    "create",
    "everything",
    "find",
    "find_around",
    "find_by_number",
    "find_by_slug",
    "find_by_token",
    "in_organization",
    "owned",
    "public",
    "ranked_in_organization",
    "readable",
    "remove",
    "search",
    "set_background",
    "shared_with",
    "transfer",
    "with_role",
]
