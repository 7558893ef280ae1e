"""`python -m courtyard` is the `courtyard` command."""

from courtyard.cli import app

app()
