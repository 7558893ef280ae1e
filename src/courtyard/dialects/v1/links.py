"""Public links to artifacts: make, list, change, end; what has come of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core import artifacts, links, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.clock import rfc3339
from courtyard.core.identity import passwords
from courtyard.core.links import Link
from courtyard.dialects.v1.doors import Reviewed, TheArtifact, Writable
from courtyard.dialects.v1.models import Body, time
from courtyard.dialects.v1.pages import PageShape, Paging, asked, page
from courtyard.dialects.v1.shapes import time as shown
from courtyard.web.answer import Answer
from courtyard.web.preconditions import hold, one
from courtyard.web.route import Route, issues_secret
from courtyard.web.suppliers import Caller, Changing, Read, Whole, Write

router = APIRouter(route_class=Route, tags=["Public links"])
PLACE = "/v1/spaces/{space_id}/artifacts/{artifact_id}/links"
ONE = PLACE + "/{link_id}"
SHORTEST = 8


class LinkShape(TypedDict):
    """A link without its address. `active`: it can be opened now. `views` and `downloads` count each once."""

    id: str
    space_id: str
    artifact_id: str
    artifact_name: str
    name: str
    last4: str
    protected: bool
    preview_only: bool
    expires_at: str | None
    max_downloads: int | None
    active: bool
    views: int
    downloads: int
    last_viewed_at: str | None
    last_downloaded_at: str | None
    created_by: str | None
    created_by_username: str | None
    created_at: str
    updated_at: str


class NewLinkShape(LinkShape):
    """A link just made: `url` is shown here only."""

    url: str


class NewLink(Body):
    """A link to be made: until when, with which password, for how many downloads, for the preview alone."""

    name: str = ""
    password: str | None = None
    expires_at: str | None = None
    max_downloads: int | None = None
    preview_only: bool = False


class LinkPatch(Body):
    """A merge patch (RFC 7396): what is absent stays, null clears."""

    name: str | None = None
    password: str | None = None
    expires_at: str | None = None
    max_downloads: int | None = None
    preview_only: bool | None = None


def _link(fact: Link) -> LinkShape:
    return {
        "id": fact.id,
        "space_id": fact.space_id,
        "artifact_id": fact.artifact_id,
        "artifact_name": fact.artifact_name,
        "name": fact.name,
        "last4": fact.last4,
        "protected": bool(fact.protected),
        "preview_only": bool(fact.preview_only),
        "expires_at": shown(fact.expires_at),
        "max_downloads": fact.max_downloads,
        "active": not (fact.expired or fact.used_up),
        "views": fact.views,
        "downloads": fact.downloads,
        "last_viewed_at": shown(fact.last_viewed_at),
        "last_downloaded_at": shown(fact.last_downloaded_at),
        "created_by": fact.created_by,
        "created_by_username": fact.created_by_username,
        "created_at": rfc3339(fact.created_at),
        "updated_at": rfc3339(fact.updated_at),
    }


async def _wanted(body: Body) -> dict[str, Any]:
    """What was sent, in the words of the core; hashing a password takes its time. Raises Invalid."""
    sent = body.model_dump(exclude_unset=True)
    if sent.get("expires_at") is not None:
        sent["expires_at"] = time("expires_at", sent["expires_at"])
    if "password" in sent:
        password = sent.pop("password")
        sent["password_hash"] = None if password is None else await passwords.hashed(password, shortest=SHORTEST)
    return sent


async def _held(tx: Changing, call: Whole) -> tuple[artifacts.Artifact, Link]:
    """Artifact and link for a change, as the client last saw the link. Raises NotFound, PreconditionFailed."""
    space = await spaces.find(tx, call.actor, call.params["space_id"], Permission.WRITE)
    artifact = await artifacts.find(tx, call.actor, space, call.params["artifact_id"])
    link = await links.find(tx, artifact, call.params["link_id"], hold=True)
    hold(call, _link(link))
    return artifact, link


@router.get(PLACE, summary="List public links of an artifact", response_model=PageShape[LinkShape])
async def list_links(
    tx: Read, caller: Caller, call: Whole, space: Reviewed, artifact: TheArtifact, paging: Annotated[Paging, Query()]
) -> Response:
    """With what has come of them; newest first, for editors and up."""
    return page(call, await links.page(tx, artifact, asked(call, paging)), _link)


@router.get("/v1/spaces/{space_id}/links", summary="List public links", response_model=PageShape[LinkShape])
async def list_space_links(
    tx: Read, caller: Caller, call: Whole, space: Reviewed, paging: Annotated[Paging, Query()]
) -> Response:
    """Every link into the space, newest first; for editors and up."""
    return page(call, await links.of_space(tx, space, asked(call, paging)), _link)


@router.post(PLACE, status_code=201, summary="Make a public link", response_model=NewLinkShape)
@issues_secret
async def create_link(caller: Caller, call: Whole, space: Writable, artifact: TheArtifact, body: NewLink) -> Response:
    """Whoever has its address sees the artifact without an account. The address is shown here only."""
    if not call.services.policy.public_links:
        raise links.LinksOff
    new = links.NewLink(**await _wanted(body))
    async with call.services.database.write() as tx:
        place = await spaces.find(tx, caller, space.id, Permission.WRITE)
        made, secret = await links.create(tx, caller, await artifacts.find(tx, caller, place, artifact.id), new)
    shape: NewLinkShape = {**_link(made), "url": f"{call.services.policy.public_url}/l/{secret}"}
    return one(call, shape, 201, f"/v1/spaces/{space.id}/artifacts/{artifact.id}/links/{made.id}")


@router.get(ONE, summary="Get a public link", response_model=LinkShape)
async def get_link(
    tx: Read, caller: Caller, call: Whole, space: Reviewed, artifact: TheArtifact, link_id: str
) -> Response:
    return one(call, _link(await links.find(tx, artifact, link_id)))


@router.patch(ONE, summary="Change a public link", response_model=LinkShape)
async def update_link(
    caller: Caller, call: Whole, space: Writable, artifact_id: str, link_id: str, body: LinkPatch
) -> Response:
    """A merge patch; a new password, or none, holds for whoever has given the old one, too."""
    changes = links.Changes(**await _wanted(body))
    async with call.services.database.write() as tx:
        artifact, link = await _held(tx, call)
        return one(call, _link(await links.change(tx, caller, artifact, link, changes)))


@router.delete(ONE, status_code=204, summary="End a public link")
async def delete_link(
    tx: Write, caller: Caller, call: Whole, space: Writable, artifact_id: str, link_id: str
) -> Response:
    """At once and for good."""
    _, link = await _held(tx, call)
    await links.remove(tx, caller, link)
    return Answer(204)
