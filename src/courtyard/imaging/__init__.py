"""Images that we show: what came in is decoded in a process of its own and written anew."""

from courtyard.imaging.reencoding import BYTES, PIXELS, BrokenImage, ImageTooLarge, NotAnImage, media_type, reencode

__all__ = ["BYTES", "PIXELS", "BrokenImage", "ImageTooLarge", "NotAnImage", "media_type", "reencode"]
