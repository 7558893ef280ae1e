"""The control socket: how a command reaches the server that owns the SQLite file.

One JSON line each way over a Unix socket in the data directory. Its mode (0600) is the permission: whoever may open it
may read the database anyway.
"""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import structlog

from courtyard.commands import COMMANDS
from courtyard.core.errors import Refusal
from courtyard.storage.database import Database

LINE_LIMIT = 1024 * 1024
_log = structlog.stdlib.get_logger("courtyard.control")


class Refused(Exception):
    """The command was refused; the message says why."""


class NoServer(Exception):
    """No server listens there."""


def socket_path(data_dir: Path) -> Path:
    return data_dir / "control.sock"


async def listen(database: Database, path: Path) -> asyncio.Server:
    """Take commands until the server is closed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(msgspec.json.encode(await _answer(database, await reader.readline())) + b"\n")
            await writer.drain()
        except (ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    _remove(path)
    # The umask of the process (077) makes it ours alone.
    return await asyncio.start_unix_server(serve, path, limit=LINE_LIMIT)


def _remove(path: Path) -> None:
    """A socket that a killed server left behind is in the way of the next one."""
    path.unlink(missing_ok=True)


async def _answer(database: Database, line: bytes) -> dict[str, Any]:
    try:
        asked = msgspec.json.decode(line, type=dict[str, Any])
        return {"result": await run(database, asked["command"], asked["arguments"])}
    except Refused as refused:
        return {"refused": str(refused)}
    except Exception:  # noqa: BLE001 - whatever it is, the command must hear of it
        _log.exception("control command failed")
        return {"refused": "The server could not do this; its log says why."}


async def run(database: Database, command: str, arguments: dict[str, Any]) -> Any:
    """Run a command here. Raises Refused."""
    try:
        return await COMMANDS[command](database, **arguments)
    except Refusal as refusal:
        raise Refused(refusal.message) from None


async def ask(path: Path, command: str, arguments: dict[str, Any]) -> Any:
    """Run a command in the server. Raises Refused, NoServer."""
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=64 * LINE_LIMIT)
    except OSError:
        raise NoServer from None
    try:
        writer.write(msgspec.json.encode({"command": command, "arguments": arguments}) + b"\n")
        answer = msgspec.json.decode(await reader.readline(), type=dict[str, Any])
    finally:
        writer.close()
    if "refused" in answer:
        raise Refused(answer["refused"])
    return answer["result"]
