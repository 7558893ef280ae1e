"""The wire shapes of the platform: plain functions from a core fact to what its documents print, keys in their order."""

from typing import Literal

from typing_extensions import TypedDict

from courtyard.core.access.roles import Visibility
from courtyard.core.actor import Actor
from courtyard.core.clock import rfc3339
from courtyard.core.jobs import Run, SpaceJob, Status
from courtyard.core.organizations import Belonging, Organization
from courtyard.core.spaces import Space

State = Literal["pending", "running", "completed", "failed"]
STATES: dict[Status, State] = {
    "pending": "pending",
    "processing": "running",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "failed",
}
"""The platform's clients wait for one of two ends; a cancelled job has ended without success."""


class OrganizationName(TypedDict):
    name: str
    domain_handle: str


class SpaceShape(TypedDict):
    """A space of an organization."""

    name: str
    slug: str
    token: str
    description: str
    logo: str | None
    privacy_type: Visibility
    space_type: str
    content_type: str
    organization: OrganizationName


class OrganizationShape(TypedDict):
    """An organization; `role` is the caller's, `guest`: in some of its spaces only."""

    name: str
    token: str
    domain: str
    domain_handle: str
    is_private_domain: bool
    role: Belonging


class Task(TypedDict):
    objective: str


class TaskShape(TypedDict):
    """A job of the space; its run is the artifact it works on."""

    task_id: str
    run_id: str | None
    status: State
    task: Task
    created: str
    modified: str


class RunShape(TypedDict):
    """All the jobs of one artifact."""

    run_id: str
    status: State
    created: str
    modified: str


def space(fact: Space) -> SpaceShape:
    return {
        "name": fact.name,
        "slug": fact.slug,
        "token": fact.token,
        "description": fact.description or "",
        "logo": fact.logo_url,
        "privacy_type": fact.visibility,
        "space_type": fact.space_type,
        "content_type": fact.content_type,
        "organization": {"name": fact.organization_name, "domain_handle": fact.organization_handle},
    }


def organization(caller: Actor, fact: Organization) -> OrganizationShape:
    return {
        "name": fact.name,
        "token": fact.token,
        "domain": fact.handle,
        "domain_handle": fact.handle,
        "is_private_domain": fact.personal_of is not None,
        "role": fact.belonging(caller) or "guest",
    }


def task(fact: SpaceJob) -> TaskShape:
    about = f" {fact.artifact_name}" if fact.artifact_name else ""
    return {
        "task_id": fact.id,
        "run_id": fact.artifact_id,
        "status": STATES[fact.status],
        "task": {"objective": fact.kind.capitalize() + about},
        "created": rfc3339(fact.created_at),
        "modified": rfc3339(fact.changed_at),
    }


def run(fact: Run) -> RunShape:
    return {
        "run_id": fact.artifact_id,
        "status": STATES[fact.status],
        "created": rfc3339(fact.created_at),
        "modified": rfc3339(fact.changed_at),
    }
