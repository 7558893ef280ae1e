"""Where a space is while it is imported in steps: with somebody who is nobody, in whose organization it is; no member sees it.

It leaves in one transaction, when all of it is there. What is given up, or was left by a worker that was killed, goes in steps.
"""

from typing import LiteralString

from courtyard.core import artifacts, events, organizations, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import RANK, Actor, Origin
from courtyard.core.artifacts import Artifact
from courtyard.core.artifacts.queries import COLUMNS
from courtyard.core.bags.imports import Import
from courtyard.core.bags.model import Place
from courtyard.core.errors import NotFound
from courtyard.core.identity import names, people, personal
from courtyard.core.queue import Job
from courtyard.core.spaces import NewSpace, Space
from courtyard.storage.database import Read, Write

ADDRESS = f"{people.SERVICE}imports"
STEP, MESSAGES = 25, 500
"""So many artifacts and messages go in one transaction."""
_ABANDONED: LiteralString = (
    "select s.id from space s join person p on p.id = s.owner_id where p.email_folded = :address and not exists (select 1"
    " from space_import i join job j on j.id = i.job_id where i.space_id = s.id and j.status in ('pending', 'processing'))"
    " order by s.id"
)
_SOME: LiteralString = COLUMNS + " from artifact a where a.space_id = :space order by a.id limit :step"
_SAID: LiteralString = (
    "delete from message where id in (select m.id from message m join thread t on t.id = m.thread_id"
    " where t.space_id = :space order by m.id limit :step)"
)


async def begin(tx: Write, actor: Actor, job: Job, wanted: Import, place: Place) -> Space:
    """Make the space itself, out of sight, for a job that the caller holds. Raises Invalid, TooLarge, NotFound."""
    await _destination(tx, actor, wanted)
    nobody = await _nobody(tx, actor)
    home = await organizations.home(tx, nobody, None)
    new = NewSpace(
        name=wanted.name or place.name,
        description=place.description,
        space_type=place.space_type,
        content_type=place.content_type,
        logo_url=place.logo_url,
        metadata=place.metadata,
    )
    space_id = await spaces.prepare(tx, home.id, nobody.person_id, new)
    await tx.run("update space_import set space_id = :space where id = :id", id=wanted.id, space=space_id)
    return await spaces.find(tx, nobody, space_id, Permission.WRITE)


async def leave(tx: Write, actor: Actor, wanted: Import, space: Space) -> Space:
    """Let it appear: it is the actor's from now on, in the organization that was asked for. Raises Invalid, NotFound."""
    organization = await _destination(tx, actor, wanted)
    moved = await tx.run(
        "update space set organization_id = :organization, owner_id = :person, visibility = :visibility"
        " where id = :id and owner_id = :nobody",
        id=space.id,
        organization=organization.id,
        person=actor.person_id,
        visibility=wanted.visibility,
        nobody=space.owner_id,
    )
    if not moved:
        raise NotFound
    await spaces.appear(tx, actor, space.id)
    if await tx.one(int, "select 1 from hook where event = 'customer.created' limit 1"):
        customers = await tx.all(str, "select id from customer where space_id = :id order by id", id=space.id)
        await events.tell_hooks(tx, "customer.created", space.id, customers)
    return await spaces.find(tx, actor, space.id, Permission.LOOK)


async def held(tx: Read, space_id: str) -> Space | None:
    """A space that has not left yet; None for any other."""
    nobody = await _seek_nobody(tx)
    if nobody is None:
        return None
    try:
        found = await spaces.find(tx, nobody, space_id, Permission.MANAGE)
    except NotFound:
        return None
    return found if found.owner_id == nobody.person_id else None


async def abandoned(tx: Read) -> list[str]:
    """The spaces that no job goes on with."""
    return await tx.all(str, _ABANDONED, address=ADDRESS)


async def clear(tx: Write, space_id: str) -> bool:
    """End a little of a space that will not leave; whether there may be more. Call it again, each time in a new transaction."""
    space = await held(tx, space_id)
    if space is None:
        return False
    nobody = _acting(space.owner_id)
    some = await tx.all(Artifact, _SOME, space=space_id, step=STEP)
    for artifact in some:
        await artifacts.purge(tx, nobody, artifact)
    if some or await tx.run(_SAID, space=space_id, step=MESSAGES):
        return True
    await spaces.remove(tx, nobody, space)
    return False


async def _destination(tx: Write, actor: Actor, wanted: Import) -> organizations.Organization:
    handle = await tx.one(str, "select handle from organization where id = :id", id=wanted.organization_id)
    if handle is None:
        raise NotFound("The organization is not there any more.")
    return await organizations.home(tx, actor, handle)


async def _nobody(tx: Write, actor: Actor) -> Actor:
    """Nobody, made when the first space is imported."""
    known = await _seek_nobody(tx)
    if known is not None:
        return known
    await names.hold(tx, "handle", ADDRESS)
    person_id = await people.serving(tx, actor, "imports", "imports")
    if await tx.one(str, "select id from organization where personal_of = :id", id=person_id) is None:
        await personal.found_personal(tx, person_id, "imports-service")
    return _acting(person_id)


async def _seek_nobody(tx: Read) -> Actor | None:
    person_id = await tx.one(
        str,
        "select p.id from person p join organization o on o.personal_of = p.id where p.email_folded = :address",
        address=ADDRESS,
    )
    return None if person_id is None else _acting(person_id)


def _acting(person_id: str) -> Actor:
    return Actor(Origin("worker"), person_id, RANK["admin"])
