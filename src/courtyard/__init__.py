"""Courtyard: a self-hosted spaces platform."""
