"""Every call of OAuth 2, by every kind of program: the table holds, and no call is missing from it.

1  1  1  0  0  +  +  0  0
|  |  |  |  |  |  |  |  +- revoked: the own application, once the person has taken it back
|  |  |  |  |  |  |  +---- expired: the own application, when what it was given is over
|  |  |  |  |  |  +------- own: the application that it was given to
|  |  |  |  |  +---------- public: one without a secret, with what it was given itself
|  |  |  |  +------------- root: an application of a platform administrator, which proves who it is
|  |  |  +---------------- other: another application, which does so too
|  |  +------------------- deleted: one that is not there any more
|  +---------------------- wrong: the own application with a wrong secret
+------------------------- nobody
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from httpx2 import AsyncClient

from courtyard.core import clock, ids
from courtyard.core.oauth import applications
from courtyard.core.oauth.applications import NewApplication
from courtyard.core.oauth.tokens import revoke_all
from courtyard.dialects import oauth
from courtyard.web.guard import Guard
from tests.dialects.access.asking import SITE, Asked, ask, mark
from tests.dialects.access.table import served
from tests.dialects.conftest import Clients
from tests.dialects.oauth.programs import (
    BEGIN,
    DEVICE,
    INTROSPECT,
    REDIRECT,
    REVOKE,
    Form,
    Program,
    age,
    code,
    decide,
    exchange,
    opens,
    program,
    tokens,
)
from tests.world import World

AT = pytest.mark.parametrize("settings", [{"public_url": f"https://{SITE}"}], indirect=True)
PROGRAMS = ("nobody", "wrong", "deleted", "other", "root", "public", "own", "expired", "revoked")
Making = Callable[[World, AsyncClient, Program], Awaitable[Form]]


async def by_code(world: World, client: AsyncClient, app: Program) -> Form:
    return exchange(app, await code(world, app))


async def by_refresh(world: World, client: AsyncClient, app: Program) -> Form:
    issued = await tokens(client, world, app)
    return {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}


async def by_itself(world: World, client: AsyncClient, app: Program) -> Form:
    return {"grant_type": "client_credentials", "scope": "read"}


async def by_device(world: World, client: AsyncClient, app: Program) -> Form:
    begun = (await client.post(BEGIN, data={**app.proof(), "scope": "read"})).json()
    await decide(world, begun["user_code"], allow=True)
    return {"grant_type": DEVICE, "device_code": begun["device_code"]}


async def a_scope(world: World, client: AsyncClient, app: Program) -> Form:
    return {"scope": "read"}


async def a_token(world: World, client: AsyncClient, app: Program) -> Form:
    return {"token": (await tokens(client, world, app))["access_token"]}


ROWS: list[tuple[str, str, Making]] = [
    ("111 00++ 00", "POST /oauth/token", by_code),
    ("111 00++ 00", "POST /oauth/token", by_refresh),
    ("111 ++0+ ++", "POST /oauth/token", by_itself),
    ("111 00++ 00", "POST /oauth/token", by_device),
    ("111 ++++ ++", "POST /oauth/device_authorization", a_scope),
    ("111 ++++ ++", "POST /oauth/revoke", a_token),
    ("111 ++1+ ++", "POST /oauth/introspect", a_token),
]
TOLD = {"GET /oauth/userinfo", "POST /oauth/userinfo"}
OPEN = {"GET /.well-known/oauth-authorization-server", "GET /.well-known/openid-configuration", "GET /oauth/jwks"}


def test_no_call_is_missing() -> None:
    assert served(oauth.ROUTERS) == {call for _, call, _ in ROWS} | TOLD | OPEN, "who may call this?"
    assert all("+" in signs for signs, _, _ in ROWS)


class Programs:
    """One of each kind; what is asked for was given to the public one or to `own`."""

    def __init__(self, own: Program, public: Program, other: Program, deleted: Program, root: Program) -> None:
        self.own, self.public, self.other, self.deleted, self.root = own, public, other, deleted, root
        self.expired = self.revoked = own

    def proof(self, who: str) -> Form:
        if who == "nobody":
            return {}
        if who == "wrong":
            return {**self.own.proof(), "client_secret": ids.secret("cyc")}
        return getattr(self, who).proof()


async def programs(world: World) -> Programs:
    own, public, other, deleted = [await program(world, public=public) for public in (False, True, False, False)]
    ada, root = await world.actor("ada"), await world.administrator()
    new = NewApplication(name="All", redirect_uris=[REDIRECT], scopes=["read", "admin"])
    async with world.database.write() as tx:
        await applications.remove(tx, ada, deleted.application)
        return Programs(own, public, other, deleted, Program(*await applications.create(tx, root, new)))


async def end(world: World, by: Program, how: str) -> None:
    """Long after, or once the person has taken it back."""
    if how == "expired":
        await age(world.database, 31 * clock.DAY)
    elif how == "revoked":
        person = await world.person("bob")
        async with world.database.write() as tx:
            await revoke_all(tx, person.id, by.application.id)


async def said(site: Guard, call: str, form: Form, **headers: str) -> str:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    method, _, path = call.partition(" ")
    return mark(await ask(site, Asked(method, path, {**kind, **headers}, urlencode(form).encode())))


@pytest.mark.parametrize(
    ("signs", "call", "make"), ROWS, ids=[f"{call[12:]} {make.__name__}" for _, call, make in ROWS]
)
async def test_programs_hear_what_the_table_says(
    world: World, clients: Clients, site: Guard, signs: str, call: str, make: Making
) -> None:
    every, anonymous = await programs(world), clients.of(None)
    heard: dict[str, Any] = {}
    for who in PROGRAMS:
        form = await make(world, anonymous, every.public if who == "public" else every.own)
        await end(world, every.own, who)
        plain = {name: value for name, value in form.items() if not name.startswith("client_")}
        heard[who] = await said(site, call, {**plain, **every.proof(who)})
    assert heard == dict(zip(PROGRAMS, signs.replace(" ", ""), strict=True))


@AT
async def test_revoking_and_looking_tell_another_program_nothing(
    world: World, clients: Clients, anonymous: AsyncClient
) -> None:
    """They answer 200 to any program (RFC 7009, 7662): so it is looked at what came of it."""
    every = await programs(world)
    token = (await tokens(anonymous, world, every.own))["access_token"]
    for who in ("other", "root", "public"):
        assert (await anonymous.post(REVOKE, data={"token": token, **every.proof(who)})).status_code == 200
        assert await opens(anonymous, token) == 200
    for who in ("other", "root"):
        told = await anonymous.post(INTROSPECT, data={"token": token, **every.proof(who)})
        assert told.json() == {"active": False}
    assert (await anonymous.post(REVOKE, data={"token": token, **every.own.proof()})).status_code == 200
    assert await opens(anonymous, token) == 401


@AT
@pytest.mark.parametrize("how", ["expired", "revoked"])
async def test_what_is_over_is_not_active(world: World, anonymous: AsyncClient, how: str) -> None:
    app = await program(world)
    token = (await tokens(anonymous, world, app))["access_token"]
    asked = {"token": token, **app.proof()}
    assert (await anonymous.post(INTROSPECT, data=asked)).json()["active"] is True
    await end(world, app, how)
    assert (await anonymous.post(INTROSPECT, data=asked)).json() == {"active": False}


@AT
async def test_who_a_person_is(world: World, site: Guard, anonymous: AsyncClient) -> None:
    told = await program(world, scopes=("openid", "profile"))
    reader = await program(world, scopes=("read",))
    bearers = {
        "nobody": "",
        "openid": (await tokens(anonymous, world, told, scopes="openid profile"))["access_token"],
        "reader": (await tokens(anonymous, world, reader, scopes="read"))["access_token"],
        "refresh": (await tokens(anonymous, world, told, scopes="openid profile"))["refresh_token"],
        "key": await world.key("bob"),
        "expired": (await tokens(anonymous, world, told, scopes="openid profile"))["access_token"],
        "revoked": (await tokens(anonymous, world, told, scopes="openid profile"))["access_token"],
        "disabled": (await tokens(anonymous, world, told, scopes="openid", person="eve"))["access_token"],
    }
    eve, now = await world.person("eve"), clock.now()
    over, ended = ids.digest(bearers["expired"]), ids.digest(bearers["revoked"])
    async with world.database.write() as tx:
        await tx.run("update credential set expires_at = :now where hash = :hash", now=now, hash=over)
        await tx.run("update credential set revoked_at = :now where hash = :hash", now=now, hash=ended)
        await tx.run("update person set state = 'disabled' where id = :id", id=eve.id)
    for call in TOLD:
        heard = {
            who: await said(site, call, {}, **({"Authorization": f"Bearer {secret}"} if secret else {}))
            for who, secret in bearers.items()
        }
        assert heard == {**dict.fromkeys(bearers, "1"), "openid": "+", "reader": "3"}, call


@AT
@pytest.mark.parametrize("call", sorted(OPEN))
async def test_what_is_open_tells_everybody_alike(world: World, site: Guard, call: str) -> None:
    method, _, path = call.partition(" ")
    key = {"Authorization": f"Bearer {await world.key('bob')}"}
    heard = [await ask(site, Asked(method, path, headers, b"")) for headers in ({}, key)]
    assert [mark(one) for one in heard] == ["+", "+"]
    assert heard[0].body == heard[1].body
