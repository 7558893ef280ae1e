"""The door to spaces: find and authorize in one step, and the lists."""

from operator import attrgetter
from typing import Literal, LiteralString

import msgspec

from courtyard.core.access.roles import HAS_ROLE, READABLE, Permission, require, role
from courtyard.core.actor import Actor
from courtyard.core.errors import Forbidden, NotFound, Unauthenticated
from courtyard.core.paging import FIRST, LAST, Page, Slice, cut
from courtyard.core.spaces.model import Background, Space
from courtyard.core.text import pattern
from courtyard.storage.database import Pair, Read, Statement

COLUMNS: LiteralString = (
    "select s.number, s.id, s.token, s.slug, s.name, s.description, s.visibility, s.space_type, s.content_type,"
    " s.logo_url, s.metadata, s.background_key,"
    " s.created_at, s.updated_at, s.organization_id, o.name as organization_name, o.handle as organization_handle,"
    " case when o.personal_of is null then 0 else 1 end as personal,"
    " s.owner_id, p.username as owner_username, p.email as owner_email, m.role as member_role,"
    " g.role as organization_role"
)
MET: LiteralString = (
    " join organization o on o.id = s.organization_id join person p on p.id = s.owner_id"
    " left join member m on m.space_id = s.id and m.person_id = :person"
    " left join organization_member g on g.organization_id = s.organization_id and g.person_id = :person"
)
SEEN: LiteralString = COLUMNS + " from space s" + MET
_BY_ID: LiteralString = SEEN + " where s.id = :id"
_BACKGROUND: LiteralString = (
    "select background_key as key, background_type as type, background_size as size, background_sha256 as sha256"
    " from space where id = :id and background_key is not null"
)
_BY_TOKEN: LiteralString = SEEN + " where s.token = :token"
_BY_SLUG: LiteralString = SEEN + " where s.slug = :slug"
_BY_NUMBER: LiteralString = SEEN + " where s.number = :number"


async def find(tx: Read, actor: Actor, space_id: str, permission: Permission) -> Space:
    """The space, if the caller may do that with it. Raises NotFound, Unauthenticated, Forbidden."""
    space = await tx.one(Space, _BY_ID, id=space_id, person=actor.person_id)
    return _admit(actor, space, permission)


async def find_by_token(tx: Read, actor: Actor, token: str, permission: Permission) -> Space:
    """Like `find`, by the public token."""
    return _admit(actor, await tx.one(Space, _BY_TOKEN, token=token, person=actor.person_id), permission)


async def find_by_slug(tx: Read, actor: Actor, slug: str, permission: Permission) -> Space:
    """Like `find`, by the slug."""
    return _admit(actor, await tx.one(Space, _BY_SLUG, slug=slug, person=actor.person_id), permission)


async def find_by_number(tx: Read, actor: Actor, number: int, permission: Permission) -> Space:
    """Like `find`, by the number."""
    return _admit(actor, await tx.one(Space, _BY_NUMBER, number=number, person=actor.person_id), permission)


async def background(tx: Read, space: Space) -> Background | None:
    """The background image of a space found with LOOK; None while there is none."""
    return await tx.one(Background, _BACKGROUND, id=space.id)


async def find_around(tx: Read, actor: Actor, space_id: str | None, permission: Permission) -> Space:
    """Like `find`, for a thing that is addressed without its space (None: there is no such thing).

    A stranger to a public space hears NotFound, not Forbidden: the answer must not tell that the thing exists.
    """
    space = await tx.one(Space, _BY_ID, id=space_id or "", person=actor.person_id)
    return _admit(actor, space if space is not None and role(actor, space) else None, permission)


def _admit(actor: Actor, space: Space | None, permission: Permission) -> Space:
    if space is None:
        raise Unauthenticated if actor.anonymous else NotFound
    require(actor, space, permission)
    return space


# SQLite has no lateral join: there a correlated subquery hands its few ids over as one JSON array.
_SQLITE_ROWS: tuple[LiteralString, LiteralString, LiteralString] = (
    "select x.value as id from organization_member w, json_each((select json_group_array(y.id) from (",
    ") y)) x",
    "select value from json_each(:spaces)",
)
_POSTGRES_ROWS: tuple[LiteralString, LiteralString, LiteralString] = (
    "select x.id from organization_member w, lateral (",
    ") x",
    "select jsonb_array_elements_text(cast(:spaces as jsonb))",
)
_NOT_MINE: tuple[LiteralString, LiteralString] = (
    " and w.role <> 'owner'",
    (
        " and s.owner_id <> :person"
        " and w.organization_id not in (select t.id from organization t where t.personal_of = :person)"
    ),
)


