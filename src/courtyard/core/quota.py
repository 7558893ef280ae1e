"""What a space may hold: bytes and artifacts, counted in the transaction of every change."""

from typing import LiteralString

import msgspec

from courtyard.core.errors import StorageFull
from courtyard.storage.database import Read, Write


class QuotaExceeded(StorageFull):
    """The space holds as much as it may. Purge something first."""


class Usage(msgspec.Struct, frozen=True):
    """What a space holds, each version of an artifact as one and the trash too; what is reserved for uploads under way;
    and the limits, where 0 is none.
    """

    bytes: int = 0
    artifacts: int = 0
    reserved_bytes: int = 0
    reserved_artifacts: int = 0
    bytes_limit: int = 0
    artifacts_limit: int = 0

    @property
    def limited(self) -> bool:
        """Whether there is a limit at all."""
        return bool(self.bytes_limit or self.artifacts_limit)

    @property
    def left(self) -> int | None:
        """How many more bytes fit in; None without a limit."""
        return None if not self.bytes_limit else max(0, self.bytes_limit - self.bytes - self.reserved_bytes)

    def room(self, size: int, count: int) -> bool:
        """Whether so much more fits. What adds nothing to one of the two is not refused for it."""
        return _fits(self.bytes + self.reserved_bytes, size, self.bytes_limit) and _fits(
            self.artifacts + self.reserved_artifacts, count, self.artifacts_limit
        )


class Holdings(msgspec.Struct, frozen=True):
    """What an organization holds: its spaces, what is stored in them (counted as in `Usage`), its members."""

    spaces: int = 0
    bytes: int = 0
    artifacts: int = 0
    members: int = 0


_WITHIN: LiteralString = (
    " where space_id = :space"
    " and (cast(:size as bigint) = 0 or bytes + reserved_bytes + :size <= (select coalesce(nullif(q.bytes, 0), 9223372036854775807)"
    " from quota q))"
    " and (cast(:count as bigint) = 0 or artifacts + reserved_artifacts + :count <= (select coalesce(nullif(q.artifacts, 0),"
    " 9223372036854775807) from quota q))"
)
_CHARGE: LiteralString = "update space_usage set bytes = bytes + :size, artifacts = artifacts + :count" + _WITHIN
_RESERVE: LiteralString = (
    "update space_usage set reserved_bytes = reserved_bytes + :size, reserved_artifacts = reserved_artifacts + :count"
    + _WITHIN
)


async def limit(tx: Write, *, bytes: int, artifacts: int) -> None:  # noqa: A002 - the word of the setting
    """Set what every space may hold; 0 is no limit. All processes of an installation go by what was set last."""
    await tx.run(
        "update quota set bytes = :bytes, artifacts = :artifacts where bytes <> :bytes or artifacts <> :artifacts",
        bytes=bytes,
        artifacts=artifacts,
    )


async def usage(tx: Read, space_id: str) -> Usage:
    """What a space holds and may hold."""
    found = await tx.one(
        Usage,
        "select coalesce(u.bytes, 0) as bytes, coalesce(u.artifacts, 0) as artifacts,"
        " coalesce(u.reserved_bytes, 0) as reserved_bytes, coalesce(u.reserved_artifacts, 0) as reserved_artifacts,"
        " q.bytes as bytes_limit, q.artifacts as artifacts_limit"
        " from quota q left join space_usage u on u.space_id = :space",
        space=space_id,
    )
    return found or Usage()


async def of_organization(tx: Read, organization_id: str) -> Holdings:
    """What an organization holds in all of its spaces."""
    found = await tx.one(
        Holdings,
        "select cast(count(*) as bigint) as spaces, cast(coalesce(sum(u.bytes), 0) as bigint) as bytes,"
        " cast(coalesce(sum(u.artifacts), 0) as bigint) as artifacts,"
        " (select count(*) from organization_member m where m.organization_id = :organization) as members"
        " from space s left join space_usage u on u.space_id = s.id where s.organization_id = :organization",
        organization=organization_id,
    )
    return found or Holdings()


async def check(tx: Read, space_id: str, *, size: int, count: int = 1) -> None:
    """Refuse what `charge` would refuse, before its bytes are taken in. Raises QuotaExceeded."""
    if not (await usage(tx, space_id)).room(size, count):
        raise QuotaExceeded


async def left(tx: Read, space_id: str) -> int | None:
    """How many more bytes fit in at this moment; None without a limit."""
    return (await usage(tx, space_id)).left


async def charge(tx: Write, space_id: str, *, size: int, count: int = 1) -> None:
    """Count what this transaction stores. Raises QuotaExceeded.

    Everybody who stores in the space waits for this row until the commit: call it last.
    """
    await _add(tx, _CHARGE, space_id, size, count)


async def take(tx: Write, space_id: str, *, size: int, reserved: int | None) -> None:
    """Count one artifact that this transaction stores, with room of its own or (None) without. Raises QuotaExceeded."""
    if reserved is None:
        await charge(tx, space_id, size=size)
    else:
        await settle(tx, space_id, size=size, reserved=reserved)


async def refund(tx: Write, space_id: str, *, size: int, count: int = 1) -> None:
    """Count no longer what this transaction removes: the sum of its sizes, and of how many. Call it last, too."""
    await tx.run(
        "update space_usage set bytes = bytes - :size, artifacts = artifacts - :count where space_id = :space",
        space=space_id,
        size=size,
        count=count,
    )


async def reserve(tx: Write, space_id: str, *, size: int, count: int = 1) -> None:
    """Promise room to bytes that are still to come, until `settle` or `release`. Raises QuotaExceeded."""
    await _add(tx, _RESERVE, space_id, size, count)


async def settle(tx: Write, space_id: str, *, size: int, reserved: int, count: int = 1) -> None:
    """What was reserved is stored now. Raises QuotaExceeded when it is more than that, and the rest does not fit."""
    if size > reserved:
        await reserve(tx, space_id, size=size - reserved, count=0)
    elif size < reserved:
        await release(tx, space_id, size=reserved - size, count=0)
    await tx.run(
        "update space_usage set bytes = bytes + :size, artifacts = artifacts + :count,"
        " reserved_bytes = reserved_bytes - :size, reserved_artifacts = reserved_artifacts - :count"
        " where space_id = :space",
        space=space_id,
        size=size,
        count=count,
    )


async def release(tx: Write, space_id: str, *, size: int, count: int = 1) -> None:
    """What was reserved never came."""
    await tx.run(
        "update space_usage set reserved_bytes = reserved_bytes - :size,"
        " reserved_artifacts = reserved_artifacts - :count where space_id = :space",
        space=space_id,
        size=size,
        count=count,
    )


async def _add(tx: Write, statement: LiteralString, space_id: str, size: int, count: int) -> None:
    if await tx.run(statement, space=space_id, size=size, count=count):
        return
    # A space gets its row when something is stored in it for the first time.
    await tx.run(
        "insert into space_usage (space_id, bytes, artifacts) values (:space, 0, 0) on conflict (space_id) do nothing",
        space=space_id,
    )
    if not await tx.run(statement, space=space_id, size=size, count=count):
        raise QuotaExceeded


def _fits(held: int, more: int, most: int) -> bool:
    return not (more and most) or held + more <= most
