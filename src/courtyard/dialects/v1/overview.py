"""How the server does, and which settings it goes by: for administrators, who can change neither here."""

from typing import Any, Literal

from fastapi import APIRouter
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core import statistics
from courtyard.dialects.v1.statistics import WorkerShape, worker
from courtyard.web.answer import answer
from courtyard.web.overview import Finding, Health, Level, Setting
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Whole

router = APIRouter(route_class=Route, tags=["Administration"])
GRAVITY: tuple[Level, ...] = ("ok", "note", "wrong")


class FindingShape(TypedDict):
    """Something that was looked at, and what to do about it."""

    name: str
    level: Level
    seen: str
    advice: str | None


class DatabaseShape(TypedDict):
    """`migration` is the newest one that this version knows."""

    engine: Literal["sqlite", "postgres"]
    migration: str


class DiskShape(TypedDict):
    """Bytes of the file system with the data directory."""

    free: int
    total: int


class HealthShape(TypedDict):
    """`status` is that of the worst finding."""

    status: Level
    version: str
    database: DatabaseShape
    disk: DiskShape
    workers: list[WorkerShape]
    findings: list[FindingShape]


class SettingShape(TypedDict):
    """A setting in effect. The value of a `secret` is never told. `source`: `dotenv` is the file `.env`, `start` what the
    process worked out when it began.
    """

    name: str
    variable: str
    description: str
    value: Any
    default: Any
    secret: bool
    is_set: bool
    source: Literal["default", "environment", "file", "dotenv", "start"]


class SettingsShape(TypedDict):
    """All of them, in the order of the documentation."""

    data: list[SettingShape]


def _finding(found: Finding) -> FindingShape:
    return {"name": found.name, "level": found.level, "seen": found.seen, "advice": found.advice or None}


def _health(found: Health, workers: list[statistics.Worker]) -> HealthShape:
    return {
        "status": max((finding.level for finding in found.findings), key=GRAVITY.index, default="ok"),
        "version": found.version,
        "database": {"engine": found.engine, "migration": found.migration},  # pyright: ignore[reportReturnType] - one of the two
        "disk": {"free": found.disk_free, "total": found.disk_total},
        "workers": [worker(one) for one in workers],
        "findings": [_finding(finding) for finding in found.findings],
    }


def _setting(setting: Setting) -> SettingShape:
    return setting._asdict()  # pyright: ignore[reportReturnType] - name by name the same


@router.get("/v1/health", summary="How the server does", response_model=HealthShape)
async def get_health(caller: Caller, call: Whole) -> Response:
    """Database, files, workers, disk, mail and settings, looked at now; for platform administrators. 200 also with what
    is wrong: `status` tells. Load balancers ask `/ready`.
    """
    caller.administers()
    found = await call.services.overview.examine()
    async with call.services.database.read() as tx:
        return answer(200, _health(found, await statistics.workers(tx)))


@router.get("/v1/settings", summary="The settings in effect", response_model=SettingsShape)
async def list_settings(caller: Caller, call: Whole) -> Response:
    """Each with its variable, its value and where that comes from; for platform administrators. Read only."""
    caller.administers()
    return answer(200, {"data": [_setting(setting) for setting in call.services.overview.settings]})
