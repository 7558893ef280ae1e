"""Public links: whoever has one sees an artifact without an account, as long as it is good."""

from typing import Any, LiteralString

import msgspec
from msgspec import UNSET, UnsetType

from courtyard.core import clock, events, ids, text
from courtyard.core.actor import Actor
from courtyard.core.artifacts import Artifact
from courtyard.core.artifacts.queries import COLUMNS as ARTIFACT
from courtyard.core.errors import Conflict, Forbidden, Invalid, NotFound
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.core.spaces import Space
from courtyard.storage.database import Pair, Read, Write

MOST, DOWNLOADS = 100, 1_000_000


class LinkOver(NotFound):
    """This link does not exist, or it is over."""


class LinksOff(Forbidden):
    """Public links are turned off here."""


class PreviewOnly(Forbidden):
    """This link shows a preview, and nothing to download."""


class TooManyLinks(Conflict):
    """An artifact can have 100 links. End one first."""


class Link(msgspec.Struct, frozen=True):
    """A link and what has come of it; its secret is known to whoever made it. `created_by` is a person's id.

    `begun` downloads hold a place and are not counted among `downloads` yet.
    """

    number: int
    id: str
    space_id: str
    artifact_id: str
    artifact_name: str
    last4: str
    name: str
    protected: int
    preview_only: int
    expires_at: int | None
    max_downloads: int | None
    views: int
    downloads: int
    begun: int
    last_viewed_at: int | None
    last_downloaded_at: int | None
    created_by: str | None
    created_by_username: str | None
    created_at: int
    updated_at: int

    @property
    def used_up(self) -> bool:
        return self.max_downloads is not None and self.downloads >= self.max_downloads

    @property
    def taken(self) -> bool:
        """Whether no download is left for now: one that is given up gives its place back."""
        return self.max_downloads is not None and self.downloads + self.begun >= self.max_downloads

    @property
    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= clock.now()


class Open(msgspec.Struct, frozen=True):
    """What a secret leads to."""

    link: Link
    artifact: Artifact
    password_hash: str | None


