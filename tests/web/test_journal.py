"""The journal: bounded, quick, and of no harm when the database is away."""

import pytest

from courtyard.core.actor import Actor, Origin
from courtyard.storage.database import Database
from courtyard.web import journal
from courtyard.web.arrival import Arrival
from courtyard.web.journal import Journal

ADA = Actor(Origin("v1", "192.0.2.1"), "ada", 3, credential_id="key")


def arrived(path: str = "/v1/me", actor: Actor | None = ADA, dialect: str = "v1") -> Arrival:
    """A request that was served."""
    arrival = Arrival("request-1")
    arrival.path, arrival.route, arrival.client = path, "/v1/me", "192.0.2.1"
    arrival.actor, arrival.dialect = actor, dialect
    return arrival


async def paths(database: Database) -> list[str]:
    async with database.read() as tx:
        return await tx.all(str, "select path from request order by number")


async def numbers(database: Database) -> dict[str, int]:
    async with database.read() as tx:
        names = await tx.all(str, "select name from statistic order by name")
        return dict(zip(names, await tx.all(int, "select value from statistic order by name"), strict=True))


async def test_requests_are_written_in_batches_in_their_order(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "TOGETHER", 2)
    kept = Journal()
    for number in range(5):
        kept.note(arrived(f"/v1/{number}"), "GET", 200, 0.001)
    assert await paths(database) == []
    assert await kept.flush(database) == 5
    assert await paths(database) == [f"/v1/{number}" for number in range(5)]
    assert await kept.flush(database) == 0
    assert await numbers(database) == {"requests.2xx": 5}


async def test_what_is_too_much_is_counted_and_not_kept(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MOST", 3)
    kept = Journal()
    for _ in range(10):
        kept.note(arrived(), "GET", 404, 0.001)
    assert await kept.flush(database) == 3
    assert await numbers(database) == {"requests.4xx": 10, "requests.unlogged": 7}


async def test_those_without_a_credential_are_counted_alone_and_probes_not_at_all(database: Database) -> None:
    kept, silent = Journal(), Journal(keeps=False)
    kept.note(arrived(actor=None), "GET", 200, 0.001)
    kept.note(arrived(dialect=""), "GET", 200, 0.001)
    silent.note(arrived(), "GET", 200, 0.001)
    assert (await kept.flush(database), await silent.flush(database)) == (0, 0)
    assert await paths(database) == []
    assert await numbers(database) == {"requests.2xx": 2}


async def test_a_database_that_is_away_loses_nothing_that_fits(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        def write(self) -> None:
            raise OSError("away")

    monkeypatch.setattr(journal, "TOGETHER", 2)
    kept = Journal()
    for number in range(5):
        kept.note(arrived(f"/v1/{number}"), "GET", 200, 0.001)
    with pytest.raises(OSError, match="away"):
        await kept.flush(Away())  # pyright: ignore[reportArgumentType] - the port, with a fault
    assert await kept.flush(database) == 5
    assert await numbers(database) == {"requests.2xx": 5}


async def test_a_batch_that_cannot_be_written_is_counted_and_does_not_hold_up_the_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Once:
        """Fails at the second transaction: the first holds the counts, this one the first batch."""

        written = 0

        def write(self) -> object:
            self.written += 1
            if self.written == 2:
                raise OSError("away")
            return database.write()

    monkeypatch.setattr(journal, "TOGETHER", 2)
    kept = Journal()
    for number in range(5):
        kept.note(arrived(f"/v1/{number}"), "GET", 200, 0.001)
    with pytest.raises(OSError, match="away"):
        await kept.flush(Once())  # pyright: ignore[reportArgumentType] - the port, with a fault
    assert await kept.flush(database) == 3
    assert await paths(database) == ["/v1/2", "/v1/3", "/v1/4"]
    assert await numbers(database) == {"requests.2xx": 5, "requests.unlogged": 2}


@pytest.mark.parametrize("path", ["/v1/\0", "/v1/\udc80", "/v1/'\"\\{", "/v1/ü😀", "/v1/" + "x" * 9_000])
async def test_whatever_a_path_holds_can_be_written(database: Database, path: str) -> None:
    kept = Journal()
    kept.note(arrived(path), "GET", 200, 0.001)
    assert await kept.flush(database) == 1
    [written] = await paths(database)
    assert written.startswith("/v1/")
    assert len(written) <= 500
