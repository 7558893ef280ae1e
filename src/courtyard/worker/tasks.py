"""The table: kind of job -> what does it."""

from courtyard.worker.deliveries import deliver
from courtyard.worker.inspection import inspect
from courtyard.worker.work import Task

TASKS: dict[str, Task] = {"inspect": inspect, "hooks.deliver": deliver}
