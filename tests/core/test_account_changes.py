"""Accounts that change: passwords, usernames, proofs, administrators; and what a person sees of it."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from courtyard.core import accounts, clock, events, organizations, queue
from courtyard.core.accounts import Proof, WrongPassword
from courtyard.core.actor import Actor, Origin, system
from courtyard.core.errors import Forbidden, Invalid, InvalidCredential, NotFound
from courtyard.core.identity import credentials, mailed, passwords, people, sessions, standing
from courtyard.core.identity.mailed import LinkOver
from courtyard.core.identity.passwords import CommonPassword
from courtyard.core.identity.people import Person, UsernameTaken
from courtyard.core.identity.sessions import ConfirmFirst
from courtyard.core.identity.standing import LastAdministrator
from courtyard.core.paging import Page
from tests.core.mailing import delivered, kinds, link
from tests.core.moments import Moment
from tests.world import ANYBODY, ORIGIN, World

GOOD = "a quiet place for papers"
OTHER = "an even quieter place for it"
PHONE = Origin("pages", "198.51.100.7", "request-2")


async def register(world: World, name: str = "ada") -> Person:
    """A person with the password GOOD, and no mail waiting."""
    hashed = await passwords.hashed(GOOD)
    async with world.database.write() as tx:
        world.people[name] = await accounts.register(
            tx, ANYBODY, "open", email=f"{name}@example.org", username=name, password_hash=hashed
        )
    await delivered(world)
    return world.people[name]


async def sign_in(world: World, password: str = GOOD, name: str = "ada") -> tuple[Actor, str]:
    _, secret = await accounts.sign_in(world.database, f"{name}@example.org", password, PHONE, "test")
    return await enter(world, secret), secret


async def enter(world: World, secret: str) -> Actor:
    async with world.database.read() as tx:
        if secret.startswith("cys_"):
            return (await sessions.authenticate(tx, secret, PHONE))[0]
        return (await credentials.authenticate(tx, secret, PHONE))[0]


async def log_in(world: World) -> str:
    return (await accounts.log_in(world.database, "ada@example.org", GOOD, ORIGIN))[1]


async def alive(world: World, secrets: dict[str, str]) -> set[str]:
    """The names of those that still open something."""
    found: set[str] = set()
    for name, secret in secrets.items():
        try:
            await enter(world, secret)
        except InvalidCredential:
            continue
        found.add(name)
    return found


async def asked_reset(world: World, name: str = "ada") -> str:
    await accounts.ask_reset(world.database, f"{name}@example.org", PHONE)
    return await link(world, "reset")


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


async def test_disabling_ends_everything_at_once(world: World) -> None:
    ada = await register(world)
    secrets = {"session": (await sign_in(world))[1], "login": await log_in(world), "key": await world.key("ada")}
    token = await asked_reset(world)
    space = await world.space("ada", editors=["bob"])
    await world.artifact(space, "hers")
    await world.artifact(space, "his", by="bob")
    async with world.database.write() as tx:
        running = await queue.claim(tx)
    assert running is not None
    await world.artifact(space, "waiting")
    root = await world.administrator()
    async with world.database.write() as tx:
        await standing.disable(tx, root, ada.id)
    assert await alive(world, secrets) == set()
    with pytest.raises(LinkOver):
        await accounts.reset_password(world.database, token, OTHER, PHONE)
    with pytest.raises(WrongPassword):
        await sign_in(world)
    assert [job.status for job in await world.jobs()] == ["cancelled", "pending", "cancelled"]
    async with world.database.write() as tx:
        assert not await queue.complete(tx, running)
        detail = await tx.one(str, "select detail from event where action = 'person.disabled'")
    assert msgspec.json.decode(detail or "") == {"jobs": 2}


async def test_enabling_lets_in_again_by_the_password_alone(world: World) -> None:
    ada = await register(world)
    key = await world.key("ada")
    root = await world.administrator()
    async with world.database.write() as tx:
        await standing.disable(tx, root, ada.id)
        pending = await people.add_pending(tx, root, "new@example.com")
        assert (await standing.disable(tx, root, pending.id)).state == "disabled"
        assert (await standing.enable(tx, root, ada.id)).state == "active"
    assert await alive(world, {"key": key}) == set()
    await sign_in(world)
    assert root.privileged


async def test_only_administrators_decide_who_stands_how(world: World) -> None:
    ada, bob = await world.actor("ada"), await world.person("bob")
    reader = msgspec.structs.replace(await world.administrator(), reach=1)
    async with world.database.write() as tx:
        for act in (standing.disable, standing.enable, standing.promote, standing.demote):
            for who in (ada, reader):
                with pytest.raises(Forbidden):
                    await act(tx, who, bob.id)
            with pytest.raises(NotFound):
                await act(tx, system("cli"), "nobody")


async def test_administrators_make_and_unmake_administrators(world: World) -> None:
    root, ada = await world.administrator(), await world.person("ada")
    async with world.database.write() as tx:
        assert (await standing.promote(tx, root, ada.id)).is_administrator
        assert not (await standing.demote(tx, root, root.person_id)).is_administrator
    async with world.database.write() as tx:
        for act in (standing.demote, standing.disable):
            with pytest.raises(LastAdministrator):
                await act(tx, system("cli"), ada.id)
    assert (await world.events())[-2:] == ["person.promoted", "person.demoted"]


async def test_of_administrators_who_unmake_each_other_one_stays(world: World) -> None:
    roots = [await world.administrator(f"root{turn}") for turn in range(4)]

    async def unmake(act: Callable[..., Awaitable[Any]], who: Actor, whom: Actor) -> None:
        async with world.database.write() as tx:
            await act(tx, who, whom.person_id)

    acts = [standing.disable, standing.demote]
    outcomes = await asyncio.gather(
        *(unmake(acts[turn % 2], who, roots[turn - 1]) for turn, who in enumerate(roots)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes if outcome] == [LastAdministrator]
    async with world.database.read() as tx:
        assert len(await people.administrators(tx)) == 1


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
