"""The caller's passkeys: registered, listed, renamed and removed."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query
from starlette.responses import Response

from courtyard.core.identity import passkeys
from courtyard.core.identity.passkeys import Passkey
from courtyard.dialects.v1.account_proofs import Shown, proven
from courtyard.dialects.v1.pages import PageShape, Paging, asked, page
from courtyard.dialects.v1.passkey_shapes import (
    ChallengeShape,
    NewPasskey,
    NewPasskeyShape,
    PasskeyPatch,
    PasskeyShape,
    challenge,
    passkey,
)
from courtyard.web.answer import Answer, answer
from courtyard.web.call import Call
from courtyard.web.preconditions import hold, one
from courtyard.web.relying import site
from courtyard.web.route import Route, issues_secret
from courtyard.web.suppliers import Caller, Read, Supplier, Whole, Write

_NOTHING = Shown()
router = APIRouter(route_class=Route, tags=["Self"])


class PasskeyDoor(Supplier):
    """One of the caller's passkeys."""

    def __call__(self, passkey_id: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Passkey:
        async with call.reading() as tx:
            found = await passkeys.find(tx, call.actor, call.params["passkey_id"])
        if call.method == "PATCH":
            hold(call, passkey(found))
        return found


OwnPasskey = Annotated[Passkey, Depends(PasskeyDoor())]


@router.get("/v1/me/passkeys", summary="List my passkeys", response_model=PageShape[PasskeyShape])
async def list_passkeys(tx: Read, caller: Caller, call: Whole, paging: Annotated[Paging, Query()]) -> Response:
    """Newest first. Needs the scope `admin`."""
    return page(call, await passkeys.page(tx, caller, asked(call, paging)), passkey)


@router.post("/v1/me/passkeys/options", summary="Ask for a new passkey", response_model=ChallengeShape)
async def passkey_options(caller: Caller, call: Whole, body: Annotated[Shown, Body()] = _NOTHING) -> Response:
    """Options for `navigator.credentials.create`, good for one answer within five minutes. Needs to be confirmed."""
    proof = await proven(call, body)
    async with call.services.database.write() as tx:
        return answer(200, challenge(await passkeys.ask_to_register(tx, caller, site(call), proof=proof)))


@router.post("/v1/me/passkeys", status_code=201, summary="Add a passkey", response_model=NewPasskeyShape)
@issues_secret
async def create_passkey(caller: Caller, call: Whole, body: NewPasskey) -> Response:
    """From the browser's answer to the options. Needs to be confirmed."""
    proof = await proven(call, body)
    made, codes = await passkeys.register(
        call.services.database, caller, site(call), body.challenge_id, body.answer, body.name, proof=proof
    )
    headers = {"Location": f"/v1/me/passkeys/{made.id}", "Cache-Control": "no-store"}
    return answer(201, {**passkey(made), "recovery_codes": codes}, headers)


@router.get("/v1/me/passkeys/{passkey_id}", summary="Get a passkey", response_model=PasskeyShape)
async def get_passkey(tx: Read, caller: Caller, call: Whole, found: OwnPasskey) -> Response:
    return one(call, passkey(found))


@router.patch("/v1/me/passkeys/{passkey_id}", summary="Rename a passkey", response_model=PasskeyShape)
async def update_passkey(tx: Write, caller: Caller, call: Whole, found: OwnPasskey, body: PasskeyPatch) -> Response:
    name = body.asked()
    return one(call, passkey(found if name is None else await passkeys.rename(tx, caller, found, name)))


@router.delete("/v1/me/passkeys/{passkey_id}", status_code=204, summary="Remove a passkey")
async def delete_passkey(
    caller: Caller, call: Whole, found: OwnPasskey, body: Annotated[Shown, Body()] = _NOTHING
) -> Response:
    """The recovery codes go with the last second factor. Needs to be confirmed; 409 for the only way to sign in."""
    proof = await proven(call, body)
    async with call.services.database.write() as tx:
        await passkeys.remove(tx, caller, found, call.services.providers.issuers, proof=proof)
    return Answer(204)
