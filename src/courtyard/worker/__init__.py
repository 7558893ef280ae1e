"""The background side: jobs, mails, hooks, and what has to be done now and then."""

from courtyard.worker.run import Pace, Worker, note_down
from courtyard.worker.work import Setup

__all__ = ["Pace", "Setup", "Worker", "note_down"]
