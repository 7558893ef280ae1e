"""Customers of a space."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core import customers
from courtyard.dialects.v1 import contents
from courtyard.dialects.v1.doors import Joined, TheCustomer, Writable
from courtyard.dialects.v1.models import CustomerPatch, NewCustomer
from courtyard.dialects.v1.pages import PageShape, Paging, asked, page
from courtyard.web.answer import Answer
from courtyard.web.preconditions import one
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Whole, Write

router = APIRouter(route_class=Route, tags=["Customers"])
PLACE = "/v1/spaces/{space_id}/customers"
ONE = PLACE + "/{customer_id}"


@router.get(PLACE, summary="List customers", response_model=PageShape[contents.CustomerShape])
async def list_customers(
    tx: Read, caller: Caller, call: Whole, space: Joined, paging: Annotated[Paging, Query()]
) -> Response:
    """Newest first; for members."""
    return page(call, await customers.page(tx, space, asked(call, paging)), contents.customer)


@router.post(PLACE, status_code=201, summary="Add a customer", response_model=contents.CustomerShape)
async def create_customer(tx: Write, caller: Caller, call: Whole, space: Writable, body: NewCustomer) -> Response:
    """409 when another customer of the space has the e-mail address."""
    customer = await customers.create(tx, caller, space, body.core())
    return one(call, contents.customer(customer), 201, f"/v1/spaces/{space.id}/customers/{customer.id}")


@router.get(ONE, summary="Get a customer", response_model=contents.CustomerShape)
async def get_customer(tx: Read, caller: Caller, call: Whole, space: Joined, customer: TheCustomer) -> Response:
    return one(call, contents.customer(customer))


@router.patch(ONE, summary="Change a customer", response_model=contents.CustomerShape)
async def update_customer(
    tx: Write, caller: Caller, call: Whole, space: Writable, customer: TheCustomer, body: CustomerPatch
) -> Response:
    """A merge patch; the whole customer comes back."""
    return one(call, contents.customer(await customers.change(tx, caller, space, customer, body.core())))


@router.delete(ONE, status_code=204, summary="Delete a customer")
async def delete_customer(tx: Write, caller: Caller, space: Writable, customer: TheCustomer) -> Response:
    await customers.remove(tx, caller, customer)
    return Answer(204)
