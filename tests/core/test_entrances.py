"""Ways into an account: the last one stays."""

import pytest

from courtyard.core.identity import passkeys, second
from courtyard.core.identity.entrances import LastWayIn
from courtyard.core.paging import Page
from tests.core.test_passkeys import authenticator, owned, register
from tests.world import World


async def test_the_last_way_in_stays(world: World) -> None:
    """Without a password, of two passkeys one goes; the other one not before a provider that serves is linked."""
    actor, _ = await owned(world)
    await register(world, actor, authenticator(), "Phone")
    async with world.database.write() as tx:
        phone, laptop = (await passkeys.page(tx, actor, Page(2))).items
        await passkeys.remove(tx, actor, phone, frozenset())
    with pytest.raises(LastWayIn):
        async with world.database.write() as tx:
            await passkeys.remove(tx, actor, laptop, frozenset(["https://id.example"]))
    async with world.database.write() as tx:
        assert (await second.ways(tx, actor.person_id)).passkeys == 1
        await tx.run(
            "insert into provider_link (provider, subject, person_id, created_at) values (:issuer, 'a', :id, 1)",
            issuer="https://id.example",
            id=actor.person_id,
        )
    with pytest.raises(LastWayIn):
        async with world.database.write() as tx:
            await passkeys.remove(tx, actor, laptop, frozenset(["https://other.example"]))
    async with world.database.write() as tx:
        await passkeys.remove(tx, actor, laptop, frozenset(["https://id.example"]))
