"""Nobody learns who has an account: the same answer to the byte, after the same work on passwords."""

import pytest
from argon2 import PasswordHasher
from httpx2 import AsyncClient, Response

from courtyard.core.actor import system
from courtyard.core.identity import passwords, people, standing
from tests.core.inviting import invite
from tests.core.mailing import kinds
from tests.dialects.pages.browser import Browser
from tests.dialects.pages.conftest import PASSWORD, Opening, with_password, with_second
from tests.world import World

WRONG = "something else entirely"
KNOWN = ("active", "closed", "second", "keyish", "guests")
"""In order, a password and nothing else; disabled; with a second factor; without a password; invited, not here yet."""
UNKNOWN = ("nobody", "absent")
COUNTED = pytest.mark.parametrize("settings", [{"rate_limits": "on"}], indirect=True)
Work = list[tuple[str, str]]


class Counting(PasswordHasher):
    """argon2 itself, which also writes down each call and what it cost."""

    def __init__(self, real: PasswordHasher, work: Work) -> None:
        super().__init__(real.time_cost, real.memory_cost, real.parallelism)
        self.work = work

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        made = super().hash(password, salt=salt)
        self.work.append(("hash", costs(made)))
        return made

    def verify(self, hash: str | bytes, password: str | bytes):  # noqa: A002 - as the library has it
        self.work.append(("verify", costs(str(hash))))
        return super().verify(hash, password)


def costs(stored: str) -> str:
    """Kind, version, memory, time and lanes of a hash; the lengths of its salt and of itself."""
    *said, salt, digest = stored.split("$")
    return f"{'$'.join(said)} {len(salt)} {len(digest)}"


def email(name: str) -> str:
    """All as long as each other, for lengths tell too."""
    assert len(name) == len(KNOWN[0])
    return f"{name}@example.org"


def told(response: Response, name: str) -> tuple[int, list[tuple[str, str]], str]:
    """All that an answer tells, but for what is another one each time and for the address, which came from the client."""
    headers = [(key, value) for key, value in response.headers.multi_items() if key not in ("date", "x-request-id")]
    return response.status_code, sorted(headers), response.text.replace(email(name), "THIS ADDRESS")


@pytest.fixture(autouse=True)
async def everybody(world: World) -> None:
    """Each kind of account that somebody may ask about."""
    for name in KNOWN[:3]:
        await with_password(world, name)
    await world.person("keyish")
    await with_second(world, "second")
    async with world.database.write() as tx:
        await standing.disable(tx, system("test"), world.people["closed"].id)
        await people.add_pending(tx, system("test"), email("guests"))


@pytest.fixture
def work(everybody: None, monkeypatch: pytest.MonkeyPatch) -> Work:
    """What argon2 was asked to do since the accounts were made."""
    done: Work = []
    monkeypatch.setattr(passwords, "_hasher", Counting(passwords._hasher, done))
    return done


def one(work: Work, call: str) -> None:
    """That was the only work since the last look, at the price of a new hash."""
    assert work == [(call, costs(passwords.NOBODY))]
    work.clear()


async def test_signing_in_fails_alike(browser: Browser, work: Work) -> None:
    page = await browser.get("/login")
    heard = set[str]()
    for name in (*KNOWN, *UNKNOWN):
        seen = await browser.submit(page, email=email(name), password=WRONG)
        assert seen.status == 401
        heard.add(repr(told(seen.response, name)))
        one(work, "verify")
    assert len(heard) == 1


async def test_the_right_password_of_a_closed_account_is_a_wrong_one(browser: Browser, work: Work) -> None:
    page = await browser.get("/login")
    heard = [(await browser.submit(page, email=email(name), password=PASSWORD), name) for name in ("closed", "nobody")]
    assert told(heard[0][0].response, heard[0][1]) == told(heard[1][0].response, heard[1][1])
    assert len(work) == 2


async def test_logging_in_fails_alike(anonymous: AsyncClient, work: Work) -> None:
    heard = set[str]()
    for name in (*KNOWN, *UNKNOWN):
        answer = await anonymous.post("/auth/login/", json={"email": email(name), "password": WRONG})
        assert answer.status_code == 401
        heard.add(repr(told(answer, name)))
        one(work, "verify")
    assert len(heard) == 1


@COUNTED
@pytest.mark.parametrize("name", ["active", "nobody"])
async def test_guessing_ends_for_the_unknown_too(
    opening: Opening, anonymous: AsyncClient, work: Work, name: str
) -> None:
    browser = opening(address="192.0.2.7")
    page = await browser.get("/login")
    seen = [await browser.submit(page, email=email(name), password=WRONG) for _ in range(6)]
    assert [each.status for each in seen] == [401] * 5 + [429]
    bodies = [{"email": email(name), "password": WRONG}] * 6
    answers = [await anonymous.post("/auth/login/", json=body) for body in bodies]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert len(work) == 10


async def test_asking_for_a_new_password_is_answered_alike(browser: Browser, work: Work) -> None:
    page = await browser.get("/reset")
    heard = set[str]()
    # The second time nothing is mailed to anybody: that is not to be heard either.
    for name in (*KNOWN, *UNKNOWN) * 2:
        seen = await browser.submit(page, email=email(name))
        assert seen.status == 200
        heard.add(repr(told(seen.response, name)))
    assert len(heard) == 1
    assert work == []


@pytest.mark.parametrize("username", ["free", "active"])
async def test_registering_is_answered_alike(browser: Browser, work: Work, username: str) -> None:
    page = await browser.get("/register")
    heard = set[str]()
    for number, name in enumerate((*KNOWN, *UNKNOWN)):
        wanted = f"free-{number}" if username == "free" else username
        seen = await browser.submit(page, email=email(name), username=wanted, password=WRONG)
        assert seen.status == (200 if username == "free" else 422)
        heard.add(repr(told(seen.response, name)))
        one(work, "hash")
    assert len(heard) == 1


@pytest.mark.parametrize("place", ["/register", "/reset"])
async def test_who_was_invited_is_mailed_the_invitation_again_and_hears_what_all_hear(
    browser: Browser, world: World, place: str
) -> None:
    await invite(world, "active", await world.space(owner="active"), email("guests"))
    assert await kinds(world) == [("invitation", email("guests"))]
    async with world.database.write() as tx:
        await tx.run("update invitation set sent_at = sent_at - 60000")
    page, heard = await browser.get(place), set[str]()
    for number, name in enumerate(("guests", "absent")):
        more = {"username": f"free-{number}", "password": PASSWORD} if place == "/register" else {}
        seen = await browser.submit(page, page.page.form, email=email(name), **more)
        assert seen.status == 200
        heard.add(repr(told(seen.response, name)))
    assert len(heard) == 1
    assert ("invitation", email("guests")) in await kinds(world)


async def test_registering_in_workspaces_says_taken_alike_and_costs_the_same(
    anonymous: AsyncClient, work: Work
) -> None:
    """Its published answer for a known address is 409; in what state that account is stays untold."""
    heard = set[str]()
    for number, name in enumerate((*KNOWN, *UNKNOWN)):
        body = {"email": email(name), "username": f"free-{number}", "password": WRONG}
        answer = await anonymous.post("/auth/register/", json=body)
        assert answer.status_code == (409 if name in KNOWN else 200)
        one(work, "hash")
        heard |= {repr(told(answer, name))} if name in KNOWN else set()
    assert len(heard) == 1
