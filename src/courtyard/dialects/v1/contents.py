"""The wire shapes of what is in a space: artifacts, jobs, threads, messages, customers."""

from typing import Any

from typing_extensions import TypedDict

from courtyard.core import artifacts, customers, queue, threads
from courtyard.core.access.roles import role as acting_role
from courtyard.core.actor import Actor
from courtyard.core.artifacts.model import Status as ArtifactStatus
from courtyard.core.clock import rfc3339
from courtyard.core.spaces import Space
from courtyard.dialects.v1.shapes import PersonName, time
from courtyard.web.answer import raw


class ArtifactShape(TypedDict):
    """An artifact. Strangers to a public space see neither its threads nor who made it.

    `checksum` is null while there are no bytes: one that is being generated, or could not be.
    """

    id: str
    artifact_id: str
    space_id: str
    name: str
    type: str
    document_type: str
    status: ArtifactStatus
    thread_id: str | None
    thread_ids: list[str]
    content_type: str
    size: int
    checksum: str | None
    version: int
    download_url: str
    preview_url: str | None
    metadata: dict[str, Any]
    tags: list[str]
    created_by: str | None
    created_at: str
    updated_at: str
    error: str | None


def artifact(caller: Actor, space: Space, fact: artifacts.Artifact) -> ArtifactShape:
    inside = acting_role(caller, space) is not None
    return {
        "id": fact.id,
        "artifact_id": fact.id,
        "space_id": fact.space_id,
        "name": fact.name,
        "type": fact.document_type,
        "document_type": fact.document_type,
        "status": fact.status,
        "thread_id": fact.thread_id if inside else None,
        "thread_ids": raw(fact.thread_ids) if inside else [],  # pyright: ignore[reportReturnType] - as it rests
        "content_type": fact.content_type,
        "size": fact.size,
        "checksum": f"sha256:{fact.sha256}" if fact.sha256 else None,
        "version": fact.version,
        "download_url": f"/v1/spaces/{fact.space_id}/artifacts/{fact.id}/download",
        "preview_url": _preview_url(fact),
        "metadata": raw(fact.metadata),
        "tags": raw(fact.tags),
        "created_by": fact.created_by if inside else None,
        "created_at": rfc3339(fact.created_at),
        "updated_at": rfc3339(fact.updated_at),
        "error": fact.error,
    }


def artifact_then(caller: Actor, space: Space, fact: artifacts.Artifact) -> ArtifactShape:
    """An artifact as it was: its bytes are those of the version that was the present one."""
    url = f"/v1/spaces/{fact.space_id}/artifacts/{fact.id}/versions/{fact.version}/download"
    return {**artifact(caller, space, fact), "download_url": url, "preview_url": None}


def _preview_url(fact: artifacts.Artifact) -> str | None:
    if fact.previewed != fact.version:
        return None
    return f"/v1/spaces/{fact.space_id}/artifacts/{fact.id}/preview"


class JobShape(TypedDict):
    """A piece of background work; `progress` runs from 0 to 100."""

    id: str
    job_id: str
    artifact_id: str | None
    space_id: str | None
    kind: str
    status: queue.Status
    progress: int
    message: str | None
    attempt: int
    max_attempts: int
    error: str | None
    created_at: str
    started_at: str | None
    completed_at: str | None


def job(fact: queue.Job) -> JobShape:
    return {
        "id": fact.id,
        "job_id": fact.id,
        "artifact_id": fact.artifact_id,
        "space_id": fact.space_id,
        "kind": fact.kind,
        "status": fact.status,
        "progress": fact.progress,
        "message": fact.message,
        "attempt": fact.attempt,
        "max_attempts": fact.max_attempts,
        "error": fact.error,
        "created_at": rfc3339(fact.created_at),
        "started_at": time(fact.started_at),
        "completed_at": time(fact.completed_at),
    }


class ThreadShape(TypedDict):
    """A conversation in a space."""

    id: str
    thread_id: str
    space_id: str
    title: str
    status: threads.Status
    metadata: dict[str, Any]
    created_by: str | None
    created_at: str
    updated_at: str


def thread(fact: threads.Thread) -> ThreadShape:
    return {
        "id": fact.id,
        "thread_id": fact.id,
        "space_id": fact.space_id,
        "title": fact.title,
        "status": fact.status,
        "metadata": raw(fact.metadata),  # pyright: ignore[reportReturnType] - as it rests
        "created_by": fact.created_by,
        "created_at": rfc3339(fact.created_at),
        "updated_at": rfc3339(fact.updated_at),
    }


class MessageShape(TypedDict):
    """What was said in a thread. `person` is who said it, null once they left, and where a service key did."""

    id: str
    thread_id: str
    role: threads.Speaker
    content: str
    metadata: dict[str, Any]
    created_by: str | None
    person: PersonName | None
    created_at: str


def message(fact: threads.Message) -> MessageShape:
    return {
        "id": fact.id,
        "thread_id": fact.thread_id,
        "role": fact.role,
        "content": fact.content,
        "metadata": raw(fact.metadata),  # pyright: ignore[reportReturnType] - as it rests
        "created_by": fact.created_by,
        "person": {"id": fact.created_by, "username": fact.username} if fact.created_by and fact.username else None,
        "created_at": rfc3339(fact.created_at),
    }


class CustomerShape(TypedDict):
    """Somebody whom the space serves."""

    id: str
    customer_id: str
    space_id: str
    name: str
    email: str | None
    metadata: dict[str, Any]
    created_at: str
    updated_at: str


def customer(fact: customers.Customer) -> CustomerShape:
    return {
        "id": fact.id,
        "customer_id": fact.id,
        "space_id": fact.space_id,
        "name": fact.name,
        "email": fact.email,
        "metadata": raw(fact.metadata),  # pyright: ignore[reportReturnType] - as it rests
        "created_at": rfc3339(fact.created_at),
        "updated_at": rfc3339(fact.updated_at),
    }
