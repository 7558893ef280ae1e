"""Who plays in the stories about rights, and what became of what each of them tried."""

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import product
from typing import Any, get_args

from courtyard.core.access.roles import OrganizationRole, Role, Visibility
from courtyard.core.actor import Actor
from courtyard.core.errors import Forbidden, NotFound, Unauthenticated
from courtyard.core.paging import Page, Slice
from courtyard.core.spaces import Space
from tests.world import ANYBODY, World

MARKS = {Unauthenticated: "?", NotFound: "0", Forbidden: "-"}

WRITES = {
    "anonymous": "?",
    "stranger": "0",
    "organization member": "0",
    "viewer": "-",
    "editor": "y",
    "admin": "y",
    "owner": "y",
    "organization admin": "y",
    "platform administrator": "y",
    "limited": "y",
    "limited elsewhere": "0",
    "reader": "-",
}
"""Who may WRITE in a private space: y may, - is told so, 0 hears that there is nothing, ? must say who it is."""
MANAGES = WRITES | {"editor": "-"}
JOINS = WRITES | {"viewer": "y", "reader": "y"}
READS_PUBLIC = JOINS | {"stranger": "y", "organization member": "y"}
JOINS_PUBLIC = JOINS | {"stranger": "-", "organization member": "-"}
WRITES_PUBLIC = WRITES | {"stranger": "-", "organization member": "-"}


async def cast(world: World, visibility: Visibility = "private") -> tuple[Space, dict[str, Actor]]:
    """Ada's space in the organization Acme, and one caller for each way to stand to it."""
    await world.organization("acme", owner="olga", admins=["oscar"], members=["ada", "mia"])
    space = await world.space(
        "ada", visibility=visibility, organization="acme", admins=["amir"], editors=["eve"], viewers=["vera"]
    )
    other = await world.space("ada", "Attic", visibility="private")
    return space, {
        "anonymous": ANYBODY,
        "stranger": await world.actor("sam"),
        "organization member": await world.actor("mia"),
        "viewer": await world.actor("vera"),
        "editor": await world.actor("eve"),
        "admin": await world.actor("amir"),
        "owner": await world.actor("ada"),
        "organization admin": await world.actor("oscar"),
        "platform administrator": await world.administrator("root"),
        "limited": await world.actor("ada", spaces=[space]),
        "limited elsewhere": await world.actor("ada", spaces=[other]),
        "reader": await world.actor("ada", scope="read"),
    }


async def outcomes(actors: dict[str, Actor], attempt: Callable[[Actor], Awaitable[Any]]) -> dict[str, str]:
    """What became of it for each of them."""
    return {who: await outcome(attempt(actor)) for who, actor in actors.items()}


async def outcome(attempt: Awaitable[Any]) -> str:
    try:
        await attempt
    except tuple(MARKS) as refusal:
        return MARKS[type(refusal)]
    return "y"


async def every_standing(world: World, name: str) -> list[Space]:
    """Sixty spaces, to which that person stands in every possible way."""
    made: list[Space] = []
    members, belongings = (None, *get_args(Role)), (None, *get_args(OrganizationRole))
    for number, (member, belonging, visibility) in enumerate(product(members, belongings, get_args(Visibility))):
        organization = await world.organization(f"house-{number}", owner="filler")
        space = await world.space("filler", f"Room {number}", visibility=visibility, organization=organization.handle)
        if belonging:
            await world.enroll(organization, name, belonging)
        if member == "owner":
            await hand_over(world, space, name)
        elif member:
            await world.admit(space, name, member)
        made.append(space)
    return made


async def hand_over(world: World, space: Space, name: str) -> None:
    """Make a person the owner of filler's space, who is not in it any more."""
    person = await world.person(name)
    await world.dismiss(space, "filler")
    await world.admit(space, name, "owner")
    async with world.database.write() as tx:
        await tx.run("update space set owner_id = :person where id = :id", person=person.id, id=space.id)


Listing = Callable[[Page], Awaitable[Slice[Any]]]
Between = Callable[[list[str]], Awaitable[None]]


async def forward(listing: Listing, limit: int, between: Between | None = None) -> list[str]:
    """The ids of a walk from the first page to the last; `between` happens after each page."""
    return [row.id async for row in _pages(listing, Page(limit), between)]


async def backward(listing: Listing, limit: int, last: str, between: Between | None = None) -> list[str]:
    """The ids of a walk from what lies before `last` up to the first page, each page in list order, newest walk last."""
    seen: list[list[str]] = []
    before = last
    while True:
        found = await listing(Page(limit, before=before))
        seen.insert(0, [row.id for row in found.items])
        if not found.more:
            return [row for rows in seen for row in rows]
        before = found.items[0].id
        if between:
            await between([row for rows in seen for row in rows])


async def _pages(listing: Listing, page: Page, between: Between | None) -> AsyncIterator[Any]:
    seen: list[str] = []
    while True:
        found = await listing(page)
        for row in found.items:
            seen.append(row.id)
            yield row
        if not found.more:
            return
        if between:
            await between(seen)
        page = Page(page.limit, after=found.items[-1].id)
