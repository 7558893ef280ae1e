"""Accounts: registering, logging in, the first administrator; and the passwords that are too easy to guess."""

import asyncio
import time
from itertools import product

import pytest

from courtyard.core import accounts, clock
from courtyard.core.accounts import InvitedOnly, RegistrationClosed, WrongPassword
from courtyard.core.actor import Origin, system
from courtyard.core.errors import ExpiredCredential, Forbidden, Invalid, InvalidCredential
from courtyard.core.identity import credentials, passwords, people, standing
from courtyard.core.identity.guessable import WORDS, is_guessable
from courtyard.core.identity.passwords import CommonPassword
from courtyard.core.identity.people import EmailTaken, Person
from courtyard.core.paging import Page
from courtyard.storage.database import Database
from tests.world import ANYBODY, ORIGIN, World

GOOD = "a quiet place for papers"
OTHER = "an even quieter place for it"


async def register(world: World, email: str = "ada@example.com", username: str = "ada", password: str = GOOD) -> Person:
    hashed = await passwords.hashed(password)
    async with world.database.write() as tx:
        return await accounts.register(tx, ANYBODY, "open", email=email, username=username, password_hash=hashed)


async def log_in(database: Database, email: str = "ada@example.com", password: str = GOOD) -> tuple[Person, str]:
    return await accounts.log_in(database, email, password, ORIGIN)


async def test_whoever_registers_logs_in(world: World) -> None:
    ada = await register(world)
    person, secret = await log_in(world.database, " ADA@Example.com ")
    assert person == ada
    async with world.database.read() as tx:
        actor, _ = await credentials.authenticate(tx, secret, ORIGIN)
        kept = await tx.one(int, "select expires_at from credential where id = :id", id=actor.credential_id)
        assert (await credentials.page(tx, actor, Page(10))).items == []
    assert (actor.person_id, actor.reach, actor.spaces) == (ada.id, 3, None)
    assert kept is not None
    assert 0 <= clock.now() + credentials.LOGIN_LIFE - kept < clock.MINUTE
    assert (await world.events())[-1] == "login.created"


async def test_every_failure_to_log_in_answers_alike_and_is_noted(world: World) -> None:
    await register(world)
    closed = await register(world, "closed@example.com", "closed")
    async with world.database.write() as tx:
        await standing.disable(tx, system("test"), closed.id)
        await people.add_pending(tx, system("test"), "pending@example.com")
    await world.person("keys-only")
    cases = [
        ("ada@example.com", OTHER),
        ("ada@example.com", ""),
        ("ada@example.com", GOOD + "\0"),
        ("ada@example.com", "\ud800"),
        ("ada@example.com", GOOD * 100),
        ("nobody@example.com", GOOD),
        ("no address", GOOD),
        ("a\0@b", GOOD),
        ("\ud800", GOOD),
        ("", ""),
        ("closed@example.com", GOOD),
        ("pending@example.com", GOOD),
        ("keys-only@example.org", ""),
    ]
    words: set[tuple[str, str]] = set()
    for email, password in cases:
        with pytest.raises(WrongPassword) as refusal:
            await log_in(world.database, email, password)
        words.add((refusal.value.code, refusal.value.message))
    assert len(words) == 1
    async with world.database.read() as tx:
        told = await tx.all(str, "select result || detail from event where action = 'login.refused'")
        assert await tx.one(int, "select count(*) from credential where kind = 'login'") == 0
    assert len(told) == len(cases)
    assert all(line.startswith("refused") for line in told)
    assert not any("@" in line or GOOD in line for line in told)


async def test_an_unknown_account_takes_as_long_as_a_wrong_password(world: World) -> None:
    stored = (await register(world)).password_hash
    took: dict[str | None, float] = {}
    for kind in (stored, None):
        started = time.process_time()
        for _ in range(5):
            assert not await passwords.verified(kind, OTHER)
        took[kind] = time.process_time() - started
    assert 0.5 < took[None] / took[stored] < 2


