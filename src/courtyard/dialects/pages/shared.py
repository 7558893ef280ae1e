"""What a public link leads to: an artifact for whoever has the link, with its password where it has one."""

import hashlib
import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.responses import Response

from courtyard.core import clock, links, tickets
from courtyard.core.actor import Actor
from courtyard.core.artifacts import NotReady, previews
from courtyard.core.errors import NotFound
from courtyard.core.identity import passwords
from courtyard.core.links import LinkOver, Open
from courtyard.dialects.pages import cookies, views
from courtyard.dialects.pages.visitors import origin
from courtyard.web.answer import Answer
from courtyard.web.call import Call
from courtyard.web.download import Download, File, Told
from courtyard.web.route import Route
from courtyard.web.suppliers import Supplier, Whole

router = APIRouter(route_class=Route, include_in_schema=False)
UNLOCKED = clock.HOUR
"""So long a browser is not asked for the password again."""
PLAIN = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store"}
UNLISTED = ((b"referrer-policy", b"no-referrer"), (b"x-robots-tag", b"noindex, nofollow"))
"""With bytes, as with pages: no search engine keeps what a link leads to."""
WIDTH = 960


class Password(BaseModel):
    """What opens a link that is protected."""

    password: str = ""


class _Opened(Supplier):
    """What the link in the path leads to. `begun`: for whoever has a ticket, also when no download is left."""

    def __init__(self, *, begun: bool = False) -> None:
        self._begun = begun

    def __call__(self, token: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Open:
        rates, address = call.services.rates, call.arrival.client
        rates.take("anonymous", address)
        try:
            if not call.services.policy.public_links:
                raise LinkOver
            async with call.reading() as tx:
                return await links.look(tx, call.params["token"], begun=self._begun)
        except LinkOver:
            # Nobody finds one by trying.
            rates.take("bad_credentials", address)
            raise


Opened = Annotated[Open, Depends(_Opened())]
Begun = Annotated[Open, Depends(_Opened(begun=True))]


@router.get("/l/{token}")
async def link_page(call: Whole, found: Opened, token: str) -> Response:
    """What it is, and a button to download it; before that, where it is protected, a form for the password."""
    if not _unlocked(call, found):
        return _page("link_locked", action=f"/l/{token}")
    async with call.reading() as tx:
        pictures = await previews.find(tx, found.artifact)
    if call.method == "GET":
        async with call.services.database.write() as tx:
            await links.viewed(tx, found.link)
    return _page(
        "link",
        artifact=found.artifact,
        link=found.link,
        size=_size(found.artifact.size),
        picture=f"/l/{token}/preview" if pictures else "",
        action="" if found.link.preview_only or found.artifact.status != "completed" else f"/l/{token}/download",
    )


@router.post("/l/{token}")
async def unlock(call: Whole, found: Opened, token: str, body: Password) -> Response:
    """The password; this browser is not asked for it again for an hour.

    The form has no token: no session is read here, and who knows the link and its password gains nothing by a forged one.
    """
    if found.password_hash is not None:
        tries = (call.arrival.client, "link", found.link.id)
        call.services.rates.take("failed_login", *tries)
        if not await passwords.verified(found.password_hash, body.password):
            async with call.services.database.write() as tx:
                await links.refused(tx, Actor(origin(call)), found.link)
            return _page("link_locked", 403, action=f"/l/{token}", error="This is not the password.")
        call.services.rates.forget("failed_login", *tries)
    response = _bare(views.go(f"/l/{token}"))
    until = clock.now() + UNLOCKED
    value = f"{until}.{_signed(call, found, f'{until}.{_fingerprint(found)}')}"
    response.raw_headers.append(cookies.written(call, _cookie(found), value, seconds=UNLOCKED // 1_000))
    return response


@router.get("/l/{token}/preview")
async def link_preview(call: Whole, found: Opened, token: str) -> Response:
    """A picture of it."""
    async with call.reading() as tx:
        pictures = await previews.find(tx, found.artifact) if _unlocked(call, found) else []
    if not pictures:
        raise NotFound("There is no preview of this.")
    picture = next((one for one in pictures if one.width == WIDTH), pictures[-1])
    file = File(picture.blob_key, picture.size, picture.sha256, "image/webp", "preview.webp")
    return Download(call.services.blobs, file, UNLISTED)


@router.get("/l/{token}/download")
async def link_download(call: Whole, found: Opened, token: str) -> Response:
    """Begins a download, and leads to its bytes under an address that can be asked again, in parts or as a whole."""
    return await _begin(call, found, token)


@router.post("/l/{token}/download")
async def link_download_pressed(call: Whole, found: Opened, token: str) -> Response:
    """The same by a button: programs that follow every link of a page use up no download."""
    return await _begin(call, found, token)


async def _begin(call: Call, found: Open, token: str) -> Response:
    if not _unlocked(call, found):
        return _bare(views.go(f"/l/{token}"))
    if found.artifact.status != "completed":
        raise NotReady
    if call.method == "HEAD":
        if found.link.preview_only:
            raise links.PreviewOnly
        return Download(call.services.blobs, _file(found), UNLISTED)
    async with call.services.database.write() as tx:
        ticket = await tickets.begin(tx, found.link, found.artifact)
    return _bare(views.go(f"/l/{token}/download/{ticket}"))


@router.get("/l/{token}/download/{ticket}")
async def link_bytes(call: Whole, found: Begun, token: str, ticket: str) -> Response:
    """The bytes of a download that has begun, whole or a range of them. It counts when all of them were delivered."""
    async with call.reading() as tx:
        await tickets.good(tx, found.link, ticket)
    if found.link.preview_only:
        raise LinkOver
    if found.artifact.status != "completed":
        raise NotReady
    download = Download(call.services.blobs, _file(found), UNLISTED)
    span = download.span(call.scope)
    if span is None:
        return download
    async with call.services.database.write() as tx:
        await tickets.send(tx, found.link, found.artifact, ticket, span.length)

    async def told(length: int) -> None:
        async with call.services.database.write() as tx:
            opened = (found.link, found.artifact, ticket)
            await tickets.sent(tx, Actor(origin(call)), opened, span, length)

    return Told(download, told, tickets.LONGEST / clock.SECOND)


def _file(found: Open) -> File:
    artifact = found.artifact
    return File(artifact.blob_key, artifact.size, artifact.sha256, artifact.content_type, artifact.name)


def _unlocked(call: Call, found: Open) -> bool:
    """Whether this browser has given the password that the link has now."""
    if found.password_hash is None:
        return True
    until, _, signature = cookies.read(call, _cookie(found)).partition(".")
    signed = _signed(call, found, f"{until}.{_fingerprint(found)}")
    return _same(signature, signed) and int(until) > clock.now()


def _cookie(found: Open) -> str:
    return f"courtyard_link_{found.link.last4}"


def _fingerprint(found: Open) -> str:
    return hashlib.sha256((found.password_hash or "").encode()).hexdigest()[:16]


def _signed(call: Call, found: Open, text: str) -> str:
    return call.services.cursors.sign(f"link unlocked {found.link.id}", text)


def _same(signature: str, ours: str) -> bool:
    return hmac.compare_digest(signature.encode(), ours.encode())


def _page(name: str, status: int = 200, **values: Any) -> Answer:
    return _bare(views.shown(name, status, **values))


def _bare(response: Answer) -> Answer:
    """Nobody else learns the address: no referrer, no search engine, no store."""
    response.headers.update(PLAIN)
    return response


def _size(size: int) -> str:
    """A size as people read it."""
    if size < 1_000:
        return f"{size} bytes"
    amount, unit = size / 1_000, "kB"
    for larger in ("MB", "GB", "TB"):
        if amount < 999.5:
            break
        amount, unit = amount / 1_000, larger
    return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"
