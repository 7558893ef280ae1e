"""How somebody stands with the installation: disabled and enabled, platform administrator or not."""

from courtyard.core import clock, events, queue
from courtyard.core.actor import Actor
from courtyard.core.errors import Conflict, NotFound
from courtyard.core.identity import mailed, names, people, sessions
from courtyard.core.identity.people import NotActive, Person
from courtyard.storage.database import Write


class LastAdministrator(Conflict):
    """There must be an administrator. Name another one first."""


async def disable(tx: Write, actor: Actor, person_id: str) -> Person:
    """Close an account: sessions, credentials and mailed links end at once, jobs that the person started are cancelled.

    Keys of organizations outlive it, but for those that an application made in the name of that person. For platform administrators. Raises Forbidden, NotFound, LastAdministrator.
    """
    await people.as_administrator(tx, actor, "disable", person_id)
    await another_administrator(tx, person_id)
    changed = await tx.run(
        "update person set state = 'disabled', updated_at = :now where id = :id and state <> 'disabled'",
        id=person_id,
        now=clock.now(),
    )
    if changed:
        jobs = await let_go(tx, actor, person_id)
        await events.record(tx, actor, "person.disabled", object_id=person_id, jobs=jobs)
    return await people.find(tx, person_id)


async def let_go(tx: Write, actor: Actor, person_id: str) -> int:
    """End whatever opens something in the name of a person; how many of their jobs were cancelled."""
    now = clock.now()
    await sessions.end_all(tx, actor, person_id)
    # Codes before the tokens that come of them, and again until nothing is left: on PostgreSQL a statement waits for an
    # exchange under way, but does not see what it leaves behind.
    await tx.run("delete from authorization_code where person_id = :id", id=person_id)
    await tx.run("delete from device_code where person_id = :id", id=person_id)
    while await tx.run(
        "update credential set revoked_at = :now where revoked_at is null"
        " and ((person_id = :id and organization_id is null) or allowed_by = :id)",
        id=person_id,
        now=now,
    ):
        pass
    await tx.run("delete from challenge where person_id = :id", id=person_id)
    await mailed.void(tx, person_id)
    return await queue.cancel_of(tx, person_id)


async def enable(tx: Write, actor: Actor, person_id: str) -> Person:
    """Open a disabled account again; what ended stays ended. Who had yet to claim it has yet to claim it.

    For platform administrators. Raises Forbidden, NotFound.
    """
    await people.as_administrator(tx, actor, "enable", person_id)
    changed = await tx.run(
        "update person set state = case when unclaimed = 1 then 'invited' else 'active' end, updated_at = :now"
        " where id = :id and state = 'disabled'",
        id=person_id,
        now=clock.now(),
    )
    if changed:
        await events.record(tx, actor, "person.enabled", object_id=person_id)
    return await people.find(tx, person_id)


async def promote(tx: Write, actor: Actor, person_id: str) -> Person:
    """Make an active person a platform administrator. For platform administrators. Raises Forbidden, NotFound."""
    await people.as_administrator(tx, actor, "promote", person_id)
    changed = await tx.run(
        "update person set is_administrator = 1, updated_at = :now where id = :id and state = 'active'",
        id=person_id,
        now=clock.now(),
    )
    if not changed:
        raise NotFound
    await events.record(tx, actor, "person.promoted", object_id=person_id)
    return await people.find(tx, person_id)


async def demote(tx: Write, actor: Actor, person_id: str) -> Person:
    """Make a platform administrator an ordinary person, oneself too.

    For platform administrators. Raises Forbidden, NotFound, LastAdministrator.
    """
    await people.as_administrator(tx, actor, "demote", person_id)
    await another_administrator(tx, person_id)
    changed = await tx.run(
        "update person set is_administrator = 0, updated_at = :now where id = :id and is_administrator = 1",
        id=person_id,
        now=clock.now(),
    )
    if changed:
        await events.record(tx, actor, "person.demoted", object_id=person_id)
    return await people.find(tx, person_id)


async def change(
    tx: Write, actor: Actor, person_id: str, *, disabled: bool | None = None, administrator: bool | None = None
) -> Person:
    """Change both at once, None stays: enabled first and disabled last, and nothing is done that is so already.

    For platform administrators. Raises Forbidden, NotFound, NotActive, LastAdministrator, ConfirmFirst.
    """
    person = await people.as_administrator(tx, actor, "change", person_id)
    if disabled is False:
        person = await enable(tx, actor, person_id)
    if administrator is True and not person.is_administrator:
        await sessions.require_recent_of_session(tx, actor)
        if person.state != "active":
            raise NotActive
        person = await promote(tx, actor, person_id)
    if administrator is False:
        person = await demote(tx, actor, person_id)
    return await disable(tx, actor, person_id) if disabled else person


async def another_administrator(tx: Write, person_id: str) -> None:
    """Refuse to go on when this is the only active administrator. Raises LastAdministrator.

    Two who go at once wait for each other: the second sees that the first has gone.
    """
    await names.hold(tx, "administrators", "")
    administrators = [person.id for person in await people.administrators(tx)]
    if administrators == [person_id]:
        raise LastAdministrator
