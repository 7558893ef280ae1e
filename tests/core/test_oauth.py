"""Applications, codes and tokens: what is given once is given once, and what is withdrawn is gone."""

import asyncio

import pytest

from courtyard.core import clock, ids
from courtyard.core.actor import Actor, Origin
from courtyard.core.errors import Forbidden, Invalid, InvalidCredential, NotFound
from courtyard.core.identity import credentials, sessions, standing
from courtyard.core.identity.credentials import NewKey, OnlyTells
from courtyard.core.identity.sessions import ConfirmFirst
from courtyard.core.oauth import applications, codes, consents, devices, tokens
from courtyard.core.oauth.applications import Application, Changes, NewApplication
from courtyard.core.oauth.tokens import Granted
from courtyard.core.paging import Page
from tests.world import World

HERE = Origin("oauth", "127.0.0.1")
REDIRECT = "https://app.example.org/back"


async def application(world: World, *, public: bool = False, redirects: tuple[str, ...] = (REDIRECT,)) -> Application:
    """An application of ada's."""
    ada = await world.actor("ada")
    new = NewApplication(name="Reports", redirect_uris=list(redirects), scopes=["read", "write"], public=public)
    async with world.database.write() as tx:
        return (await applications.create(tx, ada, new))[0]


async def grant(world: World, app: Application, scopes: str = "read write") -> Granted:
    """What bob lets it do."""
    return Granted((await world.actor("bob")).person_id, ids.new(), scopes)


async def test_the_secret_of_an_application_is_shown_once_and_only_its_hash_rests(world: World) -> None:
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        app, secret = await applications.create(
            tx, ada, NewApplication(name="Reports", redirect_uris=[REDIRECT], scopes=["read"])
        )
        assert secret is not None
        assert secret.startswith("cyc_")
        assert applications.knows_secret(app, secret)
        renewed, other = await applications.renew_secret(tx, ada, app)
    assert not applications.knows_secret(renewed, secret)
    assert applications.knows_secret(renewed, other)


async def test_an_application_is_its_owners_alone(world: World) -> None:
    app, bob = await application(world), await world.actor("bob")
    async with world.database.read() as tx:
        with pytest.raises(NotFound):
            await applications.find(tx, bob, app.id)
        assert (await applications.page(tx, bob, Page(10))).items == []


@pytest.mark.parametrize(
    "uri",
    [
        "http://app.example.org/back",
        "https://app.example.org/back#part",
        "javascript:alert(1)",
        "https://user@app.example.org/",
        "data:text/html,x",
        "/back",
        "https://",
        "https://app.example.org/a b",
        "custom:/back",
    ],
)
async def test_some_addresses_are_never_redirected_to(world: World, uri: str) -> None:
    with pytest.raises(Invalid):
        await application(world, redirects=(uri,))


@pytest.mark.parametrize(
    ("registered", "asked", "fits"),
    [
        (REDIRECT, REDIRECT, True),
        (REDIRECT, REDIRECT + "/", False),
        (REDIRECT, REDIRECT + "?x=1", False),
        (REDIRECT, "https://app.example.org:444/back", False),
        ("http://127.0.0.1/back", "http://127.0.0.1:51234/back", True),
        ("http://127.0.0.1:9/back", "http://127.0.0.1:51234/back", True),
        ("http://127.0.0.1/back", "http://127.0.0.1:51234/other", False),
        ("http://127.0.0.1/back", "http://127.0.0.1:99999/back", False),
        ("http://127.0.0.1/back", "http://x@127.0.0.1:51234/back", False),
        ("http://[::1]/back", "http://[::1]:51234/back", True),
        ("http://127.0.0.1/back", "http://127.0.0.1:\r\n51234/back", False),
        ("http://127.0.0.1/back", "http://127.0.0.1:51234/back\t", False),
        ("http://127.0.0.1/back", " http://127.0.0.1:51234/back", False),
        ("http://127.0.0.1/back", "http://127.0.0.1:51234/back#", False),
        ("http://localhost/back", "http://localhost:51234/back", False),
        ("com.example.app:/back", "com.example.app:/back", True),
    ],
)
async def test_a_redirect_fits_to_the_letter_but_for_the_port_of_loopback(
    world: World, registered: str, asked: str, fits: bool
) -> None:
    assert applications.redirects_to(await application(world, redirects=(registered,)), asked) is fits


