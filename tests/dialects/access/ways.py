"""What opens an account, each made when a row asks for it: apps, passkeys, mailed links. `my_` is the caller's own."""

import json
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from pyotp.totp import TOTP

from courtyard.core import artifacts, ids, links, tickets
from courtyard.core.accounts import setting_up
from courtyard.core.identity import mailed, passkeys, second, sessions
from courtyard.core.identity.passkeys import Challenge, Site
from courtyard.storage.database import Write
from tests.core.authenticator import Authenticator
from tests.dialects.access import things
from tests.dialects.access.asking import SITE
from tests.dialects.access.things import new_email, passkey_of
from tests.world import ORIGIN

if TYPE_CHECKING:
    from tests.dialects.access.cast import Cast

HERE = passkeys.site(f"https://{SITE}", "Courtyard")


# --- the caller's own ---


async def my_username(cast: "Cast", who: str) -> str:
    return cast.called(who)


async def my_email(cast: "Cast", who: str) -> str:
    return (await cast.world.person(cast.called(who))).email


async def my_answer(cast: "Cast", who: str) -> dict[str, Any]:
    """What a new passkey answers to a challenge."""
    if who == "disabled":
        return {}
    person = await cast.world.person(cast.called(who))
    async with cast.world.database.write() as tx:
        _, secret = await sessions.begin(tx, person, ORIGIN, "test", second=False)
        actor = (await sessions.authenticate(tx, secret, ORIGIN))[0]
        asked = await passkeys.ask_to_register(tx, actor, HERE)
    cast.challenges[who] = asked.id
    return Authenticator(f"https://{SITE}").register(asked.options)


async def my_challenge(cast: "Cast", who: str) -> str:
    """The one that was answered just now."""
    return cast.challenges.get(who, "none")


async def my_passkey(cast: "Cast", who: str) -> str:
    """One that the caller has; its name is nowhere in the call."""
    await passkey_of(cast, who)
    return ""


async def my_app(cast: "Cast", who: str) -> str:
    """An authenticator app that was set up; its first code. Nothing for whom it could not be done."""
    if who == "disabled":
        return "123456"
    person = await cast.world.person(cast.called(who))
    async with cast.world.database.write() as tx:
        # Two callers may be one person.
        await tx.run("delete from totp where person_id = :id", id=person.id)
        _, secret = await sessions.begin(tx, person, ORIGIN, "test", second=False)
        actor = (await sessions.authenticate(tx, secret, ORIGIN))[0]
        return TOTP((await second.enrol(tx, actor, "Courtyard")).secret).now()


async def my_used_app(cast: "Cast", who: str) -> str:
    """An authenticator app that is in use."""
    if who == "disabled":
        return ""
    code = await my_app(cast, who)
    person = await cast.world.person(cast.called(who))
    async with cast.world.database.write() as tx:
        _, secret = await sessions.begin(tx, person, ORIGIN, "test", second=False)
        actor = (await sessions.authenticate(tx, secret, ORIGIN))[0]
        await second.confirm(tx, actor, code)
    return ""


async def reset_token(cast: "Cast", who: str) -> str:
    return await _mailed(cast, "reset")


async def verify_token(cast: "Cast", who: str) -> str:
    return await _mailed(cast, "verify")


async def email_token(cast: "Cast", who: str) -> str:
    return await _mailed(cast, "change_email")


async def _mailed(cast: "Cast", kind: mailed.Kind) -> str:
    person = await cast.world.person(f"sue-{secrets.token_hex(4)}")
    email = await new_email(cast, "") if kind == "change_email" else None
    async with cast.world.database.write() as tx:
        await mailed.promise(tx, person.id, kind, email)
        token_id = await tx.one(str, "select id from mailed_token where person_id = :id", id=person.id)
        letter = await mailed.letter(tx, str(token_id))
        assert letter is not None
        return str(await mailed.mint(tx, letter))


# --- what the pages name ---


async def setup_token(cast: "Cast", who: str) -> str:
    """A set-up address, of an installation that nobody administers any more."""
    async with cast.world.database.write() as tx:
        await tx.run("update person set is_administrator = 0")
        return str(await setting_up.offer(tx))


async def owner_email(cast: "Cast", who: str) -> str:
    return (await cast.world.person(cast.called("owner"))).email


async def client_id(cast: "Cast", who: str) -> str:
    return (await cast.application()).client_id


async def challenge(cast: "Cast", who: str) -> str:
    return "c" * 43


