"""Passkeys: registered once, used for one answer to one question, and known by what they count."""

import asyncio
import json
import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from courtyard.core import accounts
from courtyard.core.actor import Actor, system
from courtyard.core.errors import InvalidCredential, NotFound
from courtyard.core.identity import passkeys, second, sessions, standing
from courtyard.core.identity.passkeys import (
    Challenge,
    NotAPasskey,
    Passkey,
    PasskeyKnown,
    TooManyPasskeys,
    WrongPasskey,
)
from courtyard.core.identity.second import NoSecondFactor
from courtyard.core.identity.sessions import ConfirmFirst, Session
from courtyard.core.paging import Page
from tests.core.authenticator import Authenticator, padded, unpadded
from tests.core.moments import Moment
from tests.world import ORIGIN, World

SITE = passkeys.site("https://courtyard.example:443/", "Courtyard")


async def signed_in(world: World, name: str = "ada") -> Actor:
    person = await world.person(name)
    async with world.database.write() as tx:
        _, secret = await sessions.begin(tx, person, ORIGIN, "test", second=False)
        return (await sessions.authenticate(tx, secret, ORIGIN))[0]


def authenticator(**more: Any) -> Authenticator:
    return Authenticator(SITE.origin, **more)


async def ask_to_register(world: World, actor: Actor) -> Challenge:
    async with world.database.write() as tx:
        return await passkeys.ask_to_register(tx, actor, SITE)


async def register(
    world: World, actor: Actor, device: Authenticator, name: str = "Laptop"
) -> tuple[Passkey, list[str]]:
    challenge = await ask_to_register(world, actor)
    return await passkeys.register(world.database, actor, SITE, challenge.id, device.register(challenge.options), name)


async def owned(world: World, name: str = "ada", **more: Any) -> tuple[Actor, Authenticator]:
    """That person in a session, with a passkey."""
    actor, device = await signed_in(world, name), authenticator(**more)
    await register(world, actor, device)
    return actor, device


async def asked(world: World, person_id: str | None = None) -> Challenge:
    async with world.database.write() as tx:
        if person_id is None:
            return await passkeys.ask_to_sign_in(tx, SITE)
        return await passkeys.ask_for_second(tx, SITE, person_id)


async def sign_in(world: World, challenge: Challenge, answer: Any) -> tuple[Session, str]:
    return await accounts.sign_in_with_passkey(world.database, SITE, challenge.id, answer, ORIGIN, "test")


async def test_the_site_is_written_as_browsers_do() -> None:
    assert (SITE.host, SITE.origin) == ("courtyard.example", "https://courtyard.example")
    local = passkeys.site("http://LocalHost:8000", "Courtyard")
    assert (local.host, local.origin) == ("localhost", "http://localhost:8000")


async def test_a_passkey_alone_signs_in(world: World) -> None:
    actor, device = await owned(world)
    challenge = await asked(world)
    session, secret = await sign_in(world, challenge, device.answer(challenge.options))
    async with world.database.read() as tx:
        found, _ = await sessions.authenticate(tx, secret, ORIGIN)
        used = (await passkeys.page(tx, actor, Page(10))).items[0]
    assert (found.person_id, session.state) == (actor.person_id, "open")
    assert (used.sign_count, used.last_used_at is None) == (1, False)


async def test_the_answer_may_come_as_text(world: World) -> None:
    _, device = await owned(world)
    challenge = await asked(world)
    await sign_in(world, challenge, json.dumps(device.answer(challenge.options)))


async def test_the_options_tell_strangers_nothing(world: World) -> None:
    await owned(world)
    options = json.loads((await asked(world)).options)
    assert (options["rpId"], options["userVerification"]) == ("courtyard.example", "required")
    assert options.get("allowCredentials", []) == []


async def test_what_is_registered_is_not_asked_for_again(world: World) -> None:
    actor, device = await owned(world)
    options = json.loads((await ask_to_register(world, actor)).options)
    assert [known["id"] for known in options["excludeCredentials"]] == [padded(device.id)]
    assert options["attestation"] == "none"
    with pytest.raises(PasskeyKnown):
        await register(world, actor, device)
    with pytest.raises(PasskeyKnown):
        await register(world, await signed_in(world, "eve"), device)


