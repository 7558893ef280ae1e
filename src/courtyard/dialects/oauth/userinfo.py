"""Who the person behind an access token is (OpenID Connect Core, section 5.3), said no to as RFC 6750 has it."""

from fastapi import APIRouter
from starlette.responses import Response

from courtyard.core.errors import InvalidCredential, Refusal
from courtyard.core.oauth import id_tokens, tokens
from courtyard.dialects.oauth.errors import NO_STORE, error
from courtyard.dialects.oauth.routing import FormRoute
from courtyard.web.answer import answer
from courtyard.web.call import Call
from courtyard.web.presented import taking
from courtyard.web.suppliers import Whole

router = APIRouter(route_class=FormRoute, tags=["OAuth 2"])
PLACE = "/oauth/userinfo"
BEARER = 'Bearer realm="courtyard"'
bearer = taking("bearer")


@router.get(PLACE, summary="Who the person is")
async def userinfo(call: Whole) -> Response:
    """For an access token with the scope `openid`; `profile` and `email` tell more."""
    return await _told(call)


@router.post(PLACE, summary="Who the person is, by POST")
async def posted_userinfo(call: Whole) -> Response:
    """The same; the token stands in the header here too."""
    return await _told(call)


async def _told(call: Call) -> Response:
    rates, client = call.services.rates, call.arrival.client
    try:
        secret = bearer(call.scope["headers"])
    except Refusal:
        secret = ""
    if secret is None:
        rates.take("anonymous", client)
        return _refused(401, "invalid_token", "An access token is needed.", BEARER)
    async with call.services.database.read() as tx:
        found = await tokens.seek(tx, secret)
        if found is None or found.kind != "access" or not tokens.alive(found):
            rates.take("bad_credentials", client)
            return _refused(401, "invalid_token", InvalidCredential().message, f'{BEARER}, error="invalid_token"')
        rates.take("api", found.id)
        if "openid" not in found.scopes.split():
            challenge = f'{BEARER}, error="insufficient_scope", scope="openid"'
            return _refused(403, "insufficient_scope", "This needs a token with the scope 'openid'.", challenge)
        return answer(200, await id_tokens.claims(tx, found.person_id, found.scopes), NO_STORE)


def _refused(status: int, code: str, message: str, challenge: str) -> Response:
    return error(status, code, message, {"WWW-Authenticate": challenge})
