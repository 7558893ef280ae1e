"""Customers: people whom a space serves."""

from courtyard.core.customers.actions import EmailInUse, change, create, remove
from courtyard.core.customers.everywhere import page_everywhere
from courtyard.core.customers.model import Changes, Customer, NewCustomer
from courtyard.core.customers.queries import find, find_anywhere, page

__all__ = [
    "Changes",
    "Customer",
    "EmailInUse",
    "NewCustomer",
    "change",
    "create",
    "find",
    "find_anywhere",
    "page",
    "page_everywhere",
    "remove",
]
