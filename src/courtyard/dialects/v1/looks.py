"""What an artifact looks like: its preview, its pages, its size, the text in it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core import artifacts
from courtyard.core.artifacts import previews
from courtyard.core.errors import NotFound
from courtyard.dialects.v1.doors import Readable, TheArtifact
from courtyard.web.download import Download, File
from courtyard.web.preconditions import expect, one
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Whole

router = APIRouter(route_class=Route, tags=["Artifacts"])
ONE = "/v1/spaces/{space_id}/artifacts/{artifact_id}"


class Size(BaseModel):
    """How wide the picture may be, in pixels."""

    size: Literal["320", "960"] = "320"


class PropertiesShape(TypedDict):
    """What was found in an artifact. `width` and `height` of an image are pixels, of a page points (1/72 inch)."""

    artifact_id: str
    version: int
    content_type: str
    pages: int | None
    width: int | None
    height: int | None
    text: str | None
    preview_urls: dict[str, str]


@router.get(ONE + "/preview", summary="Get the preview of an artifact", response_class=Response)
async def get_preview(
    tx: Read, caller: Caller, call: Whole, space: Readable, artifact: TheArtifact, size: Annotated[Size, Query()]
) -> Response:
    """A WebP picture of the present version, at most `size` pixels wide; 404 while there is none."""
    found = next((one for one in await previews.find(tx, artifact) if one.width == int(size.size)), None)
    if found is None:
        raise NotFound("There is no preview of this artifact.")
    expect(call, f'"{found.sha256}"')
    file = File(found.blob_key, found.size, found.sha256, "image/webp", f"preview-{size.size}.webp")
    return Download(call.services.blobs, file)


@router.get(ONE + "/properties", summary="Get what is in an artifact", response_model=PropertiesShape)
async def get_properties(tx: Read, caller: Caller, call: Whole, space: Readable, artifact: TheArtifact) -> Response:
    """Pages, size and the beginning of its text (64 KiB), as far as they are known of the present version."""
    seen = await previews.look(tx, artifact)
    place = f"/v1/spaces/{space.id}/artifacts/{artifact.id}/preview"
    shape: PropertiesShape = {
        "artifact_id": artifact.id,
        "version": artifact.version,
        "content_type": artifact.content_type,
        "pages": seen.pages,
        "width": seen.width,
        "height": seen.height,
        "text": await artifacts.excerpt(tx, artifact),
        "preview_urls": {str(each.width): f"{place}?size={each.width}" for each in await previews.find(tx, artifact)},
    }
    return one(call, shape)
