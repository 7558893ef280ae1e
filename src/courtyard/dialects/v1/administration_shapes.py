"""How v1 shows people and the audit trail to those who administer, and what they send."""

from typing import Any, Literal

from typing_extensions import TypedDict

from courtyard.core.audit import Entry, Filters
from courtyard.core.clock import rfc3339
from courtyard.core.identity import directory
from courtyard.core.identity.directory import Account
from courtyard.dialects.v1.models import Body
from courtyard.dialects.v1.pages import Paging
from courtyard.dialects.v1.shapes import PersonName, time
from courtyard.web.answer import raw


class PersonShape(TypedDict):
    """Somebody with how their account stands. `invited` ones have not claimed theirs yet."""

    id: str
    username: str
    email: str
    email_verified: bool
    phone: str | None
    state: Literal["active", "invited", "disabled"]
    administrator: bool
    second_factor: bool
    created_at: str
    last_seen_at: str | None


def person(fact: Account) -> PersonShape:
    return {
        "id": fact.id,
        "username": fact.username,
        "email": fact.email,
        "email_verified": fact.email_verified_at is not None,
        "phone": fact.phone,
        "state": fact.state,
        "administrator": bool(fact.is_administrator),
        "second_factor": bool(fact.second_factor),
        "created_at": rfc3339(fact.created_at),
        "last_seen_at": time(fact.last_seen_at),
    }


class Who(TypedDict):
    """By whom; the username is null once the account is gone."""

    id: str
    username: str | None


class ActivityShape(TypedDict):
    """What happened in a space. `privileged`: by a platform administrator, who has no such role here.

    `about` is the person that it was done to; null where it was done to something else, or the account is gone.
    """

    id: str
    at: str
    action: str
    result: str
    privileged: bool
    person: Who | None
    application_id: str | None
    application_name: str | None
    dialect: str | None
    object_id: str | None
    about: PersonName | None
    detail: dict[str, Any]


class TrailShape(ActivityShape):
    """A row of the audit trail, whole. `number` is its place in the trail."""

    number: int
    space_id: str | None
    credential_id: str | None
    address: str | None
    request_id: str | None


def activity(fact: Entry) -> ActivityShape:
    """Addresses and credentials of members are not for the admins of a space."""
    return {
        "id": fact.id,
        "at": rfc3339(fact.at),
        "action": fact.action,
        "result": fact.result,
        "privileged": bool(fact.privileged),
        "person": None if fact.person_id is None else {"id": fact.person_id, "username": fact.username},
        "application_id": fact.application_id,
        "application_name": fact.application_name,
        "dialect": fact.dialect,
        "object_id": fact.object_id,
        "about": {"id": fact.object_id, "username": fact.object_username}
        if fact.object_id and fact.object_username
        else None,
        "detail": raw(fact.detail),  # pyright: ignore[reportReturnType] - JSON text goes out as it rests
    }


def trail(fact: Entry) -> TrailShape:
    return {
        **activity(fact),
        "number": fact.number,
        "space_id": fact.space_id,
        "credential_id": fact.credential_id,
        "address": fact.address,
        "request_id": fact.request_id,
    }


class PersonFilters(Paging):
    """What narrows the list of people."""

    q: str = ""
    state: Literal["", "active", "invited", "disabled"] = ""

    def core(self) -> directory.Filters:
        return directory.Filters(contains=self.q, state=self.state)


class PersonPatch(Body):
    """What is absent stays."""

    disabled: bool = False
    administrator: bool = False

    def asked(self) -> dict[str, bool]:
        return self.model_dump(exclude_unset=True)


class ActivityFilters(Paging):
    """What narrows what happened in a space: an action or its first word; what people did."""

    action: str = ""
    by: Literal["", "people"] = ""


class TrailFilters(Paging):
    """What narrows the audit trail: ids, and an action or its first word."""

    person: str = ""
    space: str = ""
    action: str = ""

    def core(self) -> Filters:
        return Filters(person=self.person, space=self.space, action=self.action)
