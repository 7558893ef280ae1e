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
    if granted is None or not await _in_use(tx, granted.person_id):
        return await _deny(tx, loaded, origin, "invalid_grant")
    if not granted.scopes:
        return await _deny(tx, loaded, origin, "invalid_scope")
    actor = Actor(origin, application_id=loaded.client.application.id)
    with_refresh = request.form["grant_type"] != "client_credentials"
    return await tokens.issue(tx, actor, loaded.client.application, granted, refresh=with_refresh)


async def _load(tx: Transaction, request: Request) -> Loaded:
    loaded, form = Loaded(), request.form
    loaded.client = await claimed(tx, request)
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


async def _granted(tx: Transaction, loaded: Loaded, client: Client, request: Request) -> Granted | None:
    """What there is to issue, once its code, token or device is spent; None when somebody was faster."""
    if loaded.code is not None:
        code = loaded.code
        granted = Granted(
            code.person_id, code.family, code.scopes, authenticated_at=code.authenticated_at, nonce=code.nonce
        )
        return granted if await codes.use(tx, code) else None
    if loaded.refresh is not None:
        token = loaded.refresh
        narrowed = request.form.get("scope") or token.scopes
        granted = Granted(token.person_id, token.family, narrowed, token.scopes, token.authenticated_at)
        return granted if await tokens.spend(tx, token) else None
    if loaded.device is not None:
        device = loaded.device
        spent = device.person_id is not None and await devices.use(tx, device)
        proven = device.authenticated_at
        return Granted(device.person_id or "", ids.new(), device.scopes, authenticated_at=proven) if spent else None
    owner = await people.find(tx, client.application.owner_id)
    # Nobody has signed in of whom there were something to tell.
    acting = " ".join(scopes.acting(client.application.scopes.split()))
    wanted = scopes.granted(acting, request.form.get("scope"))
    return Granted(owner.id, ids.new(), " ".join(wanted or ()))


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
