"""Background images: taken by their bytes, written anew, shown to whoever may look."""

import io
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from PIL import ExifTags, Image, PngImagePlugin

from tests.dialects.v1.answers import Clients, got, problem
from tests.world import World

SECRET = b"51.4778N"


def image(form: str, size: tuple[int, int] = (8, 6)) -> bytes:
    """A red picture with a secret in its metadata."""
    output = io.BytesIO()
    more: dict[str, Any] = {}
    if form == "PNG":
        more["pnginfo"] = PngImagePlugin.PngInfo()
        more["pnginfo"].add_text("Place", SECRET.decode())
    elif form != "GIF":
        exif = Image.Exif()
        exif[ExifTags.Base.ImageDescription] = SECRET.decode()
        more["exif"] = exif
    else:
        more["comment"] = SECRET
    Image.new("RGB", size, (200, 0, 0)).save(output, form, **more)
    return output.getvalue()


@pytest.fixture
def ada(v1: Clients) -> AsyncClient:
    return v1("ada")


@pytest.fixture
async def path(world: World) -> str:
    return f"/v1/spaces/{(await world.space('ada', editors=['eve'], viewers=['vera'])).id}"


def shown(response: Response) -> tuple[str | None, tuple[int, int]]:
    with Image.open(io.BytesIO(response.content)) as picture:
        picture.load()
        return picture.format, picture.size


@pytest.mark.parametrize(("form", "kept"), [("PNG", "PNG"), ("JPEG", "JPEG"), ("WEBP", "WEBP"), ("GIF", "PNG")])
async def test_a_picture_is_written_anew_without_its_metadata(
    ada: AsyncClient, path: str, form: str, kept: str
) -> None:
    sent = image(form)
    assert SECRET in sent
    # What it is called does not matter.
    response = await ada.put(f"{path}/background", content=sent, headers={"Content-Type": "text/plain"})
    assert response.status_code == 200
    assert response.json()["background_url"] == f"{path}/background"
    assert response.json() == await got(ada, path)
    picture = await ada.get(f"{path}/background")
    assert (picture.status_code, picture.headers["content-type"]) == (200, f"image/{kept.lower()}")
    assert shown(picture) == (kept, (8, 6))
    assert SECRET not in picture.content
    assert picture.content != sent
    again = await ada.get(f"{path}/background", headers={"If-None-Match": picture.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_by_form(ada: AsyncClient, path: str) -> None:
    response = await ada.put(f"{path}/background", files={"file": ("x.png", image("PNG"), "image/png")})
    assert response.status_code == 200
    assert shown(await ada.get(f"{path}/background")) == ("PNG", (8, 6))
    empty = {"Content-Type": "multipart/form-data; boundary=b"}
    problem(await ada.put(f"{path}/background", content=b"--b--\r\n", headers=empty), 422)


async def test_there_is_none_until_one_is_set_and_after_it_is_removed(ada: AsyncClient, path: str) -> None:
    problem(await ada.get(f"{path}/background"), 404)
    assert (await got(ada, path))["background_url"] is None
    await ada.put(f"{path}/background", content=image("PNG"))
    assert (await ada.delete(f"{path}/background")).status_code == 204
    problem(await ada.get(f"{path}/background"), 404)
    assert (await got(ada, path))["background_url"] is None


async def test_what_is_no_picture_is_refused_and_the_old_one_stays(ada: AsyncClient, path: str, services: Any) -> None:
    await ada.put(f"{path}/background", content=image("PNG"))
    before = (await ada.get(f"{path}/background")).content
    for content in (b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4", b"BM" + bytes(60)):
        response = await ada.put(f"{path}/background", content=content, headers={"Content-Type": "image/png"})
        problem(response, 415)
    for content in (b"\x89PNG\r\n\x1a\n" + b"nonsense", image("JPEG")[:40]):
        problem(await ada.put(f"{path}/background", content=content), 422)
    assert (await ada.get(f"{path}/background")).content == before
    assert len([one async for one in services.blobs.keys(older_than=2**53)]) == 1


async def test_too_large_in_bytes_or_pixels(ada: AsyncClient, path: str) -> None:
    png = image("PNG")
    problem(await ada.put(f"{path}/background", content=png + bytes(10 * 1024 * 1024 + 1 - len(png))), 413)
    problem(await ada.put(f"{path}/background", content=png + bytes(12 * 1024 * 1024)), 413)
    output = io.BytesIO()
    Image.new("1", (5001, 5000)).save(output, "PNG")
    problem(await ada.put(f"{path}/background", content=output.getvalue()), 413)
    problem(await ada.get(f"{path}/background"), 404)


async def test_for_editors_and_shown_to_whoever_may_look(v1: Clients, world: World, anonymous: AsyncClient) -> None:
    space = await world.space("ada", editors=["eve"], viewers=["vera"], visibility="public")
    path = f"/v1/spaces/{space.id}/background"
    assert (await v1("eve").put(path, content=image("PNG"))).status_code == 200
    for client in (v1("vera"), v1("sam"), anonymous):
        picture = await client.get(path)
        assert shown(picture) == ("PNG", (8, 6))
        assert picture.headers["x-content-type-options"] == "nosniff"
    for name in ("vera", "sam"):
        problem(await v1(name).put(path, content=image("PNG")), 403)
        problem(await v1(name).delete(path), 403)
    problem(await anonymous.put(path, content=image("PNG")), 401)


async def test_conditions(ada: AsyncClient, path: str) -> None:
    place, png = f"{path}/background", image("PNG")
    problem(await ada.put(place, content=png, headers={"If-Match": "*"}), 412)
    assert (await ada.put(place, content=png, headers={"If-None-Match": "*"})).status_code == 200
    problem(await ada.put(place, content=png, headers={"If-None-Match": "*"}), 412)
    tag = (await ada.get(place)).headers["etag"]
    problem(await ada.delete(place, headers={"If-Match": '"other"'}), 412)
    assert (await ada.put(place, content=image("PNG", (3, 3)), headers={"If-Match": tag})).status_code == 200
    problem(await ada.delete(place, headers={"If-Match": tag}), 412)
    assert shown(await ada.get(place)) == ("PNG", (3, 3))
