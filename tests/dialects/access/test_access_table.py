"""Every call of every API, by every kind of caller: the table holds, and no call is missing from it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from courtyard.app import DIALECTS
from courtyard.web.dialect import Services
from courtyard.web.guard import Guard
from tests.dialects.access import others, v1_people, v1_spaces
from tests.dialects.access.asking import SITE, Asked, ask, mark
from tests.dialects.access.cast import Cast
from tests.dialects.access.table import SAFE, Row, filled, names, served
from tests.dialects.conftest import PUBLISHED
from tests.dialects.v1.browsing import COOKIE
from tests.world import World

AT = pytest.mark.parametrize("settings", [{"public_url": f"https://{SITE}"}], indirect=True)

V1 = {
    name.lower(): rows
    for module in (v1_spaces, v1_people)
    for name, rows in vars(module).items()
    if isinstance(rows, list)
}
PARTS: list[tuple[str, str, list[Row]]] = [
    *(("v1", part, rows) for part, rows in V1.items()),
    ("spaces_pe", "all", others.SPACES_PE),
    ("unpod", "all", others.UNPOD),
    ("workspaces", "all", others.WORKSPACES),
]


@pytest.mark.parametrize("dialect", PUBLISHED)
def test_no_call_is_missing(dialect: str) -> None:
    rows = [row.call for name, _, part in PARTS if name == dialect for row in part]
    assert sorted(rows) == sorted(set(rows)), "a call has two rows"
    (module,) = [one for one in DIALECTS if one.SPEECH.name == dialect]
    calls = served(module.ROUTERS)
    assert calls - set(rows) == set(), "no row in tests/dialects/access: who may call this?"
    assert set(rows) - calls == set(), "a row for what is not served"


def test_every_row_has_somebody_who_succeeds_and_somebody_who_does_not() -> None:
    for _, _, rows in PARTS:
        for row in rows:
            signs = set(row.expected().values()) | set(row.in_coat().values())
            assert "+" in signs, row.call


def request(row: Row, dialect: str, who: str, cast: Cast, things: Mapping[str, Any], coat: bool) -> Asked:
    """The row's call as that caller makes it."""
    headers = {"Accept": "*/*", **row.headers}
    path = filled(row.path, {name: things[row.uses.get(name, name)] for name in names(row.path)})
    body = row.raw
    if row.json is not None:
        body = msgspec.json.encode(filled(row.json, things))
        headers["Content-Type"] = "application/json"
    if row.form is not None:
        body = urlencode(filled(dict(row.form), things)).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if coat:
        path = "/console/api" + path.removeprefix("/v1")
        headers["Sec-Fetch-Site"] = "cross-site" if who == "forged" else "same-origin"
        if who != "nobody":
            headers["Cookie"] = f"{COOKIE}={cast.sessions[who]}"
    elif who != "nobody":
        headers.update(PUBLISHED[dialect](cast.keys[who]))
    if dialect == "unpod":
        headers["Org-Handle"] = things["handle"]
    return Asked(row.method, path + filled(row.query, things), headers, body)


async def check(row: Row, dialect: str, cast: Cast, site: Guard, *, coat: bool) -> list[str]:
    """What is other than the row says. Whoever is refused shares one set of things; whoever succeeds finds new ones."""
    wrong: list[str] = []
    expected = row.in_coat() if coat else row.expected()
    wanted = {row.uses.get(name, name) for name in names(row.path)}
    wanted |= {
        *names(row.json),
        *names(dict(row.form or {})),
        *names(row.query),
        *({"handle"} if dialect == "unpod" else ()),
    }
    for who in sorted(expected, key=lambda who: expected[who] == "+"):
        if row.ends and expected[who] == "+":
            cast = await Cast(cast.world, cast.services).come()
        elif row.method not in SAFE and expected[who] == "+":
            cast.renew()
        heard = await ask(site, request(row, dialect, who, cast, await cast.find(wanted, who), coat))
        if mark(heard) != expected[who]:
            wrong.append(f"{row.call}: {who} hears {mark(heard)}, not {expected[who]}: {heard.body[:200]!r}")
    cast.renew()
    return wrong


@AT
@pytest.mark.parametrize(
    ("dialect", "rows"), [(one, rows) for one, _, rows in PARTS], ids=[f"{a} {b}" for a, b, _ in PARTS]
)
async def test_keys_and_tokens_hear_what_the_table_says(
    world: World, services: Services, site: Guard, dialect: str, rows: list[Row]
) -> None:
    cast = await Cast(world, services).come()
    assert [line for row in rows for line in await check(row, dialect, cast, site, coat=False)] == []


@AT
@pytest.mark.parametrize("rows", V1.values(), ids=V1)
async def test_browsers_hear_what_the_table_says(
    world: World, services: Services, site: Guard, rows: list[Row]
) -> None:
    cast = await Cast(world, services).come()
    assert [line for row in rows for line in await check(row, "v1", cast, site, coat=True)] == []
