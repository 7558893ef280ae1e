"""Who was invited and comes by another door: the invitation is mailed again, and nobody hears that."""

from collections.abc import Awaitable, Callable

import pytest

from courtyard.core import accounts, clock
from courtyard.core.actor import system
from courtyard.core.identity import mailed, standing
from courtyard.core.membership import invitations
from courtyard.core.membership.invitations import Invited
from courtyard.storage.database import Database
from tests.core.inviting import NEW, accept, invite, token_of
from tests.core.mailing import delivered, kinds
from tests.core.moments import Moment
from tests.core.watched import Watched
from tests.world import ORIGIN, World

PASSWORD = "a quiet place for papers"
Door = Callable[[Database, str], Awaitable[None]]


async def sign_up(database: Database, email: str) -> None:
    await accounts.sign_up(database, "open", email=email, username="whoever", password=PASSWORD, origin=ORIGIN)


async def forgotten(database: Database, email: str) -> None:
    await accounts.ask_reset(database, email, ORIGIN)


async def refused(database: Database, email: str) -> None:
    """After `register` has said that the address is taken."""
    await accounts.remind(database, email, ORIGIN)


DOORS: list[Door] = [sign_up, forgotten, refused]
each_door = pytest.mark.parametrize("door", DOORS)


async def invited(world: World, days: int = 7) -> Invited:
    """Somebody new, whose first mail has been sent."""
    made = await invite(world, "ada", await world.space(owner="ada"), NEW, days=days)
    assert await kinds(world) == [("invitation", NEW)]
    return made


async def allowed(world: World, made: Invited) -> int:
    """Until when the invitation holds."""
    async with world.database.read() as tx:
        letter = await invitations.letter(tx, made.invitation.id)
    assert letter is not None
    return letter.expires_at


@each_door
async def test_the_invitation_is_mailed_again_and_opens_the_account(world: World, moment: Moment, door: Door) -> None:
    made = await invited(world)
    moment.passes(mailed.PAUSE)
    await door(world.database, NEW.lower())
    ((kind, recipient, text),) = await delivered(world)
    assert (kind, recipient) == ("invitation", NEW)
    assert text is not None
    token = text.body.partition("/invite/")[2].split()[0]
    accepted = await accept(world, token, username="new", password_hash="hash")
    assert accepted.person.id == made.member.person_id


@each_door
async def test_at_most_once_a_minute(world: World, moment: Moment, door: Door) -> None:
    await invited(world)
    await door(world.database, NEW)
    assert await kinds(world) == []
    moment.passes(mailed.PAUSE)
    for other in DOORS:
        await other(world.database, NEW)
    assert await kinds(world) == [("invitation", NEW)]
    moment.passes(mailed.PAUSE - 1)
    await door(world.database, NEW)
    assert await kinds(world) == []
    moment.passes(1)
    await door(world.database, NEW)
    assert await kinds(world) == [("invitation", NEW)]


@each_door
async def test_it_holds_no_longer_than_whoever_invited_said(world: World, moment: Moment, door: Door) -> None:
    made = await invited(world, days=1)
    until = await allowed(world, made)
    moment.passes(clock.HOUR)
    await door(world.database, NEW)
    assert await kinds(world) == [("invitation", NEW)]
    assert await allowed(world, made) == until
    moment.passes(clock.DAY)
    await door(world.database, NEW)
    assert await kinds(world) == []


async def test_the_link_from_before_works_until_the_new_mail_leaves(world: World, moment: Moment) -> None:
    made = await invited(world)
    token = await token_of(world, made)
    moment.passes(mailed.PAUSE)
    await sign_up(world.database, NEW)
    await accept(world, token, username="new", password_hash="hash")
    # The account is there: the mail that waits has lost its reason.
    assert await kinds(world) == []


@each_door
async def test_what_was_taken_back_is_not_mailed_again(world: World, moment: Moment, door: Door) -> None:
    space = await world.space(owner="ada")
    first, kept = await invite(world, "ada", space, NEW), await world.space(owner="bob")
    second = await invite(world, "bob", kept, NEW)
    assert len(await kinds(world)) == 2
    moment.passes(mailed.PAUSE)
    async with world.database.write() as tx:
        await invitations.revoke(tx, await world.actor("bob"), second.invitation)
    await door(world.database, NEW)
    ((_, _, text),) = await delivered(world)
    assert text is not None
    assert "ada invites you" in text.subject
    moment.passes(mailed.PAUSE)
    async with world.database.write() as tx:
        await invitations.revoke(tx, await world.actor("ada"), first.invitation)
    await door(world.database, NEW)
    assert await kinds(world) == []


async def test_who_is_shut_out_is_not_reminded(world: World, moment: Moment) -> None:
    made = await invited(world)
    moment.passes(mailed.PAUSE)
    async with world.database.write() as tx:
        await standing.disable(tx, system("test"), made.member.person_id)
    for door in DOORS:
        await door(world.database, NEW)
    assert await kinds(world) == []


@each_door
async def test_the_same_statements_run_for_everybody_who_is_known(world: World, door: Door) -> None:
    await world.person("ada")
    await invited(world)
    told: list[list[str]] = []
    for email in ("ada@example.org", NEW):
        watched = Watched(world.database)
        await door(watched, email)
        told.append(watched.statements)
    assert told[0] == told[1]
