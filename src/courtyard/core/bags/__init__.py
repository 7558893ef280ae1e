"""Bags: whole spaces on their way out of an installation and into another one."""

from courtyard.core.bags import arriving, imports, leaving, nursery
from courtyard.core.bags.arriving import Arrival
from courtyard.core.bags.imports import Import, Terms
from courtyard.core.bags.model import (
    FORMAT,
    Author,
    Belonging,
    Client,
    Content,
    Conversation,
    Document,
    Edition,
    Place,
    Record,
    Utterance,
)

__all__ = [
    "FORMAT",
    "Arrival",
    "Author",
    "Belonging",
    "Client",
    "Content",
    "Conversation",
    "Document",
    "Edition",
    "Import",
    "Place",
    "Record",
    "Terms",
    "Utterance",
    "arriving",
    "imports",
    "leaving",
    "nursery",
]