def test_the_hash_of_nobody_costs_what_a_new_one_does() -> None:
    """Otherwise the time of an answer would say whether the account exists."""
    ours, new = passwords.NOBODY.split("$"), passwords._hasher.hash("x").split("$")
    assert ours[:4] == new[:4]
    assert [len(part) for part in ours] == [len(part) for part in new]
    assert not passwords._hasher.check_needs_rehash(passwords.NOBODY)
    assert not passwords._verify(passwords.NOBODY, "")


async def test_a_password_is_as_long_as_it_is(world: World) -> None:
    longest = "é" * 1000 + "x" * 24
    await register(world, password=longest)
    await log_in(world.database, password=longest)
    with pytest.raises(WrongPassword):
        await log_in(world.database, password=longest + "x")


async def test_a_password_is_the_same_on_every_keyboard(world: World) -> None:
    await register(world, password="caf\u00e9 au lait, s'il vous pla\u00eet")
    await log_in(world.database, password="cafe\u0301 au lait, s'il vous plai\u0302t")


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 1025])
async def test_passwords_have_12_to_1024_characters(password: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await passwords.hashed(password)
    assert (refusal.value.field, refusal.value.code) == ("password", "length")


def test_passwords_work_in_one_event_loop_after_the_other() -> None:
    async def many() -> list[bool]:
        return await asyncio.gather(*(passwords.verified(None, str(turn)) for turn in range(5)))

    for _ in range(2):
        assert asyncio.run(many()) == [False] * 5


async def test_nobody_gets_in_while_the_password_is_being_checked(world: World) -> None:
    """Disabled after the password was read, before the credential is issued."""
    ada = await register(world)
    attempt = asyncio.create_task(log_in(world.database))
    await asyncio.sleep(0)
    async with world.database.write() as tx:
        await standing.disable(tx, system("test"), ada.id)
    try:
        _, secret = await attempt
    except WrongPassword:
        return
    # It was through before the account was closed: then the credential ended with it.
    async with world.database.read() as tx:
        with pytest.raises(InvalidCredential):
            await credentials.authenticate(tx, secret, ORIGIN)


async def test_fifty_logins_live_and_the_oldest_end(world: World) -> None:
    ada = world.people["ada"] = await register(world)
    # Older than every login: keys are not counted.
    key = await world.key("ada")
    login = credentials.NewKey(name="login", scopes=["read"], expires_at=clock.now() + clock.DAY)
    async with world.database.write() as tx:
        issued = [await credentials.issue(tx, ANYBODY, ada.id, "login", login) for _ in range(51)]
    secrets = [secret for _, secret in issued]
    _, newest = await log_in(world.database)
    async with world.database.read() as tx:
        for ended in secrets[:2]:
            with pytest.raises(InvalidCredential):
                await credentials.authenticate(tx, ended, ORIGIN)
        for alive in (*secrets[2:], newest, key):
            await credentials.authenticate(tx, alive, ORIGIN)


async def test_a_login_that_has_expired_is_told_so_and_forgotten_after_a_while(world: World) -> None:
    await register(world)
    _, secret = await log_in(world.database)
    async with world.database.write() as tx:
        await tx.run("update credential set expires_at = :then", then=clock.now() - 1)
        with pytest.raises(ExpiredCredential):
            await credentials.authenticate(tx, secret, ORIGIN)
        await tx.run("update credential set expires_at = :then", then=clock.now() - 31 * clock.DAY)
    await log_in(world.database)
    async with world.database.read() as tx:
        assert await tx.one(int, "select count(*) from credential") == 1


@pytest.mark.parametrize(("setting", "refusal"), [("invited", InvitedOnly), ("closed", RegistrationClosed)])
async def test_registration_can_be_closed(
    world: World, setting: accounts.Registration, refusal: type[Forbidden]
) -> None:
    async with world.database.write() as tx:
        with pytest.raises(refusal) as told:
            await accounts.register(tx, ANYBODY, setting, email="ada@example.com", username="ada", password_hash="hash")
        assert told.value.message == str(refusal.__doc__)
        assert await people.seek_by_email(tx, "ada@example.com") is None


async def test_a_pending_persons_address_is_claimed_by_the_mail_alone(world: World) -> None:
    async with world.database.write() as tx:
        await people.add_pending(tx, system("test"), "new@example.com")
    with pytest.raises(EmailTaken):
        await register(world, "NEW@example.com", "thief")
    with pytest.raises(WrongPassword):
        await log_in(world.database, "new@example.com", GOOD)


async def test_the_first_administrator_is_made_once(world: World) -> None:
    async def first(email: str) -> Person | None:
        async with world.database.write() as tx:
            return await accounts.first_administrator(tx, email, "hash")

    made = await asyncio.gather(*(first(f"root{turn}@example.com") for turn in range(4)))
    assert [bool(person.is_administrator) for person in made if person] == [True]
    assert await first("late@example.com") is None


async def test_where_there_are_people_no_first_administrator_is_made(world: World) -> None:
    await world.person("ada")
    async with world.database.write() as tx:
        assert await accounts.first_administrator(tx, "root@example.com", "hash") is None
        assert await tx.one(int, "select count(*) from person where is_administrator = 1") == 0


def test_more_than_three_thousand_common_passwords_are_refused() -> None:
    ends = ["", "!", "1", "12", "123", "1234", "2024", "1990!", "@2025", "_01"]
    forms = [str, str.capitalize, str.upper, lambda word: word.replace("a", "@").replace("o", "0").replace("s", "$")]
    guesses = {form(word) + end for word, end, form in product(sorted(WORDS), ends, forms)}
    guesses |= {one + other for one, other in product(sorted(WORDS)[:80], repeat=2)}
    refused = {guess for guess in guesses if len(guess) >= passwords.SHORTEST and is_guessable(guess)}
    assert refused == {guess for guess in guesses if len(guess) >= passwords.SHORTEST}
    assert len(refused) > 3000


@pytest.mark.parametrize(
    "password",
    [
        "password1234", "Password123!", "P@$$w0rd2024", "passwordpassword", "qwertyuiop123", "1q2w3e4r5t6y",
        "123456789012", "aaaaaaaaaaaa", "abcabcabcabc", "iloveyou1234", "!!letmein2025", "ADMINISTRATOR1",
        "Summer-Winter-2025", "zxcvbnm,./123", "asdfghjkl;123", "welcome1999!!", "qazwsxedcrfv",
        "0987654321abc", "\uff30assword\uff11\uff12\uff13\uff14", "trustno1trustno1", "1" * 1000,
    ],
)  # fmt: skip
async def test_what_would_be_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(CommonPassword) as refusal:
        await passwords.hashed(password)
    assert (refusal.value.field, refusal.value.code) == ("password", "common_password")


@pytest.mark.parametrize(
    "password",
    [
        GOOD, OTHER, "correct horse battery staple", "Tr0ub4dor&3-and-more", "kX9#vLq2@mZp", "9f86d081884c7d65",
        "482915730264", "my dragon eats purple cheese", "日本語のとても長い秘密", "v7HkQ0aJx1mN4s8T",
    ],
)  # fmt: skip
def test_what_is_hard_to_guess_is_taken(password: str) -> None:
    assert not is_guessable(password)


def test_looking_for_common_pieces_is_quick_for_any_input() -> None:
    started = time.process_time()
    for hard in ("qwertyuiop" * 6, "1" * 63 + "x", "123" * 20 + "q1w", "a" * 1023 + "b", "password" * 8):
        is_guessable(hard)
    assert time.process_time() - started < 0.1


async def test_origin_and_outcome_are_in_the_audit_trail(world: World) -> None:
    ada = await register(world)
    with pytest.raises(WrongPassword):
        await accounts.log_in(world.database, "ada@example.com", OTHER, Origin("test", "192.0.2.9", "request-9"))
    async with world.database.read() as tx:
        row = await tx.one(
            str,
            "select address || ' ' || request_id || ' ' || object_id from event where action = 'login.refused'",
        )
    assert row == f"192.0.2.9 request-9 {ada.id}"
