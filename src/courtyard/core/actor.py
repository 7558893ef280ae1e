"""Who asks, by which right, and from where."""

from typing import Literal

import msgspec

from courtyard.core.errors import Forbidden, Unauthenticated

Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "write", "admin")
RANK: dict[str, int] = {"read": 1, "write": 2, "admin": 3}


class Origin(msgspec.Struct, frozen=True):
    """Where a request came in: for the audit trail."""

    dialect: str
    address: str = ""
    request_id: str = ""


class Actor(msgspec.Struct, frozen=True):
    """A person or program with a credential; or anybody, when `person_id` is empty.

    `reach` is the strongest scope of the credential (each contains the weaker ones), `spaces` the only spaces it may
    touch (None: all). `privileged` collects what was allowed only because a platform administrator asked. Who came by a
    browser has a `session_id` instead of a credential. `organization_id` is set for a key that is an organization's.
    """

    origin: Origin
    person_id: str = ""
    reach: int = 0
    administrator: bool = False
    credential_id: str | None = None
    application_id: str | None = None
    spaces: frozenset[str] | None = None
    privileged: list[tuple[str, str]] = msgspec.field(default_factory=list)
    session_id: str | None = None
    organization_id: str | None = None

    @property
    def anonymous(self) -> bool:
        return not self.person_id and not self.administrator

    def needs(self, scope: Scope) -> None:
        """Refuse a credential whose scopes do not reach this far. Raises Unauthenticated, Forbidden."""
        if self.anonymous:
            raise Unauthenticated
        if self.reach < RANK[scope]:
            raise Forbidden(f"This needs a credential with the scope '{scope}'.")

    def administers(self) -> None:
        """Refuse everybody but administrators of the installation, and their credentials that are limited to spaces.

        Raises Unauthenticated, Forbidden.
        """
        self.needs("admin")
        if not self.administrator:
            raise Forbidden
        self.everywhere()

    def everywhere(self) -> None:
        """Refuse a credential that is limited to certain spaces, for what lies outside of them. Raises Forbidden."""
        if self.spaces is not None:
            raise Forbidden("This credential is limited to certain spaces.")

    def in_person(self) -> None:
        """Refuse what cannot stand for a whole person, for what is up to people: limited credentials, keys of organizations.

        Raises Forbidden.
        """
        self.everywhere()
        if self.organization_id is not None:
            raise Forbidden("The key of an organization works in its spaces, and does nothing else.")


def system(dialect: str) -> Actor:
    """The installation itself, for work that nobody asked for by a request."""
    return Actor(Origin(dialect), person_id="", reach=RANK["admin"], administrator=True)
