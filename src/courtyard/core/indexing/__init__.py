"""What search finds things by: the words of each, written in the transaction of their change."""

from courtyard.core.indexing.documents import Source, artifact, begin, message, space, thread

__all__ = ["Source", "artifact", "begin", "message", "space", "thread"]
