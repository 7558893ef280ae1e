"""Customers, over all spaces in which the caller has a role."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core import customers
from courtyard.core.access.roles import Permission
from courtyard.dialects.spaces_pe import shapes
from courtyard.dialects.spaces_pe.doors import NamedSpace, TheCustomer, Writing, space_of_number
from courtyard.dialects.spaces_pe.errors import RESPONSES
from courtyard.dialects.spaces_pe.models import FORM, NewCustomer
from courtyard.dialects.spaces_pe.pages import CustomerFilters, ListShape, asked, customer_positions, page
from courtyard.web.answer import answer
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Whole, Write

router = APIRouter(route_class=Route, tags=["Customers"], responses=RESPONSES)
PLACE = "/api/v1/customers"
FORM_BODY: dict[str, Any] = {
    "requestBody": {"content": {FORM: {"schema": {"$ref": "#/components/schemas/NewCustomer"}}}}
}


@router.get(PLACE, summary="List all customers", response_model=ListShape[shapes.CustomerShape])
async def list_customers(
    tx: Read, caller: Caller, call: Whole, filters: Annotated[CustomerFilters, Query()]
) -> Response:
    """Newest first; `space` narrows to one space."""
    home = call.services.policy.public_url
    space = None
    if filters.space is not None:
        space = await space_of_number(tx, caller, filters.space, Permission.JOIN)
    wanted = await asked(filters, customer_positions(tx, caller, space))
    found = await (customers.page(tx, space, wanted) if space else customers.page_everywhere(tx, caller, wanted))
    return page("/v1/customers", found, lambda customer: shapes.customer(customer, home))


@router.post(PLACE, summary="Create a customer", response_model=shapes.CustomerShape, openapi_extra=FORM_BODY)
async def create_customer(
    tx: Write, caller: Caller, call: Whole, writing: Writing, body: NewCustomer, space: NamedSpace
) -> Response:
    """Adds a customer to one of the caller's spaces."""
    customer = await customers.create(tx, caller, space, body.core())
    return answer(200, shapes.customer(customer, call.services.policy.public_url))


@router.get(PLACE + "/{customer_id}", summary="Retrieve a customer", response_model=shapes.CustomerShape)
async def get_customer(tx: Read, caller: Caller, call: Whole, customer: TheCustomer) -> Response:
    """A customer's id is unique among all spaces."""
    return answer(200, shapes.customer(customer, call.services.policy.public_url))