async def test_the_first_second_factor_brings_recovery_codes(world: World) -> None:
    actor = await signed_in(world)
    _, codes = await register(world, actor, authenticator())
    assert len(codes) == 10
    assert (await register(world, actor, authenticator()))[1] == []
    async with world.database.read() as tx:
        ways = await second.ways(tx, actor.person_id)
    assert (ways.app, ways.passkeys, ways.recovery, ways.needed) == (0, 2, 10, True)


async def test_a_passkey_is_a_second_factor(world: World) -> None:
    # A key without a PIN: it says that somebody was there, not who.
    actor, device = await owned(world, verifies=False)
    async with world.database.write() as tx:
        session, secret = await accounts.enter(tx, world.people["ada"], ORIGIN, "test")
    assert session.state == "second"
    challenge = await asked(world, actor.person_id)
    assert [known["id"] for known in json.loads(challenge.options)["allowCredentials"]] == [padded(device.id)]
    opened, _ = await accounts.pass_second_with_passkey(
        world.database, secret, SITE, challenge.id, device.answer(challenge.options), ORIGIN
    )
    assert (opened.id, opened.state) == (session.id, "open")


async def test_without_its_user_verified_it_is_no_first_factor(world: World) -> None:
    _, device = await owned(world, verifies=False)
    challenge = await asked(world)
    with pytest.raises(WrongPasskey):
        await sign_in(world, challenge, device.answer(challenge.options))


async def test_a_challenge_takes_one_answer(world: World) -> None:
    _, device = await owned(world)
    challenge = await asked(world)
    answer = device.answer(challenge.options)
    outcomes = await asyncio.gather(*(sign_in(world, challenge, answer) for _ in range(5)), return_exceptions=True)
    assert [isinstance(outcome, WrongPasskey) for outcome in outcomes].count(False) == 1
    with pytest.raises(WrongPasskey):
        await sign_in(world, challenge, device.answer(challenge.options))


async def test_a_wrong_answer_spends_the_challenge_and_is_noted(world: World) -> None:
    actor, device = await owned(world)
    challenge = await asked(world)
    with pytest.raises(WrongPasskey):
        await sign_in(world, challenge, device.answer(challenge.options, signature=padded(b"0" * 70)))
    with pytest.raises(WrongPasskey):
        await sign_in(world, challenge, device.answer(challenge.options))
    async with world.database.read() as tx:
        noted = await tx.all(str, "select object_id || result from event where action = 'passkey.refused'")
    assert noted == [actor.person_id + "refused"] * 2


async def test_a_challenge_waits_five_minutes(world: World, moment: Moment) -> None:
    _, device = await owned(world)
    first, late = await asked(world), await asked(world)
    moment.passes(passkeys.LIFE - 1)
    await sign_in(world, first, device.answer(first.options))
    moment.passes(1)
    with pytest.raises(WrongPasskey):
        await sign_in(world, late, device.answer(late.options))
    async with world.database.write() as tx:
        assert await passkeys.forget(tx) == 1


async def test_an_answer_to_another_question_is_wrong(world: World) -> None:
    actor, device = await owned(world)
    mine, other, named = await asked(world), await asked(world), await asked(world, actor.person_id)
    for challenge, options in ((mine, other.options), (named, named.options)):
        with pytest.raises(WrongPasskey):
            await sign_in(world, challenge, device.answer(options))


async def test_an_answer_from_another_site_is_wrong(world: World) -> None:
    _, device = await owned(world)
    device.origin = "https://courtyard.example.evil"
    challenge = await asked(world)
    with pytest.raises(WrongPasskey):
        await sign_in(world, challenge, device.answer(challenge.options))
    device.origin = SITE.origin
    challenge = await asked(world)
    elsewhere = json.dumps({**json.loads(challenge.options), "rpId": "evil.example"})
    with pytest.raises(WrongPasskey):
        await sign_in(world, challenge, device.answer(elsewhere))


