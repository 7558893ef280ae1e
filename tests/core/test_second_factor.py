"""The second factor: codes of an app that work once, and recovery codes for the day it is lost."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from pyotp.totp import TOTP

from courtyard.core import accounts, clock
from courtyard.core.accounts import SecondFactorNeeded, WrongSecond
from courtyard.core.actor import Actor, system
from courtyard.core.errors import ExpiredCredential, Forbidden, InvalidCredential
from courtyard.core.identity import passwords, second, sessions
from courtyard.core.identity.second import AlreadyEnrolled, Enrolment, NoSecondFactor, WrongCode
from courtyard.core.identity.sessions import ConfirmFirst
from tests.core.moments import Moment
from tests.world import ORIGIN, World

PASSWORD = "a quiet place for papers"


async def signed_in(world: World, name: str = "ada") -> Actor:
    """That person in a session of a moment ago."""
    person = await world.person(name)
    async with world.database.write() as tx:
        _, secret = await sessions.begin(tx, person, ORIGIN, "test", second=False)
        return (await sessions.authenticate(tx, secret, ORIGIN))[0]


async def enrol(world: World, actor: Actor) -> Enrolment:
    async with world.database.write() as tx:
        return await second.enrol(tx, actor, "Courtyard")


async def enrolled(world: World, moment: Moment, name: str = "ada") -> tuple[Actor, TOTP, list[str]]:
    """That person with an app in use, its generator of codes, and the recovery codes; the next step has come."""
    actor = await signed_in(world, name)
    app = TOTP((await enrol(world, actor)).secret)
    async with world.database.write() as tx:
        codes = await second.confirm(tx, actor, code(app, moment))
    moment.passes(second.STEP)
    return actor, app, codes


def code(app: TOTP, moment: Moment, steps: int = 0) -> str:
    """What the app shows now, or `steps` of 30 seconds later."""
    return app.at(moment.at // 1000, counter_offset=steps)


async def use(world: World, actor: Actor, value: str) -> str | None:
    async with world.database.write() as tx:
        return await second.use(tx, actor.person_id, value)


async def halfway(world: World, name: str = "ada") -> str:
    async with world.database.write() as tx:
        return (await accounts.enter(tx, await world.person(name), ORIGIN, "test"))[1]


async def test_an_app_counts_once_its_first_code_is_right(world: World, moment: Moment) -> None:
    actor = await signed_in(world)
    app = TOTP((await enrol(world, actor)).secret)
    async with world.database.write() as tx:
        assert not (await second.ways(tx, actor.person_id)).needed
        assert await second.use(tx, actor.person_id, code(app, moment)) is None
        with pytest.raises(WrongCode) as refusal:
            await second.confirm(tx, actor, code(app, moment, 5))
        codes = await second.confirm(tx, actor, code(app, moment))
        ways = await second.ways(tx, actor.person_id)
    assert refusal.value.field == "code"
    assert (ways.app, ways.passkeys, ways.recovery, ways.needed) == (1, 0, 10, True)
    assert len(set(codes)) == 10


async def test_an_app_reads_the_address(world: World) -> None:
    enrolment = await enrol(world, await signed_in(world))
    address = urlsplit(enrolment.uri)
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query) == {"secret": [enrolment.secret], "issuer": ["Courtyard"]}


async def test_the_secret_is_not_in_the_database(world: World, moment: Moment) -> None:
    _, app, codes = await enrolled(world, moment)
    async with world.database.read() as tx:
        sealed = await tx.one(bytes, "select secret from totp") or b""
        rows = await tx.all(tuple, "select * from event") + await tx.all(tuple, "select * from recovery_code")
    assert app.secret.encode() not in sealed
    assert app.byte_secret() not in sealed
    assert not any(part in str(rows) for part in (app.secret, *codes, codes[0].replace("-", "")))


async def test_a_secret_moved_to_another_person_is_unreadable(world: World, moment: Moment) -> None:
    actor, app, _ = await enrolled(world, moment)
    thief, _, _ = await enrolled(world, moment, "eve")
    async with world.database.write() as tx:
        await tx.run(
            "update totp set secret = (select x.secret from totp x where x.person_id = :eve) where person_id = :ada",
            eve=thief.person_id,
            ada=actor.person_id,
        )
    with pytest.raises(Exception, match=r"^$") as failure:
        await use(world, actor, code(app, moment))
    assert type(failure.value).__name__ == "InvalidTag"


async def test_asking_again_replaces_a_secret_that_was_never_used(world: World, moment: Moment) -> None:
    actor = await signed_in(world)
    lost, app = [TOTP((await enrol(world, actor)).secret) for _ in range(2)]
    async with world.database.write() as tx:
        with pytest.raises(WrongCode):
            await second.confirm(tx, actor, code(lost, moment))
        await second.confirm(tx, actor, code(app, moment))
        with pytest.raises(AlreadyEnrolled):
            await second.enrol(tx, actor, "Courtyard")
        with pytest.raises(AlreadyEnrolled):
            await second.confirm(tx, actor, code(app, moment, 1))


async def test_a_clock_may_be_one_step_ahead_or_behind(world: World, moment: Moment) -> None:
    actor, app, _ = await enrolled(world, moment)
    moment.passes(10 * second.STEP)
    assert await use(world, actor, code(app, moment, -2)) is None
    assert await use(world, actor, code(app, moment, 2)) is None
    assert await use(world, actor, code(app, moment, -1)) == "app"
    assert await use(world, actor, code(app, moment, 1)) == "app"


async def test_no_step_works_twice_nor_one_before_it(world: World, moment: Moment) -> None:
    actor, app, _ = await enrolled(world, moment)
    # The code that put the app to use is spent, too.
    assert await use(world, actor, code(app, moment, -1)) is None
    assert await use(world, actor, code(app, moment)) == "app"
    assert await use(world, actor, code(app, moment)) is None
    moment.passes(second.STEP)
    assert await use(world, actor, code(app, moment, -1)) is None
    assert await use(world, actor, code(app, moment)) == "app"


async def test_of_ten_who_send_one_code_at_once_one_passes(world: World, moment: Moment) -> None:
    actor, app, codes = await enrolled(world, moment)
    for value, way in ((code(app, moment), "app"), (codes[0], "recovery")):
        outcomes = await asyncio.gather(*(use(world, actor, value) for _ in range(10)))
        assert sorted(outcomes, key=str) == [None] * 9 + [way]


@pytest.mark.parametrize(
    "value",
    ["", "12345", "1234567", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "\ud800", "0" * 10_000, "-" * 16],
)
async def test_what_is_no_code_is_wrong(world: World, moment: Moment, value: str) -> None:
    actor, _, _ = await enrolled(world, moment)
    assert await use(world, actor, value) is None


async def test_codes_are_read_as_people_type_them(world: World, moment: Moment) -> None:
    actor, app, codes = await enrolled(world, moment)
    shown = code(app, moment)
    assert await use(world, actor, f" {shown[:3]} {shown[3:]} ") == "app"
    assert await use(world, actor, codes[0].upper().replace("-", " ")) == "recovery"


async def test_a_recovery_code_works_once_and_for_its_person_alone(world: World, moment: Moment) -> None:
    actor, _, codes = await enrolled(world, moment)
    eve, _, _ = await enrolled(world, moment, "eve")
    assert await use(world, eve, codes[0]) is None
    assert await use(world, actor, codes[0]) == "recovery"
    assert await use(world, actor, codes[0]) is None
    async with world.database.read() as tx:
        assert (await second.ways(tx, actor.person_id)).recovery == 9


async def test_new_recovery_codes_end_the_old_ones(world: World, moment: Moment) -> None:
    actor, _, old = await enrolled(world, moment)

    async def regenerate() -> list[str]:
        async with world.database.write() as tx:
            return await second.regenerate(tx, actor)

    _, _, newest = await asyncio.gather(regenerate(), regenerate(), regenerate())
    async with world.database.read() as tx:
        assert (await second.ways(tx, actor.person_id)).recovery == 10
    assert await use(world, actor, old[0]) is None
    assert set(newest).isdisjoint(old)


async def test_with_the_app_the_recovery_codes_go(world: World, moment: Moment) -> None:
    actor, _, codes = await enrolled(world, moment)
    async with world.database.write() as tx:
        await second.remove(tx, actor)
        with pytest.raises(NoSecondFactor):
            await second.remove(tx, actor)
        with pytest.raises(NoSecondFactor):
            await second.regenerate(tx, actor)
        with pytest.raises(NoSecondFactor):
            await second.confirm(tx, actor, "123456")
        ways = await second.ways(tx, actor.person_id)
    assert (ways.needed, ways.recovery) == (False, 0)
    assert await use(world, actor, codes[0]) is None


async def test_changing_it_needs_a_recent_proof(world: World, moment: Moment) -> None:
    actor, app, _ = await enrolled(world, moment)
    moment.passes(sessions.RECENT)
    async with world.database.write() as tx:
        for act in (
            second.enrol(tx, actor, "Courtyard"),
            second.confirm(tx, actor, code(app, moment)),
            second.remove(tx, actor),
            second.regenerate(tx, actor),
            second.remove(tx, await world.actor("ada")),
        ):
            with pytest.raises(ConfirmFirst):
                await act


async def test_the_second_factor_opens_the_session(world: World, moment: Moment) -> None:
    actor, app, codes = await enrolled(world, moment)
    for value in (code(app, moment), codes[0]):
        secret = await halfway(world)
        session, newer = await accounts.pass_second(world.database, secret, value, ORIGIN)
        async with world.database.read() as tx:
            found, _ = await sessions.authenticate(tx, newer, ORIGIN)
        assert (found.person_id, found.session_id) == (actor.person_id, session.id)
        with pytest.raises(InvalidCredential):
            await accounts.pass_second(world.database, secret, codes[1], ORIGIN)
    assert (await world.events())[-2:] == ["session.started", "second.recovered"]


async def test_a_wrong_code_is_noted_and_opens_nothing(world: World, moment: Moment) -> None:
    actor, app, _ = await enrolled(world, moment)
    secret = await halfway(world)
    with pytest.raises(WrongSecond):
        await accounts.pass_second(world.database, secret, code(app, moment, 9), ORIGIN)
    async with world.database.read() as tx:
        noted = await tx.one(str, "select object_id || result from event where action = 'second.refused'")
    assert noted == actor.person_id + "refused"
    await accounts.pass_second(world.database, secret, code(app, moment), ORIGIN)


async def test_one_code_opens_one_session(world: World, moment: Moment) -> None:
    _, app, _ = await enrolled(world, moment)
    secrets = [await halfway(world) for _ in range(4)]
    shown = code(app, moment)
    outcomes = await asyncio.gather(
        *(accounts.pass_second(world.database, secret, shown, ORIGIN) for secret in secrets), return_exceptions=True
    )
    assert [isinstance(outcome, WrongSecond) for outcome in outcomes].count(True) == 3


async def test_a_session_that_waits_too_long_is_over(world: World, moment: Moment) -> None:
    _, app, _ = await enrolled(world, moment)
    secret = await halfway(world)
    moment.passes(sessions.HALFWAY)
    with pytest.raises(ExpiredCredential):
        await accounts.pass_second(world.database, secret, code(app, moment), ORIGIN)


async def test_the_password_alone_opens_nothing(world: World, moment: Moment) -> None:
    person = await world.person("ada")
    hashed = await passwords.hashed(PASSWORD)
    async with world.database.write() as tx:
        await tx.run("update person set password_hash = :hash where id = :id", hash=hashed, id=person.id)
    session, _ = await accounts.sign_in(world.database, person.email, PASSWORD, ORIGIN, "test")
    assert session.state == "open"
    await enrolled(world, moment)
    session, _ = await accounts.sign_in(world.database, person.email, PASSWORD, ORIGIN, "test")
    assert session.state == "second"
    with pytest.raises(SecondFactorNeeded):
        await accounts.log_in(world.database, person.email, PASSWORD, ORIGIN)
    with pytest.raises(accounts.WrongPassword):
        await accounts.log_in(world.database, person.email, PASSWORD + "!", ORIGIN)


async def test_an_administrator_helps_who_lost_everything(world: World, moment: Moment) -> None:
    actor, _, _ = await enrolled(world, moment)
    eve = await world.actor("eve")
    async with world.database.write() as tx:
        with pytest.raises(Forbidden):
            await second.clear(tx, eve, actor.person_id)
        await second.clear(tx, system("cli"), actor.person_id)
        ways = await second.ways(tx, actor.person_id)
    assert (ways.needed, ways.recovery) == (False, 0)


async def test_an_administrator_does_not_clear_their_own_by_a_key(world: World, moment: Moment) -> None:
    actor, _, _ = await enrolled(world, moment)
    by_key = msgspec.structs.replace(actor, administrator=True, session_id=None, credential_id="a key")
    async with world.database.write() as tx:
        await tx.run("update person set is_administrator = 1 where id = :id", id=actor.person_id)
        with pytest.raises(ConfirmFirst):
            await second.clear(tx, by_key, actor.person_id)
        await second.clear(tx, msgspec.structs.replace(actor, administrator=True), actor.person_id)


async def test_codes_are_those_of_the_standard(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 6238, appendix B, for SHA-1: at 59, 1111111109 and 2000000000 seconds, the last six digits."""
    actor = await signed_in(world)
    monkeypatch.setattr("courtyard.core.identity.second.random_base32", lambda: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    await enrol(world, actor)
    async with world.database.write() as tx:
        await tx.run("update totp set confirmed_at = 1")
    for at, value in ((59, "287082"), (1111111109, "081804"), (2000000000, "279037")):
        monkeypatch.setattr(clock, "now", lambda at=at: at * 1000)
        assert await use(world, actor, value) == "app"
