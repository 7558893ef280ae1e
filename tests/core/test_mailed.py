"""Links in mails: made when the mail is sent, good once, and the newest is the one that works."""

import asyncio
import time

import pytest

from courtyard.core import accounts, clock
from courtyard.core.accounts import AlreadyVerified
from courtyard.core.actor import system
from courtyard.core.errors import Expired, Invalid, TooMany
from courtyard.core.identity import mailed, people, standing
from courtyard.core.identity.mailed import Kind, LinkOver
from courtyard.core.identity.people import EmailTaken
from tests.core.mailing import URL, delivered, kinds, link, links
from tests.core.moments import Moment
from tests.core.watched import Watched
from tests.world import ANYBODY, ORIGIN, World

ADA = "ada@example.org"
NEW = "Ada.New@example.com"
PASSWORD = "a quiet place for papers"


async def promise(world: World, kind: Kind = "reset", name: str = "ada", email: str | None = None) -> bool:
    person = await world.person(name)
    async with world.database.write() as tx:
        return await mailed.promise(tx, person.id, kind, email)


async def spend(world: World, token: str, kind: Kind = "reset") -> str:
    async with world.database.write() as tx:
        return (await mailed.spend(tx, kind, token)).person_id


async def over(world: World, token: str, kind: Kind = "reset") -> None:
    with pytest.raises(LinkOver) as refusal:
        await spend(world, token, kind)
    assert isinstance(refusal.value, Expired)
    with pytest.raises(LinkOver):
        async with world.database.read() as tx:
            await mailed.look(tx, kind, token)


async def test_a_link_works_once(world: World) -> None:
    await promise(world)
    token = await link(world, "reset")
    async with world.database.read() as tx:
        letter = await mailed.look(tx, "reset", token)
        assert await mailed.look(tx, "reset", token) == letter
    assert (letter.person_id, letter.email, letter.username) == (world.people["ada"].id, ADA, "ada")
    assert await spend(world, token) == letter.person_id
    await over(world, token)


async def test_of_ten_who_use_it_at_once_one_does(world: World) -> None:
    await promise(world)
    token = await link(world, "reset")
    outcomes = await asyncio.gather(*(spend(world, token) for _ in range(10)), return_exceptions=True)
    assert [isinstance(outcome, LinkOver) for outcome in outcomes].count(False) == 1


async def test_the_token_is_made_when_the_mail_is_sent(world: World, moment: Moment) -> None:
    await promise(world)
    async with world.database.read() as tx:
        assert await tx.one(int, "select count(*) from mailed_token where hash is not null") == 0
    # The server of mails was away for hours: the hour of the link begins now.
    moment.passes(20 * clock.HOUR)
    token = await link(world, "reset")
    moment.passes(clock.HOUR - 1)
    await spend(world, token)
    async with world.database.read() as tx:
        rows = [await tx.all(tuple, f"select * from {table}") for table in ("mailed_token", "mail", "event")]
    assert token not in str(rows)


@pytest.mark.parametrize(("kind", "life"), [("verify", clock.DAY), ("reset", clock.HOUR), ("change_email", clock.HOUR)])
async def test_a_link_lives_as_long_as_its_kind_says(world: World, moment: Moment, kind: Kind, life: int) -> None:
    await promise(world, kind, email=NEW if kind == "change_email" else None)
    token = await link(world, kind)
    moment.passes(life - 1)
    async with world.database.read() as tx:
        await mailed.look(tx, kind, token)
    moment.passes(1)
    await over(world, token, kind)


async def test_a_mail_that_waited_a_day_is_not_sent(world: World, moment: Moment) -> None:
    await promise(world)
    moment.passes(mailed.WAIT)
    assert await kinds(world) == []


async def test_the_newest_link_ends_the_older_ones(world: World, moment: Moment) -> None:
    await promise(world)
    old = await link(world, "reset")
    await promise(world, "verify")
    verify = await link(world, "verify")
    moment.passes(mailed.PAUSE)
    await promise(world)
    await over(world, old)
    new = await link(world, "reset")
    await over(world, old)
    await spend(world, verify, "verify")
    await spend(world, new)


async def test_a_mail_that_was_overtaken_is_not_sent(world: World, moment: Moment) -> None:
    await promise(world)
    moment.passes(mailed.PAUSE)
    await promise(world)
    assert len(await links(world, "reset")) == 1


