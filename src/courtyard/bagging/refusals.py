"""What is said of a file that cannot be imported."""


class Unusable(Exception):
    """The file is no bag that can be imported; the message says why, to whoever sent it."""
