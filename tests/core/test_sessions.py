"""Sessions of browsers: what opens them, how long they live, and who ends them."""

import asyncio

import pytest

from courtyard.core import clock
from courtyard.core.actor import RANK, Actor, Origin, system
from courtyard.core.errors import ExpiredCredential, InvalidCredential, NotFound
from courtyard.core.identity import credentials, sessions, standing
from courtyard.core.identity.credentials import NewKey
from courtyard.core.identity.sessions import ConfirmFirst, SecondMissing, Session
from courtyard.core.paging import Page
from tests.core.moments import Moment
from tests.world import ORIGIN, World

AGENT = "Mozilla/5.0 (X11; Linux x86_64)"
PHONE = Origin("pages", "198.51.100.7", "request-2")


async def begin(
    world: World, name: str = "ada", *, second: bool = False, agent: str = AGENT, origin: Origin = ORIGIN
) -> tuple[Session, str]:
    person = await world.person(name)
    async with world.database.write() as tx:
        return await sessions.begin(tx, person, origin, agent, second=second)


async def enter(world: World, secret: str) -> Actor:
    async with world.database.read() as tx:
        return (await sessions.authenticate(tx, secret, ORIGIN))[0]


async def listed(world: World, actor: Actor) -> list[str]:
    async with world.database.read() as tx:
        return [session.id for session in (await sessions.page(tx, actor, Page(100))).items]


async def test_a_session_is_its_person_with_every_scope(world: World) -> None:
    session, secret = await begin(world)
    async with world.database.read() as tx:
        actor, again = await sessions.authenticate(tx, secret, ORIGIN)
    assert (actor.person_id, actor.reach, actor.administrator) == (world.people["ada"].id, RANK["admin"], False)
    assert (actor.session_id, actor.credential_id, actor.spaces) == (session.id, None, None)
    assert (again.id, again.state, again.address, again.agent) == (session.id, "open", "192.0.2.1", AGENT)
    assert secret.startswith("cys_")
    assert (await world.events())[-1] == "session.started"


async def test_the_trail_says_which_session_it_was(world: World) -> None:
    session, secret = await begin(world)
    actor = await enter(world, secret)
    async with world.database.write() as tx:
        await credentials.create(tx, actor, NewKey(name="script", scopes=["read"]))
    async with world.database.read() as tx:
        assert await tx.one(str, "select credential_id from event where action = 'key.created'") == session.id


async def test_an_administrator_is_one_in_a_session_too(world: World) -> None:
    await world.administrator("root")
    _, secret = await begin(world, "root")
    assert (await enter(world, secret)).administrator


@pytest.mark.parametrize("secret", ["", "cys_", "cys_" + "0" * 36, "cyk_" + "0" * 36, "\ud800" * 40])
async def test_what_is_no_secret_of_a_session_opens_nothing(world: World, secret: str) -> None:
    with pytest.raises(InvalidCredential):
        await enter(world, secret)


async def test_a_session_is_no_key_and_a_key_is_no_session(world: World) -> None:
    _, secret = await begin(world)
    key = await world.key("ada")
    with pytest.raises(InvalidCredential):
        await enter(world, key)
    async with world.database.read() as tx:
        with pytest.raises(InvalidCredential):
            await credentials.authenticate(tx, secret, ORIGIN)


async def test_the_database_keeps_no_secret(world: World) -> None:
    _, secret = await begin(world)
    async with world.database.read() as tx:
        rows = await tx.all(tuple, "select * from session") + await tx.all(tuple, "select * from event")
    assert secret not in str(rows)
    assert secret[4:] not in str(rows)


async def test_eight_idle_hours_end_it_and_use_keeps_it_alive(world: World, moment: Moment) -> None:
    session, secret = await begin(world)
    moment.passes(sessions.IDLE - 1)
    await enter(world, secret)
    async with world.database.write() as tx:
        await sessions.touch(tx, session.id, PHONE)
    moment.passes(sessions.IDLE - 1)
    await enter(world, secret)
    moment.passes(1)
    with pytest.raises(ExpiredCredential):
        await enter(world, secret)


async def test_seven_days_end_it_however_much_it_is_used(world: World, moment: Moment) -> None:
    session, secret = await begin(world)
    for _ in range(24):
        moment.passes(7 * clock.HOUR)
        if moment.at < session.expires_at:
            await enter(world, secret)
        async with world.database.write() as tx:
            await sessions.touch(tx, session.id, ORIGIN)
    assert moment.at == session.expires_at == session.created_at + 7 * clock.DAY
    with pytest.raises(ExpiredCredential):
        await enter(world, secret)


