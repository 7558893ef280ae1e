"""The grants: Authlib decides on what was loaded for it, nothing here touches the database."""

# Authlib's own signatures name mixins and return what a subclass may not return; what is passed is always ours.
# pyright: reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportArgumentType=false

from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidGrantError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DeviceCodeGrant

from courtyard.core import clock
from courtyard.core.oauth import scopes, tokens
from courtyard.core.oauth.codes import Code
from courtyard.core.oauth.devices import Device
from courtyard.core.oauth.tokens import Token
from courtyard.dialects.oauth.clients import Client, Request

# The form holds the secret in whatever way it came, see `Request`.
ALL = ["client_secret_post", "none"]


class Loaded:
    """What one token request is about, loaded and held before anything is decided."""

    def __init__(self) -> None:
        self.client: Client | None = None
        self.code: Code | None = None
        self.refresh: Token | None = None
        self.device: Device | None = None
        self.in_time = True


class _Code:
    """An authorization code, answering Authlib's questions about it."""

    code_challenge_method = "S256"

    def __init__(self, code: Code) -> None:
        self.code_challenge = code.challenge
        self._code = code

    def get_redirect_uri(self) -> str:
        return self._code.redirect_uri

    def get_scope(self) -> str:
        return self._code.scopes


class _Refresh:
    """A refresh token, answering Authlib's questions about it."""

    def __init__(self, token: Token, client: Client) -> None:
        self._token = token
        self._client = client

    def check_client(self, client: Client) -> bool:
        return self._token.application_id == client.application.id

    def get_scope(self) -> str:
        return scopes.within(self._token.scopes, self._client.application.scopes)


class _Device:
    """A device code, answering Authlib's questions about it."""

    def __init__(self, device: Device, client: Client) -> None:
        self._device = device
        self._client = client

    def get_client_id(self) -> str:
        return self._client.get_client_id()

    def get_scope(self) -> str:
        return self._device.scopes

    def get_user_code(self) -> str:
        return self._device.user_code

    def is_expired(self) -> bool:
        return self._device.expires_at <= clock.now()


class CodeGrant(AuthorizationCodeGrant):
    """RFC 6749, section 4.1, always with PKCE (RFC 9700, section 2.1.1)."""

    TOKEN_ENDPOINT_AUTH_METHODS = ALL
    server: "Decider"

    def query_authorization_code(self, code: str, client: Client) -> _Code | None:
        del code
        known = self.server.loaded.code
        if known is None or known.application_id != client.application.id:
            return None
        return None if known.used_at is not None or known.expires_at <= clock.now() else _Code(known)

    def authenticate_user(self, authorization_code: _Code) -> bool:
        return bool(authorization_code)

    def delete_authorization_code(self, authorization_code: _Code) -> None:
        """It is spent by condition when the tokens are stored."""


class RefreshGrant(RefreshTokenGrant):
    """RFC 6749, section 6, with rotation (RFC 9700, section 4.14.2)."""

    TOKEN_ENDPOINT_AUTH_METHODS = ALL
    INCLUDE_NEW_REFRESH_TOKEN = True
    server: "Decider"

    def authenticate_refresh_token(self, refresh_token: str) -> _Refresh | None:
        del refresh_token
        known, client = self.server.loaded.refresh, self.server.loaded.client
        if known is None or client is None or known.kind != "refresh" or not tokens.alive(known):
            return None
        return _Refresh(known, client)

    def authenticate_user(self, refresh_token: _Refresh) -> bool:
        return bool(refresh_token)

    def revoke_old_credential(self, refresh_token: _Refresh) -> None:
        """It is spent by condition when its successors are stored."""


class ProgramGrant(ClientCredentialsGrant):
    """RFC 6749, section 4.4: the application itself, in the name of its owner. A public one hears that it may not."""

    TOKEN_ENDPOINT_AUTH_METHODS = ALL


class WaitingGrant(DeviceCodeGrant):
    """RFC 8628, section 3.4."""

    TOKEN_ENDPOINT_AUTH_METHODS = ALL
    server: "Decider"

    def query_device_credential(self, device_code: str) -> _Device:
        """Raises InvalidGrantError for one that is unknown, used, or another application's (RFC 6749, section 5.2)."""
        del device_code
        device, client = self.server.loaded.device, self.server.loaded.client
        if device is None or client is None or device.application_id != client.application.id or device.state == "used":
            raise InvalidGrantError
        return _Device(device, client)

    def query_user_grant(self, user_code: str) -> tuple[bool, bool] | None:
        del user_code
        device = self.server.loaded.device
        return None if device is None or device.state == "waiting" else (True, device.state == "allowed")

    def should_slow_down(self, credential: _Device) -> bool:
        del credential
        return not self.server.loaded.in_time


def _no_token(**_: Any) -> dict[str, str]:
    """Tokens are made by the core, after the decision."""
    return {}


class Decider(AuthorizationServer):
    """Authlib's server for one request: it says yes or no, and why."""

    def __init__(self, loaded: Loaded) -> None:
        super().__init__()
        self.loaded = loaded
        self.register_grant(CodeGrant, [CodeChallenge(required=True)])
        for grant in (RefreshGrant, ProgramGrant, WaitingGrant):
            self.register_grant(grant)
        self.register_token_generator("default", _no_token)

    def decide(self, request: Request) -> tuple[int, dict[str, Any]]:
        """The status, and on refusal the error document."""
        answer: Any = self.create_token_response(request)
        return answer[0], dict(answer[1] or ())

    def query_client(self, client_id: str) -> Client | None:
        client = self.loaded.client
        return client if client is not None and client.get_client_id() == client_id else None

    def save_token(self, token: Any, request: Any) -> None:
        """Tokens are stored when all of it has been decided."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: Any) -> Any:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> tuple[int, Any, Any]:
        return status, body, headers
