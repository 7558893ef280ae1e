"""Writes `console/openapi.json`, the v1 document as the server gives it: `make openapi`."""

import json
from pathlib import Path
from typing import Any, cast

from courtyard.dialects import v1
from courtyard.web.dialect import Dialect, Services

FILE = Path(__file__).with_name("openapi.json")


def document() -> str:
    """The document as text, one line for each value so that changes can be read."""
    dialect = Dialect(v1.SPEECH, v1.ROUTERS, cast(Services, cast(Any, None)))
    return json.dumps(dialect.openapi(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(document())
