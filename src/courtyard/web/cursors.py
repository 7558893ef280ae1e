"""Cursors: a position in one certain list, signed so that a tampered or foreign one is known."""

import base64
import hashlib
import hmac

from courtyard.core.errors import Invalid


class BadCursor(Invalid):
    """This cursor is not one of this list."""

    def __init__(self, field: str = "cursor") -> None:
        super().__init__(field)


class Cursors:
    """Made with the installation's own key, so that every replica knows every replica's cursors."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, listing: str, position: str) -> str:
        """The signature of a position in a list; `listing` names path, filters and caller."""
        text = f"{listing}\0{position}".encode()
        return base64.urlsafe_b64encode(hmac.digest(self._key, text, hashlib.sha256)[:12]).decode()

    def seal(self, listing: str, position: str) -> str:
        """An opaque cursor."""
        return base64.urlsafe_b64encode(f"{self.sign(listing, position)}{position}".encode()).decode().rstrip("=")

    def open(self, listing: str, cursor: str, field: str = "cursor") -> str:
        """The position in a cursor. Raises BadCursor."""
        try:
            text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        except ValueError:
            raise BadCursor(field) from None
        signature, position = text[:16], text[16:]
        if not position or not hmac.compare_digest(signature.encode(), self.sign(listing, position).encode()):
            raise BadCursor(field)
        # Base64 has many spellings of the same bytes (spare bits, letters that decoders skip); ours is one of them.
        if cursor != self.seal(listing, position):
            raise BadCursor(field)
        return position
