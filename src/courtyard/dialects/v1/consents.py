"""Consents: which applications the caller has let in, and taking it back."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core.oauth import consents
from courtyard.dialects.v1 import granting
from courtyard.dialects.v1.granting import OwnConsent
from courtyard.dialects.v1.pages import PageShape, Paging, asked, page
from courtyard.web.answer import Answer
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Whole, Write

router = APIRouter(route_class=Route, tags=["Applications"])


@router.get("/v1/consents", summary="List consents", response_model=PageShape[granting.ConsentShape])
async def list_consents(tx: Read, caller: Caller, call: Whole, paging: Annotated[Paging, Query()]) -> Response:
    """The applications that the caller has let in, newest first."""
    return page(call, await consents.page(tx, caller, asked(call, paging)), granting.consent)


@router.delete("/v1/consents/{consent_id}", status_code=204, summary="Withdraw a consent")
async def withdraw_consent(tx: Write, caller: Caller, consent: OwnConsent) -> Response:
    """Every token that the application holds for the caller ends at once."""
    await consents.withdraw(tx, caller, consent)
    return Answer(204)
