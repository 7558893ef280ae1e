"""People: accounts with an address and a username that nobody else has, in any case of letters."""

import asyncio

import pytest

from courtyard.core import organizations
from courtyard.core.actor import Origin, system
from courtyard.core.errors import Forbidden, Invalid, InvalidCredential, NotFound, Unauthenticated
from courtyard.core.identity import credentials, people, standing
from courtyard.core.identity.people import EmailTaken, Person, UsernameTaken
from courtyard.core.paging import Page
from tests.world import ANYBODY, ORIGIN, World

ME = system("test")


async def add(world: World, email: str, username: str, phone: str | None = None) -> Person:
    async with world.database.write() as tx:
        return await people.add(tx, ANYBODY, email=email, username=username, password_hash=None, phone=phone)


async def test_a_person_is_born_with_an_organization_of_their_own(world: World) -> None:
    ada = await world.actor("ada")
    async with world.database.read() as tx:
        home = await organizations.home(tx, ada, None)
        mine = await organizations.page(tx, ada, Page(10))
    assert (home.handle, home.name, home.role, home.personal_of) == ("ada", "ada", "owner", ada.person_id)
    assert mine.items == [home]


@pytest.mark.parametrize("username", ["admin", "v1", "日本", "A", "Ada Lovelace", "..", "a" * 64])
async def test_every_username_finds_a_handle_for_its_organization(world: World, username: str) -> None:
    first = await add(world, "one@example.com", username)
    second = await add(world, "two@example.com", username + "!" if len(username) < 64 else "a" * 63)
    async with world.database.read() as tx:
        handles = await tx.all(str, "select handle from organization where personal_of is not null order by number")
    assert len(handles) == len(set(handles)) == 2
    assert first.referral_code != second.referral_code


