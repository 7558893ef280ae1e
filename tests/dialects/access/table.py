"""The form of the table: who calls, what a row says, and how a row is read.

A row is a call, and one sign for each caller, in this order:

    1  43+++  +  334  111
    |  |||||  |  |||  ||+- disabled: a key of an admin of the space whose account was disabled
    |  |||||  |  |||  |+-- revoked: a key of the owner that was revoked
    |  |||||  |  |||  +--- expired: one that has expired
    |  |||||  |  ||+------ elsewhere: a key of the owner that is limited to another space
    |  |||||  |  |+------- identity: a token of the owner's through an application that may know who they are
    |  |||||  |  +-------- reader: a token of the owner's through an application that may read
    |  |||||  +----------- root: a platform administrator
    |  ||||+-------------- owner of space, organization, and of what belongs to a person
    |  |||+--------------- admin of space and organization
    |  ||+---------------- editor of the space, member of the organization
    |  |+----------------- viewer of the space, member of the organization
    |  +------------------ stranger
    +--------------------- nobody

One more comes with every row: `program`, an application of the stranger's that may do all that they may. It hears what the
stranger hears, where the row does not say otherwise.

`+` it was done; `0` 400, `1` 401, `2` 422, `3` 403, `4` 404, `9` 409; `>` sent to sign in, `?` sent to confirm.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter

from courtyard.web.route import Route

PEOPLE = ("stranger", "viewer", "editor", "admin", "owner", "root")
CALLERS = ("nobody", *PEOPLE, "reader", "identity", "elsewhere", "expired", "revoked", "disabled")
COAT = ("nobody", *PEOPLE, "forged", "expired", "revoked", "disabled")
"""Who comes to v1 in its coat for browsers: sessions take the place of keys, and a page of another site tries too."""
SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Row:
    """One call, a body with which it succeeds, and what each caller hears."""

    signs: str
    call: str
    json: Any = None
    form: Mapping[str, str] | None = None
    raw: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    query: str = ""
    uses: Mapping[str, str] = field(default_factory=dict[str, str])
    """Other things in the place of those that the path names: `{"artifact_id": "trashed_id"}`."""
    ends: bool = False
    """It changes the account of whoever calls: everybody after them is somebody new."""
    coat: str = ""
    """What browsers hear, where it is not what the key of the same person hears."""
    program: str = ""
    """What an application of the stranger's hears, where it is not what their key hears."""

    @property
    def method(self) -> str:
        return self.call.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.call.partition(" ")[2]

    def expected(self, callers: tuple[str, ...] = CALLERS) -> dict[str, str]:
        """The sign for each caller."""
        signs = self.signs.replace(" ", "")
        assert len(signs) == len(callers), f"{self.call}: {len(signs)} signs for {len(callers)} callers"
        said = dict(zip(callers, signs, strict=True))
        return {**said, "program": self.program or said["stranger"]}

    def in_coat(self) -> dict[str, str]:
        """The same for browsers: a page of another site may look (no answer reaches it) and changes nothing."""
        if self.coat:
            signs = self.coat.replace(" ", "")
            assert len(signs) == len(COAT), f"{self.call}: {len(signs)} signs for {len(COAT)} browsers"
            return dict(zip(COAT, signs, strict=True))
        api = self.expected()
        forged = api["owner"] if self.method in SAFE else "3"
        return {caller: forged if caller == "forged" else api[caller] for caller in COAT}


def served(routers: Iterable[APIRouter]) -> set[str]:
    """Every call of a dialect, from its routers themselves."""
    routes = [route for router in routers for route in router.routes if isinstance(route, Route)]
    return {f"{method} {route.path}" for route in routes for method in route.methods or ()}


def filled(value: Any, things: Mapping[str, Any]) -> Any:
    """A body or path with `{names}` replaced; one that is nothing but a name becomes the thing itself."""
    if isinstance(value, str):
        if value[1:-1] in things and value == f"{{{value[1:-1]}}}":
            return things[value[1:-1]]
        return re.sub(r"\{(\w+)\}", lambda name: things[name[1]], value)
    if isinstance(value, list):
        return [filled(one, things) for one in value]
    if isinstance(value, dict):
        return {name: filled(one, things) for name, one in value.items()}
    return value


def names(value: Any) -> Iterator[str]:
    """The `{names}` in a body or path."""
    if isinstance(value, str):
        yield from re.findall(r"\{(\w+)\}", value)
    elif isinstance(value, list | dict):
        each: Iterable[Any] = value.values() if isinstance(value, dict) else value
        for one in each:
            yield from names(one)
