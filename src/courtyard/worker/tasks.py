"""The table: kind of job -> what does it."""

from courtyard.worker.deliveries import deliver
from courtyard.worker.generation import generate
from courtyard.worker.imports import import_space
from courtyard.worker.inspection import inspect
from courtyard.worker.previews import preview
from courtyard.worker.work import Task

TASKS: dict[str, Task] = {
    "inspect": inspect,
    "preview": preview,
    "generate": generate,
    "import": import_space,
    "hooks.deliver": deliver,
}
