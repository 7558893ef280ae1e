"""The second page of the first run: a first space, with something in it, and a key that is shown once."""

from fastapi import APIRouter
from starlette.responses import Response

from courtyard.core import clock, organizations, samples, spaces
from courtyard.core.accounts import setting_up
from courtyard.core.actor import Actor
from courtyard.core.errors import Conflict, Invalid
from courtyard.core.identity import credentials
from courtyard.core.identity.credentials import NewKey
from courtyard.core.paging import Page
from courtyard.core.spaces import NewSpace, Space
from courtyard.dialects.pages import views
from courtyard.dialects.pages.forms import FirstSpace
from courtyard.dialects.pages.signing import words
from courtyard.dialects.pages.visitors import Fresh, OwnForm, SignedIn
from courtyard.web.call import Call
from courtyard.web.route import Route
from courtyard.web.suppliers import Read, Whole

router = APIRouter(route_class=Route, include_in_schema=False)
HERE = "/setup/space"
KEY_LIFE = 90 * clock.DAY


@router.get(HERE)
async def first_space_page(tx: Read, caller: SignedIn, call: Whole) -> Response:
    """For an administrator who has no space yet; everybody else goes on to the console."""
    if not await _begins(tx, caller):
        return views.go("/")
    return _page(call, FirstSpace(sample="yes"))


@router.post(HERE)
async def make_first_space(call: Whole, caller: SignedIn, own: OwnForm, fresh: Fresh, body: FirstSpace) -> Response:
    """The key stands in this answer alone: who loads the page again is asked to make another one in the console."""
    try:
        made = await _made(call, caller, body)
    except (Invalid, Conflict) as refusal:
        return _page(call, body, words(refusal))
    if made is None:
        return views.go("/")
    space, key = made
    return views.shown(
        "setup_done", space=space, key=key, url=call.services.policy.public_url, until=KEY_LIFE // clock.DAY
    )


def _page(call: Call, typed: FirstSpace, error: str = "") -> Response:
    return views.page(
        call,
        "setup_space",
        422 if error else 200,
        error=error,
        organization=typed.organization,
        space=typed.space,
        sample=bool(typed.sample),
    )


async def _made(call: Call, caller: Actor, body: FirstSpace) -> tuple[Space, str] | None:
    """The space and the secret of the key; None if there is a space already, lest a form that is sent twice make two."""
    files = await samples.stored(call.services.blobs) if body.sample else []
    async with call.services.database.write() as tx:
        await setting_up.alone(tx)
        if not await _begins(tx, caller):
            return None
        handle = None
        if name := body.organization.strip():
            handle = (await organizations.create(tx, caller, name)).handle
        home = await organizations.home(tx, caller, handle)
        space = await spaces.create(tx, caller, home, NewSpace(name=body.space))
        if files:
            await samples.fill(tx, caller, space, files)
        key = NewKey(name="First key", scopes=["read", "write"], expires_at=clock.now() + KEY_LIFE)
        _, secret = await credentials.create(tx, caller, key)
    return space, secret


async def _begins(tx: Read, caller: Actor) -> bool:
    return caller.administrator and not (await spaces.with_role(tx, caller, Page(1))).items