def _listing(past: LiteralString, order: LiteralString, *, public: bool = False, mine: bool = True) -> Pair:
    """The first rows of each way to have a role, each from its own index: as cheap among a million spaces as among ten."""
    member, organization = ("", "") if mine else _NOT_MINE
    stop: LiteralString = "<=" if past == ">" else ">="
    bound: LiteralString = past + " :past"
    ordered: LiteralString = bound + " order by s.id " + order + " limit :limit"
    by_member: LiteralString = (
        "select x.id from (select w.space_id as id from member w where w.person_id = :person and w.space_id "
        + (bound + member + " order by w.space_id " + order + " limit :limit) x")
    )
    by_public: LiteralString = (
        " union select x.id from (select s.id from space s where s.visibility = 'public' and s.id " + ordered + ") x"
        if public
        else ""
    )
    tail: LiteralString = by_public + (") c order by c.id " + order + " limit :limit) c join space s on s.id = c.id")

    def whole(rows: tuple[LiteralString, LiteralString, LiteralString]) -> LiteralString:
        # Bounded and ordered by both columns of the index, lest PostgreSQL walk the ids of everybody's spaces.
        opened: LiteralString = (
            " union " + rows[0] + "select s.id from space s where (s.organization_id, s.id) " + past
        ) + (" (w.organization_id, :past) and s.organization_id " + stop + " w.organization_id")
        closed: LiteralString = (
            organization + " order by s.organization_id " + order + ", s.id " + order + " limit :limit" + rows[1]
        ) + " where w.person_id = :person"
        by_admin: LiteralString = opened + closed + " and w.role in ('owner', 'admin')"
        by_shared: LiteralString = opened + " and s.visibility = 'shared'" + closed + " and w.role = 'member'"
        head: LiteralString = COLUMNS + " from (select c.id from (" + by_member + by_admin + by_shared
        return head + tail + MET

    return Pair(sqlite=whole(_SQLITE_ROWS), postgres=whole(_POSTGRES_ROWS))


def _plain(where: LiteralString, past: LiteralString, order: LiteralString) -> LiteralString:
    return SEEN + " where " + where + " and s.id " + past + " :past order by s.id " + order + " limit :limit"


def _within(column: LiteralString, value: LiteralString, narrowed: LiteralString = "") -> tuple[Statement, Statement]:
    """A list that walks the index of one column and the ids, older rows first and newer ones second."""

    def bounded(past: LiteralString, stop: LiteralString, order: LiteralString) -> LiteralString:
        row: LiteralString = " where (" + column + ", s.id) " + past + " (" + value + ", :past) and " + column
        ordered: LiteralString = " order by " + column + " " + order + ", s.id " + order + " limit :limit"
        return SEEN + row + " " + stop + " " + value + narrowed + ordered

    return bounded("<", ">=", "desc"), bounded(">", "<=", "asc")


def _limited(where: LiteralString, past: LiteralString, order: LiteralString) -> Pair:
    """The same list for a credential that may touch some spaces only."""
    return Pair(
        sqlite=_plain(where + " and s.id in (" + _SQLITE_ROWS[2] + ")", past, order),
        postgres=_plain(where + " and s.id in (" + _POSTGRES_ROWS[2] + ")", past, order),
    )


_ID = attrgetter("id")


class _List:
    """One list in both directions of travel; each statement is written once and stays prepared."""

    def __init__(
        self, where: LiteralString, indexed: tuple[Statement, Statement] | None = None, *, newest_first: bool = False
    ) -> None:
        older: Statement = indexed[0] if indexed else _plain(where, "<", "desc")
        newer: Statement = indexed[1] if indexed else _plain(where, ">", "asc")
        turn = 1 if newest_first else -1
        self.open: tuple[Statement, ...] = (older, newer)[::turn]
        self.limited = (_limited(where, "<", "desc"), _limited(where, ">", "asc"))[::turn]
        self.ends = (LAST, FIRST)[::turn]

    async def page(self, tx: Read, actor: Actor, page: Page, **values: str | int) -> Slice[Space]:
        back = page.before is not None
        past = page.before if page.before is not None else page.after
        if actor.spaces is not None:
            values["spaces"] = msgspec.json.encode(sorted(actor.spaces)).decode()
        statements = self.open if actor.spaces is None else self.limited
        rows = await tx.all(
            Space,
            statements[back],
            person=actor.person_id,
            past=self.ends[back] if past is None else past,
            limit=page.limit + 1,
            **values,
        )
        # A few rows are sorted here: the database would sort all their columns a second time.
        rows.sort(key=_ID, reverse=self.ends[back] == LAST)
        found = cut(rows, page.limit)
        return Slice(found.items[::-1], found.more) if back else found


