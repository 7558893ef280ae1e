"""Making, changing and ending spaces."""

from typing import Any, LiteralString

import msgspec
from msgspec import UNSET

from courtyard.core import clock, events, ids, indexing, queue, text
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.errors import Conflict, Invalid
from courtyard.core.identity import sessions
from courtyard.core.indexing import Source
from courtyard.core.organizations import Organization
from courtyard.core.spaces.model import Background, Changes, NewSpace, Space
from courtyard.core.spaces.queries import find
from courtyard.storage.database import Pair, Write

SPACE_TYPES = frozenset({"general", "knowledge_base"})
CONTENT_TYPES = frozenset(
    "general document image media tabular email code webpage collection contact table evals".split()
)
VISIBILITIES = frozenset({"private", "shared", "public"})


class NotAMember(Conflict):
    """Only a member of the space can become its owner."""


_ROW: LiteralString = (
    "insert into space (id, token, slug, name, name_folded, description, visibility, organization_id, owner_id,"
    " space_type, content_type, logo_url, metadata, created_at, updated_at) select :id, :token, :slug, :name,"
    " :name_folded, :description, :visibility, o.id, :owner, :space_type, :content_type, :logo_url, :metadata, :now,"
    " :now from organization o where o.id = :organization"
)
# The organization may end at the same moment: the lock lets one of the two see the other.
_INSERT = Pair(sqlite=_ROW, postgres=_ROW + " for key share")

# What there may be very much of goes in steps: no statement may take longer than the database allows for one.
STEP = 5_000
_SOME_ARTIFACTS: LiteralString = "select id from artifact where space_id = :id order by id limit :step"
_SOME_MESSAGES: LiteralString = (
    "select m.id from message m join thread t on t.id = m.thread_id where t.space_id = :id order by m.id limit :step"
)
_CONTENTS = (
    Pair(
        sqlite="delete from artifact where id in (" + _SOME_ARTIFACTS + ")",
        postgres="delete from artifact where id in (" + _SOME_ARTIFACTS + " for update)",
    ),
    Pair(
        sqlite="delete from message where id in (" + _SOME_MESSAGES + ")",
        postgres="delete from message where id in (" + _SOME_MESSAGES + " for update of m)",
    ),
)


async def create(tx: Write, actor: Actor, organization: Organization, new: NewSpace) -> Space:
    """Make a space in an organization (from `organizations.home`); the caller owns it. Raises Invalid, TooLarge."""
    actor.needs("write")
    if actor.spaces is not None:
        raise Invalid("organization", "This credential is limited to certain spaces.", code="limited")
    space_id = await prepare(tx, organization.id, actor.person_id, new)
    await appear(tx, actor, space_id)
    return await find(tx, actor, space_id, Permission.LOOK)


async def prepare(tx: Write, organization_id: str, owner_id: str, new: NewSpace) -> str:
    """The id of a space that has no members yet, and of which nobody has heard. Raises Invalid, TooLarge."""
    fields = _clean(msgspec.structs.asdict(new))
    space_id, now = ids.new(), clock.now()
    made = await tx.run(
        _INSERT,
        id=space_id,
        token=ids.code(24, ids.UPPER),
        slug=f"{text.slug(fields['name'], 'space')}-{ids.code(8, ids.LOWER)}",
        organization=organization_id,
        owner=owner_id,
        now=now,
        **fields,
    )
    if not made:
        raise Invalid("organization", "There is no such organization, or it is not yours.", code="unknown")
    source = Source(space_id, fields["name"], fields["metadata"], text=fields["description"] or "")
    await indexing.begin(tx, "space", space_id, source)
    return space_id


async def appear(tx: Write, actor: Actor, space_id: str) -> None:
    """Let the actor, who owns it, in as the first member of a space that was prepared, and tell that it is there."""
    await tx.run(
        "insert into member (space_id, person_id, role, created_at) values (:space, :person, 'owner', :now)",
        space=space_id,
        person=actor.person_id,
        now=clock.now(),
    )
    await events.record(tx, actor, "space.created", space_id=space_id, object_id=space_id)


async def change(tx: Write, actor: Actor, space: Space, changes: Changes) -> Space:
    """Apply a merge patch to a space found with MANAGE. Raises Invalid, TooLarge, NotFound."""
    asked = {key: value for key, value in msgspec.structs.asdict(changes).items() if value is not UNSET}
    if not asked:
        return space
    if asked.get("name", "") is None:
        raise Invalid("name", "A space needs a name.", code="required")
    if asked.get("visibility", "") is None:
        raise Invalid("visibility", "This cannot be cleared.", code="required")
    # The row first, then what it says now: another change may have come in between.
    now = max(clock.now(), space.updated_at + 1)
    await tx.run("update space set updated_at = :now where id = :id", now=now, id=space.id)
    space = await find(tx, actor, space.id, Permission.LOOK)
    if "metadata" in asked:
        asked["metadata"] = text.patched(space.metadata, asked["metadata"])
    cleared = {"space_type": "general", "content_type": "general"}
    asked = {key: cleared.get(key) if value is None else value for key, value in asked.items()}
    await tx.run(
        "update space set name = :name, name_folded = :name_folded, description = :description,"
        " visibility = :visibility, space_type = :space_type, content_type = :content_type, logo_url = :logo_url,"
        " metadata = :metadata where id = :id",
        id=space.id,
        **_clean({**_stored(space), **asked}),
    )
    await indexing.space(tx, space.id)
    await events.record(tx, actor, "space.updated", space_id=space.id, object_id=space.id, fields=sorted(asked))
    return await find(tx, actor, space.id, Permission.LOOK)


