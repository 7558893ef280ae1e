"""Clients that write without pause and remember what they were told, so that it can be asked back."""

import base64
import hashlib
import random
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from httpx2 import AsyncClient, Response, TransportError

Facts = dict[str, Any] | None
KEPT = {"space": ("id", "number", "token", "slug", "name"), "artifact": ("id", "name", "size", "checksum")}
"""What of an answer never changes by itself; a customer's is all of it."""


class Asked(NamedTuple):
    """A request as it was sent."""

    method: str
    path: str
    kind: str
    options: dict[str, Any]

    @property
    def keyed(self) -> bool:
        return "Idempotency-Key" in self.options.get("headers", {})


class Writer:
    """One client. `known` is what it was told of each address, None for what is gone."""

    def __init__(self, name: str, dice: random.Random) -> None:
        self.name = name
        self.known: dict[str, Facts] = {}
        self.answers = 0
        self._dice = dice
        self._count = 0
        self._spaces: list[str] = []
        self._contents: dict[str, bytes] = {}
        self._unanswered: Asked | None = None
        self._last_keyed: tuple[Asked, Response] | None = None
        self._unchecked: set[str] = set()

    async def write(self, client: AsyncClient) -> None:
        """One thing after the other, until the server is gone."""
        acts: list[Callable[[AsyncClient], Awaitable[None]]] = [
            *[self._generate] * 3,
            *[self._upload] * 2,
            *[self._customer] * 2,
            *[self._space] * 2,
            *[self._rename] * 2,
            self._delete,
        ]
        try:
            while True:
                act = self._dice.choice(acts) if self._spaces else self._space
                await act(client)
        except TransportError:
            return

    async def settle(self, client: AsyncClient) -> None:
        """What was answered is there; what was not is whole or not there at all, and can be repeated under its key."""
        asked, self._unanswered = self._unanswered, None
        if asked is not None:
            await self._clear_up(client, asked)
        if self._last_keyed is not None:
            asked, answer = self._last_keyed
            again = await client.request(asked.method, asked.path, **asked.options)
            if self.known.get(asked.path.partition("/artifacts")[0].partition("/customers")[0], {}) is not None:
                assert (again.status_code, again.content) == (answer.status_code, answer.content)
                assert again.headers["idempotent-replayed"] == "true"
        await self.check(client, self._unchecked)
        self._unchecked = set()

    async def check(self, client: AsyncClient, addresses: "set[str] | None" = None) -> None:
        """Ask for everything, or for these, and compare it with what was told."""
        for address in sorted(self.known if addresses is None else addresses):
            facts = self.known[address]
            found = await client.get(address)
            assert found.status_code == (404 if facts is None else 200), f"{address}: {found.text}"
            if facts is None:
                continue
            answered, names = found.json(), list(facts)
            assert {name: answered[name] for name in names} == facts, address
            if "checksum" in facts:
                bytes_back = (await client.get(f"{address}/download")).content
                assert bytes_back == self._contents[facts["name"]], address

    async def _clear_up(self, client: AsyncClient, asked: Asked) -> None:
        if asked.method == "POST":
            if asked.keyed:
                await self._ask(client, asked)
            return
        found = await client.get(asked.path)
        if asked.method == "DELETE":
            assert found.status_code in (200, 404)
            if found.status_code == 404:
                self._forget(asked.path)
            return
        facts = self.known[asked.path]
        assert facts is not None
        assert found.json()["name"] in (facts["name"], asked.options["json"]["name"])
        self.known[asked.path] = {**facts, "name": found.json()["name"]}

    async def _ask(self, client: AsyncClient, asked: Asked) -> None:
        self._unanswered = asked
        answer = await client.request(asked.method, asked.path, **asked.options)
        self._unanswered = None
        self.answers += 1
        assert answer.is_success, f"{asked.method} {asked.path}: {answer.text}"
        if asked.method == "DELETE":
            self._forget(asked.path)
            return
        address, facts = answer.headers.get("location", asked.path), answer.json()
        kept = KEPT.get(asked.kind) or list(facts)
        self.known[address] = {name: facts[name] for name in kept}
        self._unchecked.add(address)
        if asked.kind == "space" and address not in self._spaces:
            self._spaces.append(address)
        if asked.kind == "artifact":
            assert facts["checksum"] == "sha256:" + hashlib.sha256(self._contents[facts["name"]]).hexdigest()
        if asked.keyed:
            self._last_keyed = asked, answer

    def _forget(self, space: str) -> None:
        self._spaces.remove(space)
        for address in self.known:
            if address == space or address.startswith(f"{space}/"):
                self.known[address] = None
                self._unchecked.add(address)

    def _new(self) -> tuple[str, dict[str, str]]:
        """A name that nothing else has, and at random a key to repeat the request by."""
        self._count += 1
        name = f"{self.name}-{self._count}"
        return name, {"Idempotency-Key": name} if self._dice.random() < 0.5 else {}

    def _content(self, name: str) -> bytes:
        self._contents[name] = self._dice.randbytes(self._dice.choice([10, 1_000, 60_000]))
        return self._contents[name]

    async def _space(self, client: AsyncClient) -> None:
        name, headers = self._new()
        await self._ask(client, Asked("POST", "/v1/spaces", "space", {"json": {"name": name}, "headers": headers}))

    async def _rename(self, client: AsyncClient) -> None:
        name, _ = self._new()
        await self._ask(client, Asked("PATCH", self._dice.choice(self._spaces), "space", {"json": {"name": name}}))

    async def _delete(self, client: AsyncClient) -> None:
        if len(self._spaces) > 2:
            await self._ask(client, Asked("DELETE", self._dice.choice(self._spaces), "space", {}))

    async def _customer(self, client: AsyncClient) -> None:
        name, headers = self._new()
        body = {"name": name, "email": f"{name}@example.org"}
        path = f"{self._dice.choice(self._spaces)}/customers"
        await self._ask(client, Asked("POST", path, "customer", {"json": body, "headers": headers}))

    async def _generate(self, client: AsyncClient) -> None:
        name, headers = self._new()
        body = {"name": name, "type": "document", "content": base64.b64encode(self._content(name)).decode()}
        path = f"{self._dice.choice(self._spaces)}/artifacts/generate"
        await self._ask(client, Asked("POST", path, "artifact", {"json": body, "headers": headers}))

    async def _upload(self, client: AsyncClient) -> None:
        name, headers = self._new()
        options = {"content": self._content(name), "headers": {**headers, "Content-Type": "application/octet-stream"}}
        path = f"{self._dice.choice(self._spaces)}/artifacts?name={name}"
        await self._ask(client, Asked("POST", path, "artifact", options))