async def test_two_mails_of_one_kind_are_a_minute_apart(world: World, moment: Moment) -> None:
    await world.person("ada")
    asked = await asyncio.gather(*(promise(world) for _ in range(5)))
    assert sorted(asked) == [False] * 4 + [True]
    moment.passes(mailed.PAUSE - 1)
    assert not await promise(world)
    assert await promise(world, "verify")
    assert await promise(world, name="bob")
    moment.passes(1)
    assert await promise(world)
    assert len(await links(world, "reset")) == 2


async def test_a_link_is_for_its_purpose_alone(world: World) -> None:
    await promise(world)
    token = await link(world, "reset")
    for kind in ("verify", "change_email"):
        await over(world, token, kind)
    await spend(world, token)


@pytest.mark.parametrize("token", ["", "cye_", "cye_" + "0" * 36, "cyk_" + "0" * 36, "\ud800" * 40, "x" * 10_000])
async def test_what_is_no_token_is_over(world: World, token: str) -> None:
    await over(world, token)


async def test_who_is_not_active_gets_no_link(world: World) -> None:
    await promise(world, name="bob")
    token = await link(world, "reset")
    async with world.database.write() as tx:
        await standing.disable(tx, system("test"), world.people["bob"].id)
        pending = await people.add_pending(tx, system("test"), "new@example.com")
        assert not await mailed.promise(tx, pending.id, "reset")
        assert not await mailed.promise(tx, world.people["bob"].id, "verify")
        assert not await mailed.promise(tx, "nobody", "reset")
    await over(world, token)
    assert await kinds(world) == []


async def test_old_links_are_forgotten(world: World, moment: Moment) -> None:
    await promise(world)
    await link(world, "reset")
    moment.passes(clock.HOUR + mailed.WAIT)
    async with world.database.write() as tx:
        assert await mailed.forget(tx) == 0
    moment.passes(1)
    async with world.database.write() as tx:
        assert await mailed.forget(tx) == 1


async def test_whoever_registers_is_asked_whether_the_address_is_theirs(world: World) -> None:
    async with world.database.write() as tx:
        ada = await accounts.register(tx, ANYBODY, "open", email=NEW, username="ada", password_hash="hash")
    assert ada.email_verified_at is None
    ((kind, recipient, text),) = await delivered(world)
    assert (kind, recipient, text is not None) == ("verify", NEW, True)
    token = str(text and text.body).split(f"{URL}/verify/")[1].split()[0]
    async with world.database.write() as tx:
        verified = await accounts.verify_email(tx, token, ORIGIN)
    assert verified.email_verified_at is not None
    await over(world, token, "verify")
    actor = await world.actor("bob")
    async with world.database.write() as tx:
        await accounts.ask_verification(tx, actor)
        with pytest.raises(TooMany):
            await accounts.ask_verification(tx, actor)
        await tx.run("update person set email_verified_at = 1")
        with pytest.raises(AlreadyVerified):
            await accounts.ask_verification(tx, actor)


async def test_a_link_to_an_old_address_verifies_no_new_one(world: World) -> None:
    await promise(world, "verify")
    token = await link(world, "verify")
    async with world.database.write() as tx:
        await tx.run("update person set email = 'x@example.com', email_folded = 'x@example.com'")
    with pytest.raises(LinkOver):
        async with world.database.write() as tx:
            await accounts.verify_email(tx, token, ORIGIN)


async def test_a_stranger_learns_nothing_from_asking_for_a_new_password(world: World) -> None:
    await world.person("ada")
    for email in (" ADA@Example.org ", "nobody@example.org"):
        assert await accounts.ask_reset(world.database, email, ORIGIN) is None
    with pytest.raises(Invalid):
        await accounts.ask_reset(world.database, "no address", ORIGIN)
    assert await kinds(world) == [("reset", ADA)]
    async with world.database.read() as tx:
        noted = await tx.all(str, "select detail from event where action = 'password.reset_asked' order by number")
    assert noted[0] == "{}"
    assert "address_hash" in noted[1]
    assert "nobody" not in noted[1]


async def test_known_and_unknown_addresses_take_the_same_time(world: World, moment: Moment) -> None:
    """By the work that is done: what the disk and the network add is the same chance for both."""
    await world.person("ada")
    took: dict[str, list[float]] = {ADA: [], "nobody@example.org": []}
    for turn in range(30):
        moment.passes(mailed.PAUSE)
        for email, times in sorted(took.items(), reverse=bool(turn % 2)):
            started = time.process_time()
            await accounts.ask_reset(world.database, email, ORIGIN)
            times.append(time.process_time() - started)
    medians = {email: sorted(times)[15] for email, times in took.items()}
    assert 0.5 < medians[ADA] / medians["nobody@example.org"] < 2


