"""The console in wheels and source archives: built here when a distribution is made, never when one is installed in place."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleHook(BuildHookInterface[Any]):
    """Asks for Node only where none is on the path. `COURTYARD_SKIP_CONSOLE=1` leaves the console out."""

    def dependencies(self) -> list[str]:
        console = self._console()
        if console is None or console.is_current():
            return []
        folders = os.environ.get("PATH", "").split(os.pathsep)
        return [] if any(console.new_enough(Path(folder) / "node") for folder in folders) else [console.NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        del build_data
        console = self._console()
        if version != "editable" and console is not None and not console.is_current():
            console.build()

    def _console(self) -> ModuleType | None:
        """`console/build.py`, unless there is nothing to build or it shall not be."""
        file = Path(self.root) / "console" / "build.py"
        if os.environ.get("COURTYARD_SKIP_CONSOLE") == "1" or not file.is_file():
            return None
        spec = importlib.util.spec_from_file_location("console_build", file)
        if spec is None or spec.loader is None:
            raise RuntimeError(f"{file} cannot be read")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
