"""What shows that the caller is still there: read from bodies, counted like sign-ins, told apart from a wrong credential."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from starlette.responses import Response

from courtyard.core import accounts
from courtyard.core.accounts import Proof, WrongPassword, WrongSecond
from courtyard.core.errors import Invalid
from courtyard.core.identity import sessions
from courtyard.core.identity.passkeys import WrongPasskey
from courtyard.dialects.v1.models import Body
from courtyard.web import cookies
from courtyard.web.call import Call


class Shown(Body):
    """The password, or a code of the authenticator app or a recovery code; nothing in a session that was just confirmed."""

    password: str | None = None
    code: str | None = None


class PasskeyAnswer(Body):
    """What the browser answered to the options of that challenge."""

    challenge_id: str
    answer: dict[str, Any]


class Confirmation(Shown):
    """One of the three."""

    passkey: PasskeyAnswer | None = None


@contextmanager
def judged(call: Call, field: str = "password") -> Generator[None, None, None]:
    """Count a try, and forget those before when it was right. Raises TooMany, Invalid.

    What is wrong is the body: 401 would tell a browser that its session is over. The count is of its own, or whoever
    knows the password could guess the second factor for ever.
    """
    try:
        with call.services.rates.tried("failed_login", call.actor.person_id, "confirm"):
            yield
    except WrongPassword:
        raise Invalid(field, "This password is wrong.", code="wrong_password") from None
    except WrongSecond as wrong:
        raise Invalid("code", wrong.message, code="wrong_code") from None
    except WrongPasskey as wrong:
        raise Invalid("passkey", wrong.message, code="wrong_passkey") from None


async def proven(call: Call, shown: Shown, field: str = "password") -> Proof | None:
    """What the body shows; None when nothing, then the session has to speak for its person. Raises TooMany, Invalid."""
    database = call.services.database
    if shown.password is not None:
        with judged(call, field):
            return await accounts.prove(database, call.actor, shown.password)
    if shown.code is not None:
        with judged(call):
            return await accounts.prove_by_code(database, call.actor, shown.code)
    return None


def renewed(call: Call, response: Response, secret: str | None) -> Response:
    """The answer, with the new secret of the session for a browser; programs have none."""
    if secret is not None and call.speech.cookie:
        response.raw_headers.append(
            cookies.written(secret, call.speech.cookie, https=call.arrival.https, seconds=sessions.LIFE // 1_000)
        )
    return response
