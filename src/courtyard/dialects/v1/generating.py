"""Documents that clients have made: content kept as it is, converted, or put together from a template and data."""

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import msgspec
from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from courtyard import rendering
from courtyard.core import artifacts, quota, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.artifacts import Artifact, NewArtifact, generation
from courtyard.core.errors import Invalid, NotFound, TooLarge
from courtyard.core.spaces import Space
from courtyard.dialects.v1 import contents
from courtyard.dialects.v1.doors import Writable
from courtyard.dialects.v1.models import Body
from courtyard.dialects.v1.uploads import PLACE, keep
from courtyard.web.answer import Answer
from courtyard.web.call import Call
from courtyard.web.files import Transaction, named
from courtyard.web.preconditions import one
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Whole

router = APIRouter(route_class=Route, tags=["Artifacts"])
CONTENT_LIMIT = 10 * 1024 * 1024
TEMPLATE_LIMIT = 1024 * 1024
INLINE = 256 * 1024
LONGEST_WAIT = 30
PAUSES = (0.05, 0.1, 0.2)
"""Seconds between two looks at what is being made; the last one again and again."""
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})\"?\s*(?:$|[,;])", re.IGNORECASE)


class NewDocument(Body):
    """A document to be kept or made: `content` is Base64 (white space tolerated), at most 10 MiB when decoded.

    With `format` it is converted by a job. Then `template`, the id of an artifact of the same space, and `data` for it may
    come instead of `content`.
    """

    name: str
    type: str
    content: str | None = None
    thread_id: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict[str, Any])
    content_type: str = "application/octet-stream"
    format: str | None = None
    template: str | None = None
    data: dict[str, Any] | None = None

    def core(self) -> NewArtifact:
        return NewArtifact(
            name=self.name,
            document_type=self.type,
            content_type=self.content_type,
            thread_id=self.thread_id,
            metadata=self.metadata,
        )


class Source(NamedTuple):
    """What a document is made of, and whether that is a template with its data."""

    content: bytes
    kind: rendering.Kind
    filled: bool


@router.post(
    PLACE + "/generate", status_code=201, summary="Generate an artifact", response_model=contents.ArtifactShape
)
async def generate_artifact(caller: Caller, call: Whole, space: Writable, body: NewDocument) -> Response:
    """Without `format` the content itself is the artifact, downloadable in the very next call.

    With it the artifact is `pending`, and a job makes it; `Prefer: wait=N` holds the answer until it is done.
    """
    call.services.rates.take("generate", caller.person_id)
    if body.format is not None:
        return await _promise(call, space, body, _format(body.format))
    if body.template is not None or body.data is not None:
        raise Invalid("format", "A template needs a format.", code="required")
    new = body.core()
    async with call.reading() as tx:
        await artifacts.check(tx, space, new)
    content = await decoded(body.content)
    async with call.reading() as tx:
        await quota.check(tx, space.id, size=len(content))
    blob = await call.services.blobs.put(_once(content), limit=CONTENT_LIMIT)
    return await keep(call, space, blob, lambda: new)


async def _promise(call: Call, space: Space, body: NewDocument, target: rendering.Format) -> Response:
    """Store the source, promise the result, and wait for it as long as the client likes to."""
    new = msgspec.structs.replace(body.core(), content_type=rendering.TYPES[target])
    async with call.reading() as tx:
        await artifacts.check(tx, space, body.core())
        await quota.check(tx, space.id, size=1)
    source = await _source(call, space, body)
    _possible(source.kind, target)
    async with call.reading() as tx:
        await quota.check(tx, space.id, size=len(source.content))
    blob = await call.services.blobs.put(_once(source.content), limit=16 * CONTENT_LIMIT)
    terms = {"kind": source.kind, "target": target, "filled": source.filled, **_shown(body)}
    promised: list[Artifact] = []

    async def create(tx: Transaction, actor: Actor) -> Response:
        place = await spaces.find(tx, actor, space.id, Permission.WRITE)
        artifact = await generation.promise(tx, actor, place, new, blob, terms)
        promised.append(artifact)
        return _answer(call, place, artifact)

    response = await named(call, blob, create)
    seconds = _patience(call)
    if not promised or seconds is None:
        return response
    return await _awaited(call, space, promised[0], seconds)


