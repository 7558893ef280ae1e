"""Applications as Authlib meets them, and how they prove who they are."""

# Authlib's own signatures name types that a subclass narrows.
# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false, reportUnknownVariableType=false

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from courtyard.core.errors import Invalid, Unauthenticated
from courtyard.core.oauth import applications, scopes
from courtyard.core.oauth.applications import Application
from courtyard.web.suppliers import Looking

CONFIDENTIAL = ("client_secret_basic", "client_secret_post")
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = ("authorization_code", "refresh_token", "client_credentials", DEVICE)
_CLIENT_ID = re.compile(r"[a-z0-9]{24}")


class UnknownClient(Unauthenticated):
    """The application is unknown, or did not prove who it is."""


class TwoProofs(Invalid):
    """An application says who it is in one way, not in two."""

    def __init__(self) -> None:
        super().__init__("client_secret")


class Client(ClientMixin):
    """An application, answering Authlib's questions about it."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def get_client_id(self) -> str:
        return self.application.client_id

    def check_client_secret(self, client_secret: str) -> bool:
        return applications.knows_secret(self.application, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        del endpoint
        return method == "none" if self.application.public else method in CONFIDENTIAL

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in GRANTS and not (grant_type == "client_credentials" and self.application.public)


class Request(OAuth2Request):
    """A posted form, as Authlib reads it.

    Whatever way the application says who it is, here it stands in the form. Raises UnknownClient, TwoProofs.
    """

    def __init__(self, path: str, form: Mapping[str, str], authorization: str | None) -> None:
        # Whether it came by https was decided by our own rule, before this.
        super().__init__("POST", f"https://courtyard{path}")
        named = dict(form)
        basic = _basic(authorization)
        if basic is not None:
            if named.get("client_secret") or named.get("client_id", basic[0]) != basic[0]:
                raise TwoProofs
            named["client_id"], named["client_secret"] = basic
        if "scope" in named:
            named["scope"] = " ".join(scopes.words(named["scope"]))
        self._form = named
        self.payload = BasicOAuth2Payload(named)

    @property
    def form(self) -> Any:
        return self._form


def _basic(authorization: str | None) -> tuple[str, str] | None:
    """Client id and secret of a Basic header (RFC 6749, section 2.3.1); None for another scheme, which says nothing here."""
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(value.strip(), validate=True).decode("ascii").partition(":")
    except ValueError:
        raise UnknownClient from None
    if not colon:
        raise UnknownClient
    return unquote_plus(client_id), unquote_plus(secret)


async def claimed(tx: Looking, request: Request, *, hold: bool = False) -> Client | None:
    """The application that a request says it comes from; whether it does is for Authlib to decide.

    With `hold` it stays as it is until the caller's commit.
    """
    client_id = request.form.get("client_id", "")
    application = await applications.seek(tx, client_id, hold=hold) if _CLIENT_ID.fullmatch(client_id) else None
    return None if application is None else Client(application)


async def proven(tx: Looking, request: Request) -> Application:
    """The application that proved who it is: by its secret, a public one by naming itself. Raises UnknownClient."""
    client = await claimed(tx, request)
    if client is None:
        raise UnknownClient
    application = client.application
    if not application.public and not applications.knows_secret(application, request.form.get("client_secret", "")):
        raise UnknownClient
    return application