async def test_known_and_unknown_addresses_run_the_same_statements(world: World) -> None:
    await world.person("ada")
    told: list[list[str]] = []
    for email in (ADA, "nobody@example.org"):
        watched = Watched(world.database)
        await accounts.ask_reset(watched, email, ORIGIN)
        told.append(watched.statements)
    assert told[0] == told[1]
    assert len(told[0]) == 10


async def sign_up(world: World, email: str, username: str) -> None:
    await accounts.sign_up(world.database, "open", email=email, username=username, password=PASSWORD, origin=ORIGIN)


async def test_signing_up_does_not_tell_who_is_here(world: World) -> None:
    await world.person("ada")

    await sign_up(world, ADA.upper(), "other")
    await sign_up(world, NEW, "someone")
    assert await kinds(world) == [("reset", ADA), ("verify", NEW)]
    for email in (ADA, "third@example.com"):
        with pytest.raises(people.UsernameTaken):
            await sign_up(world, email, "SOMEONE")
        with pytest.raises(Invalid):
            await sign_up(world, email, " ")
    async with world.database.read() as tx:
        assert await tx.one(int, "select count(*) from person") == 2


async def ask_change(world: World, email: str = NEW, name: str = "ada") -> None:
    actor = await world.actor(name)
    person = world.people[name]
    async with world.database.write() as tx:
        await tx.run("update person set password_hash = 'hash' where id = :id", id=person.id)
        await accounts.ask_email_change(tx, actor, email, proof=accounts.Proof(person.id, "hash"))


async def change(world: World, token: str) -> people.Person:
    async with world.database.write() as tx:
        return await accounts.change_email(tx, token, ORIGIN)


async def test_an_address_changes_when_its_link_is_used_and_both_are_told(world: World) -> None:
    await ask_change(world)
    async with world.database.read() as tx:
        assert (await people.find(tx, world.people["ada"].id)).email == ADA
    mails = {kind: (recipient, text) for kind, recipient, text in await delivered(world)}
    assert {kind: recipient for kind, (recipient, _) in mails.items()} == {
        "change_email": NEW,
        "email_change_asked": ADA,
    }
    warning, asking = mails["email_change_asked"][1], mails["change_email"][1]
    assert warning is not None
    assert asking is not None
    assert NEW in warning.body
    assert "cye_" not in warning.body
    changed = await change(world, asking.body.split(f"{URL}/email/")[1].split()[0])
    assert (changed.email, changed.email_verified_at is None) == (NEW, False)
    assert await kinds(world) == [("email_changed", NEW)]
    async with world.database.read() as tx:
        assert await people.seek_by_email(tx, ADA) is None
        assert await people.seek_by_email(tx, NEW.upper()) == changed


async def test_links_to_the_old_address_end_with_it(world: World) -> None:
    await ask_change(world)
    await promise(world, "reset")
    tokens = {kind: str(text and text.body).split("cye_")[-1].split()[0] for kind, _, text in await delivered(world)}
    await change(world, "cye_" + tokens["change_email"])
    await over(world, "cye_" + tokens["reset"])


async def test_the_address_of_somebody_else_is_neither_told_nor_taken(world: World) -> None:
    await world.person("bob")
    await ask_change(world, "BOB@example.org")
    assert await kinds(world) == [("email_change_asked", ADA)]


async def test_of_two_who_take_one_address_at_once_one_gets_it(world: World) -> None:
    await ask_change(world, "new@example.com")
    await ask_change(world, "NEW@example.com", "bob")
    tokens = await links(world, "change_email")

    async def add() -> people.Person:
        async with world.database.write() as tx:
            return await people.add(tx, ANYBODY, email="New@Example.com", username="carol", password_hash=None)

    outcomes = await asyncio.gather(*(change(world, token) for token in tokens), add(), return_exceptions=True)
    assert [isinstance(outcome, EmailTaken) for outcome in outcomes].count(True) == 2
    assert [isinstance(outcome, people.Person) for outcome in outcomes].count(True) == 1


async def test_ones_own_address_in_other_letters_is_a_change(world: World) -> None:
    await ask_change(world, "Ada@Example.org")
    assert (await change(world, await link(world, "change_email"))).email == "Ada@Example.org"
    with pytest.raises(Invalid) as refusal:
        await ask_change(world, "Ada@Example.org")
    assert (refusal.value.field, refusal.value.code) == ("email", "same")
