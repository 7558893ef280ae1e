"""What the pages post."""

from typing import Any

from pydantic import BaseModel

from courtyard.web import input as reading

FORM = "application/x-www-form-urlencoded"


class Form(BaseModel):
    """A posted form; `token` is checked before anything else is read."""

    token: str = ""


class SignIn(Form):
    email: str = ""
    password: str = ""
    next: str = ""


class Second(Form):
    code: str = ""
    next: str = ""


class Address(Form):
    email: str = ""


class NewPassword(Form):
    password: str = ""


class NewAccount(Form):
    email: str = ""
    username: str = ""
    password: str = ""


class FirstSpace(Form):
    """`organization` may be left empty; a box that is not ticked is not sent."""

    organization: str = ""
    space: str = ""
    sample: str = ""


class Username(Form):
    username: str = ""


class Code(Form):
    code: str = ""


class Confirmation(Form):
    """One of both proves it."""

    password: str = ""
    code: str = ""
    next: str = ""


class Passkey(Form):
    """What a browser made of a challenge: `answer` is JSON."""

    challenge: str = ""
    answer: str = ""
    next: str = ""


class NewPasskey(Passkey):
    name: str = ""


class PasskeyName(Form):
    name: str = ""


class Claim(Form):
    username: str = ""
    password: str = ""


class Decision(Form):
    decision: str = ""


class DeviceDecision(Decision):
    user_code: str = ""


class Next(BaseModel):
    """Where to go on to."""

    next: str = ""


class Entrance(Next):
    """What the form to sign in begins with."""

    email: str = ""


class SetUp(BaseModel):
    """The set-up address."""

    token: str = ""


class Older(BaseModel):
    """Where a list goes on."""

    after: str = ""


class UserCode(BaseModel):
    """The code that a device shows."""

    user_code: str = ""


def decode(content_type: str | None, body: bytes) -> Any:
    """The pairs of a form; none of no body. Raises UnsupportedType, Malformed."""
    if not body:
        return {}
    if (content_type or "").partition(";")[0].strip().lower() != FORM:
        raise reading.UnsupportedType
    return dict(reading.query(body))
