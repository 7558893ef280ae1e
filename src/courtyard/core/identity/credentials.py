"""Credentials: one kind of row for people and programs, whatever form a dialect gives it."""

import ipaddress
from typing import Any, Literal, LiteralString

import msgspec
from msgspec import UNSET, UnsetType

from courtyard.core import clock, events, ids, text
from courtyard.core.actor import RANK, SCOPES, Actor, Origin, Scope
from courtyard.core.errors import Conflict, ExpiredCredential, Forbidden, Invalid, InvalidCredential, NotFound
from courtyard.core.identity import sessions
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.storage.database import Pair, Read, Write

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Kind = Literal["key", "login"]
KEY_LIFE = 365 * clock.DAY
"""So long a key lives unless its maker says otherwise."""
LOGIN_LIFE = 30 * clock.DAY
LOGINS = 50
"""So many logins of one person live at once."""


class KeyOver(Conflict):
    """This key has expired. Make a new one."""


class OnlyTells(Forbidden):
    """This token tells who its person is, and opens nothing."""


class Credential(msgspec.Struct, frozen=True):
    """What is kept of a credential: never the secret. `scopes` are words with a space between, the rest JSON.

    `organization` is the handle of the one that a service key belongs to. One that was rotated names its successor.
    """

    number: int
    id: str
    person_id: str
    kind: Kind
    name: str
    prefix: str
    last4: str
    scopes: str
    spaces: str | None
    networks: str | None
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None
    last_used_address: str | None
    last_used_dialect: str | None
    organization_id: str | None
    organization: str | None
    successor_id: str | None
    grace_until: int | None


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to make a key. `expires_at` in milliseconds UTC; None lets it live until it is revoked.

    Unsaid it lives for `KEY_LIFE`, but no longer than the key that makes it.
    """

    name: str
    scopes: list[Scope]
    expires_at: int | UnsetType | None = UNSET
    spaces: list[str] | None = None
    networks: list[str] | None = None


class _Found(msgspec.Struct, frozen=True):
    id: str
    person_id: str
    scopes: str
    spaces: str | None
    networks: str | None
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None
    application_id: str | None
    organization_id: str | None
    is_administrator: int
    state: str


_LOOKUP: LiteralString = (
    "select c.id, c.person_id, c.scopes, c.spaces, c.networks, c.expires_at, c.revoked_at, c.last_used_at,"
    " c.application_id, c.organization_id, p.is_administrator, p.state from credential c join person p on p.id = c.person_id"
    " where c.hash = :hash and c.kind <> 'refresh'"
)
COLUMNS: LiteralString = (
    "select number, id, person_id, kind, name, prefix, last4, scopes, spaces, networks, created_at, expires_at,"
    " revoked_at, last_used_at, last_used_address, last_used_dialect, organization_id,"
    " (select o.handle from organization o where o.id = organization_id) as organization, successor_id, grace_until"
    " from credential"
)
# One that was rotated is there until its grace is over.
LIVE: LiteralString = " and kind = 'key' and revoked_at is null and (grace_until is null or grace_until > :now)"
# One's own, and the keys of an organization for those who administer it.
_OWN: LiteralString = (
    COLUMNS + " where id = :id and (person_id = :person or organization_id in (select g.organization_id"
    " from organization_member g where g.person_id = :person and g.role in ('owner', 'admin'))"
    " or (organization_id is not null and :everything = 1))" + LIVE
)
_HELD = Pair(sqlite=_OWN, postgres=_OWN + " for no key update")
REACH: dict[str, int] = {}


async def authenticate(tx: Read, secret: str, origin: Origin) -> tuple[Actor, int | None]:
    """Whoever holds this secret, and when it was last used. Raises InvalidCredential, ExpiredCredential, OnlyTells."""
    if not ids.plausible(secret):
        raise InvalidCredential
    found = await tx.one(_Found, _LOOKUP, hash=ids.digest(secret))
    if found is None or found.revoked_at is not None or found.state != "active":
        raise InvalidCredential
    if found.expires_at is not None and found.expires_at <= clock.now():
        raise ExpiredCredential
    if found.networks is not None and not _inside(origin.address, found.networks):
        raise InvalidCredential
    reach = _reach(found.scopes)
    if not reach:
        # Here, and not where something is asked for: what anybody may ask needs no scope, and would know the person.
        raise OnlyTells
    actor = Actor(
        origin,
        found.person_id,
        reach,
        bool(found.is_administrator) and reach == RANK["admin"],
        found.id,
        found.application_id,
        None if found.spaces is None else frozenset(msgspec.json.decode(found.spaces, type=list[str])),
        organization_id=found.organization_id,
    )
    return actor, found.last_used_at


def _reach(scopes: str) -> int:
    reach = REACH.get(scopes)
    if reach is None:
        # The identity scopes of OpenID Connect (`openid`, `profile`, `email`) reach nothing here.
        reach = REACH[scopes] = max((RANK.get(scope, 0) for scope in scopes.split()), default=0)
    return reach


def _inside(address: str, networks: str) -> bool:
    try:
        here = ipaddress.ip_address(address)
    except ValueError:
        return False
    # A listener for both families sees IPv4 peers as ::ffff:192.0.2.1.
    here = (here.version == 6 and here.ipv4_mapped) or here
    return any(here in ipaddress.ip_network(network) for network in msgspec.json.decode(networks, type=list[str]))


async def touch(tx: Write, credential_id: str, origin: Origin) -> None:
    """Note a use: at most once a minute, off the request path."""
    await tx.run(
        "update credential set last_used_at = :now, last_used_address = :address, last_used_dialect = :dialect"
        " where id = :id",
        id=credential_id,
        now=clock.now(),
        address=origin.address,
        dialect=origin.dialect,
    )


async def create(tx: Write, actor: Actor, new: NewKey, *, person_id: str | None = None) -> tuple[Credential, str]:
    """Make a key for the caller (or, by the installation, for `person_id`); the secret is shown here only.

    Raises Invalid; Forbidden for scopes, spaces, networks or a life beyond the caller's own credential.
    """
    actor.needs("admin")
    if actor.person_id and person_id not in (None, actor.person_id):
        raise Forbidden
    # What the key of an organization makes is the organization's.
    return await create_for(tx, actor, new, person_id or actor.person_id, actor.organization_id)


async def create_for(
    tx: Write, actor: Actor, new: NewKey, person_id: str, organization_id: str | None
) -> tuple[Credential, str]:
    """`create` for whomever the caller was found to act for, by the caller of this function. Raises ConfirmFirst."""
    await sessions.require_recent_of_session(tx, actor)
    scopes: list[Scope] = [scope for scope in SCOPES if scope in new.scopes]
    if not scopes:
        raise Invalid("scopes", f"At least one of: {', '.join(SCOPES)}.", code="choice")
    _in_future(new.expires_at)
    made = NewKey(
        name=text.name("name", new.name),
        scopes=scopes,
        expires_at=await _not_stronger(tx, actor, new),
        spaces=None if new.spaces is None else _spaces(new.spaces),
        networks=None if new.networks is None else _networks(new.networks),
    )
    return await issue(tx, actor, person_id, "key", made, organization_id)


def _in_future(expires_at: int | UnsetType | None) -> None:
    if isinstance(expires_at, int) and expires_at <= clock.now():
        raise Invalid("expires_at", "This is in the past.", code="past")


async def _not_stronger(tx: Read, actor: Actor, new: NewKey) -> int | None:
    """A credential makes no key that opens another space, lives longer or works from elsewhere; when the new one ends.

    A person who just signed in is no such limit. Raises Forbidden.
    """
    wider = actor.spaces is not None and not (new.spaces is not None and actor.spaces.issuperset(new.spaces))
    maker = None
    if actor.credential_id is not None:
        maker = await tx.one(Credential, COLUMNS + " where id = :id and revoked_at is null", id=actor.credential_id)
        wider = wider or maker is None
    if maker is not None and maker.kind == "login":
        maker = None
    expires_at = _end(maker, new.expires_at)
    if wider or (maker is not None and (_outlives(maker, expires_at) or _reaches_out(maker, new))):
        raise Forbidden("A credential never makes a stronger one.")
    return expires_at


def _end(maker: Credential | None, expires_at: int | UnsetType | None) -> int | None:
    if expires_at is not UNSET:
        return expires_at
    usual = clock.now() + KEY_LIFE
    return usual if maker is None or maker.expires_at is None else min(usual, maker.expires_at)


def _outlives(maker: Credential, expires_at: int | None) -> bool:
    return maker.expires_at is not None and (expires_at is None or expires_at > maker.expires_at)


def _reaches_out(maker: Credential, new: NewKey) -> bool:
    if maker.networks is None:
        return False
    allowed = [ipaddress.ip_network(network) for network in _decoded(maker.networks) or ()]
    return new.networks is None or not all(
        any(_within(ipaddress.ip_network(network), one) for one in allowed) for network in _networks(new.networks)
    )


def _within(inner: Network, outer: Network) -> bool:
    if isinstance(inner, ipaddress.IPv4Network):
        return isinstance(outer, ipaddress.IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, ipaddress.IPv6Network) and inner.subnet_of(outer)


def _decoded(names: str | None) -> list[str] | None:
    return None if names is None else msgspec.json.decode(names, type=list[str])


async def issue(
    tx: Write, actor: Actor, person_id: str, kind: Kind, new: NewKey, organization_id: str | None = None
) -> tuple[Credential, str]:
    """Store a credential whose particulars have been checked.

    What the token of an application makes ends with the consent behind it, and acts as the application does.
    """
    secret, credential_id = ids.secret("cyk"), ids.new()
    await tx.run(
        "insert into credential (id, person_id, kind, name, hash, prefix, last4, scopes, spaces, networks, created_at,"
        " expires_at, organization_id, application_id, family, allowed_by) values (:id, :person, :kind, :name, :hash,"
        " :prefix, :last4, :scopes, :spaces, :networks, :now, :expires, :organization, :application,"
        " (select m.family from credential m where m.id = :maker), (select coalesce(m.allowed_by, m.person_id)"
        " from credential m where m.id = :maker and m.application_id is not null))",
        id=credential_id,
        person=person_id,
        kind=kind,
        name=new.name,
        hash=ids.digest(secret),
        prefix=secret[:8],
        last4=secret[-4:],
        scopes=" ".join(new.scopes),
        spaces=None if new.spaces is None else msgspec.json.encode(new.spaces).decode(),
        networks=None if new.networks is None else msgspec.json.encode(new.networks).decode(),
        now=clock.now(),
        expires=None if new.expires_at is UNSET else new.expires_at,
        organization=organization_id,
        application=actor.application_id,
        maker=actor.credential_id or "",
    )
    detail: dict[str, Any] = {"organization_id": organization_id} if organization_id else {}
    await events.record(tx, actor, f"{kind}.created", object_id=credential_id, scopes=new.scopes, **detail)
    return await _again(tx, credential_id), secret


def _spaces(values: list[str]) -> list[str]:
    if not 1 <= len(values) <= 100:
        raise Invalid("spaces", "Between 1 and 100 spaces.", code="length")
    return sorted(set(values))


def _networks(values: list[str]) -> list[str]:
    if not 1 <= len(values) <= 100:
        raise Invalid("networks", "Between 1 and 100 networks.", code="length")
    try:
        return sorted({str(ipaddress.ip_network(value)) for value in values})
    except ValueError:
        raise Invalid("networks", "This is not a network such as 192.0.2.0/24.", code="network") from None


async def page(tx: Read, actor: Actor, page: Page) -> Slice[Credential]:
    """The caller's keys, newest first, without those that are revoked or replaced."""
    actor.needs("admin")
    rows = await tx.all(
        Credential,
        COLUMNS + " where person_id = :person and id < :past" + LIVE + " order by id desc limit :limit",
        person=actor.person_id,
        past=page.after or LAST,
        now=clock.now(),
        limit=page.limit + 1,
    )
    return cut(rows, page.limit)