async def test_one_of_many_exchanges_of_a_code_succeeds(world: World) -> None:
    app, bob = await application(world), await world.actor("bob")
    new = codes.NewCode(
        person_id=bob.person_id,
        redirect_uri=REDIRECT,
        scopes="read",
        challenge="x" * 43,
        nonce=None,
        authenticated_at=clock.now(),
    )
    async with world.database.write() as tx:
        secret = await codes.issue(tx, app, new)

    async def use() -> bool:
        async with world.database.write() as tx:
            code = await codes.seek(tx, secret)
            assert code is not None
            return await codes.use(tx, code)

    assert sum(await asyncio.gather(*(use() for _ in range(20)))) == 1


async def test_an_access_token_opens_and_a_refresh_token_never_does(world: World) -> None:
    app = await application(world)
    granted = await grant(world, app)
    async with world.database.write() as tx:
        issued = await tokens.issue(tx, Actor(HERE), app, granted)
    async with world.database.read() as tx:
        actor, _ = await credentials.authenticate(tx, issued.access, HERE)
        assert (actor.person_id, actor.application_id, actor.reach) == (granted.person_id, app.id, 2)
        assert issued.refresh is not None
        with pytest.raises(InvalidCredential):
            await credentials.authenticate(tx, issued.refresh, HERE)


async def test_a_token_for_the_identity_alone_opens_nothing(world: World) -> None:
    app = await application(world)
    granted = await grant(world, app, "openid email")
    async with world.database.write() as tx:
        issued = await tokens.issue(tx, Actor(HERE), app, granted)
        with pytest.raises(OnlyTells):
            await credentials.authenticate(tx, issued.access, HERE)


async def test_a_refresh_token_turns_over_once(world: World) -> None:
    app = await application(world)
    granted = await grant(world, app)
    async with world.database.write() as tx:
        issued = await tokens.issue(tx, Actor(HERE), app, granted)

    async def spend() -> bool:
        async with world.database.write() as tx:
            token = await tokens.hold(tx, issued.refresh or "")
            assert token is not None
            return await tokens.spend(tx, token)

    assert sum(await asyncio.gather(*(spend() for _ in range(10)))) == 1


async def test_withdrawing_a_consent_ends_every_token_of_it_at_once(world: World) -> None:
    app, bob = await application(world), await world.actor("bob")
    granted = await grant(world, app)
    async with world.database.write() as tx:
        await consents.grant(tx, bob, app, ["read"])
        await consents.grant(tx, bob, app, ["write"])
        issued = await tokens.issue(tx, Actor(HERE), app, granted)
    async with world.database.write() as tx:
        (consent,) = (await consents.page(tx, bob, Page(10))).items
        assert consent.scopes == "read write"
        await consents.withdraw(tx, bob, consent)
        assert (await consents.page(tx, bob, Page(10))).items == []
        with pytest.raises(InvalidCredential):
            await credentials.authenticate(tx, issued.access, HERE)


async def test_a_device_is_decided_once_and_used_once(world: World) -> None:
    app, bob = await application(world, public=True), await world.actor("bob")
    async with world.database.write() as tx:
        secret, user_code = await devices.begin(tx, app, "read")
        device = await devices.seek(tx, user_code.lower().replace("-", " "))
        assert device is not None
        assert device.application_name == "Reports"
        assert await devices.decide(tx, bob, device, allow=True)
        assert not await devices.decide(tx, bob, device, allow=False)
        held = await devices.hold(tx, secret)
        assert held is not None
        assert held.state == "allowed"
        assert held.person_id == bob.person_id
        assert await devices.use(tx, held)
        assert not await devices.use(tx, held)


