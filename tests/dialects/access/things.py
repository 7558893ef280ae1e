"""The things that calls name, each made when a row asks for it. What begins with `my_` is the caller's own."""

import secrets
from typing import TYPE_CHECKING

from courtyard.core import artifacts, hooks, ids, jobs, spaces, uploads
from courtyard.core.artifacts import Artifact
from courtyard.core.identity import sessions
from courtyard.core.membership import invitations
from courtyard.core.oauth import applications, consents, devices
from courtyard.core.oauth.applications import NewApplication
from courtyard.core.spaces import Background
from courtyard.core.uploads import NewUpload
from courtyard.storage.blobs import Blob
from tests.world import ORIGIN

if TYPE_CHECKING:
    from tests.dialects.access.cast import Cast

BACK = "https://app.example.org/back"
BYTES = b"hello, quiet lake"


async def _bytes(cast: "Cast", content: bytes = BYTES) -> Blob:
    async def once():
        yield content

    return await cast.services.blobs.put(once(), limit=1_000)


async def _artifact(cast: "Cast") -> Artifact:
    """One that is done, with bytes."""
    space = await cast.space()
    made = await cast.world.artifact(space, blob=await _bytes(cast))
    async with cast.world.database.write() as tx:
        await tx.run("update artifact set status = 'completed' where id = :id", id=made.id)
    return made


# --- spaces, by the name that each dialect has for them ---


async def space_id(cast: "Cast", who: str) -> str:
    return (await cast.space()).id


async def id(cast: "Cast", who: str) -> str:  # noqa: A001 - the wire's word
    return (await cast.space()).id


async def number(cast: "Cast", who: str) -> str:
    return str((await cast.space()).number)


async def space_token(cast: "Cast", who: str) -> str:
    return (await cast.space()).token


async def open_space(cast: "Cast", who: str) -> str:
    return (await cast.world.space(cast.called("owner"), "Park", visibility="public")).id


async def slug(cast: "Cast", who: str) -> str:
    return (await cast.world.space(cast.called("owner"), "Park", visibility="public")).slug


async def shown_id(cast: "Cast", who: str) -> str:
    """The space, with a picture behind it."""
    space, owner = await cast.space(), await cast.actor("owner")
    blob = await _bytes(cast, secrets.token_bytes(16))
    async with cast.world.database.write() as tx:
        await spaces.set_background(tx, owner, space, Background(blob.key, "image/png", blob.size, blob.sha256))
    return space.id


# --- what is in a space ---


async def artifact_id(cast: "Cast", who: str) -> str:
    return (await _artifact(cast)).id


async def trashed_id(cast: "Cast", who: str) -> str:
    made, owner = await _artifact(cast), await cast.actor("owner")
    async with cast.world.database.write() as tx:
        await artifacts.trash(tx, owner, made)
    return made.id


async def replaced_id(cast: "Cast", who: str) -> str:
    """An artifact with two versions, the first one named `final`."""
    made, owner, space = await _artifact(cast), await cast.actor("owner"), await cast.space()
    blob = await _bytes(cast, b"other bytes")
    async with cast.world.database.write() as tx:
        held = await artifacts.find(tx, owner, space, made.id, hold=True)
        held = await artifacts.versions.replace(tx, owner, space, held, blob, "text/plain")
        await artifacts.versions.set_alias(tx, owner, held, "final", 1)
    return made.id


async def pictured_id(cast: "Cast", who: str) -> str:
    """An artifact with a preview."""
    made, picture = await _artifact(cast), await _bytes(cast, secrets.token_bytes(16))
    async with cast.world.database.write() as tx:
        await tx.run(
            "insert into preview (artifact_id, version, width, blob_key, size, sha256)"
            " values (:id, 1, 320, :key, :size, :sha256)",
            id=made.id,
            key=picture.key,
            size=picture.size,
            sha256=picture.sha256,
        )
        await tx.run("update artifact set previewed = 1 where id = :id", id=made.id)
    return made.id


async def version(cast: "Cast", who: str) -> str:
    return "1"


async def alias(cast: "Cast", who: str) -> str:
    return "final"


async def upload_id(cast: "Cast", who: str) -> str:
    space, owner = await cast.space(), await cast.actor("owner")
    stage = await cast.services.blobs.begin()
    async with cast.world.database.write() as tx:
        return (await uploads.create(tx, owner, space, NewUpload(length=5, new=None, life=60_000), stage)).id


async def job_id(cast: "Cast", who: str) -> str:
    """One that waits."""
    made = await _artifact(cast)
    return (await _job(cast, made)).id


async def over_job(cast: "Cast", who: str) -> str:
    """One that was cancelled."""
    made, owner = await _artifact(cast), await cast.actor("owner")
    job = await _job(cast, made)
    async with cast.world.database.write() as tx:
        return (await jobs.cancel(tx, owner, job)).id


