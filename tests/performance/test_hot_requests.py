"""A hot request costs what it cost yesterday: it fails when one gains a query, and does not mind how busy the machine is."""

import base64
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, LiteralString, cast

import pytest

from courtyard import installation
from courtyard.installation import Installation
from courtyard.settings import Settings
from courtyard.storage.database import Database, Read
from courtyard.storage.local import LocalBlobs
from courtyard.web.cursors import Cursors
from courtyard.web.dialect import Services
from courtyard.web.guard import Guard
from courtyard.web.usage import Usage
from tests.performance.counting import Cost, Counted, Request, cost
from tests.world import World

KEPT = Path(__file__).with_name("hot_requests.json")
WRITING = os.environ.get("COURTYARD_TEST_COUNTS") == "write"
ON_PURPOSE = (
    "On purpose? COURTYARD_TEST_COUNTS=write .venv/bin/pytest tests/performance -n 0, and say why in the commit."
)
# Calls and bytes may differ a little from one Python, or one moment, to another; a statement never does.
CALLS, BYTES = 0.05, 0.02
SPACES = 21
# Of a table itself, by its name or a letter, and not of the few rows that a part of the statement has found.
WALK = re.compile(r"SCAN (?!\(|json_each|x\b|y\b|c\b)(?!.*VIRTUAL TABLE)\w+")
HOT = ("get space", "page", "create", "get artifact", "list artifacts", "download")


class House:
    """The whole application in this process, with a person who has spaces and, in one of them, a file."""

    def __init__(self, site: Guard, counted: Counted, key: str) -> None:
        self.site, self.counted, self.key = site, counted, key
        self.requests: dict[str, Request] = {}

    async def ask(self, method: str, path: str, content: object = None, status: int = 200) -> Any:
        """An ordinary call that makes something ready."""
        body = b"" if content is None else json.dumps(content).encode()
        return json.loads((await cost(self.site, self.counted, Request(method, path, self.key, body, status))).body)

    async def furnish(self) -> None:
        made = [await self.ask("POST", "/v1/spaces", {"name": f"Space {number}"}, 201) for number in range(SPACES)]
        space = made[-1]
        place = f"/v1/spaces/{space['id']}"
        document = {"name": "file", "type": "document", "content": base64.b64encode(bytes(65_536)).decode()}
        kept = [await self.ask("POST", f"{place}/artifacts/generate", document, 201) for _ in range(SPACES)]
        artifact = kept[-1]
        new = json.dumps({"name": "New", "description": "What it is"}).encode()
        one = f"{place}/artifacts/{artifact['id']}"
        requests = (
            Request("GET", place, self.key),
            Request("GET", "/v1/spaces?limit=20", self.key),
            Request("POST", "/v1/spaces", self.key, new, 201),
            Request("GET", one, self.key),
            Request("GET", f"{place}/artifacts?limit=20", self.key),
            Request("GET", f"{one}/download", self.key),
        )
        self.requests = dict(zip(HOT, requests, strict=True))

    async def cost(self, name: str) -> Cost:
        """What the second request of its kind costs: the first one learns."""
        await cost(self.site, self.counted, self.requests[name])
        return await cost(self.site, self.counted, self.requests[name])


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(_env_file=None, data_dir=tmp_path, rate_limits="off")  # pyright: ignore[reportCallIssue] - pydantic's own
    counted, usage = Counted(database), Usage()
    blobs = LocalBlobs(tmp_path / "blobs")
    services = Services(
        counted,
        blobs,
        Cursors(b"k" * 32),
        installation.rates(settings),
        usage,
        installation.policy(settings),
        installation.providers(settings),
    )
    key = await World(database).key("ada", scopes=("read", "write"))
    made = House(installation.site(Installation(settings, services, usage, [])), counted, key)
    await made.furnish()
    yield made
    await blobs.close()


def kept() -> dict[str, dict[str, Any]]:
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def keep(name: str, **counts: Any) -> None:
    """Write down what it costs now."""
    known = kept()
    known[name] = {**known.get(name, {}), **counts}
    ordered = {one: dict(sorted(known[one].items())) for one in HOT if one in known}
    KEPT.write_text(json.dumps(ordered, indent=2) + "\n")


async def test_hot_requests_ask_exactly_the_statements_that_they_did(house: House, engine: str) -> None:
    wrong: list[str] = []
    for name in HOT:
        said = (await house.cost(name)).statements
        if WRITING:
            keep(name, **{f"statements_{engine}": len(said)})
        wanted = kept()[name][f"statements_{engine}"]
        if len(said) != wanted:
            listed = "\n".join(f"  {number}. {statement[:160]}" for number, statement in enumerate(said, 1))
            wrong.append(f"{name} asks {len(said)} statements instead of {wanted}:\n{listed}")
    assert not wrong, "\n".join([*wrong, ON_PURPOSE])


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_hot_requests_call_no_more_functions_and_send_no_more_bytes(house: House) -> None:
    wrong: list[str] = []
    for name in HOT:
        seen = await house.cost(name)
        if WRITING:
            keep(name, calls=seen.calls, bytes=seen.sent)
        wanted = kept()[name]
        for what, now, allowed in (("calls", seen.calls, CALLS), ("bytes", seen.sent, BYTES)):
            most = wanted[what] + max(2, round(wanted[what] * allowed))
            if now > most:
                wrong.append(f"{name}: {now} {what}; at most {most} were expected.")
    assert not wrong, "\n".join([*wrong, ON_PURPOSE])


async def plan(tx: Read, statement: str, values: Mapping[str, Any]) -> list[str]:
    """How SQLite goes about it, step by step."""
    rows: list[Any] = await tx.all(tuple, cast("LiteralString", f"explain query plan {statement}"), **values)
    return [row[-1] for row in rows]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_hot_requests_find_every_row_by_an_index(house: House, database: Database) -> None:
    """Otherwise one among a million costs a thousand times what it costs here."""
    walked: list[str] = []
    for name in HOT:
        statements = (await house.cost(name)).statements
        async with database.scan() as tx:
            for statement, values in zip(statements, list(house.counted.values), strict=True):
                walked += [
                    f"{name}: {step} in {statement[:200]}"
                    for step in await plan(tx, statement, values)
                    if WALK.match(step)
                ]
    assert not walked, "\n".join(walked)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_walk_through_a_table_is_seen(database: Database) -> None:
    async with database.scan() as tx:
        for statement in ("select id from space where name = 'x'", "select id from space order by name_folded"):
            assert [step for step in await plan(tx, statement, {}) if WALK.match(step)]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_one_more_statement_is_seen(house: House) -> None:
    """The guard itself works: the same request is found out when it asks once more."""
    before = await house.cost("get space")
    original = house.counted.read

    def read() -> Any:
        house.counted.note("select 1", {})
        return original()

    house.counted.read = read
    assert len((await house.cost("get space")).statements) == len(before.statements) + 1
