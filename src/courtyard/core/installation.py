"""What the installation keeps for itself."""

import secrets

from courtyard.storage.database import Read, Write


async def key(tx: Write, name: str) -> bytes:
    """A random key of 32 bytes, made when it is first asked for and shared by every replica."""
    await tx.run(
        "insert into installation (name, value) values (:name, :value) on conflict (name) do nothing",
        name=name,
        value=secrets.token_hex(32),
    )
    return bytes.fromhex(await tx.one(str, "select value from installation where name = :name", name=name) or "")


async def answers(tx: Read) -> bool:
    """Whether the database answers."""
    return await tx.one(int, "select 1 as one") == 1
