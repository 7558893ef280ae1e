"""Accounts that change: passwords, usernames, proofs; and what a person sees of it."""

import asyncio
import re
import time

import pytest

from courtyard.core import accounts, clock, events, organizations
from courtyard.core.accounts import Proof, WrongPassword
from courtyard.core.actor import Actor
from courtyard.core.errors import Forbidden, Invalid
from courtyard.core.identity import mailed, passkeys, people, sessions, standing
from courtyard.core.identity.credentials import NewKey
from courtyard.core.identity.mailed import LinkOver
from courtyard.core.identity.passwords import CommonPassword
from courtyard.core.identity.people import Person, UsernameTaken
from courtyard.core.identity.sessions import ConfirmFirst
from courtyard.core.membership import organization_keys
from courtyard.core.paging import Page
from tests.core.mailing import delivered, kinds
from tests.core.moments import Moment
from tests.core.signing import GOOD, OTHER, PHONE, alive, asked_reset, enter, log_in, register, sign_in
from tests.world import ORIGIN, World


async def test_a_mailed_link_sets_a_new_password(world: World) -> None:
    ada = await register(world)
    token = await asked_reset(world)
    assert await accounts.reset_password(world.database, token, OTHER, PHONE) is not None
    actor, _ = await sign_in(world, OTHER)
    assert actor.person_id == ada.id
    with pytest.raises(WrongPassword):
        await sign_in(world, GOOD)
    with pytest.raises(LinkOver):
        await accounts.reset_password(world.database, token, GOOD, PHONE)
    async with world.database.read() as tx:
        assert (await people.find(tx, ada.id)).email_verified_at is not None


async def test_a_reset_ends_sessions_and_logins_but_no_keys_and_is_told(world: World) -> None:
    await register(world)
    secrets = {"session": (await sign_in(world))[1], "login": await log_in(world), "key": await world.key("ada")}
    assert await alive(world, secrets) == set(secrets)
    await accounts.reset_password(world.database, await asked_reset(world), OTHER, PHONE)
    assert await alive(world, secrets) == {"key"}
    assert await kinds(world) == [("password_changed", "ada@example.org")]


async def test_a_password_that_is_refused_leaves_the_link(world: World) -> None:
    await register(world)
    token = await asked_reset(world)
    for password, refusal in (("short", Invalid), ("password1234", CommonPassword)):
        with pytest.raises(refusal):
            await accounts.reset_password(world.database, token, password, PHONE)
    await accounts.reset_password(world.database, token, OTHER, PHONE)


async def test_of_five_who_reset_by_one_link_at_once_one_does(world: World) -> None:
    await register(world)
    token = await asked_reset(world)
    chosen = [f"{OTHER} {turn}" for turn in range(5)]
    outcomes = await asyncio.gather(
        *(accounts.reset_password(world.database, token, password, PHONE) for password in chosen),
        return_exceptions=True,
    )
    assert [isinstance(outcome, LinkOver) for outcome in outcomes].count(True) == 4
    winner = next(password for password, outcome in zip(chosen, outcomes, strict=True) if isinstance(outcome, Person))
    await sign_in(world, winner)


async def test_a_wrong_link_costs_no_hash(world: World) -> None:
    started = time.process_time()
    for _ in range(20):
        with pytest.raises(LinkOver):
            await accounts.reset_password(world.database, "cye_" + "0" * 36, OTHER, PHONE)
    assert time.process_time() - started < 0.3


async def test_the_current_password_changes_it(world: World, moment: Moment) -> None:
    await register(world)
    actor, secret = await sign_in(world)
    others = {"session": (await sign_in(world))[1], "login": await log_in(world), "key": await world.key("ada")}
    moment.passes(sessions.RECENT)
    newer = await accounts.change_password(world.database, actor, OTHER, current=GOOD)
    assert newer is not None
    assert await alive(world, {**others, "old": secret, "new": newer}) == {"key", "new"}
    assert await kinds(world) == [("password_changed", "ada@example.org")]
    await sign_in(world, OTHER)


