"""Applications: programs that ask people for access (RFC 6749, section 2)."""

import ipaddress
import secrets
from typing import Any, LiteralString
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from courtyard.core import clock, events, ids, text
from courtyard.core.actor import Actor
from courtyard.core.errors import Forbidden, Invalid, NotFound
from courtyard.core.identity import sessions
from courtyard.core.oauth.scopes import WORDS, Word, within
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.storage.database import Pair, Read, Write

REDIRECTS = 10
LOOPBACK = frozenset({"127.0.0.1", "::1"})


class Application(msgspec.Struct, frozen=True):
    """An application. `redirect_uris` is a JSON list, `scopes` words with a space between; public ones have no secret."""

    number: int
    id: str
    client_id: str
    secret_hash: bytes | None
    secret_last4: str | None
    name: str
    logo_url: str | None
    redirect_uris: str
    scopes: str
    public: int
    owner_id: str
    created_at: int
    updated_at: int

    @property
    def redirects(self) -> list[str]:
        return msgspec.json.decode(self.redirect_uris, type=list[str])


class NewApplication(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to make one."""

    name: str
    redirect_uris: list[str]
    scopes: list[Word]
    public: bool = False
    logo_url: str | None = None


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """A merge patch (RFC 7396): what is not set stays, None clears."""

    name: str | UnsetType = UNSET
    redirect_uris: list[str] | UnsetType = UNSET
    scopes: list[Word] | UnsetType = UNSET
    logo_url: str | UnsetType | None = UNSET


COLUMNS: LiteralString = (
    "select number, id, client_id, secret_hash, secret_last4, name, logo_url, redirect_uris, scopes, public, owner_id,"
    " created_at, updated_at from application"
)
_BY_ID: LiteralString = COLUMNS + " where id = :id"
_OWN: LiteralString = COLUMNS + " where id = :id and owner_id = :person"
_HELD = Pair(sqlite=_OWN, postgres=_OWN + " for no key update")
_PAGE: LiteralString = COLUMNS + " where owner_id = :person and id < :past order by id desc limit :limit"
_EVERY: LiteralString = COLUMNS + " where id < :past order by id desc limit :limit"
_BY_CLIENT: LiteralString = COLUMNS + " where client_id = :client_id"
# Shared: exchanges do not wait for each other, and whoever makes the scopes fewer finds what they leave behind.
_AS_IT_IS = Pair(sqlite=_BY_CLIENT, postgres=_BY_CLIENT + " for share")


async def create(tx: Write, actor: Actor, new: NewApplication) -> tuple[Application, str | None]:
    """Make an application of the caller; the secret is shown here only, and a public one has none.

    Raises Invalid, ConfirmFirst; Forbidden for a credential that is limited, see `_unlimited`.
    """
    actor.needs("admin")
    await _unlimited(tx, actor)
    await sessions.require_recent_of_session(tx, actor)
    secret = None if new.public else ids.secret("cyc")
    application_id = ids.new()
    await tx.run(
        "insert into application (id, client_id, secret_hash, secret_last4, name, logo_url, redirect_uris, scopes, public,"
        " owner_id, created_at, updated_at) values (:id, :client_id, :hash, :last4, :name, :logo_url, :redirect_uris,"
        " :scopes, :public, :owner, :now, :now)",
        id=application_id,
        client_id=ids.code(24, ids.LOWER),
        hash=secret and ids.digest(secret),
        last4=secret and secret[-4:],
        public=int(new.public),
        owner=actor.person_id,
        now=clock.now(),
        **_clean(msgspec.structs.asdict(new)),
    )
    await events.record(tx, actor, "application.created", object_id=application_id)
    return await find(tx, actor, application_id), secret


async def find(tx: Read, actor: Actor, application_id: str, *, hold: bool = False) -> Application:
    """One of the caller's applications. Raises NotFound.

    `hold` keeps others from changing it until the caller's commit, so that a precondition stays true.
    """
    actor.needs("admin")
    application = await tx.one(Application, _HELD if hold else _OWN, id=application_id, person=actor.person_id)
    if application is None:
        raise NotFound
    return application


async def page(tx: Read, actor: Actor, page: Page) -> Slice[Application]:
    """The caller's applications, newest first."""
    actor.needs("admin")
    rows = await tx.all(Application, _PAGE, person=actor.person_id, past=page.after or LAST, limit=page.limit + 1)
    return cut(rows, page.limit)


async def everybodys(tx: Read, actor: Actor, page: Page) -> Slice[Application]:
    """All there are, newest first; for the installation itself. Raises Forbidden."""
    actor.administers()
    rows = await tx.all(Application, _EVERY, past=page.after or LAST, limit=page.limit + 1)
    return cut(rows, page.limit)


async def seek(tx: Read, client_id: str, *, hold: bool = False) -> Application | None:
    """The application that calls itself so, whoever asks; with `hold` it stays as it is until the caller's commit."""
    return await tx.one(Application, _AS_IT_IS if hold else _BY_CLIENT, client_id=client_id)


async def seek_by_id(tx: Read, application_id: str) -> Application | None:
    """The application, whoever asks."""
    return await tx.one(Application, _BY_ID, id=application_id)


async def change(tx: Write, actor: Actor, application: Application, changes: Changes) -> Application:
    """Apply a merge patch to one of the caller's applications: what can do more than its scopes ends.

    Raises Invalid, Forbidden; ConfirmFirst for where codes go.
    """
    asked = {key: value for key, value in msgspec.structs.asdict(changes).items() if value is not UNSET}
    await _unlimited(tx, actor, lasting=_strengthens(application, asked))
    if not asked:
        return application
    if asked.keys() & {"redirect_uris", "scopes"}:
        await sessions.require_recent_of_session(tx, actor)
    stored: dict[str, Any] = {
        "name": application.name,
        "redirect_uris": application.redirects,
        "scopes": application.scopes.split(),
        "logo_url": application.logo_url,
    }
    await tx.run(
        "update application set name = :name, logo_url = :logo_url, redirect_uris = :redirect_uris, scopes = :scopes,"
        " updated_at = :now where id = :id",
        id=application.id,
        now=max(clock.now(), application.updated_at + 1),
        **_clean({**stored, **asked, "public": bool(application.public)}),
    )
    if "scopes" in asked:
        await _narrow(tx, application.id, " ".join(asked["scopes"]))
    await events.record(tx, actor, "application.updated", object_id=application.id, fields=sorted(asked))
    return await find(tx, actor, application.id)


def _strengthens(application: Application, asked: dict[str, Any]) -> bool:
    """Whether a change lets the application do more, or sends its codes elsewhere."""
    scopes = " ".join(asked.get("scopes", ()))
    return "redirect_uris" in asked or within(scopes, application.scopes) != scopes


async def _narrow(tx: Write, application_id: str, scopes: str) -> None:
    """End the tokens and keys that can do more; codes, devices and refresh tokens give no more when they are used."""
    live: LiteralString = " where application_id = :application and kind <> 'refresh' and revoked_at is null"
    for held in await tx.all(str, "select distinct scopes from credential" + live, application=application_id):
        if within(held, scopes) != held:
            await tx.run(
                "update credential set revoked_at = :now" + live + " and scopes = :scopes",
                application=application_id,
                scopes=held,
                now=clock.now(),
            )


async def renew_secret(tx: Write, actor: Actor, application: Application) -> tuple[Application, str]:
    """Give one of the caller's applications another secret; the old one ends at once.

    Raises Invalid for a public one, Forbidden, ConfirmFirst.
    """
    await _unlimited(tx, actor)
    await sessions.require_recent_of_session(tx, actor)
    if application.public:
        raise Invalid("public", "A public application has no secret.", code="public")
    secret = ids.secret("cyc")
    await tx.run(
        "update application set secret_hash = :hash, secret_last4 = :last4, updated_at = :now where id = :id",
        id=application.id,
        hash=ids.digest(secret),
        last4=secret[-4:],
        now=max(clock.now(), application.updated_at + 1),
    )
    await events.record(tx, actor, "application.secret_renewed", object_id=application.id)
    return await find(tx, actor, application.id), secret


async def remove(tx: Write, actor: Actor, application: Application) -> None:
    """End one of the caller's applications: its tokens end with it. Raises Forbidden."""
    actor.everywhere()
    await tx.run("delete from application where id = :id", id=application.id)
    await events.record(tx, actor, "application.deleted", object_id=application.id, name=application.name)


async def _unlimited(tx: Read, actor: Actor, *, lasting: bool = True) -> None:
    """Refuse whoever is limited where an application is not: by spaces, by networks, by being a program; if it is to be
    `lasting`, by an end too.

    With its client credentials an application acts for its owner in every space and from everywhere. Raises Forbidden.
    """
    actor.everywhere()
    limits = (
        "select 1 from credential where id = :id"
        " and (networks is not null or (:lasting = 1 and kind = 'key' and expires_at is not null))"
    )
    program = actor.application_id is not None or actor.organization_id is not None
    if program or (
        actor.credential_id is not None and await tx.one(int, limits, id=actor.credential_id, lasting=int(lasting))
    ):
        raise Forbidden("A credential never makes a stronger one.")


def knows_secret(application: Application, secret: str) -> bool:
    """Whether this is the application's secret."""
    return application.secret_hash is not None and secrets.compare_digest(application.secret_hash, ids.digest(secret))


def redirects_to(application: Application, uri: str) -> bool:
    """Whether a redirect address is one of the registered ones, to the letter (RFC 9700, section 2.1).

    For a loopback address the port is free (RFC 8252, section 7.3): the program takes whichever it gets.
    """
    return any(uri == known or _same_but_port(uri, known) for known in application.redirects)


def _same_but_port(uri: str, known: str) -> bool:
    if not _plain(uri):
        # What splits an address leaves line ends out without a word, and they would stand in the header of our answer.
        return False
    try:
        asked, registered = urlsplit(uri), urlsplit(known)
        if registered.scheme != "http" or registered.hostname not in LOOPBACK or "@" in asked.netloc:
            return False
        # Reading the port is what refuses one that is none.
        return asked.port != 0 and _without_port(asked) == _without_port(registered)
    except ValueError:
        return False


def _without_port(parts: SplitResult) -> tuple[str, str | None, str, str, str]:
    return parts.scheme, parts.hostname, parts.path, parts.query, parts.fragment


def _clean(fields: dict[str, Any]) -> dict[str, Any]:
    scopes = [scope for scope in WORDS if scope in fields["scopes"]]
    if not scopes:
        raise Invalid("scopes", f"At least one of: {', '.join(WORDS)}.", code="choice")
    logo_url = fields["logo_url"]
    return {
        "name": text.name("name", fields["name"], longest=100),
        "redirect_uris": _redirects(fields["redirect_uris"]),
        "scopes": " ".join(scopes),
        "logo_url": None if logo_url is None else _logo(logo_url),
    }


def _redirects(values: list[str]) -> str:
    if len(values) > REDIRECTS:
        raise Invalid("redirect_uris", f"At most {REDIRECTS} addresses.", code="too_many")
    return msgspec.json.encode([_redirect(value) for value in dict.fromkeys(values)]).decode()


def _redirect(value: str) -> str:
    """An address that may be redirected to: https, http on loopback, or a program's own scheme with a dot in it."""
    value = text.name("redirect_uris", value, longest=2_048)
    try:
        parts = urlsplit(value)
    except ValueError:
        raise _bad_redirect() from None
    web = parts.scheme == "https" and bool(parts.hostname)
    own = "." in parts.scheme and not parts.netloc
    if (
        not _plain(value)
        or "@" in parts.netloc
        or not (web or own or (parts.scheme == "http" and _is_loopback(parts.hostname)))
    ):
        raise _bad_redirect()
    return value


def _plain(value: str) -> bool:
    """Whether an address says the same to everybody who reads it."""
    return value.isascii() and value.isprintable() and not any(letter in value for letter in " \\#")


def _bad_redirect() -> Invalid:
    return Invalid(
        "redirect_uris",
        "An https address, an http address of this machine, or a scheme with a dot; no fragment.",
        code="redirect_uri",
    )


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _logo(value: str) -> str:
    value = text.name("logo_url", value, longest=2_048)
    if not value.lower().startswith("https://"):
        raise Invalid("logo_url", "This is not an https address.", code="url")
    return value