async def test_a_use_is_noted_once_a_minute_with_its_address(world: World, moment: Moment) -> None:
    session, secret = await begin(world)
    actor = await enter(world, secret)
    for passed, noted in ((clock.MINUTE - 1, 0), (1, clock.MINUTE), (clock.MINUTE - 1, clock.MINUTE)):
        moment.passes(passed)
        async with world.database.write() as tx:
            await sessions.touch(tx, session.id, PHONE)
            found = await sessions.find(tx, actor, session.id)
        assert found.seen_at == session.seen_at + noted
    assert found.address == PHONE.address


async def test_without_the_second_factor_it_opens_nothing(world: World, moment: Moment) -> None:
    session, secret = await begin(world, second=True)
    with pytest.raises(SecondMissing):
        await enter(world, secret)
    async with world.database.read() as tx:
        assert (await sessions.halfway(tx, secret)).id == session.id
    async with world.database.write() as tx:
        opened, newer = await sessions.complete(tx, session, ORIGIN)
    actor = await enter(world, newer)
    assert (opened.id, opened.state, opened.expires_at) == (session.id, "open", moment.at + sessions.LIFE)
    for over in (secret, "cys_" + "0" * 36):
        with pytest.raises(InvalidCredential):
            await enter(world, over)
    async with world.database.read() as tx:
        with pytest.raises(InvalidCredential):
            await sessions.halfway(tx, newer)
    assert await listed(world, actor) == [session.id]


async def test_the_second_factor_is_waited_for_ten_minutes(world: World, moment: Moment) -> None:
    session, secret = await begin(world, second=True)
    moment.passes(sessions.HALFWAY)
    async with world.database.read() as tx:
        with pytest.raises(ExpiredCredential):
            await sessions.halfway(tx, secret)
    async with world.database.write() as tx:
        with pytest.raises(InvalidCredential):
            await sessions.complete(tx, session, ORIGIN)


async def test_of_two_who_complete_it_at_once_one_does(world: World) -> None:
    session, _ = await begin(world, second=True)

    async def complete() -> str:
        async with world.database.write() as tx:
            return (await sessions.complete(tx, session, ORIGIN))[1]

    outcomes = await asyncio.gather(*(complete() for _ in range(5)), return_exceptions=True)
    secrets = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert len(secrets) == 1
    await enter(world, secrets[0])


async def test_who_proved_it_ten_minutes_ago_proves_it_again(world: World, moment: Moment) -> None:
    _, secret = await begin(world)
    actor = await enter(world, secret)
    moment.passes(sessions.RECENT - 1)
    async with world.database.read() as tx:
        await sessions.require_recent(tx, actor)
        moment.passes(1)
        with pytest.raises(ConfirmFirst):
            await sessions.require_recent(tx, actor)
    async with world.database.write() as tx:
        _, newer = await sessions.confirm(tx, actor)
        await sessions.require_recent(tx, actor)
    with pytest.raises(InvalidCredential):
        await enter(world, secret)
    assert (await enter(world, newer)).session_id == actor.session_id


async def test_a_key_never_counts_as_a_recent_proof(world: World) -> None:
    await begin(world)
    async with world.database.read() as tx:
        actor, _ = await credentials.authenticate(tx, await world.key("ada"), ORIGIN)
        with pytest.raises(ConfirmFirst):
            await sessions.require_recent(tx, actor)


async def test_a_new_secret_is_no_new_proof(world: World, moment: Moment) -> None:
    session, secret = await begin(world)
    actor = await enter(world, secret)
    moment.passes(clock.MINUTE)
    async with world.database.write() as tx:
        newer = await sessions.renew(tx, actor)
        assert (await sessions.find(tx, actor, session.id)).confirmed_at == session.confirmed_at
    await enter(world, newer)
    with pytest.raises(InvalidCredential):
        await enter(world, secret)


async def test_people_see_their_own_sessions_newest_first(world: World, moment: Moment) -> None:
    first, secret = await begin(world)
    actor = await enter(world, secret)
    moment.passes(clock.HOUR)
    await begin(world, "bob")
    await begin(world, second=True)
    other, _ = await begin(world, agent="curl/8\r\nX: y" + "z" * 300, origin=PHONE)
    async with world.database.read() as tx:
        found = (await sessions.page(tx, actor, Page(1))).items[0]
    assert await listed(world, actor) == [other.id, first.id]
    assert (found.address, found.agent) == (PHONE.address, ("curl/8X: y" + "z" * 300)[:255])
    moment.passes(sessions.IDLE - clock.HOUR)
    assert await listed(world, actor) == [other.id]


async def test_one_session_is_ended_and_the_others_stay(world: World) -> None:
    _, secret = await begin(world)
    lost, lost_secret = await begin(world)
    actor = await enter(world, secret)
    async with world.database.write() as tx:
        found = await sessions.find(tx, actor, lost.id)
        await sessions.end(tx, actor, found)
        with pytest.raises(NotFound):
            await sessions.end(tx, actor, found)
    with pytest.raises(InvalidCredential):
        await enter(world, lost_secret)
    await enter(world, secret)