async def find(tx: Read, actor: Actor, credential_id: str, *, hold: bool = False) -> Credential:
    """One of the caller's keys, or of an organization that the caller administers. Raises NotFound, Forbidden.

    `hold` keeps others from changing it until the caller's commit, so that a precondition stays true.
    """
    actor.needs("admin")
    row = await tx.one(
        Credential,
        _HELD if hold else _OWN,
        id=credential_id,
        person=actor.person_id,
        everything=int(actor.administrator),
        now=clock.now(),
    )
    if row is None:
        raise NotFound
    if row.person_id != actor.person_id:
        actor.everywhere()
        if actor.administrator:
            actor.privileged.append(("key of an organization", row.id))
    return row


async def rename(tx: Write, actor: Actor, key: Credential, name: str) -> Credential:
    """Give a key another name. Raises Invalid, Forbidden."""
    _within_limits(actor, key)
    await tx.run("update credential set name = :name where id = :id", id=key.id, name=text.name("name", name))
    await events.record(tx, actor, "key.updated", object_id=key.id)
    return await _again(tx, key.id)


async def revoke(tx: Write, actor: Actor, key: Credential) -> None:
    """End a key; it is refused from the next request on. Raises Forbidden; NotFound when it has ended meanwhile."""
    _within_limits(actor, key)
    ended = await tx.run(
        "update credential set revoked_at = :now where id = :id and revoked_at is null", id=key.id, now=clock.now()
    )
    if not ended:
        raise NotFound
    await events.record(tx, actor, "key.revoked", object_id=key.id)


