"""The token endpoint: load, let Authlib decide, store by condition (RFC 6749, section 5)."""

from typing import NamedTuple

from courtyard.core import ids
from courtyard.core.actor import Actor, Origin
from courtyard.core.identity import people
from courtyard.core.oauth import codes, devices, scopes, tokens
from courtyard.core.oauth.tokens import Granted, Issued
from courtyard.dialects.oauth.clients import DEVICE, Client, Request, UnknownClient, claimed
from courtyard.dialects.oauth.grants import Decider, Loaded
from courtyard.web.files import Transaction


class Denied(NamedTuple):
    """Why there is no token: a code of RFC 6749 or 8628, and a sentence."""

    code: str
    message: str


SENTENCES = {
    "authorization_pending": "The person has not decided yet. Ask again after the interval.",
    "slow_down": "Too soon. Wait five seconds longer from now on.",
    "access_denied": "The person said no.",
    "expired_token": "The device code has lapsed. Begin again.",
    "invalid_grant": "This grant is unknown, was used, has lapsed, was revoked, or does not fit the request.",
    "invalid_scope": "The application, or this grant, does not have these scopes.",
    "unauthorized_client": "This application may not use this grant type.",
    "unsupported_grant_type": "This grant type is not served.",
    "invalid_request": "A parameter is missing or malformed.",
}


async def exchange(tx: Transaction, request: Request, origin: Origin) -> Issued | Denied:
    """The tokens, or why there are none. All of it is to be committed, denials too. Raises UnknownClient.

    A code or refresh token that comes a second time ends every token of its family (RFC 9700, sections 2.1.1, 4.14.2).
    """
    loaded = await _load(tx, request)
    status, document = Decider(loaded).decide(request)
    if document.get("error") == "invalid_client":
        raise UnknownClient
    if status != 200 or loaded.client is None:
        return await _deny(tx, loaded, origin, document.get("error", "invalid_request"))
    granted = await _granted(tx, loaded, loaded.client, request)
    if not granted.scopes:
        return await _deny(tx, loaded, origin, "invalid_scope")
    if not await _spend(tx, loaded) or not await _in_use(tx, granted.person_id):
        return await _deny(tx, loaded, origin, "invalid_grant")
    actor = Actor(origin, application_id=loaded.client.application.id)
    with_refresh = request.form["grant_type"] != "client_credentials"
    return await tokens.issue(tx, actor, loaded.client.application, granted, refresh=with_refresh)


async def _load(tx: Transaction, request: Request) -> Loaded:
    loaded, form = Loaded(), request.form
    loaded.client = await claimed(tx, request, hold=True)
    match form.get("grant_type"):
        case "authorization_code":
            loaded.code = await codes.seek(tx, form.get("code", ""))
        case "refresh_token":
            loaded.refresh = await tokens.hold(tx, form.get("refresh_token", ""))
        case grant if grant == DEVICE:
            loaded.device = await devices.hold(tx, form.get("device_code", ""))
            if loaded.device is not None:
                loaded.in_time = await devices.poll(tx, loaded.device)
        case _:
            pass
    return loaded


async def _granted(tx: Transaction, loaded: Loaded, client: Client, request: Request) -> Granted:
    """What there is to issue: of what the person allowed, what the application may have today."""
    most = client.application.scopes
    if loaded.code is not None:
        code = loaded.code
        held = scopes.within(code.scopes, most)
        return Granted(code.person_id, code.family, held, authenticated_at=code.authenticated_at, nonce=code.nonce)
    if loaded.refresh is not None:
        token = loaded.refresh
        held = scopes.within(token.scopes, most)
        narrowed = request.form.get("scope") or held
        return Granted(token.person_id, token.family, narrowed, held, token.authenticated_at)
    if loaded.device is not None:
        device = loaded.device
        held = scopes.within(device.scopes, most)
        return Granted(device.person_id or "", ids.new(), held, authenticated_at=device.authenticated_at)
    owner = await people.find(tx, client.application.owner_id)
    # Nobody has signed in of whom there were something to tell.
    acting = " ".join(scopes.acting(most.split()))
    wanted = scopes.granted(acting, request.form.get("scope"))
    return Granted(owner.id, ids.new(), " ".join(wanted or ()))


async def _spend(tx: Transaction, loaded: Loaded) -> bool:
    """Use up the code, token or device that was sent; False when somebody was faster."""
    if loaded.code is not None:
        return await codes.use(tx, loaded.code)
    if loaded.refresh is not None:
        return await tokens.spend(tx, loaded.refresh)
    if loaded.device is not None:
        return loaded.device.person_id is not None and await devices.use(tx, loaded.device)
    return True


async def _in_use(tx: Transaction, person_id: str) -> bool:
    """Whether the account is open now: it may have been closed since its person said yes."""
    person = await people.seek(tx, person_id)
    return person is not None and person.state == "active"


async def _deny(tx: Transaction, loaded: Loaded, origin: Origin, code: str) -> Denied:
    """Whoever has a spent code or refresh token has stolen it, or was stolen from: then nobody keeps anything."""
    if code == "invalid_grant" and loaded.client is not None:
        actor = Actor(origin, application_id=loaded.client.application.id)
        spent, token = loaded.code, loaded.refresh
        if spent is not None and spent.used_at is not None:
            await tokens.revoke_family(tx, actor, spent.family, "code used twice", person_id=spent.person_id)
        if token is not None and token.successor_id is not None:
            await tokens.revoke_family(tx, actor, token.family, "refresh token used twice", person_id=token.person_id)
    return Denied(code, SENTENCES.get(code, SENTENCES["invalid_request"]))