async def _awaited(call: Call, space: Space, artifact: Artifact, seconds: int) -> Response:
    """Look now and then, with nothing held in between, until it is made or the time is over."""
    looks, clock = 0, asyncio.get_running_loop()
    end = clock.time() + seconds
    while artifact.status in ("pending", "processing") and clock.time() < end:
        await asyncio.sleep(min(PAUSES[min(looks, len(PAUSES) - 1)], max(0.0, end - clock.time())))
        looks += 1
        try:
            async with call.services.database.read() as tx:
                artifact = await artifacts.find(tx, call.actor, space, artifact.id)
        except NotFound:
            break
    response = _answer(call, space, artifact)
    response.raw_headers.append((b"preference-applied", b"wait=%d" % seconds))
    return response


def _answer(call: Call, space: Space, artifact: Artifact) -> Answer:
    location = f"/v1/spaces/{space.id}/artifacts/{artifact.id}"
    return one(call, contents.artifact(call.actor, space, artifact), 201, location)


def _patience(call: Call) -> int | None:
    """The seconds of `Prefer: wait=N` (RFC 7240, section 4.3), at most 30; what cannot be read is no preference."""
    found = _WAIT.search(call.header(b"prefer") or "")
    return None if found is None else min(int(found[1]), LONGEST_WAIT)


def _format(asked: str) -> rendering.Format:
    """Raises Invalid: also when this installation cannot make documents at all."""
    if asked not in rendering.FORMATS:
        raise Invalid("format", f"One of: {', '.join(rendering.FORMATS)}.", code="unsupported")
    if not rendering.installed():
        install = f"pip install 'courtyard[{rendering.EXTRA}]'"
        raise Invalid("format", f"This installation makes no documents: {install}.", code="not_installed")
    return asked


def _possible(kind: rendering.Kind, target: rendering.Format) -> None:
    possible = rendering.POSSIBLE[kind]
    if target not in possible:
        raise Invalid("format", f"From {kind} can be made: {', '.join(possible)}.", code="impossible")


async def _source(call: Call, space: Space, body: NewDocument) -> Source:
    """What the client sent, or the template it names with the data. Raises Invalid, TooLarge."""
    if body.template is not None:
        if body.content is not None:
            raise Invalid("template", "Either content or a template, not both.", code="conflict")
        return await _template(call, space, body.template, body.data or {})
    if body.data is not None:
        raise Invalid("template", "Data needs a template.", code="required")
    content = await decoded(body.content)
    kind = await asyncio.to_thread(rendering.kind, body.content_type, body.name, content)
    if kind is None:
        raise Invalid("content", "Only these are converted: " + ", ".join(rendering.KINDS) + ".", code="unsupported")
    return Source(content, kind, filled=False)


async def _template(call: Call, space: Space, artifact_id: str, data: dict[str, Any]) -> Source:
    """The template as it is now, and the data: what happens to the artifact later changes nothing."""
    try:
        async with call.reading() as tx:
            artifact = await artifacts.find(tx, call.actor, space, artifact_id)
    except NotFound:
        raise Invalid("template", "There is no such artifact in this space.", code="unknown") from None
    if artifact.status != "completed":
        raise Invalid("template", "This artifact is not completed yet.", code="not_ready")
    if artifact.size > TEMPLATE_LIMIT:
        raise Invalid("template", "A template has at most 1 MiB.", code="too_large")
    content = await call.services.blobs.read(artifact.blob_key, 0, artifact.size)
    kind = rendering.kind(artifact.content_type, artifact.name, content)
    if kind not in ("md", "html", "txt"):
        raise Invalid("template", "A template is Markdown, HTML or plain text.", code="unsupported")
    given = {"template": content.decode("utf-8-sig"), "data": data}
    return Source(msgspec.json.encode(given), kind, filled=True)


def _shown(body: NewDocument) -> dict[str, str]:
    """What the page says of itself: the name, and from the metadata title, author and date if they are texts."""
    told = {name: body.metadata.get(name) for name in ("title", "author", "date")}
    plain = {name: " ".join(text.split())[:255] for name, text in told.items() if isinstance(text, str)}
    return {"name": body.name, **{name: text for name, text in plain.items() if text}}


async def decoded(content: str | None) -> bytes:
    """The bytes of Base64 (RFC 4648, section 4) with white space tolerated. Raises Invalid, TooLarge."""
    if content is None:
        raise Invalid("content", "Content is required.", code="required")
    try:
        plain = _decode(content) if len(content) < INLINE else await asyncio.to_thread(_decode, content)
    except (binascii.Error, ValueError):
        raise Invalid("content", "This is not Base64.", code="base64") from None
    if not plain:
        raise Invalid("content", "This must not be empty.", code="required")
    if len(plain) > CONTENT_LIMIT:
        raise TooLarge(f"At most {CONTENT_LIMIT} bytes of content.")
    return plain


def _decode(content: str) -> bytes:
    return base64.b64decode("".join(content.split()), validate=True)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