async def remove(tx: Write, actor: Actor, space: Space) -> None:
    """End a space found with OWN, and all that is in it. Its blobs are swept after the commit."""
    await queue.hold_of_space(tx, space.id)
    await tx.run(
        "insert into blob_garbage (key, at) select x.key, :now from ("
        "select blob_key as key from artifact where space_id = :id"
        " union select v.blob_key from artifact a join artifact_version v on v.artifact_id = a.id where a.space_id = :id"
        " union select p.blob_key from artifact a join preview p on p.artifact_id = a.id where a.space_id = :id"
        " union select g.source_key from artifact a join generation g on g.artifact_id = a.id where a.space_id = :id"
        ") x where x.key not like 'pending:%' on conflict (key) do nothing",
        id=space.id,
        now=clock.now(),
    )
    await _let_go(tx, space.background_key)
    await events.record(tx, actor, "space.deleted", space_id=space.id, object_id=space.id, name=space.name)
    for some in _CONTENTS:
        while await tx.run(some, id=space.id, step=STEP) == STEP:
            pass
    await tx.run("delete from space where id = :id", id=space.id)


async def transfer(tx: Write, actor: Actor, space: Space, person_id: str) -> Space:
    """Make a member the owner; the old owner stays as admin. Takes a space found with OWN. Raises NotAMember, ConfirmFirst."""
    await sessions.require_recent_of_session(tx, actor)
    now = max(clock.now(), space.updated_at + 1)
    # The parent row first: it is the lock under which membership and ownership change, on both engines.
    await tx.run("update space set updated_at = :now where id = :id", now=now, id=space.id)
    owner = await tx.one(str, "select owner_id from space where id = :id", id=space.id)
    if person_id == owner:
        return await find(tx, actor, space.id, Permission.LOOK)
    known = await tx.one(
        str,
        "select p.id from member m join person p on p.id = m.person_id"
        " where m.space_id = :id and m.person_id = :person and p.state = 'active'",
        id=space.id,
        person=person_id,
    )
    if known is None:
        raise NotAMember
    move = "update member set role = :role where space_id = :id and person_id = :person"
    await tx.run(move, role="admin", id=space.id, person=owner)
    await tx.run(move, role="owner", id=space.id, person=person_id)
    await tx.run("update space set owner_id = :person where id = :id", id=space.id, person=person_id)
    await events.record(tx, actor, "space.transferred", space_id=space.id, object_id=person_id, old_owner=owner)
    return await find(tx, actor, space.id, Permission.LOOK)


async def set_background(tx: Write, actor: Actor, space: Space, background: Background) -> Space:
    """Show a stored, re-encoded image; the old one is let go. Takes a space found with WRITE."""
    await _store_background(tx, space, background)
    await events.record(tx, actor, "space.background_set", space_id=space.id, object_id=space.id)
    return await find(tx, actor, space.id, Permission.LOOK)


async def clear_background(tx: Write, actor: Actor, space: Space) -> None:
    """Show no image any more. Takes a space found with WRITE."""
    if space.background_key is None:
        return
    await _store_background(tx, space, None)
    await events.record(tx, actor, "space.background_cleared", space_id=space.id, object_id=space.id)


async def _store_background(tx: Write, space: Space, background: Background | None) -> None:
    now = max(clock.now(), space.updated_at + 1)
    await tx.run("update space set updated_at = :now where id = :id", now=now, id=space.id)
    await _let_go(tx, await tx.one(str, "select background_key from space where id = :id", id=space.id))
    await tx.run(
        "update space set background_key = :key, background_type = :type, background_size = :size,"
        " background_sha256 = :sha256 where id = :id",
        id=space.id,
        key=background and background.key,
        type=background and background.type,
        size=background and background.size,
        sha256=background and background.sha256,
    )


async def _let_go(tx: Write, key: str | None) -> None:
    if key is not None:
        await tx.run(
            "insert into blob_garbage (key, at) values (:key, :now) on conflict (key) do nothing",
            key=key,
            now=clock.now(),
        )


def _stored(space: Space) -> dict[str, Any]:
    return {
        "name": space.name,
        "description": space.description,
        "visibility": space.visibility,
        "space_type": space.space_type,
        "content_type": space.content_type,
        "logo_url": space.logo_url,
        "metadata": msgspec.json.decode(space.metadata),
    }


def _clean(fields: dict[str, Any]) -> dict[str, Any]:
    """The columns of a space, each held to its rule."""
    name = text.name("name", fields["name"])
    description, logo_url = fields["description"], fields["logo_url"]
    _one_of("visibility", fields["visibility"], VISIBILITIES)
    _one_of("space_type", fields["space_type"], SPACE_TYPES)
    _one_of("content_type", fields["content_type"], CONTENT_TYPES)
    return {
        "name": name,
        "name_folded": text.fold(name),
        "description": None if description is None else text.free("description", description),
        "visibility": fields["visibility"],
        "space_type": fields["space_type"],
        "content_type": fields["content_type"],
        "logo_url": None if logo_url is None else text.url("logo_url", logo_url),
        "metadata": text.metadata("metadata", fields["metadata"]),
    }


def _one_of(field: str, value: str, allowed: frozenset[str]) -> None:
    if value not in allowed:
        raise Invalid(field, f"One of: {', '.join(sorted(allowed))}.", code="choice")