@pytest.mark.parametrize(
    ("email", "username", "refusal"),
    [
        ("ada@example.com", "other", EmailTaken),
        (" ADA@Example.COM ", "other", EmailTaken),
        ("other@example.com", "ada", UsernameTaken),
        ("other@example.com", " ADA ", UsernameTaken),
        ("ada@example.com", "ada", EmailTaken),
        ("STRASSE@example.com", "other", EmailTaken),
        ("other@example.com", "JOSE\u0301", UsernameTaken),
    ],
)
async def test_names_are_unique_without_regard_to_case(
    world: World, email: str, username: str, refusal: type[Exception]
) -> None:
    await add(world, "ada@example.com", "ada")
    await add(world, "straße@example.com", "josé")
    with pytest.raises(refusal):
        await add(world, email, username)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"email": "ada"}, "email"),
        ({"email": ""}, "email"),
        ({"email": "a@b@c"}, "email"),
        ({"email": "a@b\0.c"}, "email"),
        ({"email": f"{'a' * 65}@example.com"}, "email"),
        ({"email": f"a@{'b' * 260}"}, "email"),
        ({"email": "a@b\r\nBcc: c@d"}, "email"),
        ({"username": ""}, "username"),
        ({"username": "   "}, "username"),
        ({"username": "a\0b"}, "username"),
        ({"username": "a\nb"}, "username"),
        ({"username": "a\tb"}, "username"),
        ({"username": "\ud800"}, "username"),
        ({"username": "a" * 65}, "username"),
        ({"phone": "1\0"}, "phone"),
        ({"phone": "1\n2"}, "phone"),
        ({"phone": "1" * 33}, "phone"),
    ],
)
async def test_what_is_no_name_is_refused(world: World, facts: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await add(world, **({"email": "ada@example.com", "username": "ada"} | facts))
    assert refusal.value.field == field


async def test_an_empty_phone_is_none(world: World) -> None:
    assert (await add(world, "ada@example.com", "ada", phone=" ")).phone is None
    assert (await add(world, "bob@example.com", "bob", phone=" +1 555 0100 ")).phone == "+1 555 0100"


async def test_one_address_or_username_taken_many_times_at_once_is_taken_once(world: World) -> None:
    addresses = await asyncio.gather(
        *(add(world, "ada@example.com", f"ada{turn}") for turn in range(5)), return_exceptions=True
    )
    usernames = await asyncio.gather(
        *(add(world, f"bob{turn}@example.com", "Bob") for turn in range(5)), return_exceptions=True
    )
    for results, refusal in ((addresses, EmailTaken), (usernames, UsernameTaken)):
        assert sum(isinstance(result, Person) for result in results) == 1
        assert sum(isinstance(result, refusal) for result in results) == 4


async def test_people_with_like_usernames_come_at_once(world: World) -> None:
    """Their organizations want the same handle."""
    results = await asyncio.gather(
        *(add(world, f"{turn}@example.com", f"ada{'.' * turn}") for turn in range(5)), return_exceptions=True
    )
    assert all(isinstance(result, Person) for result in results), results


async def test_a_disabled_person_is_out_at_once(world: World) -> None:
    secret = await world.key("bob")
    async with world.database.write() as tx:
        assert (await credentials.authenticate(tx, secret, ORIGIN))[0].person_id == world.people["bob"].id
        await standing.disable(tx, ME, world.people["bob"].id)
    async with world.database.read() as tx:
        with pytest.raises(InvalidCredential):
            await credentials.authenticate(tx, secret, ORIGIN)
    assert (await world.events())[-1] == "person.disabled"


async def test_whoever_is_not_there_cannot_be_found_disabled_or_promoted(world: World) -> None:
    async with world.database.write() as tx:
        for act in (people.find(tx, "nobody"), standing.disable(tx, ME, "nobody"), standing.promote(tx, ME, "nobody")):
            with pytest.raises(NotFound):
                await act


async def test_only_an_active_person_becomes_an_administrator(world: World) -> None:
    async with world.database.write() as tx:
        pending = await people.add_pending(tx, ME, "new@example.com")
        with pytest.raises(NotFound):
            await standing.promote(tx, ME, pending.id)
    secret = await world.key("bob")
    async with world.database.write() as tx:
        await standing.promote(tx, ME, world.people["bob"].id)
        assert (await credentials.authenticate(tx, secret, ORIGIN))[0].administrator


async def test_an_administrators_key_without_the_scope_admin_is_no_administrators_key(world: World) -> None:
    await world.administrator()
    secret = await world.key("root", scopes=["read", "write"])
    async with world.database.read() as tx:
        actor, _ = await credentials.authenticate(tx, secret, Origin("test"))
    assert not actor.administrator


async def test_administrators_alone_list_everybody(world: World) -> None:
    ada, root = await world.actor("ada"), await world.administrator()
    async with world.database.read() as tx:
        with pytest.raises(Unauthenticated):
            await people.page(tx, ANYBODY, Page(10))
        with pytest.raises(Forbidden):
            await people.page(tx, ada, Page(10))
        first = await people.page(tx, root, Page(1))
        rest = await people.page(tx, root, Page(1, after=first.items[-1].id))
        assert [person.username for person in (*first.items, *rest.items)] == ["root", "ada"]
        assert (first.more, rest.more) == (True, False)
        assert root.privileged
        assert len((await people.page(tx, ME, Page(10))).items) == 2


async def test_a_pending_person_is_named_after_the_address(world: World) -> None:
    async with world.database.write() as tx:
        made = await people.add_pending(tx, ME, "Grace.Hopper@example.com")
        again = await people.add_pending(tx, ME, "grace.hopper@EXAMPLE.com")
        other = await people.add_pending(tx, ME, "grace_hopper@example.com")
    assert (made.username, made.state, made.password_hash) == ("grace-hopper", "invited", None)
    assert again == made
    assert other.username.startswith("grace-hopper-")


async def test_claiming_gives_the_personal_organization_the_chosen_name(world: World) -> None:
    async with world.database.write() as tx:
        made = await people.add_pending(tx, ME, "grace@example.com")
        claimed = await people.claim(tx, ANYBODY, made.id, username="Amazing Grace")
        assert await people.claim(tx, ANYBODY, made.id, username="Again") is None
        name = await tx.one(str, "select name from organization where personal_of = :id", id=made.id)
    assert claimed is not None
    assert claimed.username == name == "Amazing Grace"
