"""The caller's second factor: an authenticator app, and recovery codes."""

from typing import Annotated

from fastapi import APIRouter, Body
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core.identity import second
from courtyard.core.identity.second import Enrolment, Ways
from courtyard.dialects.v1.account_proofs import Shown, proven
from courtyard.dialects.v1.models import Body as Sent
from courtyard.web.answer import Answer, answer
from courtyard.web.preconditions import one
from courtyard.web.relying import NAME
from courtyard.web.route import Route, issues_secret
from courtyard.web.suppliers import Caller, Read, Whole

PATH = "/v1/me/second-factor"
SHOWN_ONCE = {"Location": PATH, "Cache-Control": "no-store"}
_NOTHING = Shown()
router = APIRouter(route_class=Route, tags=["Self"])


class SecondFactorShape(TypedDict):
    """`required`: a password alone does not open the account. `recovery_codes` counts the unused ones."""

    required: bool
    totp: bool
    passkeys: int
    recovery_codes: int


class EnrolmentShape(TypedDict):
    """What an authenticator app needs: the secret to type, or the address as a QR code."""

    secret: str
    uri: str


class RecoveryCodesShape(TypedDict):
    """Each opens the account once in place of a second factor. Empty when there were some already."""

    recovery_codes: list[str]


class FirstCode(Sent):
    """What the app shows now; the password, unless the session was confirmed within the last ten minutes."""

    code: str
    password: str | None = None


def ways(fact: Ways) -> SecondFactorShape:
    return {
        "required": fact.needed,
        "totp": bool(fact.app),
        "passkeys": fact.passkeys,
        "recovery_codes": fact.recovery,
    }


def enrolment(fact: Enrolment) -> EnrolmentShape:
    return {"secret": fact.secret, "uri": fact.uri}


@router.get(PATH, summary="My second factor", response_model=SecondFactorShape)
async def get_second_factor(tx: Read, caller: Caller, call: Whole) -> Response:
    """Which ones there are. Needs the scope `admin`."""
    return one(call, ways(await second.own(tx, caller)))


@router.post(PATH + "/totp", status_code=201, summary="Set up an authenticator app", response_model=EnrolmentShape)
@issues_secret
async def enrol_app(caller: Caller, call: Whole, body: Annotated[Shown, Body()] = _NOTHING) -> Response:
    """It counts from its first code on; asking again before that replaces the secret. Needs to be confirmed."""
    proof = await proven(call, body)
    async with call.services.database.write() as tx:
        return answer(201, enrolment(await second.enrol(tx, caller, NAME, proof=proof)), SHOWN_ONCE)


@router.post(PATH + "/totp/confirm", summary="Put the app to use", response_model=RecoveryCodesShape)
@issues_secret
async def confirm_app(caller: Caller, call: Whole, body: FirstCode) -> Response:
    """With its first code; recovery codes come with the first second factor, once. Needs to be confirmed."""
    proof = await proven(call, Shown(password=body.password))
    async with call.services.database.write() as tx:
        codes = await second.confirm(tx, caller, body.code, proof=proof)
    return answer(200, {"recovery_codes": codes}, {"Cache-Control": "no-store"})


@router.delete(PATH + "/totp", status_code=204, summary="Remove the authenticator app")
async def remove_app(caller: Caller, call: Whole, body: Annotated[Shown, Body()] = _NOTHING) -> Response:
    """The recovery codes go with the last second factor. Needs to be confirmed."""
    proof = await proven(call, body)
    async with call.services.database.write() as tx:
        await second.remove(tx, caller, proof=proof)
    return Answer(204)


@router.post(
    PATH + "/recovery-codes", status_code=201, summary="Make new recovery codes", response_model=RecoveryCodesShape
)
@issues_secret
async def make_recovery_codes(caller: Caller, call: Whole, body: Annotated[Shown, Body()] = _NOTHING) -> Response:
    """The old ones end. Needs to be confirmed."""
    proof = await proven(call, body)
    async with call.services.database.write() as tx:
        codes = await second.regenerate(tx, caller, proof=proof)
    return answer(201, {"recovery_codes": codes}, SHOWN_ONCE)
