"""A key that is limited to certain spaces changes nothing of the account behind it but what has the same limits."""

import msgspec
import pytest

from courtyard.core import accounts, audit, clock
from courtyard.core.actor import system
from courtyard.core.errors import Forbidden, NotFound
from courtyard.core.identity import credentials, directory, people, second, standing
from courtyard.core.identity.credentials import NewKey
from courtyard.core.oauth import applications, consents
from courtyard.core.oauth.applications import NewApplication
from courtyard.core.paging import Page
from tests.world import World


async def test_it_renames_and_ends_keys_within_its_limits_alone(world: World) -> None:
    ada, space, other = await world.person("ada"), await world.space("ada"), await world.space("ada", "Attic")
    limited = await world.actor("ada", spaces=[space])
    made: dict[str, credentials.Credential] = {}
    async with world.database.write() as tx:
        for name, limits in {"all": None, "same": [space.id], "more": [space.id, other.id]}.items():
            new = NewKey(name=name, scopes=["read"], spaces=limits, expires_at=None)
            made[name], _ = await credentials.create(tx, system("test"), new, person_id=ada.id)
    async with world.database.write() as tx:
        for name in ("all", "more"):
            with pytest.raises(Forbidden):
                await credentials.rename(tx, limited, made[name], "Mine")
            with pytest.raises(Forbidden):
                await credentials.revoke(tx, limited, made[name])
        assert (await credentials.rename(tx, limited, made["same"], "Mine")).name == "Mine"
        await credentials.revoke(tx, limited, made["same"])
        for name in ("all", "more"):
            assert (await credentials.find(tx, limited, made[name].id)).name == name
        with pytest.raises(NotFound):
            await credentials.find(tx, limited, made["same"].id)


async def test_it_ends_no_application_and_no_consent(world: World) -> None:
    ada, space = await world.actor("ada"), await world.space("ada")
    limited = await world.actor("ada", spaces=[space])
    async with world.database.write() as tx:
        application, _ = await applications.create(
            tx, ada, NewApplication(name="Notes", redirect_uris=[], scopes=["read"])
        )
        await consents.grant(tx, ada, application, ["read"])
        consent = await consents.seek(tx, ada.person_id, application)
        assert consent is not None
        with pytest.raises(Forbidden):
            await applications.remove(tx, limited, application)
        with pytest.raises(Forbidden):
            await consents.withdraw(tx, limited, consent)
        assert await consents.seek(tx, ada.person_id, application) == consent


async def test_a_key_that_ends_makes_no_application_which_would_not(world: World) -> None:
    ada, program = await world.actor("ada"), NewApplication(name="Notes", redirect_uris=[], scopes=["read"])
    for ends, refused in ((clock.now() + 3_600_000, True), (None, False)):
        async with world.database.write() as tx:
            new = NewKey(name="Mine", scopes=["admin"], expires_at=ends)
            key, _ = await credentials.create(tx, system("test"), new, person_id=ada.person_id)
            actor = msgspec.structs.replace(ada, credential_id=key.id)
            if refused:
                with pytest.raises(Forbidden):
                    await applications.create(tx, actor, program)
            else:
                await applications.create(tx, actor, program)


async def test_it_does_nothing_to_people_whoever_it_belongs_to(world: World) -> None:
    await world.administrator()
    ada, limited = await world.person("ada"), await world.actor("root", spaces=[await world.space("root")])
    async with world.database.write() as tx:
        for done in (standing.promote, standing.disable, second.clear, accounts.ask_reset_of):
            with pytest.raises(Forbidden):
                await done(tx, limited, ada.id)
        with pytest.raises(Forbidden):
            await directory.page(tx, limited, directory.Filters(), Page(10))
        with pytest.raises(Forbidden):
            await audit.page(tx, limited, audit.Filters(), Page(10))
        with pytest.raises(NotFound):
            await directory.find(tx, limited, ada.id)
        assert (await people.find(tx, ada.id)).state == "active"
