"""The page of a public space, for everybody."""

from fastapi import APIRouter
from starlette.responses import Response

from courtyard.core import spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.errors import NotFound, Unauthenticated
from courtyard.dialects.pages import views
from courtyard.dialects.pages.visitors import Passing, origin
from courtyard.web.route import Route
from courtyard.web.suppliers import Read, Whole

router = APIRouter(route_class=Route, include_in_schema=False)


@router.get("/p/{slug}")
async def public_page(tx: Read, call: Whole, passing: Passing, slug: str) -> Response:
    """What a stranger may see of it, and nothing else; 404 as soon as it is not public any more."""
    try:
        space = await spaces.find_by_slug(tx, Actor(origin(call)), slug, Permission.LOOK)
    except Unauthenticated:
        raise NotFound("There is no such space here, or it is not public.") from None
    # Others fetch what these tags name, so they bear whole addresses; without a public one there is none to give.
    site = call.services.policy.public_url
    return views.shown("public", space=space, since=views.day(space.created_at), site=site)