async def link_id(cast: "Cast", who: str) -> str:
    """The owner's account at the provider."""
    owner = await cast.world.person(cast.called("owner"))
    made = ids.new()
    async with cast.world.database.write() as tx:
        await tx.run(
            "insert into provider_link (id, provider, subject, person_id, email, created_at)"
            " values (:id, 'https://id.example.org', :id, :person, null, 1)",
            id=made,
            person=owner.id,
        )
    return made


async def provider(cast: "Cast", who: str) -> str:
    return "acme"


async def my_answer_text(cast: "Cast", who: str) -> str:
    return json.dumps(await my_answer(cast, who))


async def device_of(cast: "Cast", who: str) -> Authenticator:
    """A passkey that this person has, as they carry it."""
    if who not in cast.devices:
        person = await cast.world.person(cast.called(who))
        async with cast.world.database.write() as tx:
            _, secret = await sessions.begin(tx, person, ORIGIN, "test", second=False)
            actor = (await sessions.authenticate(tx, secret, ORIGIN))[0]
            asked = await passkeys.ask_to_register(tx, actor, HERE)
        device = Authenticator(f"https://{SITE}")
        made = device.register(asked.options)
        await passkeys.register(cast.world.database, actor, HERE, asked.id, made, "Laptop")
        cast.devices[who] = device
    return cast.devices[who]


async def owner_passkey(cast: "Cast", who: str) -> str:
    """The owner's; its name is nowhere in the call."""
    await device_of(cast, "owner")
    return ""


async def first_answer(cast: "Cast", who: str) -> str:
    """The owner's passkey answers to whoever signs in."""
    device = await device_of(cast, "owner")
    async with cast.world.database.write() as tx:
        asked = await passkeys.ask_to_sign_in(tx, HERE)
    cast.challenges["first"] = asked.id
    return json.dumps(device.answer(asked.options))


async def first_challenge(cast: "Cast", who: str) -> str:
    return cast.challenges["first"]


async def again_answer(cast: "Cast", who: str) -> str:
    """The owner's passkey answers to whoever confirms."""
    return await _answered(cast, "owner", passkeys.ask_to_confirm)


async def again_challenge(cast: "Cast", who: str) -> str:
    return cast.challenges["owner"]


async def halfway_answer(cast: "Cast", who: str) -> str:
    return await _answered(cast, "halfway", passkeys.ask_for_second)


async def halfway_challenge(cast: "Cast", who: str) -> str:
    return cast.challenges["halfway"]


async def _answered(cast: "Cast", who: str, ask: Callable[[Write, Site, str], Awaitable[Challenge]]) -> str:
    device, person = await device_of(cast, who), await cast.world.person(cast.called(who))
    async with cast.world.database.write() as tx:
        asked = await ask(tx, HERE, person.id)
    cast.challenges[who] = asked.id
    return json.dumps(device.answer(asked.options))


async def halfway_code(cast: "Cast", who: str) -> str:
    """A recovery code of whoever waits for the second factor."""
    await device_of(cast, "halfway")
    person = await cast.world.person(cast.called("halfway"))
    async with cast.world.database.write() as tx:
        _, secret = await sessions.begin(tx, person, ORIGIN, "test", second=False)
        actor = (await sessions.authenticate(tx, secret, ORIGIN))[0]
        return (await second.regenerate(tx, actor))[0]


# --- public links ---


async def open_link_id(cast: "Cast", who: str) -> str:
    """A link to the artifact that is named beside it."""
    space, owner = await cast.space(), await cast.actor("owner")
    found = await cast.find({"artifact_id"}, who)
    async with cast.world.database.write() as tx:
        artifact = await artifacts.find(tx, owner, space, found["artifact_id"])
        return (await links.create(tx, owner, artifact, links.NewLink()))[0].id


async def link_token(cast: "Cast", who: str) -> str:
    """What the address of a link to an artifact with a picture ends with."""
    space, owner = await cast.space(), await cast.actor("owner")
    made = await things.pictured_id(cast, who)
    async with cast.world.database.write() as tx:
        artifact = await artifacts.find(tx, owner, space, made)
        return (await links.create(tx, owner, artifact, links.NewLink()))[1]


async def ticket(cast: "Cast", who: str) -> str:
    """What a download that has begun is read by."""
    found = await cast.find({"link_token"}, who)
    async with cast.world.database.write() as tx:
        opened = await links.look(tx, found["link_token"])
        return await tickets.begin(tx, opened.link, opened.artifact)