async def test_a_wrong_current_password_changes_nothing_and_is_noted(world: World) -> None:
    await register(world)
    actor, secret = await sign_in(world)
    with pytest.raises(WrongPassword):
        await accounts.change_password(world.database, actor, OTHER, current=OTHER)
    assert (await world.events())[-1] == "password.refused"
    await enter(world, secret)
    await sign_in(world, GOOD)


async def test_without_the_password_it_needs_a_recent_confirmation(world: World, moment: Moment) -> None:
    await register(world)
    actor, _ = await sign_in(world)
    moment.passes(sessions.RECENT)
    for who in (actor, await enter(world, await world.key("ada"))):
        with pytest.raises(ConfirmFirst):
            await accounts.change_password(world.database, who, OTHER)
    with pytest.raises(WrongPassword):
        await accounts.confirm(world.database, actor, OTHER)
    _, secret = await accounts.confirm(world.database, actor, GOOD)
    await accounts.change_password(world.database, await enter(world, secret), OTHER)
    await sign_in(world, OTHER)


async def test_a_key_with_the_current_password_changes_it(world: World) -> None:
    await register(world)
    _, session = await sign_in(world)
    key = await world.key("ada")
    assert await accounts.change_password(world.database, await enter(world, key), OTHER, current=GOOD) is None
    assert await alive(world, {"key": key, "session": session}) == {"key"}
    reader = await enter(world, await world.key("ada", scopes=["read"]))
    with pytest.raises(Forbidden):
        await accounts.change_password(world.database, reader, GOOD, current=OTHER)


async def test_a_change_ends_links_for_a_new_password(world: World) -> None:
    await register(world)
    token = await asked_reset(world)
    actor, _ = await sign_in(world)
    await accounts.change_password(world.database, actor, OTHER)
    with pytest.raises(LinkOver):
        await accounts.reset_password(world.database, token, GOOD, PHONE)


async def test_who_has_no_password_gets_one_in_a_recent_session(world: World) -> None:
    ada = await world.person("ada")
    async with world.database.write() as tx:
        _, secret = await accounts.enter(tx, ada, ORIGIN, "test")
    await accounts.change_password(world.database, await enter(world, secret), GOOD)
    await sign_in(world)


async def test_a_proof_is_of_one_person_and_one_password(world: World) -> None:
    ada, _ = await register(world), await register(world, "bob")
    actor, _ = await sign_in(world)
    bob, _ = await sign_in(world, name="bob")
    proof = await accounts.prove(world.database, actor, GOOD)
    assert proof == Proof(ada.id, ada.password_hash or "")
    async with world.database.write() as tx:
        with pytest.raises(ConfirmFirst):
            await accounts.ask_email_change(tx, bob, "new@example.com", proof=proof)
    await accounts.change_password(world.database, actor, OTHER, current=GOOD)
    async with world.database.write() as tx:
        with pytest.raises(ConfirmFirst):
            await accounts.ask_email_change(tx, actor, "new@example.com", proof=proof)


async def test_everything_is_signed_out_but_keys(world: World) -> None:
    await register(world)
    actor, secret = await sign_in(world)
    secrets = {
        "here": secret, "session": (await sign_in(world))[1], "login": await log_in(world),
        "key": await world.key("ada"),
    }  # fmt: skip
    async with world.database.write() as tx:
        await accounts.sign_out_everywhere(tx, actor, but_here=True)
    assert await alive(world, secrets) == {"here", "key"}
    async with world.database.write() as tx:
        await accounts.sign_out_everywhere(tx, actor)
    assert await alive(world, secrets) == {"key"}


async def test_a_username_changes_and_the_personal_organization_with_it(world: World) -> None:
    actor = await world.actor("ada")
    await world.person("bob")
    async with world.database.write() as tx:
        for name, refusal in (("BOB", UsernameTaken), ("", Invalid), ("a\nb", Invalid), ("x" * 65, Invalid)):
            with pytest.raises(refusal):
                await people.rename(tx, actor, name)
        assert (await people.rename(tx, actor, "ADA")).username == "ADA"
        assert (await people.rename(tx, actor, " Ada Lovelace ")).username == "Ada Lovelace"
        home = await organizations.home(tx, actor, None)
    assert (home.name, home.handle) == ("Ada Lovelace", "ada")


