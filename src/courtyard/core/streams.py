"""What streams of news read: what came after a place, in the order of commits, and who may still hear it.

On PostgreSQL numbers become visible in another order than they are given. So news is read only up to the oldest
transaction that is still open, and in the order of transactions: whatever is committed later comes later, and nothing
is ever left out. A transaction that stays open delays what others commit meanwhile; it does not hide it.
"""

from typing import LiteralString

import msgspec

from courtyard.core import clock
from courtyard.core.identity.sessions import IDLE
from courtyard.storage.database import Pair, Read

BATCH = 500


class Place(msgspec.Struct, frozen=True, order=True):
    """Up to where news has been read."""

    tx: int
    number: int


class Item(msgspec.Struct, frozen=True):
    """One thing that happened, with the names of today: of the object, and of who did it. `detail` is JSON."""

    tx: int
    number: int
    at: int
    space_id: str
    action: str
    object_id: str | None
    person_id: str | None
    detail: str
    username: str | None
    name: str | None
    thread_id: str | None

    @property
    def place(self) -> Place:
        return Place(self.tx, self.number)


class _Pair(msgspec.Struct, frozen=True):
    person_id: str
    space_id: str


_NEWS: LiteralString = (
    "select n.tx, n.number, n.at, n.space_id, n.action, n.object_id, n.person_id, n.detail from news n"
)
# Names are looked up for what is told, and not for all that is read before the order is known.
_ITEM: LiteralString = (
    "select n.tx, n.number, n.at, n.space_id, n.action, n.object_id, n.person_id, n.detail, p.username,"
    " coalesce(a.name, t.title, c.name, q.username, ja.name) as name, coalesce(t.id, m.thread_id) as thread_id"
    " from (" + _NEWS + " where "
)
_NAMED: LiteralString = (
    ") n left join person p on p.id = n.person_id left join artifact a on a.id = n.object_id"
    " left join thread t on t.id = n.object_id left join message m on m.id = n.object_id"
    " left join customer c on c.id = n.object_id left join person q on q.id = n.object_id"
    " left join job j on j.id = n.object_id left join artifact ja on ja.id = j.artifact_id order by n.tx, n.number"
)
_SETTLED: LiteralString = "cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint)"
# For SQLite a row is no end of an index, only its first column is; there that one is 0 in every row.
_PAST = Pair(
    sqlite="n.tx = 0 and n.number > case when :tx > 0 then 9223372036854775807 else :number end",
    postgres="(n.tx, n.number) > (:tx, :number)",
)
_ORDERED: LiteralString = " order by n.tx, n.number limit :limit" + _NAMED
AFTER = Pair(
    sqlite=_ITEM + _PAST.sqlite + _ORDERED,
    postgres=_ITEM + _PAST.postgres + " and n.tx < " + _SETTLED + _ORDERED,
)
HEAD = Pair(
    sqlite="select n.tx, n.number from news n order by n.tx desc, n.number desc limit 1",
    postgres="select n.tx, n.number from news n where n.tx < "
    + _SETTLED
    + " order by n.tx desc, n.number desc limit 1",
)
_SPACES = Pair(
    sqlite="(select value from json_each(:spaces))",
    postgres="(select jsonb_array_elements_text(cast(:spaces as jsonb)))",
)
_UP_TO = Pair(
    sqlite=" and n.number <= case when :last_tx > 0 then 9223372036854775807 else :last_number end",
    postgres=" and (n.tx, n.number) <= (:last_tx, :last_number)",
)
_AMONG: LiteralString = " and n.space_id in "
MISSED = Pair(
    sqlite=_ITEM + _PAST.sqlite + _UP_TO.sqlite + _AMONG + _SPACES.sqlite + _ORDERED,
    postgres=_ITEM + _PAST.postgres + _UP_TO.postgres + _AMONG + _SPACES.postgres + _ORDERED,
)


