"""How a route runs: caller, transaction, arguments in the order of its signature, idempotency, answer.

FastAPI declares the routes and writes the OpenAPI document. Running them here commits before the answer leaves, keeps
every refusal in the dialect's own words and costs a quarter of the framework's own way (docs/decisions/0006).
"""

import inspect
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from fastapi import params
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from courtyard.core.errors import Refusal
from courtyard.web import input as reading
from courtyard.web.call import Call, Once, refuse_key
from courtyard.web.suppliers import CALLER, READING, VISITOR, WRITING, Supplier

E = TypeVar("E", bound=Callable[..., Any])
Argument = Callable[[Call], Awaitable[Any]]
BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def issues_secret(endpoint: E) -> E:
    """Mark a route whose answer shows a secret once: it takes no Idempotency-Key."""
    endpoint.issues_secret = True  # pyright: ignore[reportFunctionMemberAccess] - a mark on the function
    return endpoint


class Route(APIRoute):
    """One call of a dialect."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self._arguments, suppliers = _arguments(endpoint)
        self.names_caller = CALLER in suppliers
        self.meets_caller = self.names_caller or VISITOR in suppliers
        self.writes, self.reads = WRITING in suppliers, READING in suppliers
        self.takes_body = bool(BODY & set(self.methods or ())) and any(_bodies(a) for _, a in _signature(endpoint))
        self._secret = getattr(endpoint, "issues_secret", False)

    async def serve(self, call: Call) -> Response:
        """Run the endpoint. Raises Refusal; then nothing was changed."""
        if self.writes:
            return await self._write(call)
        response = await (self._read(call) if self.reads else self._alone(call))
        if self.meets_caller and call.actor.privileged:
            await call.audit()
        return response

    async def _read(self, call: Call) -> Response:
        async with call.services.database.read() as tx:
            call.tx = tx
            await self._meet(call, tx)
            return await self._run(call)

    async def _alone(self, call: Call) -> Response:
        """A route that opens its own transactions, because bytes or passwords take their time between them."""
        if self.meets_caller:
            async with call.services.database.read() as tx:
                await self._meet(call, tx)
        elif self._secret:
            refuse_key(call)
        if self.takes_body:
            await call.read_body()
        return await self._run(call)

    async def _meet(self, call: Call, tx: Any) -> None:
        if self.meets_caller:
            await call.authenticate(tx, required=self.names_caller)
        # After that: whoever is not let in at all hears nothing else.
        if self._secret:
            refuse_key(call)

    async def _run(self, call: Call) -> Response:
        return await self.endpoint(**{name: await argument(call) for name, argument in self._arguments})

    async def _write(self, call: Call) -> Response:
        database = call.services.database
        async with database.read() as tx:
            await self._meet(call, tx)
        if self.takes_body:
            await call.read_body()
        claimed: Once | None = None
        try:
            async with database.write() as tx:
                call.tx = tx
                arguments = {name: await argument(call) for name, argument in self._arguments}
                once = call.once() if call.method == "POST" and self.meets_caller and not call.actor.anonymous else None
                if once is None:
                    return await self.endpoint(**arguments)
                replayed = await once.claim(tx)
                if replayed is not None:
                    return replayed
                claimed = once
                response: Response = await self.endpoint(**arguments)
                await once.keep(tx, response)
                return response
        except Refusal as refusal:
            if claimed is None:
                raise
            return await _keep_refusal(call, claimed, refusal)


async def _keep_refusal(call: Call, once: Once, refusal: Refusal) -> Response:
    """A business refusal is an answer too: the same request will hear it again."""
    response = call.speech.refusal(refusal, call.arrival.request_id)
    if response.status_code < 500 and response.status_code != 429:
        async with call.services.database.write() as tx:
            replayed = await once.claim(tx)
            if replayed is not None:
                return replayed
            await once.keep(tx, response)
    return response


def _signature(endpoint: Callable[..., Any]) -> list[tuple[str, Any]]:
    hints = get_type_hints(endpoint, include_extras=True)
    return [(name, hints[name]) for name in inspect.signature(endpoint).parameters]


def _arguments(endpoint: Callable[..., Any]) -> tuple[list[tuple[str, Argument]], list[Supplier]]:
    arguments: list[tuple[str, Argument]] = []
    suppliers: list[Supplier] = []
    for name, annotation in _signature(endpoint):
        suppliers += _suppliers(annotation)
        arguments.append((name, _argument(name, annotation)))
    return arguments, suppliers


def _suppliers(annotation: Any) -> list[Supplier]:
    marks = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    found = [mark.dependency for mark in marks if isinstance(mark, params.Depends)]
    return [supplier for supplier in found if isinstance(supplier, Supplier)]


def _argument(name: str, annotation: Any) -> Argument:
    """Where one argument comes from, decided once when the route is made."""
    for supplier in _suppliers(annotation):
        return supplier.supply
    if get_origin(annotation) is Annotated:
        kind, *marks = get_args(annotation)
        if any(isinstance(mark, params.Query) for mark in marks):
            return _query(kind)
    for model in _bodies(annotation):
        return _body(model, may_be_absent=model is not annotation)
    return _path(name)


def _bodies(annotation: Any) -> list[type[BaseModel]]:
    """The model of a body; `Annotated[Model, Body()]` is one that may be left out, all its members being optional."""
    if get_origin(annotation) is Annotated:
        annotation, *marks = get_args(annotation)
        if not any(isinstance(mark, params.Body) for mark in marks):
            return []
    return [annotation] if isinstance(annotation, type) and issubclass(annotation, BaseModel) else []


def _query(model: type[BaseModel]) -> Argument:
    async def query(call: Call) -> Any:
        return reading.check(model, dict(call.query()), "query")

    return query


def _body(model: type[BaseModel], *, may_be_absent: bool) -> Argument:
    async def body(call: Call) -> Any:
        if may_be_absent and not call.body:
            return model()
        return reading.check(model, call.decoded(), "body")

    return body


def _path(name: str) -> Argument:
    async def path(call: Call) -> str:
        return call.params[name]

    return path
