"""The outside providers of an installation at work: discovery, the way to a provider, and what it says of who comes back."""

# Authlib says nothing of the types of this function.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

import ssl
import time
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec
import structlog
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from courtyard.core.errors import Forbidden, NotFound, Unavailable
from courtyard.web.openid.fetching import SECONDS, Refused, Trouble, fetch, trust
from courtyard.web.openid.providers import Provider, secure
from courtyard.web.openid.tokens import Expected, UnknownKey, Untrusted, check

KEPT = 3_600.0
"""Seconds for which discovery and keys are remembered."""
PAUSE = 60.0
"""Keys are not asked for again sooner, whatever key a token names."""
_log = structlog.stdlib.get_logger("courtyard.openid")


class ProviderAway(Unavailable):
    """The provider does not answer as it should at the moment. Try again later."""


class ProviderRefused(Forbidden):
    """The provider did not let you in."""


class ProviderUntrusted(Forbidden):
    """What the provider said could not be trusted, so nobody was signed in. Try again."""


class Metadata(msgspec.Struct, frozen=True):
    """What of a provider's discovery document (OpenID Connect Discovery, section 3) counts for us."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] | None = None
    authorization_response_iss_parameter_supported: bool = False


class Sent(msgspec.Struct, frozen=True):
    """What one journey to a provider is recognized by when it ends."""

    state: str
    nonce: str
    verifier: str


class Told(msgspec.Struct, frozen=True):
    """What a provider says of a person. `verified` is about the address; groups are those that it names."""

    issuer: str
    subject: str
    email: str | None
    verified: bool
    username: str
    groups: list[str]


class Party:
    """One provider, and what is remembered of it."""

    def __init__(self, provider: Provider, authority: Path | None, seconds: float = SECONDS) -> None:
        self.provider = provider
        self._authorities = tuple(one for one in (authority, provider.ca) if one is not None)
        self._seconds = seconds
        self._context: ssl.SSLContext | None = None
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, dict[str, Any]] | None = None

    async def discover(self) -> Metadata:
        """The discovery document, checked. Raises Trouble, Refused."""
        if self._metadata is not None and self._metadata[0] > time.monotonic() - KEPT:
            return self._metadata[1]
        issuer = self.provider.issuer
        document = await self._fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            metadata = msgspec.convert(document, Metadata)
        except msgspec.ValidationError as error:
            raise Trouble(f"its discovery document is not right: {error}") from None
        if metadata.issuer != issuer:
            # Somebody else's document would send passwords and codes to somebody else (RFC 9207).
            raise Trouble(f"its discovery document is that of another issuer: {metadata.issuer[:200]!r}")
        places = (
            metadata.authorization_endpoint,
            metadata.token_endpoint,
            metadata.jwks_uri,
            metadata.userinfo_endpoint,
        )
        for place in places:
            if place is not None and (not secure(place) or (issuer.startswith("https") and place.startswith("http:"))):
                raise Trouble(f"its discovery document names an address without https: {place[:200]!r}")
        self._metadata = time.monotonic(), metadata
        return metadata

    async def keys(self) -> int:
        """How many keys it publishes. Raises Trouble, Refused."""
        document = await self._fetch((await self.discover()).jwks_uri)
        listed: Any = document.get("keys")
        if not isinstance(listed, list) or not listed:
            raise Trouble("it publishes no keys")
        return len(cast(list[Any], listed))

    async def way(self, sent: Sent, back: str) -> str:
        """The address that the browser goes to. Raises ProviderAway."""
        metadata = await self._met("discovery", self.discover())
        challenge: str = create_s256_code_challenge(sent.verifier)
        query: str = urlencode(
            {
                "response_type": "code",
                "client_id": self.provider.client_id,
                "redirect_uri": back,
                "scope": " ".join(self.provider.scopes),
                "state": sent.state,
                "nonce": sent.nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        place = metadata.authorization_endpoint
        return f"{place}{'&' if urlsplit(place).query else '?'}{query}"

    async def arrival(self, query: dict[str, str], sent: Sent, back: str) -> Told:
        """Who came back with this query, whose `state` the caller found to be that of the journey.

        Raises ProviderAway, ProviderRefused, ProviderUntrusted.
        """
        metadata = await self._met("discovery", self.discover())
        issuer = query.get("iss")
        if issuer != metadata.issuer and (
            issuer is not None or metadata.authorization_response_iss_parameter_supported
        ):
            raise self._untrusted("the answer comes from another issuer (RFC 9207)")
        if "error" in query or not query.get("code"):
            raise ProviderRefused(f"{self.provider.shown} did not let you in.")
        tokens = await self._met("token", self._exchange(metadata, query["code"], sent, back))
        id_token, access = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access, str):
            raise self._untrusted("there is no id_token")
        expected = Expected(metadata.issuer, self.provider.client_id, sent.nonce, access)
        claims = await self._checked(metadata, id_token, expected)
        return self._told(await self._completed(metadata, access, claims))

    async def _checked(self, metadata: Metadata, id_token: str, expected: Expected) -> dict[str, Any]:
        try:
            try:
                return check(id_token, await self._published(metadata), expected)
            except UnknownKey:
                return check(id_token, await self._published(metadata, newer=True), expected)
        except Untrusted as error:
            raise self._untrusted(str(error)) from None

    async def _published(self, metadata: Metadata, *, newer: bool = False) -> dict[str, Any]:
        now = time.monotonic()
        if self._keys is None or self._keys[0] < now - (PAUSE if newer else KEPT):
            self._keys = now, await self._met("keys", self._fetch(metadata.jwks_uri))
        return self._keys[1]

    async def _exchange(self, metadata: Metadata, code: str, sent: Sent, back: str) -> dict[str, Any]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": sent.verifier}
        client_id, secret = self.provider.client_id, self.provider.client_secret.get_secret_value()
        methods = metadata.token_endpoint_auth_methods_supported or ["client_secret_basic"]
        headers: dict[str, str] = {}
        if secret and ("client_secret_basic" in methods or "client_secret_post" not in methods):
            proof = b64encode(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()).decode()
            headers["authorization"] = f"Basic {proof}"
        else:
            form |= {"client_id": client_id, **({"client_secret": secret} if secret else {})}
        return await self._fetch(metadata.token_endpoint, form=form, headers=headers)

    async def _completed(self, metadata: Metadata, access: str, claims: dict[str, Any]) -> dict[str, Any]:
        """Claims that the `id_token` left out may stand at the userinfo endpoint (OpenID Connect Core, section 5.4)."""
        missing = "email" not in claims or (self.provider.groups and self._groups(claims) is None)
        if not missing or metadata.userinfo_endpoint is None:
            return claims
        headers = {"authorization": f"Bearer {access}"}
        more = await self._met("userinfo", self._fetch(metadata.userinfo_endpoint, headers=headers))
        if more.get("sub") != claims["sub"]:
            raise self._untrusted("userinfo speaks of somebody else")
        # Whether an address is verified is said where the address is.
        verified = (claims if "email" in claims else more).get("email_verified")
        return {**more, **claims, "email_verified": verified}

    def _told(self, claims: dict[str, Any]) -> Told:
        email, name = claims.get("email"), claims.get("preferred_username") or claims.get("name")
        return Told(
            issuer=self.provider.issuer,
            subject=claims["sub"],
            email=email if isinstance(email, str) and email else None,
            # Some send the word instead of the value.
            verified=claims.get("email_verified") in (True, "true"),
            username=name if isinstance(name, str) else "",
            groups=self._groups(claims) or [],
        )

    def _groups(self, claims: dict[str, Any]) -> list[str] | None:
        """The groups in the set claim, also where it is a path through objects (`realm_access.roles`)."""
        name = self.provider.groups_claim
        value: Any = claims.get(name)
        if value is None and "." in name:
            value = claims
            for part in name.split("."):
                value = cast(dict[str, Any], value).get(part) if isinstance(value, dict) else None
        if value is None:
            return None
        listed = cast(list[Any], value) if isinstance(value, list) else [value]
        return [group for group in listed if isinstance(group, str)]

    async def _fetch(self, url: str, **options: Any) -> dict[str, Any]:
        if self._context is None:
            self._context = trust(self._authorities)
        return await fetch(self._context, url, seconds=self._seconds, **options)

    async def _met(self, step: str, asking: Any) -> Any:
        """The answer, or a refusal that people understand; the log says more."""
        try:
            return await asking
        except Trouble as trouble:
            _log.warning("provider away", provider=self.provider.name, step=step, reason=str(trouble))
            raise ProviderAway(f"{self.provider.shown} does not answer as it should. Try again later.") from None
        except Refused as refused:
            _log.warning("provider refused", provider=self.provider.name, step=step, reason=str(refused))
            raise ProviderRefused(f"{self.provider.shown} did not let you in.") from None

    def _untrusted(self, reason: str) -> ProviderUntrusted:
        _log.warning("provider not trusted", provider=self.provider.name, reason=reason)
        return ProviderUntrusted(f"What {self.provider.shown} said could not be trusted. Try again.")


class Providers:
    """All that are set, in that order."""

    def __init__(self, providers: Iterable[Provider] = (), authority: Path | None = None) -> None:
        self.parties = [Party(provider, authority) for provider in providers]

    def find(self, name: str) -> Party:
        """The provider of that name. Raises NotFound."""
        for party in self.parties:
            if party.provider.name == name:
                return party
        raise NotFound

    @property
    def issuers(self) -> frozenset[str]:
        return frozenset(party.provider.issuer for party in self.parties)

    @property
    def buttons(self) -> list[dict[str, str]]:
        """What a page shows of them."""
        return [{"name": party.provider.name, "title": party.provider.shown} for party in self.parties]
