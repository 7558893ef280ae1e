"""The token endpoint: load, let Authlib decide, store by condition (RFC 6749, section 5)."""

from typing import Any

from courtyard.core import ids
from courtyard.core.actor import Actor, Origin
from courtyard.core.oauth import codes, devices, tokens
from courtyard.core.oauth.tokens import Granted, Issued
from courtyard.dialects.oauth.clients import DEVICE, Request, allowed, claimed
from courtyard.dialects.oauth.grants import Decider, Loaded
from courtyard.web.files import Transaction

INVALID_GRANT = (
    400,
    {"error": "invalid_grant", "error_description": "This grant was used, has lapsed, or was revoked."},
)
INVALID_SCOPE = (400, {"error": "invalid_scope", "error_description": "The application may not have these scopes."})
Outcome = tuple[int, dict[str, Any]]


async def exchange(tx: Transaction, request: Request, origin: Origin) -> tuple[Outcome, Issued | None]:
    """The status and error document, or the tokens. All of it is to be committed, refusals too.

    A code or refresh token that comes a second time ends every token of its family (RFC 9700, sections 2.1.1, 4.14.2).
    """
    loaded = await _load(tx, request)
    status, document = Decider(loaded).decide(request)
    actor = Actor(origin, application_id=loaded.client.application.id if loaded.client else None)
    if status != 200 or loaded.client is None:
        if document.get("error") == "invalid_grant":
            await _punish(tx, actor, loaded)
        return (status, document), None
    granted = await _granted(tx, loaded, request)
    if granted is None:
        await _punish(tx, actor, loaded)
        return INVALID_GRANT, None
    if not granted.scopes:
        return INVALID_SCOPE, None
    with_refresh = request.form.get("grant_type") != "client_credentials"
    return (200, {}), await tokens.issue(tx, actor, loaded.client.application, granted, refresh=with_refresh)


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


async def _granted(tx: Transaction, loaded: Loaded, request: Request) -> Granted | None:
    """What there is to issue, once its code, token or device is spent; None when somebody was faster."""
    assert loaded.client is not None  # noqa: S101 - Authlib has authenticated it
    application = loaded.client.application
    if loaded.code is not None:
        code = loaded.code
        return Granted(code.person_id, code.family, code.scopes) if await codes.use(tx, code) else None
    if loaded.refresh is not None:
        token = loaded.refresh
        scopes = request.form.get("scope") or token.scopes
        return Granted(token.person_id, token.family, scopes) if await tokens.spend(tx, token) else None
    if loaded.device is not None:
        device = loaded.device
        spent = device.person_id is not None and await devices.use(tx, device)
        return Granted(device.person_id or "", ids.new(), device.scopes) if spent else None
    scopes = allowed(application, request.form.get("scope"))
    return Granted(application.owner_id, ids.new(), " ".join(scopes or ()))


async def _punish(tx: Transaction, actor: Actor, loaded: Loaded) -> None:
    """Whoever has a spent code or refresh token has stolen it, or was stolen from."""
    if loaded.code is not None and loaded.code.used_at is not None:
        await tokens.revoke_family(tx, actor, loaded.code.family, "code used twice")
    if loaded.refresh is not None and loaded.refresh.successor_id is not None:
        await tokens.revoke_family(tx, actor, loaded.refresh.family, "refresh token used twice")