async def test_nobody_finds_the_session_of_somebody_else(world: World) -> None:
    theirs, _ = await begin(world, "bob")
    _, secret = await begin(world)
    actor = await enter(world, secret)
    async with world.database.read() as tx:
        with pytest.raises(NotFound):
            await sessions.find(tx, actor, theirs.id)


async def test_all_end_but_this_one(world: World) -> None:
    mine, secret = await begin(world)
    others = [await begin(world), await begin(world, second=True)]
    _, bobs = await begin(world, "bob")
    actor = await enter(world, secret)
    async with world.database.write() as tx:
        assert await sessions.end_all(tx, actor, actor.person_id, but=mine.id) == 2
    for _, other in others:
        with pytest.raises(InvalidCredential):
            await enter(world, other)
    await enter(world, secret)
    await enter(world, bobs)
    async with world.database.write() as tx:
        assert await sessions.end_all(tx, actor, actor.person_id) == 1
    with pytest.raises(InvalidCredential):
        await enter(world, secret)


async def test_an_ended_session_is_neither_renewed_nor_confirmed(world: World) -> None:
    session, secret = await begin(world)
    actor = await enter(world, secret)
    async with world.database.write() as tx:
        await sessions.end(tx, actor, session)
    for act in (sessions.renew, sessions.confirm):
        async with world.database.write() as tx:
            with pytest.raises(InvalidCredential):
                await act(tx, actor)
    async with world.database.read() as tx:
        with pytest.raises(ConfirmFirst):
            await sessions.require_recent(tx, actor)


async def test_a_closed_account_has_no_sessions_and_gets_none(world: World) -> None:
    _, secret = await begin(world)
    ada = world.people["ada"]
    async with world.database.write() as tx:
        await standing.disable(tx, system("test"), ada.id)
    with pytest.raises(InvalidCredential):
        await enter(world, secret)
    async with world.database.write() as tx:
        with pytest.raises(InvalidCredential):
            await sessions.begin(tx, ada, ORIGIN, AGENT, second=False)
        # Opened again, what ended stays ended.
        await standing.enable(tx, system("test"), ada.id)
    with pytest.raises(InvalidCredential):
        await enter(world, secret)


async def test_disabled_while_signing_in_leaves_no_session(world: World) -> None:
    for turn in range(5):
        name = f"ada{turn}"
        ada = await world.person(name)

        async def close(person_id: str = ada.id) -> None:
            async with world.database.write() as tx:
                await standing.disable(tx, system("test"), person_id)

        await asyncio.gather(begin(world, name), close(), begin(world, name), return_exceptions=True)
        async with world.database.read() as tx:
            alive = await tx.one(
                int, "select count(*) from session where person_id = :id and state <> 'ended'", id=ada.id
            )
        assert alive == 0


async def test_fifty_sessions_live_and_the_oldest_end(world: World) -> None:
    begun = [await begin(world) for _ in range(sessions.MOST + 2)]
    for _, ended in begun[:2]:
        with pytest.raises(InvalidCredential):
            await enter(world, ended)
    actor = await enter(world, begun[2][1])
    assert await listed(world, actor) == [session.id for session, _ in begun[:1:-1]]


async def test_what_is_over_is_forgotten(world: World, moment: Moment) -> None:
    ended, secret = await begin(world)
    actor = await enter(world, secret)
    _, idle = await begin(world)
    async with world.database.write() as tx:
        await sessions.end(tx, actor, ended)
        assert await sessions.forget(tx) == 1
    moment.passes(sessions.IDLE + sessions.KEPT)
    with pytest.raises(ExpiredCredential):
        await enter(world, idle)
    _, alive = await begin(world)
    moment.passes(1)
    async with world.database.write() as tx:
        assert await sessions.forget(tx) == 1
    with pytest.raises(InvalidCredential):
        await enter(world, idle)
    await enter(world, alive)


async def test_who_has_the_password_alone_ends_no_session_that_two_factors_opened(world: World) -> None:
    _, opened = await begin(world)
    waiting = [await begin(world, second=True) for _ in range(sessions.MOST + 2)]
    actor = await enter(world, opened)
    # There is an end to those that wait, too.
    async with world.database.read() as tx:
        assert await tx.one(int, "select count(*) from session where state = 'second'") == sessions.MOST
    others = [await begin(world) for _ in range(sessions.MOST - 1)]
    async with world.database.write() as tx:
        last, _ = await sessions.complete(tx, waiting[-1][0], ORIGIN)
    assert set(await listed(world, actor)) == {last.id, *(session.id for session, _ in others)}
    with pytest.raises(InvalidCredential):
        await enter(world, opened)