async def test_who_asks_too_soon_is_told_to_wait_longer(world: World) -> None:
    app = await application(world, public=True)
    async with world.database.write() as tx:
        secret, _ = await devices.begin(tx, app, "read")
        first = await devices.hold(tx, secret)
        assert first is not None
        assert await devices.poll(tx, first)
        second = await devices.hold(tx, secret)
        assert second is not None
        assert not await devices.poll(tx, second)
        third = await devices.hold(tx, secret)
        assert third is not None
        assert third.pause == 10


async def test_a_key_that_an_application_makes_makes_no_application_and_ends_with_the_consent(world: World) -> None:
    app, bob = await application(world), await world.actor("bob")
    granted = await grant(world, app, "admin")
    async with world.database.write() as tx:
        await consents.grant(tx, bob, app, ["admin"])
        issued = await tokens.issue(tx, bob, app, granted)
        program, _ = await credentials.authenticate(tx, issued.access, HERE)
        _, first = await credentials.create(tx, program, NewKey(name="its own", scopes=["admin"]))
        maker, _ = await credentials.authenticate(tx, first, HERE)
        _, second = await credentials.create(tx, maker, NewKey(name="and one more", scopes=["admin"]))
    async with world.database.write() as tx:
        maker, _ = await credentials.authenticate(tx, second, HERE)
        with pytest.raises(Forbidden):
            await applications.create(tx, maker, NewApplication(name="Mine", redirect_uris=[], scopes=["admin"]))
        consent = await consents.seek(tx, bob.person_id, app)
        assert consent is not None
        await consents.withdraw(tx, bob, consent)
        for secret in (issued.access, first, second):
            with pytest.raises(InvalidCredential):
                await credentials.authenticate(tx, secret, HERE)


async def test_a_browser_confirms_before_an_application_can_act_in_its_name(world: World) -> None:
    ada = await world.person("ada")
    app = await application(world)
    new = NewApplication(name="Mine", redirect_uris=[], scopes=["admin"])
    async with world.database.write() as tx:
        _, secret = await sessions.begin(tx, ada, HERE, "test", second=False)
        actor, _ = await sessions.authenticate(tx, secret, HERE)
        await applications.create(tx, actor, new)
        await tx.run("update session set confirmed_at = confirmed_at - :life", life=sessions.RECENT)
        with pytest.raises(ConfirmFirst):
            await applications.create(tx, actor, new)
        with pytest.raises(ConfirmFirst):
            await applications.renew_secret(tx, actor, app)
        with pytest.raises(ConfirmFirst):
            await applications.change(tx, actor, app, Changes(redirect_uris=["https://other.example.org/"]))
        assert (await applications.change(tx, actor, app, Changes(name="Other"))).name == "Other"


async def test_a_closed_account_leaves_no_token_for_when_it_is_opened_again(world: World) -> None:
    """Nothing of an exchange that was under way."""
    app, root = await application(world), await world.administrator()
    granted = await grant(world, app)
    async with world.database.write() as tx:
        old = await tokens.issue(tx, root, app, granted)

    async def renew() -> tokens.Issued | None:
        async with world.database.write() as tx:
            held = await tokens.hold(tx, old.refresh or "")
            assert held is not None
            await asyncio.sleep(0.05)
            return await tokens.issue(tx, root, app, granted) if await tokens.spend(tx, held) else None

    async def disable() -> None:
        await asyncio.sleep(0.02)
        async with world.database.write() as tx:
            await standing.disable(tx, root, granted.person_id)

    newer, _ = await asyncio.gather(renew(), disable())
    async with world.database.write() as tx:
        await standing.enable(tx, root, granted.person_id)
        for secret in (old.access, newer.access if newer else old.access):
            with pytest.raises(InvalidCredential):
                await credentials.authenticate(tx, secret, HERE)
        held = await tokens.seek(tx, newer.refresh or "") if newer else None
        assert held is None or not tokens.alive(held)