async def _job(cast: "Cast", artifact: Artifact):
    return next(job for job in await cast.world.jobs() if job.artifact_id == artifact.id)


async def thread_id(cast: "Cast", who: str) -> str:
    return (await cast.world.thread(await cast.space())).id


async def customer_id(cast: "Cast", who: str) -> str:
    return (await cast.world.customer(await cast.space())).id


async def hook(cast: "Cast", who: str) -> str:
    owner = await cast.actor("owner")
    async with cast.world.database.write() as tx:
        return str((await hooks.create(tx, owner, "customer.created", "https://hooks.example.org/")).number)


# --- people ---


async def user_id(cast: "Cast", who: str) -> str:
    """Somebody who is in the space and in its organization."""
    name = f"mia-{secrets.token_hex(4)}"
    await cast.world.admit(await cast.space(), name, "viewer")
    await cast.world.enroll(await cast.organization(), name, "member")
    return (await cast.world.person(name)).id


guest = user_id


async def person_id(cast: "Cast", who: str) -> str:
    return (await cast.world.person(f"pat-{secrets.token_hex(4)}")).id


async def new_name(cast: "Cast", who: str) -> str:
    return f"new-{secrets.token_hex(6)}"


async def new_email(cast: "Cast", who: str) -> str:
    return f"new-{secrets.token_hex(6)}@example.org"


async def known_email(cast: "Cast", who: str) -> str:
    return (await cast.world.person(f"kim-{secrets.token_hex(4)}")).email


async def handle(cast: "Cast", who: str) -> str:
    return (await cast.organization()).handle


async def empty_handle(cast: "Cast", who: str) -> str:
    """An organization without spaces: only such a one can be deleted."""
    return (await cast.organization()).handle


async def invitation_id(cast: "Cast", who: str) -> str:
    space, owner = await cast.space(), await cast.actor("owner")
    async with cast.world.database.write() as tx:
        invited = await invitations.invite(tx, owner, space, await new_email(cast, who), "viewer")
        await tx.run("update invitation set sent_at = 1, created_at = 1 where id = :id", id=invited.invitation.id)
    return invited.invitation.id


async def house_invitation_id(cast: "Cast", who: str) -> str:
    house, owner = await cast.organization(), await cast.actor("owner")
    async with cast.world.database.write() as tx:
        invited = await invitations.invite(tx, owner, house, await new_email(cast, who), "member")
        await tx.run("update invitation set sent_at = 1, created_at = 1 where id = :id", id=invited.invitation.id)
    return invited.invitation.id


async def invitation(cast: "Cast", who: str) -> str:
    """The token in the mail of an invitation."""
    made = await invitation_id(cast, who)
    async with cast.world.database.write() as tx:
        return str(await invitations.mint(tx, made))


# --- what is the owner's own ---


async def key_id(cast: "Cast", who: str) -> str:
    name = cast.called("owner")
    await cast.world.key(name)
    person = await cast.world.person(name)
    async with cast.world.database.read() as tx:
        found = "select id from credential where person_id = :id and kind = 'key' order by number desc limit 1"
        return str(await tx.one(str, found, id=person.id))


async def session_id(cast: "Cast", who: str) -> str:
    person = await cast.world.person(cast.called("owner"))
    async with cast.world.database.write() as tx:
        return (await sessions.begin(tx, person, ORIGIN, "another browser", second=False))[0].id


async def passkey_id(cast: "Cast", who: str) -> str:
    return await passkey_of(cast, "owner")


async def passkey_of(cast: "Cast", who: str) -> str:
    person, made = await cast.world.person(cast.called(who)), ids.new()
    async with cast.world.database.write() as tx:
        await tx.run(
            "insert into passkey (id, person_id, credential_id, public_key, sign_count, name, created_at)"
            " values (:id, :person, :bytes, :bytes, 0, 'Laptop', 1)",
            id=made,
            person=person.id,
            bytes=secrets.token_bytes(16),
        )
    return made


async def application_id(cast: "Cast", who: str) -> str:
    owner = await cast.actor("owner")
    new = NewApplication(name="Notes", redirect_uris=[BACK], scopes=["read"])
    async with cast.world.database.write() as tx:
        return (await applications.create(tx, owner, new))[0].id


async def consent_id(cast: "Cast", who: str) -> str:
    owner, application = await cast.actor("owner"), await cast.application()
    async with cast.world.database.write() as tx:
        await consents.grant(tx, owner, application, ["read"])
        consent = await consents.seek(tx, owner.person_id, application)
    assert consent is not None
    return consent.id


async def user_code(cast: "Cast", who: str) -> str:
    application = await cast.application()
    async with cast.world.database.write() as tx:
        return (await devices.begin(tx, application, "read"))[1]
