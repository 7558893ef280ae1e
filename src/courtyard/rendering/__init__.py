"""Documents and pictures made out of what people send: each step in a child process that can do little (see docs/documents.md)."""

from courtyard.rendering.children import QUEUE, Missing, scratch, sweep
from courtyard.rendering.conversions import Order, Refused, TooMuch, convert
from courtyard.rendering.kinds import EXTRA, FORMATS, KINDS, POSSIBLE, TYPES, Format, Kind, installed, kind
from courtyard.rendering.looks import LARGEST, SIZES, Facts, Picture, read, readable, show, showable
from courtyard.rendering.standing import open_doors

__all__ = [
    "EXTRA",
    "FORMATS",
    "KINDS",
    "LARGEST",
    "POSSIBLE",
    "QUEUE",
    "SIZES",
    "TYPES",
    "Facts",
    "Format",
    "Kind",
    "Missing",
    "Order",
    "Picture",
    "Refused",
    "TooMuch",
    "convert",
    "installed",
    "kind",
    "open_doors",
    "read",
    "readable",
    "scratch",
    "show",
    "showable",
    "sweep",
]
