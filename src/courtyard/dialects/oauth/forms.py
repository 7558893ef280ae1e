"""What clients of OAuth post: forms, each name once (RFC 6749, section 3.2)."""

from pydantic import BaseModel, ConfigDict

from courtyard.core.actor import Origin
from courtyard.dialects.oauth.clients import Request
from courtyard.web import input as reading
from courtyard.web.call import Call

FORM = "application/x-www-form-urlencoded"


class Form(BaseModel):
    """A posted form; unknown names are ignored."""

    model_config = ConfigDict(extra="allow")


class TokenForm(Form):
    """A token request; which fields it needs depends on `grant_type`."""

    grant_type: str
    code: str | None = None
    redirect_uri: str | None = None
    code_verifier: str | None = None
    refresh_token: str | None = None
    device_code: str | None = None
    scope: str | None = None
    client_id: str | None = None
    client_secret: str | None = None


class TokenHint(Form):
    """A token to be looked at or ended."""

    token: str
    token_type_hint: str | None = None
    client_id: str | None = None
    client_secret: str | None = None


class DeviceForm(Form):
    """What a device asks for."""

    client_id: str | None = None
    client_secret: str | None = None
    scope: str | None = None


def decode(content_type: str | None, body: bytes) -> dict[str, str]:
    """The pairs of a form. Raises UnsupportedType, Malformed (a name sent twice, too)."""
    # An application that proves itself by Basic may have nothing else to say, and then says not even its type.
    if body and (content_type or "").partition(";")[0].strip().lower() != FORM:
        raise reading.UnsupportedType
    return dict(reading.query(body))


def request(call: Call) -> Request:
    """The request as Authlib reads it. Raises UnknownClient, TwoProofs."""
    return Request(call.path, call.decoded(), call.header(b"authorization"))


def origin(call: Call) -> Origin:
    """Where it came in, for the audit trail."""
    return Origin(call.speech.name, call.arrival.client, call.arrival.request_id)
