"""What administrators do: platform administrators with people and the audit trail, admins with that of their space."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from courtyard.core import accounts, audit
from courtyard.core.audit import Entry
from courtyard.core.identity import directory, second, standing
from courtyard.core.identity.directory import Account
from courtyard.dialects.v1.administration_shapes import (
    ActivityFilters,
    ActivityShape,
    PersonFilters,
    PersonPatch,
    PersonShape,
    TrailFilters,
    TrailShape,
    activity,
    person,
    trail,
)
from courtyard.dialects.v1.doors import Overseen
from courtyard.dialects.v1.pages import PageShape, asked, page
from courtyard.web.answer import Answer
from courtyard.web.call import Call
from courtyard.web.preconditions import hold, one
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Supplier, Whole, Write

router = APIRouter(route_class=Route, tags=["Administration"])
PERSON = "/v1/people/{person_id}"


class PersonDoor(Supplier):
    """Somebody, for a platform administrator."""

    def __call__(self, person_id: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Account:
        changes = call.method == "PATCH"
        async with call.reading() as tx:
            found = await directory.find(tx, call.actor, call.params["person_id"], hold=changes)
        if changes:
            hold(call, person(found))
        return found


Somebody = Annotated[Account, Depends(PersonDoor())]


def _place(entry: Entry) -> str:
    return str(entry.number)


@router.get("/v1/people", summary="List people", response_model=PageShape[PersonShape])
async def list_people(caller: Caller, call: Whole, filters: Annotated[PersonFilters, Query()]) -> Response:
    """Everybody, newest first; for platform administrators. `q` is looked for in usernames and addresses."""
    wanted = asked(call, filters)
    async with call.services.database.scan() as tx:
        return page(call, await directory.page(tx, caller, filters.core(), wanted), person)


@router.get(PERSON, summary="Get a person", response_model=PersonShape)
async def get_person(tx: Read, caller: Caller, call: Whole, found: Somebody) -> Response:
    """For platform administrators."""
    return one(call, person(found))


@router.patch(PERSON, summary="Disable, enable, promote or demote a person", response_model=PersonShape)
async def update_person(tx: Write, caller: Caller, call: Whole, found: Somebody, body: PersonPatch) -> Response:
    """Whoever is disabled loses sessions, keys, tokens and running jobs at once. 409 for the last administrator."""
    await standing.change(tx, caller, found.id, **body.asked())
    return one(call, person(await directory.find(tx, caller, found.id)))


@router.post(PERSON + "/reset", status_code=204, summary="Mail a person a link for a new password")
async def reset_password(tx: Write, caller: Caller, found: Somebody) -> Response:
    """409 for an account that is not in use, 429 within a minute of the last one."""
    await accounts.ask_reset_of(tx, caller, found.id)
    return Answer(204)


@router.delete(PERSON + "/second-factor", status_code=204, summary="Take every second factor from a person")
async def clear_second_factor(tx: Write, caller: Caller, found: Somebody) -> Response:
    """For somebody who lost them all: app, passkeys and recovery codes end."""
    await second.clear(tx, caller, found.id)
    return Answer(204)


@router.get("/v1/events", summary="Read the audit trail", response_model=PageShape[TrailShape])
async def list_trail(caller: Caller, call: Whole, filters: Annotated[TrailFilters, Query()]) -> Response:
    """What happened in the installation, newest first; for platform administrators."""
    wanted = asked(call, filters)
    async with call.services.database.scan() as tx:
        return page(call, await audit.page(tx, caller, filters.core(), wanted), trail, _place)


@router.get(
    "/v1/spaces/{space_id}/activity", summary="What happened in a space", response_model=PageShape[ActivityShape]
)
async def list_activity(
    tx: Read, caller: Caller, call: Whole, space: Overseen, filters: Annotated[ActivityFilters, Query()]
) -> Response:
    """Newest first; for admins of the space."""
    found = await audit.of_space(tx, space.id, asked(call, filters), action=filters.action, people=bool(filters.by))
    return page(call, found, activity, _place)
