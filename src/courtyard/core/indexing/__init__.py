"""What search finds things by: the words of each, written in the transaction of their change."""

from courtyard.core.indexing.documents import artifact, message, space, thread

__all__ = ["artifact", "message", "space", "thread"]
