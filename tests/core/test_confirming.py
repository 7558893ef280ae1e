"""Confirming by a code: as good as the password, once for each code."""

import pytest

from courtyard.core import accounts
from courtyard.core.accounts import WrongSecond
from courtyard.core.errors import InvalidCredential
from courtyard.core.identity import sessions
from courtyard.core.identity.sessions import ConfirmFirst
from tests.core.moments import Moment
from tests.core.test_second_factor import code, enrolled
from tests.world import ORIGIN, World


async def test_a_code_makes_a_session_fresh_again(world: World, moment: Moment) -> None:
    actor, app, codes = await enrolled(world, moment)
    for value in (lambda: code(app, moment), lambda: codes[0]):
        moment.passes(sessions.RECENT + 1)
        async with world.database.read() as tx:
            with pytest.raises(ConfirmFirst):
                await sessions.require_recent(tx, actor)
        used = value()
        session, secret = await accounts.confirm_with_code(world.database, actor, used)
        assert session.id == actor.session_id
        async with world.database.read() as tx:
            await sessions.require_recent(tx, actor)
            assert (await sessions.authenticate(tx, secret, ORIGIN))[1].id == session.id
        with pytest.raises(WrongSecond):
            await accounts.confirm_with_code(world.database, actor, used)


async def test_a_wrong_code_is_noted(world: World, moment: Moment) -> None:
    actor, _, _ = await enrolled(world, moment)
    with pytest.raises(WrongSecond):
        await accounts.confirm_with_code(world.database, actor, "000 000 000")
    async with world.database.read() as tx:
        noted = await tx.all(str, "select person_id from event where action = 'second.refused'")
    assert noted == [actor.person_id]


async def test_a_session_that_has_ended_is_not_confirmed(world: World, moment: Moment) -> None:
    actor, _, codes = await enrolled(world, moment)
    async with world.database.write() as tx:
        await sessions.end_all(tx, actor, actor.person_id)
    with pytest.raises(InvalidCredential):
        await accounts.confirm_with_code(world.database, actor, codes[0])
