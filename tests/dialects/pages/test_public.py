"""The page of a public space: what a stranger may see, and gone with its publicity."""

from collections.abc import Callable

import pytest
from httpx2 import AsyncClient

from courtyard.core import spaces
from courtyard.core.spaces import Changes
from tests.world import World


async def test_everybody_sees_a_public_space_and_nobody_else_any_other(world: World, anonymous: AsyncClient) -> None:
    space = await world.space("wilhelmina", visibility="public", name="<b>Open</b> data")
    page = await anonymous.get(f"/p/{space.slug}")
    assert page.status_code == 200
    assert "&lt;b&gt;Open&lt;/b&gt; data" in page.text
    assert "<b>" not in page.text
    assert "wilhelmina" not in page.text
    async with world.database.write() as tx:
        await spaces.change(tx, await world.actor("wilhelmina"), space, Changes(visibility="private"))
    gone, unknown = await anonymous.get(f"/p/{space.slug}"), await anonymous.get("/p/no-such-space")
    assert (gone.status_code, unknown.status_code) == (404, 404)
    assert gone.text == unknown.text


async def test_the_spaces_api_names_the_page(
    world: World, spaces_pe: Callable[[str], AsyncClient], anonymous: AsyncClient
) -> None:
    space = await world.space("ada", visibility="public")
    shown = (await spaces_pe("ada").get(f"/api/v1/spaces/{space.number}")).json()
    assert (await anonymous.get(shown["url"])).status_code == 200


async def test_a_stranger_never_reads_the_owners_name(
    world: World, anonymous: AsyncClient, v1: Callable[[str], AsyncClient]
) -> None:
    space = await world.space("wilhelmina", visibility="public")
    for client in (anonymous, v1("sam")):
        for path in ("/v1/spaces", f"/v1/spaces/{space.id}", f"/workspaces/public/{space.id}", "/workspaces/public/"):
            answer = await client.get(path)
            assert answer.status_code == 200
            assert "wilhelmina" not in answer.text


@pytest.mark.parametrize("settings", [{"public_url": "https://courtyard.example"}], indirect=True)
async def test_who_shares_the_page_elsewhere_shows_its_name_and_picture(world: World, anonymous: AsyncClient) -> None:
    space = await world.space("ada", 'Lakes "north"', visibility="public")
    page = (await anonymous.get(f"/p/{space.slug}")).text
    assert '<meta property="og:title" content="Lakes &#34;north&#34;">' in page
    assert f'<meta property="og:url" content="https://courtyard.example/p/{space.slug}">' in page
    assert "og:image" not in page
    async with world.database.write() as tx:
        await tx.run("update space set background_key = 'k' where id = :id", id=space.id)
    page = (await anonymous.get(f"/p/{space.slug}")).text
    assert f'content="https://courtyard.example/v1/spaces/{space.id}/background"' in page