class NewLink(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to make one: nothing. The password comes hashed."""

    name: str = ""
    password_hash: str | None = None
    expires_at: int | None = None
    max_downloads: int | None = None
    preview_only: bool = False


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """A merge patch (RFC 7396): what is not set stays, None clears."""

    name: str | UnsetType | None = UNSET
    password_hash: str | UnsetType | None = UNSET
    expires_at: int | UnsetType | None = UNSET
    max_downloads: int | UnsetType | None = UNSET
    preview_only: bool | UnsetType | None = UNSET


COLUMNS: LiteralString = (
    "select l.number, l.id, l.space_id, l.artifact_id, a.name as artifact_name, l.last4, l.name,"
    " case when l.password_hash is null then 0 else 1 end as protected, l.preview_only, l.expires_at, l.max_downloads,"
    " l.views, l.downloads, l.begun, l.last_viewed_at, l.last_downloaded_at, l.created_by, p.username as created_by_username,"
    " l.created_at, l.updated_at from public_link l join artifact a on a.id = l.artifact_id"
    " left join person p on p.id = l.created_by"
)
_ONE: LiteralString = COLUMNS + " where l.id = :id and l.artifact_id = :artifact"
_HELD = Pair(sqlite=_ONE, postgres=_ONE + " for no key update of l")
_PAGE: LiteralString = (
    COLUMNS + " where (l.artifact_id, l.id) < (:artifact, :past) and l.artifact_id >= :artifact"
    " order by l.artifact_id desc, l.id desc limit :limit"
)
_SPACE_PAGE: LiteralString = (
    COLUMNS + " where (l.space_id, l.id) < (:space, :past) and l.space_id >= :space"
    " order by l.space_id desc, l.id desc limit :limit"
)
# Whoever puts an artifact into the trash ends its links: none is made beside that.
_INSERT: LiteralString = (
    "insert into public_link (id, space_id, artifact_id, token_hash, last4, name, password_hash, preview_only,"
    " expires_at, max_downloads, created_by, created_at, updated_at) select :id, a.space_id, a.id, :hash, :last4, :name,"
    " cast(:password_hash as text), :preview_only, cast(:expires_at as bigint), cast(:max_downloads as bigint), :person,"
    " :now, :now from artifact a where a.id = :artifact and a.deleted_at is null"
)
INSERT = Pair(sqlite=_INSERT, postgres=_INSERT + " for share of a")
_CHANGE: LiteralString = (
    "update public_link set name = :name, password_hash = :password_hash, preview_only = :preview_only,"
    " expires_at = :expires_at, max_downloads = :max_downloads,"
    " updated_at = case when updated_at < :now then :now else updated_at + 1 end where id = :id"
)
_GOOD: LiteralString = " where id = :id and (expires_at is null or expires_at > :now)"
_VIEWED: LiteralString = "update public_link set views = views + 1, last_viewed_at = :now" + _GOOD


async def page(tx: Read, artifact: Artifact, page: Page) -> Slice[Link]:
    """The links of an artifact of a space found with REVIEW, newest first."""
    rows = await tx.all(Link, _PAGE, artifact=artifact.id, past=page.after or LAST, limit=page.limit + 1)
    return cut(rows, page.limit)


async def of_space(tx: Read, space: Space, page: Page) -> Slice[Link]:
    """Every link into a space found with REVIEW, newest first."""
    rows = await tx.all(Link, _SPACE_PAGE, space=space.id, past=page.after or LAST, limit=page.limit + 1)
    return cut(rows, page.limit)


async def find(tx: Read, artifact: Artifact, link_id: str, *, hold: bool = False) -> Link:
    """A link of an artifact of a space found with REVIEW (WRITE to change it). Raises NotFound."""
    link = await tx.one(Link, _HELD if hold else _ONE, id=link_id, artifact=artifact.id)
    if link is None:
        raise NotFound
    return link


async def create(tx: Write, actor: Actor, artifact: Artifact, new: NewLink) -> tuple[Link, str]:
    """Make a link to an artifact of a space found with WRITE, and its secret, which is shown now and never again.

    Raises Invalid, NotFound, TooManyLinks.
    """
    _check(new.expires_at, new.max_downloads)
    count = await tx.one(int, "select count(*) from public_link where artifact_id = :id", id=artifact.id)
    if (count or 0) >= MOST:
        raise TooManyLinks
    secret, link_id = ids.secret("cyl"), ids.new()
    made = await tx.run(
        INSERT,
        id=link_id,
        artifact=artifact.id,
        hash=ids.digest(secret),
        last4=secret[-4:],
        name=text.name("name", new.name, shortest=0),
        password_hash=new.password_hash,
        preview_only=int(new.preview_only),
        expires_at=new.expires_at,
        max_downloads=new.max_downloads,
        person=actor.person_id or None,
        now=clock.now(),
    )
    if not made:
        raise NotFound
    await events.record(
        tx, actor, "link.created", space_id=artifact.space_id, object_id=link_id, artifact_id=artifact.id
    )
    return await find(tx, artifact, link_id), secret


async def change(tx: Write, actor: Actor, artifact: Artifact, link: Link, changes: Changes) -> Link:
    """Apply a merge patch to a link held by this transaction, of a space found with WRITE. Raises Invalid."""
    asked = {key: value for key, value in msgspec.structs.asdict(changes).items() if value is not UNSET}
    if not asked:
        return link
    _check(asked.get("expires_at"), asked.get("max_downloads"))
    kept = await tx.one(str, "select password_hash from public_link where id = :id", id=link.id)
    row: dict[str, Any] = {
        "name": link.name,
        "password_hash": kept,
        "preview_only": link.preview_only,
        "expires_at": link.expires_at,
        "max_downloads": link.max_downloads,
        **asked,
    }
    row["name"] = text.name("name", row["name"] or "", shortest=0)
    row["preview_only"] = int(bool(row["preview_only"]))
    await tx.run(_CHANGE, id=link.id, now=clock.now(), **row)
    if "password_hash" in asked:
        # A download ends with the password that it was got by.
        await tx.run("delete from link_ticket where link_id = :id", id=link.id)
        await tx.run("update public_link set begun = 0 where id = :id", id=link.id)
    fields = sorted(field.removesuffix("_hash") for field in asked)
    await events.record(tx, actor, "link.updated", space_id=link.space_id, object_id=link.id, fields=fields)
    return await find(tx, artifact, link.id)


async def remove(tx: Write, actor: Actor, link: Link) -> None:
    """End a link of a space found with WRITE, at once and for good. Raises NotFound."""
    if not await tx.run("delete from public_link where id = :id", id=link.id):
        raise NotFound
    await events.record(
        tx,
        actor,
        "link.removed",
        space_id=link.space_id,
        object_id=link.id,
        artifact_id=link.artifact_id,
        views=link.views,
        downloads=link.downloads,
    )


async def look(tx: Read, secret: str, *, begun: bool = False) -> Open:
    """What a secret leads to; `begun`: for a download that holds a place already. Raises LinkOver."""
    if not ids.plausible(secret):
        raise LinkOver
    link = await tx.one(Link, COLUMNS + " where l.token_hash = :hash", hash=ids.digest(secret))
    if link is None or link.expired or (link.taken and not begun):
        raise LinkOver
    artifact = await tx.one(
        Artifact, ARTIFACT + " from artifact a where a.id = :id and a.deleted_at is null", id=link.artifact_id
    )
    if artifact is None:
        raise LinkOver
    password_hash = await tx.one(str, "select password_hash from public_link where id = :id", id=link.id)
    return Open(link, artifact, password_hash)


async def viewed(tx: Write, link: Link) -> None:
    """Count that somebody saw the page."""
    await tx.run(_VIEWED, id=link.id, now=clock.now())


async def refused(tx: Write, actor: Actor, link: Link) -> None:
    """Write down that somebody gave a wrong password."""
    await events.record(tx, actor, "link.password_failed", space_id=link.space_id, object_id=link.id, result="refused")


def _check(expires_at: int | None, max_downloads: int | None) -> None:
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid("expires_at", "This is in the past.", code="past")
    if max_downloads is not None and not 1 <= max_downloads <= DOWNLOADS:
        raise Invalid("max_downloads", f"Between 1 and {DOWNLOADS:,}.", code="range")
