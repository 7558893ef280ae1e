"""Which engine an address means."""

from courtyard.storage.database import Database
from courtyard.storage.sqlite import Sqlite


async def open_database(address: str, *, most: int = 10) -> Database:
    """`postgresql://…` opens PostgreSQL with up to `most` connections, everything else is the path of an SQLite file.

    Raises Owned, Down, apsw.Error.
    """
    if address.startswith(("postgresql://", "postgres://")):
        # Importing the driver takes longer than opening a file; the embedded default does without.
        from courtyard.storage.postgres import Postgres  # noqa: PLC0415

        return await Postgres.open(address, most=most)
    return await Sqlite.open(address.removeprefix("sqlite:///"))
