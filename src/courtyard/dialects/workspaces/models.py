"""What clients of workspaces send. Unknown members are ignored, a member of the wrong type is refused."""

import unicodedata
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from courtyard.core import spaces, text
from courtyard.core.access.roles import Role
from courtyard.core.errors import Invalid
from courtyard.core.spaces import Space
from courtyard.dialects.workspaces.shapes import Type
from courtyard.web.dialect import decode_json

ROLES: dict[str, Role] = {
    "viewer": "viewer",
    "editor": "editor",
    "admin": "admin",
    "visitor": "viewer",
    "manager": "editor",
    "administrator": "admin",
}


def _stored(value: object) -> object:
    """A name in the form in which it is kept, so that what is counted is what will be seen."""
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else value


def _address(value: str) -> str:
    try:
        return text.email("guest", value)
    except Invalid:
        raise PydanticCustomError("value_error", "value is not a valid email address") from None


def decode(content_type: str | None, body: bytes) -> Any:
    """The value of a JSON body; nothing at all is empty JSON, not another type. Raises UnsupportedType, Malformed."""
    return decode_json(content_type if content_type is not None or body else "application/json", body)


Name = Annotated[str, BeforeValidator(_stored), StringConstraints(min_length=3, max_length=50)]
Address = Annotated[str, AfterValidator(_address)]
Rol = Literal["viewer", "editor", "admin", "visitor", "manager", "administrator"]


class Body(BaseModel):
    """A request body."""

    model_config = ConfigDict(strict=True, extra="ignore")


class NewWorkspace(Body):
    """A workspace to be made."""

    name: Name
    type: Type = "private"

    def core(self) -> spaces.NewSpace:
        return spaces.NewSpace(name=self.name, visibility=self.type)


class WorkspaceChange(Body):
    """What a workspace is to be; without `type` that stays as it is."""

    name: Name
    # Made, not stated: the document must not promise a default, and null is no type.
    type: Type = Field(default_factory=lambda: "private")

    def core(self, space: Space) -> spaces.Changes:
        """`private` for what is shared with an organization keeps it so: to this protocol it was private all along."""
        asked = "type" in self.model_fields_set
        if not asked or (self.type == "private" and space.visibility != "public"):
            return spaces.Changes(name=self.name)
        return spaces.Changes(name=self.name, visibility=self.type)


class NewGuest(Body):
    """Whom to add, by address, and as what; `visitor`, `manager`, `administrator` are other words for the roles."""

    guest: Address
    rol: Rol


class GuestChange(Body):
    """A guest's new role."""

    rol: Rol


class Registration(Body):
    """An account to be made."""

    email: str
    username: str
    password: str
    phone: str | None = None


class Login(Body):
    """Who wants to log in."""

    email: str
    password: str
