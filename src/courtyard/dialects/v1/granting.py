"""Applications and consents on the wire: their shapes, what clients send, and the doors to them."""

from typing import Annotated

from fastapi import Depends
from pydantic import Field
from typing_extensions import TypedDict

from courtyard.core.clock import rfc3339
from courtyard.core.errors import Invalid
from courtyard.core.oauth import applications, consents
from courtyard.core.oauth.applications import Application
from courtyard.core.oauth.consents import Consent
from courtyard.core.oauth.scopes import Word
from courtyard.dialects.v1.models import Body
from courtyard.web.call import Call
from courtyard.web.preconditions import hold
from courtyard.web.suppliers import Supplier


class ApplicationShape(TypedDict):
    """An application without its secret."""

    id: str
    client_id: str
    name: str
    logo_url: str | None
    redirect_uris: list[str]
    scopes: list[str]
    public: bool
    secret_last4: str | None
    created_at: str
    updated_at: str


class _Secret(TypedDict, total=False):
    client_secret: str


class NewApplicationShape(ApplicationShape, _Secret):
    """An application just made: `client_secret` is shown here only; a public one has none."""


class ConsentShape(TypedDict):
    """What the caller lets an application do."""

    id: str
    application_id: str
    application_name: str
    client_id: str
    scopes: list[str]
    created_at: str
    updated_at: str


def application(fact: Application) -> ApplicationShape:
    return {
        "id": fact.id,
        "client_id": fact.client_id,
        "name": fact.name,
        "logo_url": fact.logo_url,
        "redirect_uris": fact.redirects,
        "scopes": fact.scopes.split(),
        "public": bool(fact.public),
        "secret_last4": fact.secret_last4,
        "created_at": rfc3339(fact.created_at),
        "updated_at": rfc3339(fact.updated_at),
    }


def consent(fact: Consent) -> ConsentShape:
    return {
        "id": fact.id,
        "application_id": fact.application_id,
        "application_name": fact.application_name,
        "client_id": fact.client_id,
        "scopes": fact.scopes.split(),
        "created_at": rfc3339(fact.created_at),
        "updated_at": rfc3339(fact.updated_at),
    }


class NewApplication(Body):
    """An application to be made; only the name is needed. Without redirect addresses it serves devices and itself."""

    name: str
    redirect_uris: list[str] = Field(default_factory=list)
    scopes: list[Word] = Field(default_factory=lambda: ["read"])
    public: bool = False
    logo_url: str | None = None

    def core(self) -> applications.NewApplication:
        return applications.NewApplication(**self.model_dump())


class ApplicationPatch(Body):
    """A merge patch (RFC 7396): what is absent stays, null clears the logo."""

    name: str = ""
    redirect_uris: list[str] = Field(default_factory=list)
    scopes: list[Word] = Field(default_factory=list)
    public: bool | None = None
    logo_url: str | None = None

    def core(self) -> applications.Changes:
        asked = self.model_dump(exclude_unset=True)
        if "public" in asked:
            raise Invalid("public", "This does not change; make another application.", code="unsupported")
        return applications.Changes(**asked)


class ApplicationDoor(Supplier):
    """One of the caller's applications."""

    def __call__(self, application_id: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Application:
        changes = call.method in ("PATCH", "DELETE", "POST")
        async with call.reading() as tx:
            found = await applications.find(tx, call.actor, call.params["application_id"], hold=changes)
        if changes:
            hold(call, application(found))
        return found


class ConsentDoor(Supplier):
    """One of the caller's consents."""

    def __call__(self, consent_id: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Consent:
        async with call.reading() as tx:
            found = await consents.find(tx, call.actor, call.params["consent_id"], hold=True)
        hold(call, consent(found))
        return found


OwnApplication = Annotated[Application, Depends(ApplicationDoor())]
OwnConsent = Annotated[Consent, Depends(ConsentDoor())]