def _within_limits(actor: Actor, key: Credential) -> None:
    """Who is limited to certain spaces changes no key that opens others. Raises Forbidden."""
    if actor.spaces is not None and not actor.spaces.issuperset(_decoded(key.spaces) or ("elsewhere",)):
        actor.everywhere()


async def end_service(tx: Write, organization_id: str, person_id: str) -> None:
    """End the keys of an organization with the membership of whoever stands for them."""
    await tx.run(
        "update credential set revoked_at = :now where organization_id = :organization and person_id = :person"
        " and revoked_at is null",
        organization=organization_id,
        person=person_id,
        now=clock.now(),
    )


async def trim_logins(tx: Write, person_id: str) -> None:
    """Keep a person's newest `LOGINS` logins: the others end, and those long over are forgotten."""
    now = clock.now()
    await tx.run(
        "delete from credential where person_id = :person and kind = 'login'"
        " and (expires_at < :past or revoked_at < :past)",
        person=person_id,
        past=now - LOGIN_LIFE,
    )
    await tx.run(
        "update credential set revoked_at = :now where person_id = :person and kind = 'login' and revoked_at is null"
        " and number <= (select number from credential where person_id = :person and kind = 'login'"
        " and revoked_at is null and expires_at > :now order by number desc limit 1 offset :kept)",
        person=person_id,
        now=now,
        kept=LOGINS,
    )


async def _again(tx: Read, credential_id: str) -> Credential:
    row = await tx.one(Credential, COLUMNS + " where id = :id", id=credential_id)
    if row is None:
        raise NotFound
    return row
