"""Codes, devices and tokens that are long over are forgotten, and nothing is forgotten before."""

from typing import LiteralString

from courtyard.core import clock, ids
from courtyard.core.actor import Actor, Origin
from courtyard.core.oauth import applications, codes, devices, tokens
from courtyard.core.oauth.applications import NewApplication
from courtyard.core.oauth.codes import NewCode
from courtyard.core.oauth.tokens import Granted
from courtyard.storage.database import Database
from courtyard.worker.timetable import timetable
from courtyard.worker.work import Tools
from tests.world import World


async def left(database: Database) -> dict[str, int]:
    """How many of each there are."""
    counts: dict[str, LiteralString] = {
        "codes": "select count(*) from authorization_code",
        "devices": "select count(*) from device_code",
        "access": "select count(*) from credential where kind = 'access'",
        "refresh": "select count(*) from credential where kind = 'refresh'",
        "keys": "select count(*) from credential where kind = 'key'",
    }
    async with database.read() as tx:
        return {name: await tx.one(int, count) or 0 for name, count in counts.items()}


async def pass_by(tools: Tools, milliseconds: int) -> dict[str, int]:
    """What is left after that time, when the chore has been done."""
    async with tools.database.write() as tx:
        for table in ("authorization_code", "device_code", "credential"):
            await tx.run(f"update {table} set expires_at = expires_at - :by", by=milliseconds)
    (chore,) = [chore for chore in timetable(tools) if chore.name == "codes and tokens"]
    await chore.act()
    return await left(tools.database)


async def test_each_is_forgotten_in_its_time(world: World, tools: Tools) -> None:
    ada = await world.actor("ada")
    await world.key("ada")
    async with world.database.write() as tx:
        new = NewApplication(name="Reports", redirect_uris=[], scopes=["read"], public=True)
        app, _ = await applications.create(tx, ada, new)
        code = NewCode(
            person_id=ada.person_id,
            redirect_uri="https://app.example.org/",
            scopes="read",
            challenge="x" * 43,
            nonce=None,
            authenticated_at=clock.now(),
        )
        await codes.issue(tx, app, code)
        await devices.begin(tx, app, "read")
        await tokens.issue(tx, Actor(Origin("test")), app, Granted(ada.person_id, ids.new(), "read"))
    everything = {"codes": 1, "devices": 1, "access": 1, "refresh": 1, "keys": 1}
    # What has lapsed an hour ago is still known for what it is.
    assert await pass_by(tools, clock.HOUR) == everything
    assert await pass_by(tools, clock.HOUR) == {**everything, "devices": 0}
    assert await pass_by(tools, clock.DAY) == {"codes": 0, "devices": 0, "access": 0, "refresh": 1, "keys": 1}
    assert await pass_by(tools, 31 * clock.DAY) == {"codes": 0, "devices": 0, "access": 0, "refresh": 0, "keys": 1}