def _members(people: LiteralString, among: LiteralString) -> LiteralString:
    """Who has a role where: the same rule as `HAS_ROLE` in core/access/roles, for many people and spaces at once."""
    by_space: LiteralString = "select m.person_id, m.space_id from member m where m.space_id in " + among
    by_organization: LiteralString = (
        " union select g.person_id, s.id as space_id from space s join organization_member g"
        " on g.organization_id = s.organization_id where (g.role in ('owner', 'admin') or s.visibility = 'shared')"
        " and s.id in " + among
    )
    return by_space + " and m.person_id in " + people + by_organization + " and g.person_id in " + people


MEMBERS = Pair(
    sqlite=_members("(select value from json_each(:people))", _SPACES.sqlite),
    postgres=_members("(select jsonb_array_elements_text(cast(:people as jsonb)))", _SPACES.postgres),
)
THERE = Pair(
    sqlite="select s.id from space s where s.id in " + _SPACES.sqlite,
    postgres="select s.id from space s where s.id in " + _SPACES.postgres,
)
MINE: LiteralString = (
    "select m.space_id as id from member m where m.person_id = :person union select s.id from organization_member g"
    " join space s on s.organization_id = g.organization_id where g.person_id = :person"
    " and (g.role in ('owner', 'admin') or s.visibility = 'shared')"
)
_HOLDERS: LiteralString = (
    ") select c.id from credential c join person p on p.id = c.person_id where c.revoked_at is null"
    " and (c.expires_at is null or c.expires_at > :now) and p.state = 'active' and c.id in (select id from asked)"
    " union all select s.id from session s join person p on p.id = s.person_id where s.state = 'open'"
    " and s.expires_at > :now and s.seen_at > :idle and p.state = 'active' and s.id in (select id from asked)"
    " union all select p.id from person p where p.is_administrator = 1 and p.id in (select id from asked)"
)
HOLDERS = Pair(
    sqlite="with asked(id) as (select value from json_each(:ids)" + _HOLDERS,
    postgres="with asked(id) as (select jsonb_array_elements_text(cast(:ids as jsonb))" + _HOLDERS,
)


async def head(tx: Read) -> Place:
    """Up to where everything is settled now."""
    return await tx.one(Place, HEAD) or Place(0, 0)


async def oldest(tx: Read) -> Place | None:
    """Where what is kept begins; None while there is nothing."""
    return await tx.one(Place, "select tx, number from news order by tx, number limit 1")


async def after(tx: Read, place: Place) -> list[Item]:
    """What has been settled since, in the order of commits, at most 500."""
    return await tx.all(Item, AFTER, tx=place.tx, number=place.number, limit=BATCH)


async def missed(tx: Read, spaces: list[str], since: Place, until: Place) -> list[Item]:
    """What happened in these spaces between two places, at most 501: one more than a stream repeats."""
    return await tx.all(
        Item,
        MISSED,
        spaces=_json(spaces),
        tx=since.tx,
        number=since.number,
        last_tx=until.tx,
        last_number=until.number,
        limit=BATCH + 1,
    )


async def members(tx: Read, people: set[str], spaces: set[str]) -> set[tuple[str, str]]:
    """Which of these people have a role in which of these spaces, as pairs."""
    rows = await tx.all(_Pair, MEMBERS, people=_json(people), spaces=_json(spaces))
    return {(row.person_id, row.space_id) for row in rows}


async def there(tx: Read, spaces: set[str]) -> set[str]:
    """Which of these spaces there still are."""
    return set(await tx.all(str, THERE, spaces=_json(spaces))) if spaces else set()


async def mine(tx: Read, person_id: str) -> list[str]:
    """Every space in which somebody has a role."""
    return await tx.all(str, MINE, person=person_id)


async def holding(tx: Read, ids: set[str]) -> set[str]:
    """Which of these credentials and sessions still open something, and which of these people administer the platform."""
    now = clock.now()
    return set(await tx.all(str, HOLDERS, ids=_json(ids), now=now, idle=now - IDLE))


def _json(values: set[str] | list[str]) -> str:
    return msgspec.json.encode(sorted(values)).decode()
