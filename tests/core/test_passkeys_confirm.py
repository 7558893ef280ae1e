"""Passkeys in the place of the password: who is signed in shows again that it is them."""

import json

import pytest

from courtyard.core import accounts
from courtyard.core.actor import Actor
from courtyard.core.identity import sessions
from courtyard.core.identity.passkeys import Challenge, WrongPasskey
from courtyard.core.identity.sessions import ConfirmFirst
from tests.core.authenticator import padded
from tests.core.moments import Moment
from tests.core.test_passkeys import SITE, asked, owned
from tests.world import World


async def to_confirm(world: World, actor: Actor) -> Challenge:
    async with world.database.write() as tx:
        return await accounts.ask_for_passkey(tx, actor, SITE)


async def test_a_passkey_confirms_a_session(world: World, moment: Moment) -> None:
    actor, device = await owned(world)
    moment.passes(sessions.RECENT)
    challenge = await to_confirm(world, actor)
    options = json.loads(challenge.options)
    assert options["userVerification"] == "required"
    assert [known["id"] for known in options["allowCredentials"]] == [padded(device.id)]
    await accounts.confirm_with_passkey(world.database, actor, SITE, challenge.id, device.answer(challenge.options))
    async with world.database.read() as tx:
        await sessions.require_recent(tx, actor)


async def test_without_its_user_verified_it_does_not_stand_in_for_the_password(world: World, moment: Moment) -> None:
    """Whoever finds a session open and a key in its slot is not the person yet."""
    actor, device = await owned(world, verifies=False)
    moment.passes(sessions.RECENT)
    # Nor does a question that asks less serve in its place.
    for challenge in (await to_confirm(world, actor), await asked(world, actor.person_id)):
        answer = device.answer(challenge.options)
        with pytest.raises(WrongPasskey):
            await accounts.confirm_with_passkey(world.database, actor, SITE, challenge.id, answer)
    async with world.database.read() as tx:
        with pytest.raises(ConfirmFirst):
            await sessions.require_recent(tx, actor)


async def test_an_answer_to_the_question_for_a_second_factor_confirms_nothing(world: World) -> None:
    actor, device = await owned(world)
    challenge = await asked(world, actor.person_id)
    with pytest.raises(WrongPasskey):
        await accounts.confirm_with_passkey(world.database, actor, SITE, challenge.id, device.answer(challenge.options))


async def test_the_passkey_of_somebody_else_confirms_nothing(world: World, moment: Moment) -> None:
    actor, _ = await owned(world)
    _, evil = await owned(world, "eve")
    moment.passes(sessions.RECENT)
    challenge = await to_confirm(world, actor)
    with pytest.raises(WrongPasskey):
        await accounts.confirm_with_passkey(world.database, actor, SITE, challenge.id, evil.answer(challenge.options))
    async with world.database.read() as tx:
        with pytest.raises(ConfirmFirst):
            await sessions.require_recent(tx, actor)
