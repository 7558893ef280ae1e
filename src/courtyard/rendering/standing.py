"""Whether children are shut out on this machine as they should be: tried, because kernels and containers differ."""

import json
import socket

from courtyard.rendering.children import Tool, run, scratch


async def open_doors() -> list[str]:
    """What a child can reach that is none of its own: `files`, `network`; nothing where all holds."""
    with scratch() as folder, socket.create_server(("127.0.0.1", 0)) as listener:
        file = folder / "elsewhere"
        file.write_text("of somebody else")
        ended = await run(Tool("standing", [], [str(file), str(listener.getsockname()[1])]))
    able: dict[str, bool] = json.loads(ended.output)
    return [name for name, open_ in (("files", able["reads"]), ("network", able["calls"])) if open_]