_READABLE = _List(READABLE, (_listing("<", "desc", public=True), _listing(">", "asc", public=True)), newest_first=True)
_WITH_ROLE = _List(HAS_ROLE, (_listing("<", "desc"), _listing(">", "asc")), newest_first=True)
_SHARED = _List(
    HAS_ROLE + " and s.owner_id <> :person", (_listing("<", "desc", mine=False), _listing(">", "asc", mine=False))
)
_OWNED = _List("s.owner_id = :person", _within("s.owner_id", ":person"))
_PUBLIC = _List("s.visibility = 'public'")
_PUBLIC_NEWEST = _List("s.visibility = 'public'", newest_first=True)
_EVERYTHING = _List("1 = 1")
_EVERYTHING_NEWEST = _List("1 = 1", newest_first=True)
_SEARCH = _List(
    "(:everything = 1 or (:mine = 0 and s.visibility = 'public') or " + HAS_ROLE + ")"
    " and (:owner = '' or (:owner = 'me' and s.owner_id = :person) or (:owner = 'others' and s.owner_id <> :person))"
    " and (:organization = '' or o.handle = :organization) and (:visibility = '' or s.visibility = :visibility)"
    " and (:pattern = '' or s.name_folded like :pattern escape '\\')",
    newest_first=True,
)
_OPEN_TO: LiteralString = " and (:everything = 1 or " + READABLE + ")"
_IN_ORGANIZATION: LiteralString = "s.organization_id = :organization" + _OPEN_TO
_OF_ORGANIZATION = _List(_IN_ORGANIZATION, _within("s.organization_id", ":organization", _OPEN_TO), newest_first=True)
_COUNT: LiteralString = "select count(*) from space s" + MET + " where " + _IN_ORGANIZATION


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What narrows a list; empty means everything. `contains` is looked for in names, without regard to case."""

    mine: bool = False
    owner: Literal["", "me", "others"] = ""
    organization: str = ""
    visibility: str = ""
    contains: str = ""


async def readable(tx: Read, actor: Actor, page: Page) -> Slice[Space]:
    """Every space the caller may read, newest first."""
    if actor.anonymous:
        return await _PUBLIC_NEWEST.page(tx, actor, page)
    if actor.administrator:
        return await _everything(tx, actor, page, _EVERYTHING_NEWEST)
    return await _READABLE.page(tx, actor, page)


async def with_role(tx: Read, actor: Actor, page: Page) -> Slice[Space]:
    """Those in which the caller has a role of their own, newest first."""
    return await _WITH_ROLE.page(tx, actor, page)


async def search(tx: Read, actor: Actor, page: Page, filters: Filters) -> Slice[Space]:
    """`readable`, narrowed. It may look at every row: give it a transaction that may take long."""
    return await _SEARCH.page(
        tx,
        actor,
        page,
        everything=int(actor.administrator and not filters.mine),
        mine=int(filters.mine),
        owner=filters.owner,
        organization=filters.organization,
        visibility=filters.visibility,
        pattern=pattern(filters.contains) if filters.contains else "",
    )


async def owned(tx: Read, actor: Actor, page: Page) -> Slice[Space]:
    """Those the caller owns, oldest first."""
    return await _OWNED.page(tx, actor, page)


async def shared_with(tx: Read, actor: Actor, page: Page) -> Slice[Space]:
    """Those in which the caller has a role but is not the owner, oldest first."""
    return await _SHARED.page(tx, actor, page)


async def public(tx: Read, actor: Actor, page: Page) -> Slice[Space]:
    """Public spaces, oldest first."""
    return await _PUBLIC.page(tx, actor, page)


async def everything(tx: Read, actor: Actor, page: Page) -> Slice[Space]:
    """All spaces there are, oldest first; for platform administrators. Raises Forbidden."""
    if not actor.administrator:
        raise Forbidden
    return await _everything(tx, actor, page, _EVERYTHING)


async def _everything(tx: Read, actor: Actor, page: Page, rows: _List) -> Slice[Space]:
    actor.privileged.append(("list", ""))
    return await rows.page(tx, actor, page)


async def in_organization(tx: Read, actor: Actor, organization_id: str, page: Page) -> tuple[int, Slice[Space]]:
    """How many spaces of an organization the caller may read, and a page of them, newest first."""
    values: dict[str, str | int] = {"organization": organization_id, "everything": int(actor.administrator)}
    rows = await _OF_ORGANIZATION.page(tx, actor, page, **values)
    if actor.spaces is not None:
        whole = await _OF_ORGANIZATION.page(tx, actor, Page(len(actor.spaces)), **values)
        return len(whole.items), rows
    return await tx.one(int, _COUNT, person=actor.person_id, **values) or 0, rows
