"""Applications as Authlib meets them, and how they prove who they are."""

# Authlib's own signatures name types that a subclass narrows.
# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6749.util import extract_basic_authorization

from courtyard.core.actor import SCOPES
from courtyard.core.oauth import applications
from courtyard.core.oauth.applications import Application
from courtyard.web.files import Transaction

IDENTITY_SCOPES = ("openid", "profile", "email")
CONFIDENTIAL = ("client_secret_basic", "client_secret_post")
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = ("authorization_code", "refresh_token", "client_credentials", DEVICE)


def words(scope: str | None) -> list[str]:
    """Scopes asked for, each once; `read_write` is the original's word for both."""
    return list(dict.fromkeys((scope or "").replace("read_write", "read write").split()))


def allowed(application: Application, scope: str | None) -> list[str] | None:
    """The scopes an application gets for what it asks (nothing: all that it has); None when it asks for more."""
    held = application.scopes.split()
    asked = words(scope) or held
    known = (*held, *IDENTITY_SCOPES)
    return [word for word in (*SCOPES, *IDENTITY_SCOPES) if word in asked] if set(asked) <= set(known) else None


class Client(ClientMixin):
    """An application, answering Authlib's questions about it."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def get_client_id(self) -> str:
        return self.application.client_id

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str) -> str | None:
        found = allowed(self.application, scope)
        return None if found is None else " ".join(found)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return applications.redirects_to(self.application, redirect_uri)

    def check_client_secret(self, client_secret: str) -> bool:
        return applications.knows_secret(self.application, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        del endpoint
        return method == "none" if self.application.public else method in CONFIDENTIAL

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in GRANTS and not (grant_type == "client_credentials" and self.application.public)


class Request(OAuth2Request):
    """A posted form, as Authlib reads it."""

    def __init__(self, method: str, uri: str, form: Mapping[str, str], authorization: str | None) -> None:
        # What is https here is decided by our own rule, before this.
        super().__init__(method, "https:" + uri.partition(":")[2], headers={"Authorization": authorization or ""})
        self.payload = BasicOAuth2Payload(dict(form))
        self._form = dict(form)

    @property
    def form(self) -> Any:
        return self._form


async def claimed(tx: Transaction, request: Request) -> Client | None:
    """The application that a request says it comes from; whether it does is for Authlib to decide."""
    named: Any = extract_basic_authorization(dict(request.headers or {}))
    client_id = named[0] or request.form.get("client_id")
    application = await applications.seek(tx, client_id) if client_id else None
    return None if application is None else Client(application)


def secret_of(request: Request) -> str:
    """The secret that a request presents, by Basic or in the form."""
    named: Any = extract_basic_authorization(dict(request.headers or {}))
    return named[1] or request.form.get("client_secret") or ""