async def test_of_two_who_take_one_username_at_once_one_gets_it(world: World) -> None:
    actors = [await world.actor(name) for name in ("ada", "bob", "carol")]

    async def rename(actor: Actor) -> Person:
        async with world.database.write() as tx:
            return await people.rename(tx, actor, "Countess")

    outcomes = await asyncio.gather(*map(rename, actors), return_exceptions=True)
    assert [isinstance(outcome, UsernameTaken) for outcome in outcomes].count(True) == 2


async def test_what_is_no_whole_person_changes_no_account(world: World) -> None:
    space = await world.space("ada")
    await world.organization("acme", owner="ada")
    limited = await world.actor("ada", spaces=[space])
    async with world.database.write() as tx:
        _, key = await organization_keys.create(
            tx, await world.actor("ada"), "acme", NewKey(name="robot", scopes=["admin"])
        )
    for who in (limited, await enter(world, key)):
        async with world.database.write() as tx:
            for act in (
                sessions.page(tx, who, Page(1)),
                passkeys.page(tx, who, Page(1)),
                events.of_person(tx, who, Page(1)),
                people.rename(tx, who, "thief"),
                accounts.ask_verification(tx, who),
                accounts.sign_out_everywhere(tx, who),
                accounts.remove(tx, who),
            ):
                with pytest.raises(Forbidden):
                    await act


async def own(world: World, actor: Actor, page: Page | None = None) -> list[events.Event]:
    async with world.database.read() as tx:
        return (await events.of_person(tx, actor, page or Page(100))).items


async def test_people_see_what_happened_to_their_account(world: World) -> None:
    await register(world)
    with pytest.raises(WrongPassword):
        await sign_in(world, OTHER)
    actor, _ = await sign_in(world)
    await world.space("ada")
    await world.organization("acme", owner="ada")
    await register(world, "bob")
    await sign_in(world, name="bob")
    root = await world.administrator()
    async with world.database.write() as tx:
        await standing.promote(tx, root, actor.person_id)
        await standing.promote(tx, root, world.people["bob"].id)
    seen = await own(world, actor)
    assert [event.action for event in seen] == ["person.promoted", "session.started", "login.refused", "person.created"]
    promoted, started, refused, _ = seen
    assert (started.own, started.address, started.credential_id) == (1, PHONE.address, actor.session_id)
    assert (refused.own, refused.address, refused.result) == (0, PHONE.address, "refused")
    # Where an administrator sits is their own affair.
    assert (promoted.own, promoted.address, promoted.credential_id) == (0, None, None)


async def test_own_events_come_in_pages(world: World) -> None:
    await register(world)
    actor, _ = await sign_in(world)
    for turn in range(6):
        with pytest.raises(WrongPassword):
            await sign_in(world, OTHER if turn % 2 else "")
    whole = [event.id for event in await own(world, actor)]
    walked: list[str] = []
    while rows := await own(world, actor, Page(3, after=walked[-1] if walked else None)):
        walked += [event.id for event in rows]
    assert walked == whole
    assert len(whole) == len(set(whole)) == 8


async def test_mails_carry_one_link_and_no_other_secret(world: World, moment: Moment) -> None:
    await register(world)
    actor, secret = await sign_in(world)
    moment.passes(mailed.PAUSE)
    async with world.database.write() as tx:
        await accounts.ask_verification(tx, actor)
        await accounts.ask_email_change(tx, actor, "new@example.com")
    await accounts.ask_reset(world.database, "ada@example.org", PHONE)
    newer = await accounts.change_password(world.database, actor, OTHER)
    texts = {kind: text for kind, _, text in await delivered(world)}
    # The change of the password has ended the link that was asked for before.
    assert texts.pop("reset") is None
    for kind, text in texts.items():
        assert text is not None
        assert len(re.findall(r"cy[a-z]_\w+", text.body)) == (kind in {"verify", "change_email"})
        assert text.subject.isprintable()
        assert not any(hidden in text.body for hidden in (GOOD, OTHER, secret, newer or "", clock.rfc3339(0)))
    assert set(texts) == {"verify", "change_email", "email_change_asked", "password_changed"}
