"""The nine ways to say no. The docstring is the message, the dialect chooses the number."""

from typing import ClassVar


class Refusal(Exception):
    """The request was refused."""

    code: ClassVar[str] = "refused"

    def __init__(self, message: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").partition("\n")[0]
        super().__init__(self.message)

    def __init_subclass__(cls) -> None:
        if "code" not in cls.__dict__:
            cls.code = "".join("_" + c.lower() if c.isupper() else c for c in cls.__name__).lstrip("_")


class Unauthenticated(Refusal):
    """Authentication credentials were not provided."""


class InvalidCredential(Unauthenticated):
    """The credential is not valid."""


class ExpiredCredential(InvalidCredential):
    """The credential has expired."""


class Forbidden(Refusal):
    """You do not have permission to perform this action."""


class NotFound(Refusal):
    """There is no such thing here, or you may not see it."""


class Conflict(Refusal):
    """This does not fit the present state."""


class Invalid(Refusal):
    """The value is not valid."""

    def __init__(self, field: str, message: str | None = None, *, code: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        if code:
            self.code = code  # pyright: ignore[reportAttributeAccessIssue] - narrows the class's word for one value


class Expired(Refusal):
    """This is no longer valid."""


class TooLarge(Refusal):
    """The content is too large."""


class TooMany(Refusal):
    """Too many requests. Try again later."""

    def __init__(self, retry_after: int, message: str | None = None) -> None:
        super().__init__(message)
        self.retry_after = max(1, retry_after)


class Unavailable(Refusal):
    """The service cannot do this at the moment. Try again later."""


class StorageFull(Unavailable):
    """There is no room left to store this."""