async def test_a_passkey_says_whose_it_is(world: World) -> None:
    _, device = await owned(world)
    eve = await world.person("eve")
    for user in (passkeys.handle(eve.id), None):
        device.user = user
        challenge = await asked(world)
        with pytest.raises(WrongPasskey):
            await sign_in(world, challenge, device.answer(challenge.options))


async def test_a_copy_is_known_by_its_count(world: World) -> None:
    _, device = await owned(world)
    challenge = await asked(world)
    await sign_in(world, challenge, device.answer(challenge.options))
    device.used -= 1
    challenge = await asked(world)
    with pytest.raises(WrongPasskey):
        await sign_in(world, challenge, device.answer(challenge.options))
    challenge = await asked(world)
    await sign_in(world, challenge, device.answer(challenge.options))


async def test_of_two_with_one_count_at_once_one_signs_in(world: World) -> None:
    _, device = await owned(world)
    challenges = [await asked(world) for _ in range(4)]
    answers: list[dict[str, Any]] = []
    for challenge in challenges:
        device.used = 0
        answers.append(device.answer(challenge.options))
    outcomes = await asyncio.gather(
        *(sign_in(world, *pair) for pair in zip(challenges, answers, strict=True)), return_exceptions=True
    )
    assert [isinstance(outcome, WrongPasskey) for outcome in outcomes].count(False) == 1


async def test_a_passkey_that_does_not_count_signs_in_again_and_again(world: World) -> None:
    _, device = await owned(world, counts=False)
    for _ in range(3):
        challenge = await asked(world)
        await sign_in(world, challenge, device.answer(challenge.options))


async def test_a_registration_takes_its_own_answer_alone(world: World, moment: Moment) -> None:
    actor, eve = await signed_in(world), await signed_in(world, "eve")
    hers, his = await ask_to_register(world, actor), await ask_to_register(world, eve)
    device = authenticator()
    answer = device.register(hers.options)
    for who, challenge_id in ((eve, hers.id), (eve, his.id), (actor, "unknown"), (actor, hers.id)):
        # The last one: eve's try has spent it.
        with pytest.raises(NotAPasskey):
            await passkeys.register(world.database, who, SITE, challenge_id, answer, "Laptop")
    late = await ask_to_register(world, actor)
    moment.passes(passkeys.LIFE)
    with pytest.raises(NotAPasskey):
        await passkeys.register(world.database, actor, SITE, late.id, device.register(late.options), "Laptop")
    async with world.database.read() as tx:
        assert (await passkeys.page(tx, actor, Page(10))).items == []


WRONG: list[Any] = ["", "[]", "{", "null", "[" * 20_000, "\ud800", {}, {"id": 1}]


async def test_nothing_that_strangers_send_to_register_breaks_it(world: World) -> None:
    """Answers cut short, filled with noise, or of the wrong type are refused, never an error of ours."""
    actor, device = await signed_in(world), authenticator()
    ways = len(list(bent(device.register((await ask_to_register(world, actor)).options))))
    for way in range(ways):
        challenge = await ask_to_register(world, actor)
        answer = list(bent(device.register(challenge.options)))[way]
        # Noise may make another key of it, which then is one that nobody has.
        with suppress(NotAPasskey, PasskeyKnown):
            await passkeys.register(world.database, actor, SITE, challenge.id, answer, "Laptop")
    for answer in WRONG:
        challenge = await ask_to_register(world, actor)
        with pytest.raises(NotAPasskey):
            await passkeys.register(world.database, actor, SITE, challenge.id, answer, "Laptop")


async def test_nothing_that_strangers_send_to_sign_in_opens_or_breaks_it(world: World) -> None:
    _, device = await owned(world)
    ways = len(list(bent(device.answer((await asked(world)).options))))
    for way in range(ways):
        challenge = await asked(world)
        answer = list(bent(device.answer(challenge.options)))[way]
        with pytest.raises(WrongPasskey):
            await sign_in(world, challenge, answer)
    for answer in WRONG:
        challenge = await asked(world)
        with pytest.raises(WrongPasskey):
            await sign_in(world, challenge, answer)
    challenge = await asked(world)
    await sign_in(world, challenge, device.answer(challenge.options))


