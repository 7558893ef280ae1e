"""Links of an account, and groups that become roles."""

from collections.abc import Awaitable, Callable

import pytest

from courtyard.core import organizations
from courtyard.core.actor import RANK, Actor
from courtyard.core.identity import people, sessions
from courtyard.storage.database import Database
from tests.dialects.pages.browser import Browser, Seen
from tests.dialects.pages.conftest import PASSWORD, Opening
from tests.dialects.pages.outside.coming import BACK, OWN, actions, come_back, person
from tests.dialects.pages.outside.outsider import CODE, Outsider
from tests.world import ORIGIN, World


async def linked(browser: Browser, outsider: Outsider) -> Seen:
    """Link Acme ID on the account page."""
    page = await browser.get(OWN)
    leaving = await browser.submit(page, page.form(f"{OWN}/acme/link"))
    place = leaving.page.links["Go on to Acme ID"]
    outsider.send(place)
    return await browser.get(f"{BACK}?code={CODE}&state={outsider.asked['state']}")


async def test_whoever_is_signed_in_links_and_unlinks(
    opening: Opening, entered: Callable[[], Awaitable[Browser]], outsider: Outsider, world: World
) -> None:
    browser = await entered()
    assert (await linked(browser, outsider)).place == OWN
    shown = await browser.get(OWN)
    assert "Acme ID" in shown.text
    assert "grace@example.org" in shown.text
    elsewhere = opening()
    await come_back(elsewhere, outsider)
    assert "ada@example.org" in (await elsewhere.get("/account")).text
    (unlink,) = [form for form in shown.page.forms if form.action.endswith("/unlink")]
    assert (await browser.submit(shown, unlink)).place == OWN
    assert "Nothing outside opens your account" in (await browser.get(OWN)).text
    happened = await actions(world.database)
    assert {"provider.linked", "provider.unlinked"} <= set(happened)
    await come_back(opening(), outsider)
    assert await person(world.database, "grace@example.org") is not None


async def test_the_last_way_in_cannot_be_unlinked(browser: Browser, outsider: Outsider, database: Database) -> None:
    await come_back(browser, outsider)
    page = await browser.get(OWN)
    (unlink,) = [form for form in page.page.forms if form.action.endswith("/unlink")]
    refused = await browser.submit(page, unlink)
    assert (refused.status, "only way to sign in" in refused.text) == (409, True)
    async with database.read() as tx:
        assert await tx.one(int, "select count(*) from provider_link") == 1


async def test_a_link_needs_a_recent_sign_in_and_its_own_session(
    opening: Opening, entered: Callable[[], Awaitable[Browser]], ada: str, outsider: Outsider, world: World
) -> None:
    browser = await entered()
    page = await browser.get(OWN)
    leaving = await browser.submit(page, page.form(f"{OWN}/acme/link"))
    outsider.send(leaving.page.links["Go on to Acme ID"])
    # Signed in again meanwhile: another session, perhaps another person.
    again = opening()
    await again.sign_in(ada, PASSWORD)
    browser.client.cookies.set(
        "__Host-courtyard_session", again.cookie("__Host-courtyard_session") or "", domain="courtyard.test"
    )
    browser.client.cookies.jar.clear("courtyard.test", "/", "__Host-courtyard_session")
    for one in again.client.cookies.jar:
        browser.client.cookies.jar.set_cookie(one)
    assert (await browser.get(f"{BACK}?code={CODE}&state={outsider.asked['state']}")).status == 422
    async with world.database.write() as tx:
        await tx.run("update session set confirmed_at = confirmed_at - :by", by=sessions.RECENT)
    page = await browser.get(OWN)
    refused = await browser.submit(page, page.form(f"{OWN}/acme/link"))
    assert refused.status in (303, 403)
    async with world.database.read() as tx:
        assert await tx.one(int, "select count(*) from provider_link") == 0


async def test_an_account_outside_opens_one_account_here(
    opening: Opening, entered: Callable[[], Awaitable[Browser]], outsider: Outsider
) -> None:
    await come_back(opening(), outsider)
    refused = await linked(await entered(), outsider)
    assert (refused.status, "linked to another account here" in refused.text) == (409, True)


GROUPS = {
    "staff": {"organization": "acme"},
    "leads": [{"organization": "acme", "role": "admin"}, {"organization": "lab", "role": "member"}],
    "ghosts": {"organization": "nowhere"},
}


async def roles(world: World) -> dict[str, str]:
    async with world.database.read() as tx:
        grace = await people.seek_by_email(tx, "grace@example.org")
        assert grace is not None
        rows = await tx.all(
            str,
            "select o.handle || ':' || m.role from organization_member m join organization o on o.id = m.organization_id"
            " where m.person_id = :id and o.personal_of is null",
            id=grace.id,
        )
    return dict(row.split(":") for row in rows)


@pytest.mark.parametrize("settings", [{"provider": {"groups": GROUPS, "groups_claim": "realm.groups"}}], indirect=True)
async def test_groups_become_roles_and_end_to_be_roles(opening: Opening, outsider: Outsider, world: World) -> None:
    for name in ("acme", "lab", "free"):
        await world.organization(name, owner="ada")
    seen: list[dict[str, str]] = []
    for groups in (["staff"], ["leads", "staff", "ghosts"], "staff", ["others"], None):
        outsider.claims = {"realm": {"groups": groups}} if groups is not None else {}
        assert (await come_back(opening(), outsider)).status == 303
        if len(seen) == 0:
            grace = await person(world.database, "grace@example.org")
            assert grace is not None
            world.people["grace"] = grace
            await world.enroll(world.organizations["free"], "grace", "admin")
        seen.append(await roles(world))
    free = {"free": "admin"}
    assert seen == [
        {"acme": "member", **free},
        {"acme": "admin", "lab": "member", **free},
        {"acme": "member", **free},
        free,
        free,
    ]


@pytest.mark.parametrize("settings", [{"provider": {"groups": {"staff": {"organization": "acme"}}}}], indirect=True)
async def test_a_sole_owner_stays_owner(opening: Opening, outsider: Outsider, world: World) -> None:
    await come_back(opening(), outsider)
    grace = await person(world.database, "grace@example.org")
    assert grace is not None
    async with world.database.write() as tx:
        await organizations.create(tx, Actor(ORIGIN, grace.id, RANK["admin"]), "acme", "acme")
    for groups in ([], ["staff"]):
        outsider.claims = {"groups": groups}
        assert (await come_back(opening(), outsider)).status == 303
        assert await roles(world) == {"acme": "owner"}
    assert "organization_member.kept" in await actions(world.database)
