"""Every page, by every kind of browser: the table holds, and no page is missing from it."""

from typing import Any
from urllib.parse import urlencode

import pytest

from courtyard.dialects import pages
from courtyard.web.dialect import Services
from courtyard.web.guard import Guard
from tests.dialects.access import in_pages
from tests.dialects.access.asking import SITE, Asked, ask, mark
from tests.dialects.access.cast import Cast
from tests.dialects.access.in_pages import BROWSERS
from tests.dialects.access.table import SAFE, Row, filled, names, served
from tests.dialects.pages.outside.conftest import outsider, settings
from tests.dialects.pages.outside.outsider import CODE, Outsider
from tests.dialects.v1.browsing import COOKIE
from tests.world import World

__all__ = ["outsider", "settings"]
PARTS: dict[str, list[Row]] = {name.lower(): rows for name, rows in vars(in_pages).items() if isinstance(rows, list)}
FORM, JOURNEY = "__Host-courtyard_form", "__Host-courtyard_provider"
STRANGE = "f" * 32
"""The form cookie of a browser in which nobody is signed in."""


def test_no_page_is_missing() -> None:
    rows = [row.call for part in PARTS.values() for row in part]
    assert sorted(rows) == sorted(set(rows)), "a call has two rows"
    assert served(pages.ROUTERS) - set(rows) == set(), "no row in tests/dialects/access/in_pages.py: who may call this?"
    assert set(rows) - served(pages.ROUTERS) == set(), "a row for what is not served"
    assert all("+" in row.signs or row.call == "POST /logout" for part in PARTS.values() for row in part)


async def request(row: Row, who: str, cast: Cast, things: dict[str, Any], journey: str) -> Asked:
    """The row's call as that browser makes it: a form of ours carries its token, one of another site cannot."""
    secret = cast.sessions.get(who, STRANGE)
    cookies = [f"{FORM}={STRANGE}" if who == "nobody" else f"{COOKIE}={secret}", *([journey] if journey else [])]
    headers = {"Accept": "*/*", "Cookie": "; ".join(cookies), "Sec-Fetch-Site": "same-origin"}
    if who == "forged":
        headers["Sec-Fetch-Site"] = "cross-site"
    body = b""
    if row.form is not None:
        token = {} if who == "forged" else {"token": cast.services.cursors.sign("form", secret)}
        body = urlencode({**filled(dict(row.form), things), **token}).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    path = filled(row.path, {name: things[row.uses.get(name, name)] for name in names(row.path)})
    return Asked(row.method, path + filled(row.query, things), headers, body)


async def begun(site: Guard, outsider: Outsider) -> tuple[str, str]:
    """A browser that went to the provider: what it keeps, and with what it comes back."""
    left = await ask(site, Asked("GET", "/login/with/acme", {}, b""))
    asked = outsider.send(left.location)
    return left.cookie, "?" + urlencode({"code": CODE, "state": asked["state"]})


async def come(world: World, services: Services) -> Cast:
    cast = await Cast(world, services).come()
    await cast.halfway()
    return cast


async def check(row: Row, cast: Cast, site: Guard, outsider: Outsider) -> list[str]:
    """What is other than the row says."""
    wrong: list[str] = []
    expected = row.expected(BROWSERS)
    wanted = {row.uses.get(name, name) for name in names(row.path)} | {*names(dict(row.form or {})), *names(row.query)}
    for who in sorted(BROWSERS, key=lambda who: expected[who] == "+"):
        if row.ends and (expected[who] == "+" or "+" not in row.signs):
            cast = await come(cast.world, cast.services)
        elif row.method not in SAFE and expected[who] == "+":
            cast.renew()
        journey, back = await begun(site, outsider) if "journey" in wanted else ("", "")
        things = {**await cast.find(wanted - {"journey"}, who), "journey": back}
        heard = await ask(site, await request(row, who, cast, things, journey))
        if mark(heard) != expected[who]:
            wrong.append(f"{row.call}: {who} hears {mark(heard)}, not {expected[who]}: {heard.body[-300:]!r}")
    cast.renew()
    return wrong


@pytest.mark.parametrize("rows", PARTS.values(), ids=PARTS)
async def test_browsers_hear_what_the_table_says(
    world: World, services: Services, site: Guard, outsider: Outsider, rows: list[Row]
) -> None:
    assert outsider.issuer
    assert services.policy.public_url == f"https://{SITE}"
    cast = await come(world, services)
    assert [line for row in rows for line in await check(row, cast, site, outsider)] == []


async def test_whoever_signs_out_is_out(world: World, services: Services, site: Guard, outsider: Outsider) -> None:
    """Signing out leads to the sign-in page like being refused; so it is looked at what came of it."""
    cast = await come(world, services)
    (row,) = [row for row in in_pages.ENTRANCES if row.call == "POST /logout"]
    for who, out in {"forged": False, "stranger": True, "owner": True}.items():
        await ask(site, await request(row, who, cast, {}, ""))
        page = Row("", "GET /account")
        assert (mark(await ask(site, await request(page, who, cast, {}, ""))) == ">") is out
