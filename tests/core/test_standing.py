"""Who stands how: accounts that are closed and opened again, and administrators, of whom one always stays."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from courtyard.core import accounts, queue
from courtyard.core.accounts import WrongPassword
from courtyard.core.actor import Actor, system
from courtyard.core.errors import Forbidden, NotFound
from courtyard.core.identity import people, standing
from courtyard.core.identity.mailed import LinkOver
from courtyard.core.identity.standing import LastAdministrator
from courtyard.core.membership.invitations import InvitationOver
from tests.core.inviting import NEW, accept, belonging, invite, revoke, token_of
from tests.core.signing import OTHER, PHONE, alive, asked_reset, log_in, register, sign_in
from tests.world import World


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


async def test_of_administrators_who_are_unmade_at_once_one_stays(world: World) -> None:
    roots = [await world.administrator(f"root{turn}") for turn in range(4)]

    async def unmake(act: Callable[..., Awaitable[Any]], whom: Actor) -> None:
        async with world.database.write() as tx:
            await act(tx, system("cli"), whom.person_id)

    acts = [standing.disable, standing.demote]
    outcomes = await asyncio.gather(
        *(unmake(acts[turn % 2], root) for turn, root in enumerate(roots)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes if outcome] == [LastAdministrator]
    async with world.database.read() as tx:
        assert len(await people.administrators(tx)) == 1


async def test_a_request_that_was_under_way_does_not_bring_an_administrator_back(world: World) -> None:
    root, eve = await world.administrator(), await world.administrator("eve")
    async with world.database.write() as tx:
        await standing.demote(tx, root, eve.person_id)
        await standing.disable(tx, root, eve.person_id)
        with pytest.raises(Forbidden):
            await standing.change(tx, eve, eve.person_id, disabled=False, administrator=True)
        assert (await people.find(tx, eve.person_id)).state == "disabled"


@pytest.mark.parametrize("end", ["revoked", "lapsed and forgotten", "open"])
async def test_who_never_claimed_the_account_has_yet_to_claim_it_when_it_is_opened_again(
    world: World, end: str
) -> None:
    space, root = await world.space("ada"), await world.administrator()
    invited = await invite(world, "ada", space, NEW)
    person_id = invited.member.person_id
    async with world.database.write() as tx:
        await standing.disable(tx, root, person_id)
    if end == "revoked":
        await revoke(world, "ada", space, invited.invitation)
        assert "new-person" not in await belonging(world, space)
    elif end == "lapsed and forgotten":
        async with world.database.write() as tx:
            await tx.run("delete from invitation")
    async with world.database.write() as tx:
        assert (await standing.enable(tx, root, person_id)).state == "invited"
    again = invited if end == "open" else await invite(world, "ada", await world.space("ada", "Other"), NEW)
    accepted = await accept(world, await token_of(world, again), username="Nell")
    assert accepted.person.state == "active"
    # From now on it is an account like others.
    async with world.database.write() as tx:
        await standing.disable(tx, root, person_id)
        assert (await standing.enable(tx, root, person_id)).state == "active"


async def test_who_is_invited_while_the_account_that_nobody_claimed_is_closed_claims_it_later(world: World) -> None:
    space, other, root = await world.space("ada"), await world.space("ada", "Other"), await world.administrator()
    first = await invite(world, "ada", space, NEW)
    async with world.database.write() as tx:
        await standing.disable(tx, root, first.member.person_id)
    second = await invite(world, "ada", other, NEW)
    assert (second.member.state, second.invitation.state) == ("invited", "open")
    token = await token_of(world, second)
    with pytest.raises(InvitationOver):
        await accept(world, token)
    async with world.database.write() as tx:
        await standing.enable(tx, root, first.member.person_id)
    assert (await accept(world, token)).person.state == "active"


async def test_an_account_without_a_password_is_no_unclaimed_one(world: World) -> None:
    ada, root = await world.person("ada"), await world.administrator()
    async with world.database.write() as tx:
        await standing.disable(tx, root, ada.id)
        assert (await standing.enable(tx, root, ada.id)).state == "active"