def bent(right: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A right answer with each of its members in turn made wrong."""
    source = random.Random(7)  # noqa: S311 - the same noise every time
    for key, value in right["response"].items():
        raw = unpadded(value)
        noise, half = source.randbytes(len(raw)), len(raw) // 2
        flipped = [
            raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :] for at in (len(raw) * step // 12 for step in range(12))
        ]
        spoiled = [noise, raw[:half], raw[:half] + noise[half:], noise[:half] + raw[half:], *flipped]
        for other in (None, 5, [], {}, "", "é", "\ud800", *map(padded, spoiled)):
            yield {**right, "response": {**right["response"], key: other}}
    for key in ("id", "rawId", "type", "response"):
        for other in (None, 5, [], {}, "", "é"):
            yield {**right, key: other}


async def test_people_name_their_passkeys(world: World) -> None:
    actor, _ = await owned(world)
    newest, _ = await register(world, actor, authenticator(), "  Phone ")
    await owned(world, "eve")
    async with world.database.write() as tx:
        listed = (await passkeys.page(tx, actor, Page(10))).items
        assert [passkey.name for passkey in listed] == ["Phone", "Laptop"]
        assert (await passkeys.rename(tx, actor, newest, "Pocket")).name == "Pocket"
        with pytest.raises(NotFound):
            await passkeys.find(tx, await world.actor("eve"), newest.id)


async def test_what_was_removed_opens_nothing(world: World) -> None:
    actor, device = await owned(world)
    async with world.database.write() as tx:
        await tx.run("update person set password_hash = 'another way' where id = :id", id=actor.person_id)
        passkey = (await passkeys.page(tx, actor, Page(1))).items[0]
        await passkeys.remove(tx, actor, passkey, frozenset())
        with pytest.raises(NotFound):
            await passkeys.remove(tx, actor, passkey, frozenset())
        ways = await second.ways(tx, actor.person_id)
    assert (ways.needed, ways.recovery) == (False, 0)
    challenge = await asked(world)
    with pytest.raises(WrongPasskey):
        await sign_in(world, challenge, device.answer(challenge.options))
    with pytest.raises(NoSecondFactor):
        await asked(world, actor.person_id)


async def test_changing_them_needs_a_recent_proof(world: World, moment: Moment) -> None:
    actor, _ = await owned(world)
    challenge = await ask_to_register(world, actor)
    moment.passes(sessions.RECENT)
    answer = authenticator().register(challenge.options)
    with pytest.raises(ConfirmFirst):
        await passkeys.register(world.database, actor, SITE, challenge.id, answer, "Laptop")
    async with world.database.write() as tx:
        passkey = (await passkeys.page(tx, actor, Page(1))).items[0]
        with pytest.raises(ConfirmFirst):
            await passkeys.ask_to_register(tx, actor, SITE)
        with pytest.raises(ConfirmFirst):
            await passkeys.remove(tx, actor, passkey, frozenset())


async def test_a_person_has_at_most_25(world: World) -> None:
    actor = await signed_in(world)
    challenges = [await ask_to_register(world, actor) for _ in range(passkeys.MOST + 1)]
    for challenge in challenges[:-1]:
        answer = authenticator().register(challenge.options)
        await passkeys.register(world.database, actor, SITE, challenge.id, answer, "Laptop")
    answer = authenticator().register(challenges[-1].options)
    with pytest.raises(TooManyPasskeys):
        await passkeys.register(world.database, actor, SITE, challenges[-1].id, answer, "Laptop")
    with pytest.raises(TooManyPasskeys):
        await ask_to_register(world, actor)


async def test_a_closed_account_is_not_opened_by_its_passkey(world: World) -> None:
    actor, device = await owned(world)
    async with world.database.write() as tx:
        await standing.disable(tx, system("test"), actor.person_id)
    challenge = await asked(world)
    with pytest.raises(WrongPasskey):
        await sign_in(world, challenge, device.answer(challenge.options))
    with pytest.raises(InvalidCredential):
        async with world.database.write() as tx:
            await accounts.enter(tx, world.people["ada"], ORIGIN, "test")
