"""Search: everything that somebody may read, by the words in it."""

from courtyard.core.search.highlights import Piece
from courtyard.core.search.queries import Found, Hit, Narrowing, artifacts, everywhere, within
from courtyard.core.search.wording import Query, parse

__all__ = ["Found", "Hit", "Narrowing", "Piece", "Query", "artifacts", "everywhere", "parse", "within"]
